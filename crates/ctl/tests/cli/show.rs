//! Status: tables, JSON, YAML, `--watch`, a reader that goes away.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    process::{Child, Stdio},
};

use expect_test::expect;
use novaroute_api::v1;

use crate::{
    ctl::finished,
    fake::{Fake, Script, Seen},
};

fn peers() -> Vec<v1::PeerStatus> {
    let established = v1::PeerStatus {
        neighbor_address: "192.0.2.254".into(),
        remote_as: 65000,
        state: "Established".into(),
        owner: "edge".into(),
        prefixes_received: 3,
        prefixes_sent: 2,
        uptime: "1h2m3s".into(),
        bfd_enabled: true,
        bfd_status: "up".into(),
        description: "tor-a".into(),
        peer_state: v1::PeerState::Established.into(),
        intent_state: "programmed".into(),
        ..Default::default()
    };
    let refused = v1::PeerStatus {
        neighbor_address: "2001:db8::1".into(),
        remote_as: 65001,
        state: "Idle".into(),
        owner: "net".into(),
        intent_state: "refused".into(),
        reason: "FRR_REFUSED: % wrong".into(),
        peer_state: v1::PeerState::Idle.into(),
        last_reset_reason: "hold timer\u{1b}[2J".into(),
        flap_count: 4,
        ..Default::default()
    };
    vec![established, refused]
}

fn script() -> Script {
    let prefix = v1::PrefixStatus {
        prefix: "203.0.113.7/32".into(),
        protocol: 1,
        owner: "edge".into(),
        state: "advertised".into(),
        sent_to: vec!["192.0.2.254".into(), "192.0.2.253".into()],
        programmed_at: 1_709_251_199_000_000_000,
        advertised_at: 1_709_251_199_053_000_000,
        ..Default::default()
    };
    let bfd = v1::BfdSessionStatus {
        peer_address: "192.0.2.9".into(),
        state: "down".into(),
        owner: "edge".into(),
        min_rx_ms: 300,
        min_tx_ms: 300,
        detect_multiplier: 3,
        intent_state: "programmed".into(),
        multihop: true,
        ..Default::default()
    };
    let frr = v1::FrrStatus {
        version: "8.4.4".into(),
        connected: false,
        daemons: vec![
            v1::DaemonStatus { name: "bgpd".into(), connected: true, version: "8.4.4".into() },
            v1::DaemonStatus { name: "ospfd".into(), connected: false, version: String::new() },
        ],
        foreign_lines: vec!["ip route 10.0.0.0/8 Null0".into()],
        ..Default::default()
    };
    let status = v1::GetStatusResponse {
        peers: peers(),
        prefixes: vec![prefix],
        bfd_sessions: vec![bfd],
        ospf_interfaces: Vec::new(),
        frr_status: Some(frr),
        agent_version: "0.1.0".into(),
        drains: vec![drain("", Some(30), "shut"), drain("edge", None, "marked")],
        pending_changes: Vec::new(),
    };
    Script { status, ..Default::default() }
}

fn drain(of_owner: &str, delay_s: Option<u32>, phase: &str) -> v1::DrainStatus {
    let (owner, phase) = ("admin".into(), phase.into());
    v1::DrainStatus { of_owner: of_owner.into(), owner, phase, prefixes: 2, delay_s }
}

fn shown(line: &str) -> String {
    let agent = Fake::start(script());
    let ran = agent.run(line);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{line}");
    ran.stdout
}

