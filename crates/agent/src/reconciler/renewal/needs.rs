//! What a restart of zebra was seen to have cost.

use std::collections::BTreeSet;
use std::net::IpAddr;

use novaroute_core::intent::{Intent, IntentKey, Protocol};
use novaroute_core::live::Live;
use novaroute_core::prefix::Family;
use novaroute_core::state::IntentState;
use novaroute_core::store::Snapshot;

/// How long ospfd may take to announce what FRR has been given, in nanoseconds.
const ANNOUNCED_WITHIN_NS: i64 = 2_000_000_000;

/// The peers that are protected by BFD and to which bfdd has no session: FRR 8 goes on without it, FRR 10 does not start
/// BGP before it is up.
pub(super) fn lost_bfd_sessions(snapshot: &Snapshot, live: &Live) -> BTreeSet<IpAddr> {
    if !live.daemons.get("bfdd").is_some_and(|bfdd| bfdd.connected) {
        return BTreeSet::new();
    }
    let protected = snapshot.slots().filter_map(|(_, slot)| match &slot.live()?.intent {
        Intent::Peer(peer) if peer.bfd.is_some() => Some(peer.address),
        _ => None,
    });
    protected.filter(|address| live.bfd_to(*address).is_none()).map(|address| address.get()).collect()
}

/// Whether a prefix that FRR has been given for a while is not among those that ospfd announces. Default routes are not
/// redistributed.
pub(super) fn misses_routes_of_ospfd(snapshot: &Snapshot, live: &Live, now_ns: i64) -> bool {
    snapshot.slots().any(|(key, slot)| {
        let IntentKey::Prefix(Protocol::Ospf, prefix) = key else { return false };
        let redistributed = prefix.family() == Family::Ipv4 && !prefix.is_default_route();
        let given = slot.live().is_some_and(|entry| {
            let long_ago = now_ns.saturating_sub(entry.programmed_at_ns) > ANNOUNCED_WITHIN_NS;
            entry.status.state == IntentState::Programmed && long_ago
        });
        redistributed && given && !live.advertised.contains_key(&(Protocol::Ospf, *prefix))
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use novaroute_core::bfd::{BfdKey, BfdTimers, Hop};
    use novaroute_core::bgp::{Asn, PrefixAttributes};
    use novaroute_core::intent::Advertisement;
    use novaroute_core::live::{BfdLive, DaemonLive};
    use novaroute_core::peer::Peer;
    use novaroute_core::state::IntentStatus;
    use novaroute_core::store::{Place, Store};

    use super::*;

    const PROGRAMMED_AT_NS: i64 = 5_000_000_000;
    const LATER_NS: i64 = PROGRAMMED_AT_NS + ANNOUNCED_WITHIN_NS + 1;

    fn programmed(intents: impl IntoIterator<Item = Intent>) -> Snapshot {
        let mut store = Store::default();
        for intent in intents {
            let key = intent.key();
            store.put(&"edge".parse().unwrap(), intent, Place::Base);
            let revision = store.snapshot().revision();
            store.set_status(&key, &IntentStatus::of(IntentState::Programmed), revision, PROGRAMMED_AT_NS);
        }
        store.snapshot().clone()
    }

    fn of_ospf(prefix: &str) -> Intent {
        let (prefix, attributes) = (prefix.parse().unwrap(), PrefixAttributes::default());
        Intent::Prefix(Advertisement { protocol: Protocol::Ospf, prefix, attributes })
    }

    #[test]
    fn a_prefix_that_ospfd_does_not_announce_in_time_is_missed() {
        for (prefix, at_ns, missed) in [
            ("10.0.0.1/32", LATER_NS, true),
            ("10.0.0.1/32", LATER_NS - 1, false),
            ("0.0.0.0/0", LATER_NS, false),
            ("fd00::1/128", LATER_NS, false),
        ] {
            let snapshot = programmed([of_ospf(prefix)]);
            assert_eq!(misses_routes_of_ospfd(&snapshot, &Live::default(), at_ns), missed, "{prefix} at {at_ns}");
            let advertised = Arc::new([((Protocol::Ospf, prefix.parse().unwrap()), BTreeSet::new())].into());
            let live = Live { advertised, ..Live::default() };
            assert!(!misses_routes_of_ospfd(&snapshot, &live, at_ns), "{prefix} is announced");
        }
    }

    #[test]
    fn a_session_is_lost_where_bfdd_answers_and_has_none() {
        let peer = Peer::new("192.0.2.2".parse().unwrap(), Asn::new(65_002).unwrap());
        let protected = Intent::Peer(Peer { bfd: Some(BfdTimers::default()), ..peer.clone() });
        let connected = |connected| DaemonLive { connected, ..DaemonLive::default() };
        let live = |bfdd| Live { daemons: [("bfdd".to_owned(), connected(bfdd))].into(), ..Live::default() };
        let key = BfdKey { peer: peer.address.get(), interface: None, hop: Hop::Single };
        let with_session = Live { bfd: [(key, BfdLive::default())].into(), ..live(true) };
        for (intent, live, lost) in [
            (&protected, &live(true), 1),
            (&protected, &with_session, 0),
            (&protected, &live(false), 0),
            (&Intent::Peer(peer.clone()), &live(true), 0),
        ] {
            assert_eq!(lost_bfd_sessions(&programmed([intent.clone()]), live).len(), lost, "{live:?}");
        }
    }
}
