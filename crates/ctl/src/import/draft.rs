//! What the resources of other systems become, before it is settled who is
//! announced what.

use std::{collections::BTreeSet, net::IpAddr};

use ipnet::IpNet;
use serde_json::{Map, Value};

use super::{report::Spot, selector::Selector};

/// The fields of a resource, or of a part of one.
pub(super) type Spec = Map<String, Value>;

/// Everything that was read.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) instances: Vec<Instance>,
    pub(super) peers: Vec<Peer>,
    pub(super) adverts: Vec<Advert>,
    /// Resources that are ready.
    pub(super) clusters: Vec<Value>,
}

/// The BGP instance that somebody asks for on some nodes.
#[derive(Debug)]
pub(super) struct Instance {
    pub(super) local_as: u32,
    pub(super) router_id: Option<String>,
    pub(super) as_at: Spot,
    pub(super) router_id_at: Spot,
}

/// A peer of some nodes.
#[derive(Debug)]
pub(super) struct Peer {
    /// By what an advertisement names it.
    pub(super) id: String,
    pub(super) name: String,
    pub(super) at: Spot,
    pub(super) address: IpAddr,
    pub(super) families: Families,
    /// A node has the peer when it matches one of them.
    pub(super) nodes: Vec<Selector>,
    pub(super) spec: Spec,
}

/// Something that some nodes announce.
#[derive(Debug)]
pub(super) struct Advert {
    pub(super) name: String,
    pub(super) at: Spot,
    /// A node announces it when it matches one of them.
    pub(super) nodes: Vec<Selector>,
    /// The peers that are sent it; none given: every one.
    pub(super) to: Option<BTreeSet<String>>,
    pub(super) families: Families,
    pub(super) prefixes: BTreeSet<IpNet>,
    /// Services whose addresses are announced when one of these matches.
    pub(super) services: Vec<Selector>,
    pub(super) attributes: Spec,
}

/// Address families.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Families {
    pub(super) ipv4: bool,
    pub(super) ipv6: bool,
}

impl Families {
    pub(super) const BOTH: Self = Self { ipv4: true, ipv6: true };

    pub(super) fn of(address: IpAddr) -> Self {
        Self { ipv4: address.is_ipv4(), ipv6: address.is_ipv6() }
    }

    pub(super) fn meet(self, other: Self) -> bool {
        self.ipv4 && other.ipv4 || self.ipv6 && other.ipv6
    }

    /// As the field of a peer has them.
    pub(super) fn words(self) -> Vec<&'static str> {
        let words = [(self.ipv4, "ipv4_unicast"), (self.ipv6, "ipv6_unicast")];
        words.into_iter().filter_map(|(on, word)| on.then_some(word)).collect()
    }
}