#[test]
fn the_overview_has_everything() {
    expect![[r#"
        FRR: not connected, version 8.4.4
          ospfd not connected
          lines of its configuration that are not the agent's: 1 (-o wide lists them)
        drained: the node by admin, 2 prefixes withdrawn, sessions shut
        drained: owner edge by admin, 2 prefixes marked, stay announced

        BGP peers
        PEER         AS     SESSION      UPTIME  INTENT      BFD  RECEIVED  SENT  OWNER  REASON
        192.0.2.254  65000  Established  1h2m3s  programmed  up   3         2     edge   -
        2001:db8::1  65001  Idle         -       refused     off  0         0     net    FRR_REFUSED: % wrong

        Prefixes
        PREFIX          PROTOCOL  STATE       PEERS  OWNER
        203.0.113.7/32  bgp       advertised  2      edge

        BFD sessions
        PEER       STATE  UPTIME  INTENT      RX MS  TX MS  MULTIPLIER  OWNER
        192.0.2.9  down   -       programmed  300    300    3           edge

        OSPF interfaces: none
    "#]]
    .assert_eq(&shown("status"));
}

#[test]
fn wide_shows_more() {
    expect![[r#"
        FRR: not connected, version 8.4.4
          bgpd connected 8.4.4
          ospfd not connected
          lines of its configuration that are not the agent's:
            ip route 10.0.0.0/8 Null0
        drained: the node by admin, 2 prefixes withdrawn, sessions shut
        drained: owner edge by admin, 2 prefixes marked, stay announced

        BGP peers
        PEER         AS     SESSION      UPTIME  INTENT      BFD  RECEIVED  SENT  OWNER  FLAPS  LAST RESET           DESCRIPTION  REASON
        192.0.2.254  65000  Established  1h2m3s  programmed  up   3         2     edge   0      -                    tor-a        -
        2001:db8::1  65001  Idle         -       refused     off  0         0     net    4      hold timer\u{1b}[2J  -            FRR_REFUSED: % wrong

        Prefixes
        PREFIX          PROTOCOL  STATE       PEERS  OWNER  SENT TO                  PROGRAMMED AT             ADVERTISED AT
        203.0.113.7/32  bgp       advertised  2      edge   192.0.2.254,192.0.2.253  2024-02-29T23:59:59.000Z  2024-02-29T23:59:59.053Z

        BFD sessions
        PEER       STATE  UPTIME  INTENT      RX MS  TX MS  MULTIPLIER  OWNER  INTERFACE  HOPS
        192.0.2.9  down   -       programmed  300    300    3           edge   -          multi

        OSPF interfaces: none
    "#]].assert_eq(&shown("status -o wide"));
}

#[test]
fn one_part_alone() {
    expect![[r#"
        PREFIX          PROTOCOL  STATE       PEERS  OWNER
        203.0.113.7/32  bgp       advertised  2      edge
    "#]]
    .assert_eq(&shown("prefixes"));
    expect![[r#"
        OSPF interfaces: none
    "#]]
    .assert_eq(&shown("ospf"));
}

#[test]
fn json_has_the_names_of_the_proto_fields() {
    expect![[r#"
        {
          "prefixes": [
            {
              "prefix": "203.0.113.7/32",
              "protocol": "bgp",
              "owner": "edge",
              "state": "advertised",
              "reason": "",
              "sent_to": [
                "192.0.2.254",
                "192.0.2.253"
              ],
              "programmed_at": 1709251199000000000,
              "advertised_at": 1709251199053000000
            }
          ]
        }
    "#]]
    .assert_eq(&shown("prefixes -o json"));
    let status: serde_json::Value = serde_json::from_str(&shown("status -o json")).unwrap();
    assert_eq!(status["peers"][0]["peer_state"], "established");
    assert_eq!(status["peers"][1]["flap_count"], 4);
    assert_eq!(status["ospf_interfaces"], serde_json::json!([]));
    assert_eq!(status["frr_status"]["daemons"][1]["connected"], false);
}

#[test]
fn yaml_has_the_keys_of_the_json() {
    expect![[r#"
        bfd_sessions:
        - peer_address: "192.0.2.9"
          state: down
          owner: edge
          min_rx_ms: 300
          min_tx_ms: 300
          detect_multiplier: 3
          uptime: ""
          reason: ""
          intent_state: programmed
          interface_name: ""
          multihop: true
    "#]]
    .assert_eq(&shown("bfd -o yaml"));
    let yaml: serde_json::Value = serde_saphyr::from_str(&shown("status -o yaml")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&shown("status -o json")).unwrap();
    assert_eq!(yaml, json);
}

#[test]
fn only_the_flag_filters_by_owner() {
    let agent = Fake::start(script());
    for (line, owner) in [("peers", ""), ("peers --owner net", "net")] {
        assert_eq!(agent.run(line).code, 0);
        assert_eq!(agent.asked(), [Seen::GetStatus(v1::GetStatusRequest { owner_filter: owner.into() })], "{line}");
    }
}

fn spawn(agent: &Fake, line: &str) -> Child {
    agent.command(line).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn watch_shows_blocks_until_interrupted() {
    let agent = Fake::start(script());
    let mut child = spawn(&agent, "prefixes --watch --interval 1ms");
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let first: Vec<_> = lines.by_ref().take_while(|line| !line.is_empty()).collect();
    let second: Vec<_> = lines.by_ref().take_while(|line| !line.is_empty()).collect();
    assert_eq!(first, second);
    assert!(first[1].starts_with("203.0.113.7/32"), "{first:?}");

    crate::ctl::interrupt(&child);
    assert!(lines.all(|line| !line.contains('\u{1b}')));
    assert_eq!(finished(child.wait_with_output().unwrap()).code, 0);
}

#[test]
fn watch_outlives_a_restart_of_the_agent() {
    let agent = Fake::start(script());
    let mut child = spawn(&agent, "ospf --watch --interval 1ms");
    let mut shown = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut complaints = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert_eq!(shown.next().as_deref(), Some("OSPF interfaces: none"));

    let stopped = agent.stop();
    assert!(complaints.any(|line| line == "novaroutectl: status: UNREACHABLE"));
    // Somebody has to go on reading, or the pipe fills up.
    let reader = std::thread::spawn(move || complaints.count());

    let mut script = script();
    script.status.ospf_interfaces =
        vec![v1::OspfInterfaceStatus { interface_name: "eth7".into(), ..Default::default() }];
    let _restarted = Fake::restart(stopped, script);
    assert!(shown.any(|line| line.starts_with("eth7")));
    crate::ctl::interrupt(&child);
    drop(shown);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    reader.join().unwrap();
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut script = script();
    // More than a pipe holds, so that the write is under way when it closes.
    script.status.peers = std::iter::repeat_n(peers(), 4000).flatten().collect();
    let agent = Fake::start(script);
    let mut child = spawn(&agent, "peers");
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut [0; 4]).unwrap();
    drop(stdout);
    let ran = finished(child.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
}
