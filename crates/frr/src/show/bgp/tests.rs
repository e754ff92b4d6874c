use expect_test::expect;

use super::*;
use crate::show::tests::both_versions;

/// One line for each peer.
fn shown(text: &str) -> String {
    let line = |(address, peer): (PeerKey, PeerLive)| {
        format!(
            "{address}: {} {:?} in {} out {} flaps {} {:?}\n",
            peer.state.as_str(),
            peer.uptime_s,
            peer.prefixes_received,
            peer.prefixes_sent,
            peer.flaps,
            peer.last_reset
        )
    };
    peers(text).unwrap().into_iter().map(line).collect()
}

#[test]
fn peers_of_frr_8() {
    expect![[r#"
        10.12.0.2: Established Some(354) in 3 out 5 flaps 1 "No AFI/SAFI activated for peer"
        10.12.0.98: Idle None in 0 out 0 flaps 0 "No AFI/SAFI activated for peer"
        10.12.0.99: Active None in 0 out 0 flaps 0 "Waiting for peer OPEN"
        10.13.0.3: Idle None in 0 out 0 flaps 1 "BGP Notification send: OPEN Message Error/Bad Peer AS"
        fd12::2: Established Some(355) in 1 out 1 flaps 1 "No AFI/SAFI activated for peer"
        r3: Idle None in 0 out 0 flaps 0 "Waiting for Peer IPv6 LLA"
    "#]]
    .assert_eq(&shown(include_str!("../testdata/8.4/bgp_neighbors.json")));
}

#[test]
fn peers_of_frr_10() {
    expect![[r#"
        10.12.0.2: Established Some(355) in 3 out 5 flaps 0 ""
        10.12.0.98: Idle None in 0 out 0 flaps 0 "Admin. shutdown"
        10.12.0.99: Active None in 0 out 0 flaps 0 "Waiting for peer OPEN"
        10.13.0.3: Idle None in 0 out 0 flaps 1 "BGP Notification send: OPEN Message Error/Bad Peer AS"
        fd12::2: Established Some(353) in 1 out 1 flaps 0 ""
        r3: Idle None in 0 out 0 flaps 0 "Waiting for Peer IPv6 LLA"
    "#]]
    .assert_eq(&shown(include_str!("../testdata/10.3/bgp_neighbors.json")));
}

#[test]
fn families_are_summed_and_never_overflow() {
    let text = r#"{"10.0.0.2": {"bgpState": "Established", "bgpTimerUpMsec": 2999, "addressFamilyInfo": {
        "ipv4Unicast": {"acceptedPrefixCounter": 3, "sentPrefixCounter": 4294967295},
        "ipv6Unicast": {"acceptedPrefixCounter": 4, "sentPrefixCounter": 99999999999}}}}"#;
    assert_eq!(shown(text), "10.0.0.2: Established Some(2) in 7 out 4294967295 flaps 0 \"\"\n");
}

#[test]
fn a_neighbor_that_is_known_by_a_link_local_address_is_left_out() {
    let text = r#"{"eth0": {}, "fe80::1": {"bgpState": "Established"}, "vrfId": 0, "10.0.0.3": 7, "10.0.0.2": {}}"#;
    assert_eq!(shown(text), "10.0.0.2: Idle None in 0 out 0 flaps 0 \"\"\neth0: Idle None in 0 out 0 flaps 0 \"\"\n");
}

#[test]
fn every_state_of_a_session() {
    for word in ["Idle", "Connect", "Active", "OpenSent", "OpenConfirm", "Established"] {
        assert_eq!(session_state(word).as_str(), word);
    }
    for word in ["Clearing", "Deleted", ""] {
        assert_eq!(session_state(word), SessionState::Idle, "{word:?}");
    }
}

#[test]
fn commands_name_the_family_and_the_canonical_prefix() {
    let command = |prefix: &str| prefix_command(&prefix.parse().unwrap());
    assert_eq!(command("10.0.0.9/24"), "show bgp ipv4 unicast 10.0.0.0/24 json");
    assert_eq!(command("2001:DB8::1/128"), "show bgp ipv6 unicast 2001:db8::1/128 json");
}

/// What was sent of an own path, and how its state is; that of another path is told apart.
fn sent(own: OwnPath, peers: &[&str]) -> (OwnPath, BTreeSet<PeerKey>) {
    (own, peers.iter().map(|peer| peer.parse().unwrap()).collect())
}

fn seen(text: &str) -> (OwnPath, BTreeSet<PeerKey>) {
    let entry = table_entry(text).unwrap();
    (entry.own, entry.sent_to)
}

#[test]
fn an_own_best_path_is_advertised_although_others_have_the_prefix_too() {
    for text in both_versions!("bgp_prefix_own_best.json") {
        assert_eq!(seen(text), sent(OwnPath::Best, &["10.12.0.2", "10.13.0.3"]));
    }
    for text in both_versions!("bgp_prefix_own_v6.json") {
        assert_eq!(seen(text), sent(OwnPath::Best, &["fd12::2"]));
    }
}

#[test]
fn an_outbound_filter_keeps_a_peer_out() {
    for text in both_versions!("bgp_prefix_filtered.json") {
        assert_eq!(seen(text), sent(OwnPath::Best, &["10.13.0.3"]));
    }
}

#[test]
fn only_the_best_path_is_advertised_and_only_an_own_one_is_ours() {
    for text in both_versions!("bgp_prefix_learned.json") {
        assert_eq!(seen(text), sent(OwnPath::Absent, &[]));
    }
    for text in both_versions!("bgp_prefix_own_removed.json") {
        assert_eq!(seen(text), sent(OwnPath::Absent, &[]));
    }
    for text in both_versions!("bgp_prefix_own_shadowed.json") {
        assert_eq!(seen(text), sent(OwnPath::NotBest, &[]));
    }
    for text in both_versions!("bgp_prefix_own_invalid.json") {
        assert_eq!(seen(text), sent(OwnPath::Invalid, &[]));
    }
}

#[test]
fn a_path_without_flags_is_not_advertised() {
    let text = r#"{"advertisedTo": {"10.0.0.2": {}, "eth0": {}}, "paths": [{"sourced": true}]}"#;
    assert_eq!(seen(text), sent(OwnPath::Invalid, &[]));
    let text = r#"{"advertisedTo": {"10.0.0.2": {}, "eth0": {}},
        "paths": [{"sourced": true, "valid": true, "bestpath": {"overall": true}}]}"#;
    assert_eq!(seen(text), sent(OwnPath::Best, &["10.0.0.2", "eth0"]));
}

