//! What FRR does with what it was given: the live state, how it comes together, and the events that its changes are.

mod told;
mod tracker;
mod unregistered;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use crate::bfd::{BfdKey, Hop};
use crate::intent::{IntentKey, Protocol};
use crate::name::InterfaceName;
use crate::peer::PeerKey;
use crate::prefix::{Family, Prefix};
use crate::state::{IntentState, IntentStatus, Reason};
use crate::store::Entry;

pub use told::{Look, Push, Told, Window};
pub use tracker::Tracker;
pub use unregistered::Unregistered;

/// Own prefixes that are announced, and to whom.
pub type Advertised = BTreeMap<(Protocol, Prefix), BTreeSet<PeerKey>>;

/// How many prefixes each peer was sent, from whom each was sent to.
pub fn sent_to_each<'a>(prefixes: impl IntoIterator<Item = &'a BTreeSet<PeerKey>>) -> BTreeMap<PeerKey, u32> {
    let mut counts: BTreeMap<PeerKey, u32> = BTreeMap::new();
    for peer in prefixes.into_iter().flatten() {
        let count = counts.entry(*peer).or_default();
        *count = count.saturating_add(1);
    }
    counts
}

/// A BGP session's state (RFC 4271 §8.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum SessionState {
    /// No session, none being tried.
    #[default]
    Idle,
    /// Waiting for the TCP connection.
    Connect,
    /// Listening for the TCP connection after a failure.
    Active,
    /// OPEN sent.
    OpenSent,
    /// OPEN exchanged.
    OpenConfirm,
    /// Exchanging routes.
    Established,
}

impl SessionState {
    /// The word of RFC 4271.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "Idle",
            Self::Connect => "Connect",
            Self::Active => "Active",
            Self::OpenSent => "OpenSent",
            Self::OpenConfirm => "OpenConfirm",
            Self::Established => "Established",
        }
    }
}

/// A BFD session's state (RFC 5880 §4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum BfdState {
    /// Taken out of service.
    AdminDown,
    /// No contact.
    #[default]
    Down,
    /// Contact from the other side.
    Init,
    /// Contact both ways.
    Up,
}

impl BfdState {
    /// The word of the wire contract, which is also FRR's.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AdminDown => "shutdown",
            Self::Down => "down",
            Self::Init => "init",
            Self::Up => "up",
        }
    }
}

/// A BGP peer as bgpd sees it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PeerLive {
    /// The session's state.
    pub state: SessionState,
    /// Seconds that the session has been up, when it is.
    pub uptime_s: Option<u64>,
    /// Prefixes accepted from it, all families.
    pub prefixes_received: u32,
    /// Prefixes sent to it, all families.
    pub prefixes_sent: u32,
    /// Why the session is not up, or went down last, in FRR's words; empty: up and never down.
    pub last_reset: String,
    /// How often the session came up and went down again.
    pub flaps: u32,
    /// The address at the other end, as far as it is known.
    pub remote_address: Option<IpAddr>,
    /// Graceful restart (RFC 4724) was negotiated: the peer keeps the routes of this node while its bgpd restarts.
    pub graceful_restart: bool,
}

/// A BFD session as bfdd sees it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BfdLive {
    /// Its state.
    pub state: BfdState,
    /// Seconds that it has been up, when it is.
    pub uptime_s: Option<u64>,
    /// Required minimum receive interval that runs, ms.
    pub min_rx_ms: u32,
    /// Desired minimum transmit interval that runs, ms.
    pub min_tx_ms: u32,
    /// Detection multiplier that runs.
    pub detect_multiplier: u32,
    /// Why it is down, in FRR's words; empty: nothing to say.
    pub diagnostic: String,
}

/// An OSPF interface as ospfd and ospf6d see it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OspfLive {
    /// The interface state in FRR's words (`DR`, `Backup`, `Point-To-Point` …); empty: OSPF does not run on it.
    pub state: String,
    /// Neighbours by a name that is theirs alone (protocol, router id and address) with their state (`Full`, `2-Way` …).
    pub neighbors: BTreeMap<String, String>,
}

impl OspfLive {
    /// Neighbours with whom the adjacency has reached its final state.
    pub fn neighbors_up(&self) -> impl Iterator<Item = &String> {
        self.neighbors.iter().filter(|(_, state)| self.is_up(state)).map(|(name, _)| name)
    }

