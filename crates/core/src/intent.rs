//! Intents: what owners ask for, the keys that tell them apart, and the changes that clients send.

use std::fmt;
use std::net::IpAddr;

use crate::bfd::{BfdKey, BfdSession};
use crate::bgp::{BgpInstance, PrefixAttributes};
use crate::drain::{DrainScope, DrainTerms};
use crate::name::{InterfaceName, OwnerName};
use crate::ospf::OspfInterface;
use crate::peer::{Peer, PeerKey};
use crate::pending::PendingStep;
use crate::prefix::Prefix;
use crate::session::{Registration, SessionTerms};

/// The protocol that carries a prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// BGP.
    Bgp,
    /// OSPF for IPv4, OSPFv3 for IPv6.
    Ospf,
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bgp => "bgp",
            Self::Ospf => "ospf",
        })
    }
}

/// A prefix to advertise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advertisement {
    /// By which protocol.
    pub protocol: Protocol,
    /// What.
    pub prefix: Prefix,
    /// Said along with it; BGP only.
    pub attributes: PrefixAttributes,
}

/// The kinds of intent; permissions are given per kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The node's BGP instance.
    BgpGlobal,
    /// BGP peers.
    Peers,
    /// Prefixes of either protocol.
    Prefixes,
    /// BFD sessions.
    Bfd,
    /// OSPF interfaces.
    Ospf,
}

impl Kind {
    /// All kinds, in order.
    pub const ALL: [Self; 5] = [Self::BgpGlobal, Self::Peers, Self::Prefixes, Self::Bfd, Self::Ospf];

    /// The word in the configuration, errors and metric labels.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BgpGlobal => "bgp_global",
            Self::Peers => "peers",
            Self::Prefixes => "prefixes",
            Self::Bfd => "bfd",
            Self::Ospf => "ospf",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What tells one intent from another on a node; each key has one live intent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IntentKey {
    /// The BGP instance.
    Bgp,
    /// A peer.
    Peer(PeerKey),
    /// A prefix of a protocol.
    Prefix(Protocol, Prefix),
    /// A BFD session.
    Bfd(BfdKey),
    /// An OSPF interface.
    Ospf(InterfaceName),
}

impl IntentKey {
    /// The kind of the intent.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Bgp => Kind::BgpGlobal,
            Self::Peer(_) => Kind::Peers,
            Self::Prefix(..) => Kind::Prefixes,
            Self::Bfd(_) => Kind::Bfd,
            Self::Ospf(_) => Kind::Ospf,
        }
    }
}

impl fmt::Display for IntentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bgp => f.write_str("bgp"),
            Self::Peer(key) => write!(f, "peer {key}"),
            Self::Prefix(protocol, prefix) => write!(f, "prefix {protocol} {prefix}"),
            Self::Bfd(key) => write!(f, "bfd {key}"),
            Self::Ospf(interface) => write!(f, "ospf {interface}"),
        }
    }
}

/// One thing that an owner wants the node to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Intent {
    /// The BGP instance.
    Bgp(BgpInstance),
    /// A peer.
    Peer(Peer),
    /// A prefix.
    Prefix(Advertisement),
    /// A BFD session.
    Bfd(BfdSession),
    /// An OSPF interface.
    Ospf(OspfInterface),
}

impl Intent {
    /// The key.
    #[must_use]
    pub fn key(&self) -> IntentKey {
        match self {
            Self::Bgp(_) => IntentKey::Bgp,
            Self::Peer(peer) => IntentKey::Peer(peer.key),
            Self::Prefix(a) => IntentKey::Prefix(a.protocol, a.prefix),
            Self::Bfd(session) => IntentKey::Bfd(session.key.clone()),
            Self::Ospf(ospf) => IntentKey::Ospf(ospf.interface),
        }
    }
}

/// What a removal names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// One intent.
    Key(IntentKey),
    /// Every BFD session of the owner to this address, whatever its interface and hop type.
    BfdSessionsTo(IpAddr),
}

impl Target {
    /// The kind of what is named.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Key(key) => key.kind(),
            Self::BfdSessionsTo(_) => Kind::Bfd,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => fmt::Display::fmt(key, f),
            Self::BfdSessionsTo(peer) => write!(f, "bfd {peer}"),
        }
    }
}

/// One request of an owner, parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "most are of the largest one: a box each would save nothing")]
pub enum Change {
    /// Opens the owner's session.
    Register(Registration),
    /// Opens the owner's session as it was in an earlier life of the agent; only the journal says this.
    Reopen(SessionTerms),
    /// Ends the owner's session.
    Deregister {
        /// Every intent of the owner goes with it.
        withdraw_all: bool,
    },
    /// Upsert: the intent replaces the owner's earlier one with the same key as a whole.
    Put(Intent),
    /// The owner no longer wants this.
    Remove(Target),
    /// Marks and then withdraws prefixes; without a scope, those of the owner.
    Drain(Option<DrainScope>, DrainTerms),
    /// A phase of a drain is over and the next one begins; only the agent's clock and the journal say this.
    DrainDue(DrainScope),
    /// Announces what was drained again.
    Undrain(Option<DrainScope>),
    /// A change waits to be confirmed, or does no longer; only the journal says this.
    Pending(PendingStep),
}

impl Change {
    /// What it puts or removes; `None`: it is about no intent in particular.
    #[must_use]
    pub fn target(&self) -> Option<Target> {
        match self {
            Self::Put(intent) => Some(Target::Key(intent.key())),
            Self::Remove(target) => Some(target.clone()),
            Self::Register(_)
            | Self::Reopen(_)
            | Self::Deregister { .. }
            | Self::Drain(..)
            | Self::DrainDue(_)
            | Self::Undrain(_)
            | Self::Pending(_) => None,
        }
    }

    /// Whose prefixes it drains, or no longer drains, when `owner` asks for it.
    #[must_use]
    pub fn drained(&self, owner: &OwnerName) -> Option<DrainScope> {
        match self {
            Self::Drain(scope, _) | Self::Undrain(scope) => Some(DrainScope::of(scope.as_ref(), owner)),
            Self::DrainDue(scope) => Some(scope.clone()),
            Self::Register(_)
            | Self::Reopen(_)
            | Self::Deregister { .. }
            | Self::Put(_)
            | Self::Remove(_)
            | Self::Pending(_) => None,
        }
    }
}
