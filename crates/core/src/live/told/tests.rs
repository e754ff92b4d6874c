use super::*;
use crate::bfd::Hop;

const TOR: &str = "10.0.0.2";

fn tor() -> PeerKey {
    TOR.parse().unwrap()
}

fn prefix() -> Prefix {
    "192.0.2.1/32".parse().unwrap()
}

fn peer(state: SessionState, flaps: u32) -> PeerLive {
    PeerLive { state, flaps, ..PeerLive::default() }
}

/// bgpd with one peer that was sent one prefix while it is established.
fn bgp(state: SessionState, flaps: u32) -> Look {
    let sent_to = (state == SessionState::Established).then(tor).into_iter().collect();
    Look::Bgp { peers: [(tor(), peer(state, flaps))].into(), sent: Arc::new([(prefix(), sent_to)].into()) }
}

fn down(reason: &str) -> Push {
    Push::PeerDown { peer: tor(), reason: reason.to_owned() }
}

/// A look whose answer was there at once.
fn at(when: Nanoseconds) -> Window {
    Window { asked: when, answered: when }
}

fn announced(told: &Told) -> bool {
    told.live().advertised.contains_key(&(Protocol::Bgp, prefix()))
}

#[test]
fn a_session_that_is_pushed_down_takes_its_announcements_along() {
    let mut told = Told::default();
    told.look("bgpd", bgp(SessionState::Established, 0), at(10));
    assert!(announced(&told));
    assert!(told.push("bgpd", down("Hold timer expired"), 20));
    assert!(!announced(&told));
    let seen = told.live().peers[&tor()].clone();
    assert_eq!((seen.state, seen.flaps, seen.last_reset.as_str()), (SessionState::Idle, 1, "Hold timer expired"));
}

#[test]
fn a_look_that_was_asked_for_before_a_push_does_not_undo_it() {
    let mut told = Told::default();
    told.look("bgpd", bgp(SessionState::Established, 0), at(10));
    told.push("bgpd", down("x"), 20);
    told.look("bgpd", bgp(SessionState::Established, 0), at(15));
    assert_eq!(told.live().peers[&tor()].state, SessionState::Idle);
    assert!(!announced(&told), "nothing is sent over a session that is down");
    told.look("bgpd", bgp(SessionState::Established, 1), at(25));
    assert!(announced(&told));
}

#[test]
fn a_look_that_comes_late_does_not_undo_a_later_one() {
    let mut told = Told::default();
    told.look("bgpd", bgp(SessionState::Established, 1), at(20));
    told.look("bgpd", bgp(SessionState::Idle, 0), at(10));
    assert_eq!(told.live().peers[&tor()], peer(SessionState::Established, 1));
}

#[test]
fn a_look_disagrees_where_a_session_is_not_as_it_was_told() {
    let mut told = Told::default();
    told.look("bgpd", bgp(SessionState::Established, 0), at(10));
    assert!(told.agrees("bgpd", &bgp(SessionState::Established, 0)));
    assert!(!told.agrees("bgpd", &bgp(SessionState::Idle, 1)));
    assert!(!told.agrees("bgpd", &bgp(SessionState::Established, 1)), "down and up again");
    told.push("bgpd", down("x"), 20);
    assert!(told.agrees("bgpd", &bgp(SessionState::Idle, 1)));
}

#[test]
fn a_push_that_a_look_has_told_already_says_nothing_new() {
    let mut told = Told::default();
    told.look("bgpd", bgp(SessionState::Established, 1), at(30));
    assert!(!told.push("bgpd", down("x"), 20));
    assert!(!told.push("bgpd", Push::PeerUp(tor()), 25));
    assert!(!told.push("bgpd", Push::PeerUp(tor()), 35), "it is up");
    assert_eq!(told.live().peers[&tor()], peer(SessionState::Established, 1));
}

