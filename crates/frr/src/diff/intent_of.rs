//! The intent that an own line found in FRR would come from.

use novaroute_core::bfd::{BfdKey, Hop};
use novaroute_core::intent::{IntentKey, Protocol};

use crate::config::{Context, Line, Slot};
use crate::own;
use crate::rules::{LineKind, Scope};

/// Lines that go with another line of their object, and those that several intents share, give `None`.
pub(super) fn line(context: &Context, slot: &Slot, line: &Line) -> Option<IntentKey> {
    let word = |n: usize| line.text.reveal().split(' ').nth(n);
    match slot.kind {
        // The router id of OSPF is that of the BGP instance.
        LineKind::RouterBgp | LineKind::OspfRouterId => Some(IntentKey::Bgp),
        LineKind::Network => Some(IntentKey::Prefix(Protocol::Bgp, slot.id.parse().ok()?)),
        LineKind::NeighborRemoteAs => Some(IntentKey::Peer(own::neighbor_of(slot).parse().ok()?)),
        LineKind::StaticRoute => Some(IntentKey::Prefix(Protocol::Ospf, word(2)?.parse().ok()?)),
        LineKind::PrefixList if word(2) == Some(own::OSPF) => {
            Some(IntentKey::Prefix(Protocol::Ospf, word(4)?.parse().ok()?))
        }
        LineKind::OspfDefaultRoute => {
            let ipv6 = context.path().first().is_some_and(|router| router == "router ospf6");
            Some(IntentKey::Prefix(Protocol::Ospf, if ipv6 { "::/0" } else { "0.0.0.0/0" }.parse().ok()?))
        }
        LineKind::RouteMap => {
            let name = word(1)?.strip_prefix(own::INTERFACE_PREFIX)?;
            Some(IntentKey::Ospf(name.parse().ok()?))
        }
        _ if Scope::of(context) == Some(Scope::Interface) => {
            let (_, interface) = context.split_last()?;
            Some(IntentKey::Ospf(interface.strip_prefix("interface ")?.parse().ok()?))
        }
        LineKind::BfdPeer => bfd_key(line.text.reveal()).map(IntentKey::Bfd),
        _ => None,
    }
}

fn bfd_key(line: &str) -> Option<BfdKey> {
    let words: Vec<&str> = line.split(' ').collect();
    let value = |name: &str| words.iter().position(|word| *word == name).and_then(|at| words.get(at + 1));
    Some(BfdKey {
        peer: words.get(1)?.parse().ok()?,
        interface: value("interface").map(|name| name.parse()).transpose().ok()?,
        hop: if words.contains(&"multihop") { Hop::Multi } else { Hop::Single },
    })
}
