//! `doctor`: with an agent and without, on a node that is a folder.

use std::fs;

use expect_test::expect;
use novaroute_api::v1;

use crate::{
    ctl::alone,
    fake::{Fake, Script},
};

fn status() -> v1::GetStatusResponse {
    let daemon = |name: &str, connected| v1::DaemonStatus { name: name.into(), connected, version: "10.3".into() };
    let peer = v1::PeerStatus {
        neighbor_address: "192.0.2.254".into(),
        peer_state: v1::PeerState::Established.into(),
        ..Default::default()
    };
    let frr = v1::FrrStatus { daemons: vec![daemon("bgpd", true), daemon("zebra", true)], ..Default::default() };
    v1::GetStatusResponse {
        peers: vec![peer],
        frr_status: Some(frr),
        agent_version: "0.1.0".into(),
        ..Default::default()
    }
}

#[test]
fn a_node_that_works_has_warnings_at_most() {
    let agent = Fake::start(Script { status: status(), ..Default::default() });
    let root = agent.folder().join("node");
    fs::create_dir_all(root.join("proc/net")).unwrap();
    fs::write(root.join("proc/net/tcp"), "").unwrap();
    let ran = agent.run(&format!("doctor --root {}", root.display()));
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let (first, rest) = ran.stdout.split_once('\n').unwrap();
    assert!(first.starts_with("✓ socket ") && first.contains("has mode"), "{first}");
    expect![[r#"
        ✓ agent             version 0.1.0 answers
        ✓ daemons           bgpd, zebra answer
        ✓ frr version       FRR 10.3
        ✓ foreign lines     FRR's configuration has no line that is not the agent's
        ! graceful restart  traffic is lost while bgpd restarts: not negotiated with 192.0.2.254
                            next: novaroutectl apply-peer with --graceful-restart full, and graceful restart (or its helper) at the peer
        ! port 179          nothing listens on it: peers cannot connect, only this node can
                            next: look whether bgpd runs, and without -p 0 and -l in bgpd_options of /etc/frr/daemons
        ? clock             nothing here tells whether it is set by the network
                            next: timedatectl, or chronyc tracking
    "#]]
    .assert_eq(rest);
}

#[test]
fn a_daemon_that_is_away_is_a_failure() {
    let mut status = status();
    if let Some(frr) = &mut status.frr_status {
        frr.daemons[0].connected = false;
    }
    let agent = Fake::start(Script { status, ..Default::default() });
    let ran = agent.run("doctor --root /nonexistent -o json");
    assert_eq!(ran.code, 1);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(json["healthy"], false);
    let checks = json["checks"].as_array().unwrap();
    let daemons = checks.iter().find(|check| check["name"] == "daemons").unwrap();
    assert_eq!(
        (daemons["health"].as_str(), daemons["found"].as_str()),
        (Some("fail"), Some("bgpd does not answer the agent"))
    );
}

#[test]
fn without_an_agent_the_node_is_checked_all_the_same() {
    let ran = alone("doctor --root /nonexistent");
    assert_eq!(ran.code, 1);
    for line in ["✗ socket ", "✗ agent ", "? port 179"] {
        assert!(ran.stdout.lines().any(|shown| shown.starts_with(line)), "{line}: {}", ran.stdout);
    }
}
