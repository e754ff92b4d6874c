use super::*;
use crate::bgp::{BgpInstance, PrefixAttributes};
use crate::event::EventType;
use crate::intent::{Advertisement, Intent};
use crate::name::OwnerName;
use crate::store::{Place, Snapshot, Store};

const TOR: &str = "10.0.0.2";

fn peer(state: SessionState, flaps: u32) -> (PeerKey, PeerLive) {
    let live = PeerLive { state, flaps, last_reset: "Hold Timer Expired".to_owned(), ..PeerLive::default() };
    (TOR.parse().unwrap(), live)
}

fn with_peer(state: SessionState, flaps: u32) -> Live {
    Live { peers: [peer(state, flaps)].into(), ..Live::default() }
}

fn with_bfd(state: BfdState) -> Live {
    let key = BfdKey { peer: TOR.parse().unwrap(), interface: Some("eth0".parse().unwrap()), hop: Hop::Single };
    Live { bfd: [(key, BfdLive { state, ..BfdLive::default() })].into(), ..Live::default() }
}

/// The events of a series of looks, without owners.
fn told(looks: &[Live]) -> Vec<EventType> {
    let mut tracker = Tracker::default();
    let snapshot = Snapshot::default();
    looks.iter().flat_map(|live| tracker.observe(&snapshot, live)).map(|event| event.event_type).collect()
}

#[test]
fn a_peer_is_up_only_when_established() {
    use SessionState::{Active, Established, Idle, OpenConfirm};
    assert_eq!(told(&[with_peer(Idle, 0), with_peer(Active, 0), with_peer(OpenConfirm, 0)]), []);
    let up_and_down = [with_peer(Active, 0), with_peer(Established, 0), with_peer(Established, 0), with_peer(Idle, 1)];
    assert_eq!(told(&up_and_down), [EventType::PeerUp, EventType::PeerDown]);
    assert_eq!(told(&[with_peer(Established, 0), Live::default()]), [EventType::PeerUp, EventType::PeerDown]);
}

#[test]
fn a_flap_between_two_looks_is_told() {
    let looks = [with_peer(SessionState::Established, 0), with_peer(SessionState::Established, 1)];
    assert_eq!(told(&looks), [EventType::PeerUp, EventType::PeerDown, EventType::PeerUp]);
}

#[test]
fn bfd_goes_down_only_from_up() {
    use BfdState::{AdminDown, Down, Init, Up};
    assert_eq!(told(&[with_bfd(Down), with_bfd(Init), with_bfd(Down), with_bfd(AdminDown)]), []);
    assert_eq!(told(&[with_bfd(Init), with_bfd(Up), with_bfd(Down)]), [EventType::BfdUp, EventType::BfdDown]);
    assert_eq!(told(&[with_bfd(Up), Live::default()]), [EventType::BfdUp, EventType::BfdDown]);
}

#[test]
fn ospf_neighbors_count_from_their_final_state() {
    let with = |state: &str| {
        let ospf = OspfLive { state: "DR".to_owned(), neighbors: [("2.2.2.2".to_owned(), state.to_owned())].into() };
        Live { ospf: [("eth0".parse().unwrap(), ospf)].into(), ..Live::default() }
    };
    let looks = [with("Init/DROther"), with("ExStart/DR"), with("Full/DR"), with("Full/Backup"), with("Init/DR")];
    assert_eq!(told(&looks), [EventType::OspfNeighborUp, EventType::OspfNeighborDown]);
}

fn with_daemon(connected: bool, connections: u64) -> Live {
    let daemon = DaemonLive { connected, version: String::new(), connections };
    Live { daemons: [("bgpd".to_owned(), daemon)].into(), ..Live::default() }
}

#[test]
fn daemons_come_and_go() {
    use EventType::{FrrConnected, FrrDisconnected};
    let looks = [with_daemon(false, 0), with_daemon(true, 1), with_daemon(true, 1), with_daemon(false, 1)];
    assert_eq!(told(&looks), [FrrConnected, FrrDisconnected]);
    assert_eq!(told(&[with_daemon(true, 1), with_daemon(true, 2)]), [FrrConnected, FrrDisconnected, FrrConnected]);
}

#[test]
fn frr_is_connected_when_something_answers_and_nothing_is_missing() {
    assert!(!Live::default().frr_connected());
    assert!(with_daemon(true, 1).frr_connected());
    assert_eq!(with_daemon(false, 1).missing_daemons().collect::<Vec<_>>(), ["bgpd"]);
}