#[test]
fn the_notification_that_ended_a_session_is_told() {
    for text in both_versions!("bgp_neighbors.json") {
        let all = neighbors(text).unwrap();
        let of = |address: &str| all[&address.parse().unwrap()].clone();
        assert_eq!(of("10.13.0.3").notification, Some(Notification { by_peer: false, bad_peer_as: true }));
        assert_eq!(of("10.12.0.99").notification, None);
        let up = of("10.12.0.2");
        assert_eq!((up.live.state, up.notification), (SessionState::Established, None));
    }
}

#[test]
fn what_was_negotiated_is_told_of_a_session_that_is_up() {
    let up = r#"{"10.12.0.2": {"bgpState": "Established", "hostLocal": "10.12.0.1",
        "bgpTimerHoldTimeMsecs": 9000, "bgpTimerKeepAliveIntervalMsecs": 3000,
        "neighborCapabilities": {"multiprotocolExtensions": {
            "ipv4Unicast": {"advertisedAndReceived": true}, "ipv6Unicast": {"advertised": true}}}}}"#;
    let said = |text: &str| {
        let one = neighbors(text).unwrap().into_values().next().unwrap();
        (one.exchanged, one.local, one.hold_s, one.keepalive_s)
    };
    assert_eq!(said(up), ([Family::Ipv4].into(), "10.12.0.1".to_owned(), 9, 3));
    let down = up.replace("Established", "Idle").replace("10.12.0.1", "Unknown");
    assert_eq!((said(&down).0, said(&down).1), ([].into(), String::new()));
}
