use std::num::{NonZeroU8, NonZeroU16};

use proptest::prelude::*;

use super::*;
use crate::bfd::BfdTimers;
use crate::bgp::Asn;
use crate::intent::Advertisement;
use crate::ospf::{AreaId, AreaType, OspfInterface, OspfSettings, OspfTimers};
use crate::peer::PeerType;
use crate::state::Cause;

fn instance(local_as: u32) -> Intent {
    Intent::Bgp(BgpInstance { local_as: Asn::new(local_as).unwrap(), router_id: "1.1.1.1".parse().unwrap() })
}

fn peer(address: &str, remote_as: u32) -> Peer {
    Peer::new(address.parse().unwrap(), Asn::new(remote_as).unwrap())
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

fn ospf(interface: &str, area: &str, area_type: AreaType) -> OspfInterface {
    OspfInterface {
        interface: interface.parse().unwrap(),
        area: area.parse().unwrap(),
        passive: false,
        cost: NonZeroU16::MIN,
        timers: OspfTimers::default(),
        settings: OspfSettings { area_type, ..OspfSettings::default() },
    }
}

fn causes(desired: &Desired) -> Vec<(String, IntentState, Reason)> {
    let row = |(key, status): (&IntentKey, &IntentStatus)| {
        let Cause { reason, .. } = status.cause.clone().unwrap();
        (key.to_string(), status.state, reason)
    };
    desired.blocked.iter().map(row).collect()
}

#[test]
fn an_area_has_one_type() {
    let intents = [
        ospf("eth2", "1", AreaType::Stub),
        ospf("eth0", "1", AreaType::Nssa),
        ospf("eth1", "1", AreaType::Nssa),
        ospf("eth3", "2", AreaType::Stub),
    ]
    .map(Intent::Ospf);
    let desired = compose(&intents);
    assert_eq!(causes(&desired), [("ospf eth2".to_owned(), IntentState::Refused, Reason::OspfAreaMismatch)]);
    let runs: Vec<_> = desired.ospf.keys().map(ToString::to_string).collect();
    assert_eq!(runs, ["eth0", "eth1", "eth3"]);
}

#[test]
fn what_waits_for_another_intent_is_told() {
    let ospf = ospf("eth0", "0", AreaType::Normal);
    let mut intents = vec![
        Intent::Peer(peer("10.0.0.2", 65002)),
        prefix("10.1.0.1/32", Protocol::Bgp),
        prefix("10.1.0.2/32", Protocol::Ospf),
        session("10.0.0.9", Hop::Single, 3),
    ];
    let waiting = |intents: &[Intent]| compose(intents).waiting().into_iter().map(|key| key.to_string());
    assert_eq!(
        waiting(&intents).collect::<Vec<_>>(),
        ["peer 10.0.0.2", "prefix bgp 10.1.0.1/32", "prefix ospf 10.1.0.2/32"]
    );
    intents.push(instance(65001));
    assert_eq!(waiting(&intents).collect::<Vec<_>>(), ["prefix ospf 10.1.0.2/32"]);
    intents.push(Intent::Ospf(ospf));
    assert_eq!(waiting(&intents).count(), 0);
    // A peer of the wrong type waits for nobody.
    let wrong = Peer { peer_type: Some(PeerType::Internal), ..peer("10.0.0.3", 65002) };
    intents.push(Intent::Peer(wrong));
    assert_eq!(waiting(&intents).count(), 0);
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

/// The multiplier that runs for a peer that asks for 3, beside sessions with 7 (on a link) and 8 (across routers).
fn multiplier(remote_as: u32, hops: Option<u8>, sessions: &[Hop]) -> u8 {
    let multihop = hops.and_then(NonZeroU8::new);
    let peer = Peer { bfd: Some(BfdTimers::default()), ebgp_multihop: multihop, ..peer("10.0.0.2", remote_as) };
    let mut intents = vec![instance(65001), Intent::Peer(peer)];
    intents.extend(sessions.iter().map(|hop| session("10.0.0.2", *hop, if *hop == Hop::Single { 7 } else { 8 })));
    compose(&intents).bgp.unwrap().peers.values().next().unwrap().bfd.unwrap().detect_multiplier()
}

#[test]
fn the_timers_of_an_explicit_session_win_where_it_is_the_same_session() {
    use Hop::{Multi, Single};
    for (remote_as, hops, sessions, expected) in [
        (65002, None, &[Single, Multi][..], 7),
        (65002, None, &[Multi], 3),
        // One hop is no hop more than a link has.
        (65002, Some(1), &[Single, Multi], 7),
        (65002, Some(2), &[Single, Multi], 8),
        (65002, Some(2), &[Single], 3),
        (65001, None, &[Single, Multi], 7),
        (65001, None, &[Multi], 8),
        (65001, None, &[], 3),
    ] {
        assert_eq!(multiplier(remote_as, hops, sessions), expected, "AS {remote_as}, {hops:?}, {sessions:?}");
    }
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
            settings: OspfSettings::default(),
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
