use std::num::NonZeroU32;

use proptest::prelude::*;

use super::*;
use crate::bgp::Asn;
use crate::intent::Advertisement;
use crate::ospf::{AreaId, OspfTimers};
use crate::peer::PeerType;
use crate::prefix::Family;
use crate::state::Cause;

fn instance(local_as: u32) -> Intent {
    Intent::Bgp(BgpInstance { local_as: Asn::new(local_as).unwrap(), router_id: "1.1.1.1".parse().unwrap() })
}

fn peer(address: &str, remote_as: u32) -> Peer {
    Peer {
        address: address.parse().unwrap(),
        remote_as: Asn::new(remote_as).unwrap(),
        peer_type: None,
        timers: None,
        bfd: None,
        description: None,
        families: [Family::Ipv4].into(),
        source_address: None,
        ebgp_multihop: None,
        password: None,
        max_prefix: NonZeroU32::MIN,
    }
}

fn prefix(text: &str, protocol: Protocol) -> Intent {
    let attributes = PrefixAttributes::default();
    Intent::Prefix(Advertisement { protocol, prefix: text.parse().unwrap(), attributes })
}

fn session(address: &str, hop: Hop, multiplier: u32) -> Intent {
    let key = BfdKey { peer: address.parse().unwrap(), interface: None, hop };
    let timers = BfdTimers::new(50, 60, multiplier).unwrap();
    Intent::Bfd(BfdSession { key, local_address: None, timers })
}

fn causes(desired: &Desired) -> Vec<(String, IntentState, Reason)> {
    let row = |(key, status): (&IntentKey, &IntentStatus)| {
        let Cause { reason, .. } = status.cause.clone().unwrap();
        (key.to_string(), status.state, reason)
    };
    desired.blocked.iter().map(row).collect()
}

#[test]
fn bgp_waits_for_an_instance_and_the_other_kinds_do_not() {
    let intents = [
        Intent::Peer(peer("10.0.0.2", 65002)),
        prefix("10.1.0.1/32", Protocol::Bgp),
        prefix("10.1.0.2/32", Protocol::Ospf),
        session("10.0.0.9", Hop::Single, 3),
    ];
    let desired = compose(&intents);
    assert_eq!(desired.bgp, None);
    assert_eq!((desired.ospf_prefixes.len(), desired.bfd.len()), (1, 1));
    let waiting = |key: &str| (key.to_owned(), IntentState::Pending, Reason::BgpNotConfigured);
    assert_eq!(causes(&desired), [waiting("peer 10.0.0.2"), waiting("prefix bgp 10.1.0.1/32")]);
}

#[test]
fn a_peer_that_is_not_what_it_was_declared_is_refused_alone() {
    let mut declared = peer("10.0.0.2", 65001);
    declared.peer_type = Some(PeerType::External);
    let intents = [instance(65001), Intent::Peer(declared), Intent::Peer(peer("10.0.0.3", 65001))];
    let desired = compose(&intents);
    let refused = ("peer 10.0.0.2".to_owned(), IntentState::Refused, Reason::PeerTypeMismatch);
    assert_eq!(causes(&desired), [refused]);
    assert_eq!(desired.bgp.unwrap().peers.len(), 1);
}

#[test]
fn the_timers_of_an_explicit_session_win_where_it_is_the_same_session() {
    let mut external = peer("10.0.0.2", 65002);
    external.bfd = Some(BfdTimers::default());
    let mut internal = peer("10.0.0.3", 65001);
    internal.bfd = Some(BfdTimers::default());
    let intents = [
        instance(65001),
        Intent::Peer(external),
        Intent::Peer(internal),
        session("10.0.0.2", Hop::Single, 7),
        session("10.0.0.3", Hop::Single, 8),
    ];
    let peers = compose(&intents).bgp.unwrap().peers;
    let multiplier = |address: &str| peers[&address.parse().unwrap()].bfd.unwrap().detect_multiplier();
    assert_eq!(multiplier("10.0.0.2"), 7);
    // bgpd asks for a multihop session to an internal peer: the single-hop one is another session.
    assert_eq!(multiplier("10.0.0.3"), 3);
}

#[test]
fn a_peer_without_bfd_stays_without() {
    let intents = [instance(65001), Intent::Peer(peer("10.0.0.2", 65002)), session("10.0.0.2", Hop::Single, 7)];
    assert_eq!(compose(&intents).bgp.unwrap().peers.values().next().unwrap().bfd, None);
}

/// Intents with distinct keys, in some order.
fn intents() -> impl Strategy<Value = Vec<Intent>> {
    let all = vec![
        instance(65001),
        Intent::Peer(peer("10.0.0.2", 65002)),
        Intent::Peer(peer("10.0.0.3", 65001)),
        Intent::Peer(Peer { bfd: Some(BfdTimers::default()), ..peer("fd00::2", 65002) }),
        session("fd00::2", Hop::Single, 5),
        session("fd00::2", Hop::Multi, 6),
        prefix("10.1.0.1/32", Protocol::Bgp),
        prefix("10.1.0.1/32", Protocol::Ospf),
        prefix("fd01::/64", Protocol::Bgp),
        Intent::Ospf(OspfInterface {
            interface: "eth0".parse().unwrap(),
            area: AreaId::from_bits(0),
            passive: true,
            cost: std::num::NonZeroU16::MIN,
            timers: OspfTimers::default(),
        }),
    ];
    proptest::sample::subsequence(all, 0..=10).prop_shuffle()
}

proptest! {
    #[test]
    fn the_order_of_intents_makes_no_difference(intents in intents()) {
        let mut sorted = intents.clone();
        sorted.sort_by_key(Intent::key);
        prop_assert_eq!(compose(&intents), compose(&sorted));
    }
}
