//! What a restart of zebra was seen to have cost.

use std::collections::BTreeSet;

use novaroute_core::intent::{Intent, IntentKey, Protocol};
use novaroute_core::live::{Live, PeerLive};
use novaroute_core::peer::PeerKey;
use novaroute_core::prefix::{Family, Prefix};
use novaroute_core::state::IntentState;
use novaroute_core::store::Snapshot;

/// Seconds within which bgpd gives zebra what it has learned from a new peer.
const GIVEN_WITHIN_S: u64 = 5;

/// Whether bgpd has learned a prefix long enough ago to have given it to zebra.
pub(super) fn has_learned(live: &Live) -> bool {
    let long_ago = |peer: &PeerLive| peer.uptime_s.is_some_and(|uptime| uptime > GIVEN_WITHIN_S);
    live.peers.values().any(|peer| peer.prefixes_received > 0 && long_ago(peer))
}

/// The peers that are protected by BFD and to which bfdd has no session: FRR 8 goes on without it, FRR 10 does not start
/// BGP before it is up.
pub(super) fn lost_bfd_sessions(snapshot: &Snapshot, live: &Live) -> BTreeSet<PeerKey> {
    if !live.daemons.get("bfdd").is_some_and(|bfdd| bfdd.connected) {
        return BTreeSet::new();
    }
    let protected = snapshot.slots().filter_map(|(_, slot)| match &slot.live()?.intent {
        Intent::Peer(peer) if peer.bfd.is_some() => Some(peer.key),
        _ => None,
    });
    // As long as the address of an unnumbered peer is not known, there is none to have a session with.
    let is_known = |peer: &PeerKey| {
        peer.address().is_some() || live.peers.get(peer).is_some_and(|peer| peer.remote_address.is_some())
    };
    protected.filter(|peer| is_known(peer) && live.bfd_to(*peer).is_none()).collect()
}

/// How OSPF differs from what FRR has been given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Step {
    /// It does not announce a prefix that it should.
    pub(super) misses: bool,
    /// It announces a prefix that nobody wants.
    pub(super) keeps: bool,
}

/// Compares what OSPF announces of a family with what FRR has been given. Default routes are not redistributed.
pub(super) fn ospf_step(snapshot: &Snapshot, live: &Live, family: Family) -> Step {
    let redistributed = |prefix: &Prefix| prefix.family() == family && !prefix.is_default_route();
    let of_ospf = |key: &IntentKey| match key {
        IntentKey::Prefix(Protocol::Ospf, prefix) if redistributed(prefix) => Some(*prefix),
        _ => None,
    };
    let mut given = snapshot.slots().filter_map(|(key, slot)| Some((of_ospf(key)?, slot.live()?.status.state)));
    let mut announced = live.advertised.keys().filter(|(protocol, _)| *protocol == Protocol::Ospf);
    Step {
        misses: given.any(|(prefix, state)| {
            state == IntentState::Programmed && !live.advertised.contains_key(&(Protocol::Ospf, prefix))
        }),
        keeps: announced.any(|(protocol, prefix)| {
            redistributed(prefix) && snapshot.live(&IntentKey::Prefix(*protocol, *prefix)).is_none()
        }),
    }
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

    fn programmed(intents: impl IntoIterator<Item = Intent>) -> Snapshot {
        let mut store = Store::default();
        for intent in intents {
            let key = intent.key();
            store.put(&"edge".parse().unwrap(), intent, Place::Base);
            let revision = store.snapshot().revision();
            store.set_status(&key, &IntentStatus::of(IntentState::Programmed), revision, 1);
        }
        store.snapshot().clone()
    }

    fn of_ospf(prefix: &str) -> Intent {
        let (prefix, attributes) = (prefix.parse().unwrap(), PrefixAttributes::default());
        Intent::Prefix(Advertisement { protocol: Protocol::Ospf, prefix, attributes })
    }

    #[test]
    fn what_is_silent_or_should_be_is_out_of_step() {
        let key = |prefix: &str| (Protocol::Ospf, prefix.parse().unwrap());
        for (given, announced, misses, keeps) in [
            (Some("10.0.0.1/32"), None, true, false),
            (None, Some("10.0.0.1/32"), false, true),
            (Some("10.0.0.1/32"), Some("10.0.0.1/32"), false, false),
            (Some("0.0.0.0/0"), None, false, false),
            (Some("fd00::1/128"), None, false, false),
            (None, None, false, false),
        ] {
            let snapshot = programmed(given.map(of_ospf));
            let advertised = announced.map(|prefix| (key(prefix), BTreeSet::new()));
            let live = Live { advertised: Arc::new(advertised.into_iter().collect()), ..Live::default() };
            let found = ospf_step(&snapshot, &live, Family::Ipv4);
            assert_eq!(found, Step { misses, keeps }, "given {given:?}, announced {announced:?}");
        }
    }

    #[test]
    fn a_session_is_lost_where_bfdd_answers_and_has_none() {
        let peer = Peer::new("192.0.2.2".parse().unwrap(), Asn::new(65_002).unwrap());
        let protected = Intent::Peer(Peer { bfd: Some(BfdTimers::default()), ..peer.clone() });
        let connected = |connected| DaemonLive { connected, ..DaemonLive::default() };
        let live = |bfdd| Live { daemons: [("bfdd".to_owned(), connected(bfdd))].into(), ..Live::default() };
        let key = BfdKey { peer: peer.key.address().unwrap(), interface: None, hop: Hop::Single };
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