    /// Full; or 2-Way, in which two routers stay that are neither DR nor backup (RFC 2328 §10.1) and which every
    /// other adjacency passes on its way.
    fn is_up(&self, state: &str) -> bool {
        let state = state.to_ascii_lowercase();
        let neither_dr_nor_backup = self.state.contains("DROther");
        state.starts_with("full")
            || (neither_dr_nor_backup && (state.starts_with("2-way") || state.starts_with("twoway")))
    }
}

/// A daemon of FRR as the agent sees it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DaemonLive {
    /// It answers on its socket.
    pub connected: bool,
    /// Its version; empty: not known yet.
    pub version: String,
    /// How often the agent has connected to it; grows when the daemon was restarted between two looks.
    pub connections: u64,
}

/// FRR as it is, as far as it has told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Live {
    /// Daemons by name: those that are needed, and those that were ever seen.
    pub daemons: BTreeMap<String, DaemonLive>,
    /// Seconds since the last of them came up; `None` while one is missing.
    pub frr_uptime_s: Option<u64>,
    /// Daemons that hear of no new route since zebra was restarted, and will not before they are restarted too.
    pub deaf: BTreeSet<&'static str>,
    /// BGP peers.
    pub peers: BTreeMap<PeerKey, PeerLive>,
    /// BFD sessions.
    pub bfd: BTreeMap<BfdKey, BfdLive>,
    /// OSPF interfaces.
    pub ospf: BTreeMap<InterfaceName, OspfLive>,
    /// Own prefixes that are announced: by BGP to these peers, by OSPF in the LSDB (with no peers to name).
    pub advertised: Arc<Advertised>,
    /// Since when each of them has been, in nanoseconds since 1970-01-01 UTC; see [`Tracker::date`].
    pub advertised_at_ns: Arc<BTreeMap<(Protocol, Prefix), i64>>,
}

impl Live {
    /// The daemons that are needed, or were there before, and do not answer.
    pub fn missing_daemons(&self) -> impl Iterator<Item = &str> {
        self.daemons.iter().filter(|(_, daemon)| !daemon.connected).map(|(name, _)| name.as_str())
    }

    /// Whether FRR is there: something answers and nothing is missing.
    #[must_use]
    pub fn frr_connected(&self) -> bool {
        !self.daemons.is_empty() && self.missing_daemons().next().is_none()
    }

    /// The session that a BGP peer or an explicit intent speaks of: interface and hop type may be left to FRR.
    pub fn bfd_of<'a>(&'a self, key: &'a BfdKey) -> impl Iterator<Item = (&'a BfdKey, &'a BfdLive)> {
        self.bfd.iter().filter(move |(seen, _)| {
            let interface = key.interface.is_none() || seen.interface == key.interface;
            seen.peer == key.peer && seen.hop == key.hop && interface
        })
    }

    /// Any session to a peer that is protected by BFD. Single-hop first.
    #[must_use]
    pub fn bfd_to(&self, peer: PeerKey) -> Option<(&BfdKey, &BfdLive)> {
        let to_peer = |hop: Hop| self.bfd.iter().find(move |(key, _)| peer.is_of_session(key) && key.hop == hop);
        to_peer(Hop::Single).or_else(|| to_peer(Hop::Multi))
    }
}

/// The state of an intent with what was seen of it: a programmed prefix that was sent is advertised.
#[must_use]
pub fn effective_status(key: &IntentKey, entry: &Entry, live: &Live) -> IntentStatus {
    if entry.shows_stale() {
        let detail = format!("kept from before the agent's restart; owner {} has not claimed it again", entry.owner);
        return IntentStatus::because(IntentState::Stale, Reason::UnclaimedSinceRestart, detail);
    }
    let IntentKey::Prefix(protocol, prefix) = key else { return entry.status.clone() };
    if entry.status.state != IntentState::Programmed {
        return entry.status.clone();
    }
    if live.advertised.contains_key(&(*protocol, *prefix)) {
        return IntentStatus::of(IntentState::Advertised);
    }
    let (reason, detail) = match protocol {
        Protocol::Bgp => (Reason::NoEstablishedPeer, "no established peer was sent this prefix"),
        Protocol::Ospf if prefix.family() == Family::Ipv6 && live.deaf.contains("ospf6d") => (
            Reason::NotInLsdb,
            "the prefix is not in the link-state database: zebra was restarted, and this ospf6d hears of no new route \
             before it is restarted too",
        ),
        Protocol::Ospf => (Reason::NotInLsdb, "the prefix is not in the link-state database"),
    };
    IntentStatus::because(IntentState::Programmed, reason, detail)
}

#[cfg(test)]
mod tests;
