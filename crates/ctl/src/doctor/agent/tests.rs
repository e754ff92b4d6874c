use super::super::Health;
use super::*;

fn daemon(name: &str, connected: bool, version: &str) -> v1::DaemonStatus {
    v1::DaemonStatus { name: name.into(), connected, version: version.into() }
}

fn frr(daemons: Vec<v1::DaemonStatus>) -> v1::FrrStatus {
    v1::FrrStatus { daemons, ..Default::default() }
}

#[test]
fn each_daemon_that_is_needed_or_was_there_answers() {
    let all = |bgpd| frr(vec![daemon("bgpd", bgpd, "10.3"), daemon("zebra", true, "10.3")]);
    assert_eq!(daemons(&all(true), &["bgpd", "zebra"]), [Check::ok("daemons", "bgpd, zebra answer")]);
    let found = daemons(&all(false), &["bgpd", "zebra"]);
    assert_eq!((found.len(), found[0].health), (1, Health::Fail));
    assert_eq!(found[0].found, "bgpd does not answer the agent");
    // Where nobody asks for BGP, a node without bgpd is fine.
    assert_eq!(daemons(&frr(Vec::new()), &needed(&v1::GetStatusResponse::default())).len(), 1);
    let peers = vec![v1::PeerStatus::default()];
    let with_bgp = v1::GetStatusResponse { peers, ..Default::default() };
    assert_eq!(daemons(&frr(Vec::new()), &needed(&with_bgp)).len(), 2);
}

#[test]
fn versions_are_one_and_not_too_old() {
    for (versions_, health) in [
        (vec!["8.4.4", "8.4.4", ""], Health::Ok),
        (vec!["10.3"], Health::Ok),
        (vec!["8.1"], Health::Warn),
        (vec!["8.4.4", "10.3"], Health::Fail),
        (vec![], Health::Unknown),
    ] {
        let daemons = versions_.iter().map(|version| daemon("bgpd", true, version)).collect();
        assert_eq!(versions(&frr(daemons)).health, health, "{versions_:?}");
    }
}

#[test]
fn peers_that_keep_no_routes_are_named() {
    let peer = |address: &str, state: v1::PeerState, gr_negotiated| v1::PeerStatus {
        neighbor_address: address.into(),
        peer_state: state.into(),
        gr_negotiated,
        ..Default::default()
    };
    let up = v1::PeerState::Established;
    assert_eq!(graceful_restart(&[peer("a", v1::PeerState::Idle, false)]), []);
    assert_eq!(graceful_restart(&[peer("a", up, true)])[0].health, Health::Ok);
    let found = graceful_restart(&[peer("a", up, true), peer("b", up, false)]);
    assert_eq!(found[0].health, Health::Warn);
    assert!(found[0].found.ends_with("not negotiated with b"), "{found:?}");
}

#[test]
fn fast_sessions_on_a_node_without_time_are_named() {
    let session = |rx| v1::BfdSessionStatus {
        peer_address: "a".into(),
        min_rx_ms: rx,
        min_tx_ms: 100,
        detect_multiplier: 3,
        ..Default::default()
    };
    assert_eq!(bfd(&[], Some(9.0)), []);
    for (rx, load, health) in [(100, 1.5, Health::Warn), (100, 0.5, Health::Ok), (300, 1.5, Health::Ok)] {
        assert_eq!(bfd(&[session(rx)], Some(load))[0].health, health, "{rx} {load}");
    }
    assert_eq!(bfd(&[session(100), session(100)], None)[0].found, "sessions: 2, packets that they send a second: 20");
}

#[test]
fn what_was_refused_and_what_is_foreign() {
    let row = v1::PrefixStatus { prefix: "10.0.0.1/32".into(), state: "refused".into(), ..Default::default() };
    let status = v1::GetStatusResponse { prefixes: vec![row], ..Default::default() };
    assert_eq!(refused(&status)[0].next, "novaroutectl explain prefix 10.0.0.1/32");
    let lines = v1::FrrStatus { foreign_lines: vec!["bgpd: x".into()], ..Default::default() };
    assert_eq!(foreign_lines(&lines).health, Health::Warn);
    assert_eq!(foreign_lines(&v1::FrrStatus::default()).health, Health::Ok);
}
