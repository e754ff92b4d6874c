use expect_test::expect;

use super::*;

/// One line for each session.
fn shown(text: &str) -> String {
    let line = |(key, live): (BfdKey, BfdLive)| {
        format!(
            "{key}: {} {:?} rx {} tx {} x{} {:?}\n",
            live.state.as_str(),
            live.uptime_s,
            live.min_rx_ms,
            live.min_tx_ms,
            live.detect_multiplier,
            live.diagnostic
        )
    };
    sessions(text).unwrap().into_iter().map(line).collect()
}

#[test]
fn frr_8_prints_the_interface_of_dynamic_sessions() {
    expect![[r#"
        10.12.0.2 interface r2: up Some(353) rx 300 tx 300 x3 ""
        10.12.0.99 interface r2: down None rx 300 tx 300 x3 ""
        10.13.0.3: down None rx 250 tx 200 x4 "neighbor signaled session down"
        10.13.0.3 multihop: shutdown None rx 300 tx 300 x3 "remote: neighbor signaled session down"
        fd12::2 interface r2: up Some(353) rx 300 tx 300 x3 ""
        fd13::3 multihop: down None rx 300 tx 300 x3 ""
        fe80::5c29:4bff:fe87:717 interface r2: down None rx 300 tx 300 x3 ""
    "#]]
    .assert_eq(&shown(include_str!("../testdata/8.4/bfd_peers.json")));
}

#[test]
fn frr_10_prints_the_interface_where_it_was_asked_for() {
    expect![[r#"
        10.12.0.2: up Some(352) rx 300 tx 300 x3 ""
        10.12.0.99 interface r2: down None rx 300 tx 300 x3 ""
        10.13.0.3: down None rx 250 tx 200 x4 "neighbor signaled session down"
        10.13.0.3 multihop: shutdown None rx 300 tx 300 x3 "remote: neighbor signaled session down"
        fd12::2 interface r2: up Some(353) rx 300 tx 300 x3 ""
        fd13::3 multihop: down None rx 300 tx 300 x3 ""
        fe80::ec12:99ff:fe7d:c35b interface r2: down None rx 300 tx 300 x3 ""
    "#]]
    .assert_eq(&shown(include_str!("../testdata/10.3/bfd_peers.json")));
}

#[test]
fn other_vrfs_and_sessions_without_an_address_are_left_out() {
    let text = r#"[
        {"peer": "10.0.0.1", "vrf": "blue", "status": "up"},
        {"peer": "nobody", "status": "up"},
        {"peer": "10.0.0.2", "interface": "not a name", "status": "up"},
        {"status": "up"},
        7,
        {"peer": "10.0.0.3"}
    ]"#;
    assert_eq!(shown(text), "10.0.0.3: down None rx 0 tx 0 x0 \"\"\n");
}

#[test]
fn of_sessions_with_one_key_the_higher_state_is_told() {
    let session = |local: &str, status: &str| {
        format!(r#"{{"multihop": true, "peer": "10.0.0.1", "local": "{local}", "status": "{status}"}}"#)
    };
    for order in [["up", "down"], ["down", "up"]] {
        let text = format!("[{},{}]", session("10.9.0.1", order[0]), session("10.9.0.2", order[1]));
        assert_eq!(shown(&text), "10.0.0.1 multihop: up None rx 0 tx 0 x0 \"\"\n");
    }
}

#[test]
fn every_state_and_diagnostic() {
    for (status, expected) in [
        ("up", BfdState::Up),
        ("init", BfdState::Init),
        ("down", BfdState::Down),
        ("shutdown", BfdState::AdminDown),
        ("unknown", BfdState::Down),
    ] {
        assert_eq!(state(status), expected, "{status}");
    }
    for (own, remote, expected) in [
        ("ok", "ok", ""),
        ("control detection time expired", "ok", "control detection time expired"),
        ("ok", "neighbor signaled session down", "remote: neighbor signaled session down"),
        (
            "neighbor signaled session down",
            "administratively down",
            "neighbor signaled session down; remote: administratively down",
        ),
    ] {
        let value = serde_json::json!({"diagnostic": own, "remote-diagnostic": remote});
        assert_eq!(diagnostic(&value), expected);
    }
}