#[test]
fn a_withdrawn_prefix_is_told_to_its_former_owner() {
    let owner: OwnerName = "lb".parse().unwrap();
    let prefix: Prefix = "10.0.0.1/32".parse().unwrap();
    let attributes = PrefixAttributes::default();
    let intent = Intent::Prefix(Advertisement { protocol: Protocol::Bgp, prefix, attributes });
    let mut store = Store::default();
    store.put(&owner, intent.clone(), Place::Base);
    let sent = Live { advertised: Arc::new([((Protocol::Bgp, prefix), BTreeSet::new())].into()), ..Live::default() };

    let mut tracker = Tracker::default();
    let up = tracker.observe(store.snapshot(), &sent);
    store.remove(&intent.key(), Place::Base);
    let between = tracker.observe(store.snapshot(), &sent);
    let down = tracker.observe(store.snapshot(), &Live::default());

    assert_eq!(up[0].event_type, EventType::PrefixAdvertised);
    assert_eq!(between, []);
    assert_eq!((down[0].event_type, down[0].owner.as_ref()), (EventType::PrefixWithdrawn, Some(&owner)));
}

#[test]
fn a_programmed_prefix_that_was_sent_is_advertised() {
    let prefix: Prefix = "10.0.0.1/32".parse().unwrap();
    let key = IntentKey::Prefix(Protocol::Bgp, prefix);
    let status = IntentStatus::of(IntentState::Programmed);
    let intent =
        Intent::Bgp(BgpInstance { local_as: crate::bgp::Asn::new(1).unwrap(), router_id: "1.1.1.1".parse().unwrap() });
    let entry = Entry {
        owner: OwnerName::config(),
        intent,
        status,
        revision: 1,
        programmed_at_ns: 0,
        claimed: 0,
        stale: false,
    };
    let sent = Live { advertised: Arc::new([((Protocol::Bgp, prefix), BTreeSet::new())].into()), ..Live::default() };
    assert_eq!(effective_status(&key, &entry, &sent).state, IntentState::Advertised);
    let unsent = effective_status(&key, &entry, &Live::default());
    assert_eq!(unsent.state, IntentState::Programmed);
    assert_eq!(unsent.cause.unwrap().reason, Reason::NoEstablishedPeer);
    let of_ospf = effective_status(&IntentKey::Prefix(Protocol::Ospf, prefix), &entry, &sent);
    assert_eq!(of_ospf.cause.unwrap().reason, Reason::NotInLsdb);
    let deaf = Live { deaf: ["ospf6d"].into(), ..Live::default() };
    for (prefix, to_be_restarted) in [("fd00::1/128", true), ("10.0.0.1/32", false)] {
        let key = IntentKey::Prefix(Protocol::Ospf, prefix.parse().unwrap());
        let detail = effective_status(&key, &entry, &deaf).cause.unwrap().detail;
        assert_eq!(detail.contains("restarted"), to_be_restarted, "{prefix}: {detail}");
    }
}

#[test]
fn two_way_is_up_only_where_it_is_the_end() {
    let up = |interface: &str, neighbor: &str| {
        let neighbors = [("ospf 10.0.0.2 10.0.1.2".to_owned(), neighbor.to_owned())].into();
        OspfLive { state: interface.to_owned(), neighbors }.neighbors_up().count() == 1
    };
    for (interface, neighbor, expected) in [
        ("Backup", "Full", true),
        ("DROther", "2-Way", true),
        ("ospf DROther, ospf3 Waiting", "Twoway", true),
        ("Waiting", "2-Way", false),
        ("DR", "2-Way", false),
        ("DR", "ExStart", false),
    ] {
        assert_eq!(up(interface, neighbor), expected, "{interface}, {neighbor}");
    }
}

#[test]
fn a_prefix_has_been_announced_since_the_look_that_first_showed_it() {
    let key = |n: u8| (Protocol::Bgp, format!("10.0.0.{n}/32").parse::<Prefix>().unwrap());
    let look = |which: &[u8]| Live {
        advertised: Arc::new(which.iter().map(|n| (key(*n), BTreeSet::new())).collect()),
        ..Live::default()
    };
    let (mut tracker, snapshot) = (Tracker::default(), Snapshot::default());
    let mut since = Vec::new();
    for (which, now_ns) in [(&[1][..], 5), (&[1, 2], 6), (&[2], 7), (&[1, 2], 8)] {
        let mut live = look(which);
        tracker.date(&mut live, now_ns);
        tracker.observe(&snapshot, &live);
        since.push([1, 2].map(|n| live.advertised_at_ns.get(&key(n)).copied()));
    }
    assert_eq!(since, [[Some(5), None], [Some(5), Some(6)], [None, Some(6)], [Some(8), Some(6)]]);
}