#[test]
fn looks_at_one_daemon_say_nothing_of_pushes_of_another() {
    let key = BfdKey { peer: tor().address().unwrap(), interface: None, hop: Hop::Single };
    let sessions = |state| Look::Bfd([(key.clone(), BfdLive { state, ..BfdLive::default() })].into());
    let mut told = Told::default();
    told.look("bfdd", sessions(BfdState::Up), at(10));
    assert!(told.push("bfdd", Push::BfdDown { session: key.clone(), reason: "x".to_owned() }, 20));
    told.look("bgpd", bgp(SessionState::Established, 0), at(30));
    told.look("bfdd", sessions(BfdState::Up), at(15));
    assert_eq!(told.live().bfd[&key].state, BfdState::Down);
    told.look("bfdd", sessions(BfdState::Up), at(25));
    assert_eq!(told.live().bfd[&key].state, BfdState::Up);
}

#[test]
fn a_notification_explains_the_end_of_its_session_only() {
    let notification = || Push::Notification { peer: tor(), reason: "Cease/BFD Down".to_owned() };
    let reason_of = |pushes: Vec<Push>| {
        let mut told = Told::default();
        told.look("bgpd", bgp(SessionState::Established, 0), at(0));
        for (at, push) in (1..).zip(pushes) {
            told.push("bgpd", push, at);
        }
        told.live().peers[&tor()].last_reset.clone()
    };
    let sent = "BGP Notification send";
    assert_eq!(reason_of(vec![notification(), down(sent)]), "BGP Notification send: Cease/BFD Down");
    assert_eq!(reason_of(vec![notification(), down("Interface down")]), "Interface down");
    // A collision is notified while the session that stays comes up.
    assert_eq!(reason_of(vec![down("x"), notification(), Push::PeerUp(tor()), down(sent)]), sent);
}

#[test]
fn an_ospf_neighbor_is_what_was_said_last_and_two_way_is_left_to_a_look() {
    let eth0: InterfaceName = "eth0".parse().unwrap();
    let neighbor = |state: &str| Push::OspfNeighbor {
        interface: eth0,
        neighbor: "ospf 2.2.2.2 10.0.0.2".to_owned(),
        state: state.to_owned(),
    };
    let neighbors = |told: &Told| told.live().ospf[&eth0].neighbors.values().cloned().collect::<Vec<_>>();
    let mut told = Told::default();
    assert!(told.push("ospfd", neighbor("Init"), 1));
    assert!(!told.push("ospfd", neighbor("2-Way"), 2));
    assert!(told.push("ospfd", neighbor("Full"), 3));
    assert_eq!(neighbors(&told), ["Full"]);
    let without = OspfLive { state: "DR".to_owned(), ..OspfLive::default() };
    let look = |ospf: &OspfLive| Look::Ospf { interfaces: [(eth0, ospf.clone())].into(), lsdb: BTreeSet::new() };
    told.look("ospfd", look(&without), at(2));
    assert_eq!(neighbors(&told), ["Full"]);
    assert!(told.push("ospfd", neighbor("Deleted"), 4));
    told.look("ospfd", look(&without), at(5));
    assert!(neighbors(&told).is_empty());
}

#[test]
fn what_a_neighbor_passed_while_it_was_looked_at_does_not_take_it_down() {
    let eth0: InterfaceName = "eth0".parse().unwrap();
    let push = |state: &str| Push::OspfNeighbor {
        interface: eth0,
        neighbor: "ospf3 2.2.2.2".to_owned(),
        state: state.to_owned(),
    };
    let full = OspfLive { state: "DR".to_owned(), neighbors: [("ospf3 2.2.2.2".to_owned(), "Full".to_owned())].into() };
    for (state, pushed, changes) in [
        ("Loading", 15, false),
        ("Exchange", 20, false),
        ("Full", 15, false),
        ("Down", 15, true),
        ("Loading", 21, true),
    ] {
        let mut told = Told::default();
        let look = Look::Ospf { interfaces: [(eth0, full.clone())].into(), lsdb: BTreeSet::new() };
        told.look("ospf6d", look, Window { asked: 10, answered: 20 });
        assert_eq!(told.push("ospf6d", push(state), pushed), changes, "{state} at {pushed}");
    }
}

#[test]
fn states_of_both_ospf_versions_are_told_apart_only_where_they_differ() {
    for (v2, v3, merged) in
        [("", "", ""), ("DR", "", "DR"), ("", "BDR", "BDR"), ("DR", "DR", "DR"), ("DR", "BDR", "ospf DR, ospf3 BDR")]
    {
        assert_eq!(merge_state(v2, v3), merged);
    }
}
