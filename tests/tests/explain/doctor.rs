//! `novaroutectl doctor` on a node with real FRR, and with what goes wrong there.

use std::fs;
use std::process::Stdio;

use anyhow::{Context, Result, bail, ensure};
use novaroute_e2e::bgp::peer;
use novaroute_e2e::binary::binary;
use novaroute_e2e::config::LB;
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::tor::TOR_AS;
use novaroute_e2e::{Daemon, on_each_frr, request, wait_for};
use novaroute_lab::Signal;
use serde_json::Value;

/// The report, and the exit code.
async fn doctor(scene: &Scene) -> Result<(Value, i32)> {
    let mut command = scene.node.command(binary("novaroutectl")?);
    command.env("NOVAROUTE_SOCKET", scene.agent.socket()).args(["doctor", "-o", "json"]);
    let output = command.stdin(Stdio::null()).output().await?;
    let report = serde_json::from_slice(&output.stdout).with_context(|| format!("no JSON: {output:?}"))?;
    Ok((report, output.status.code().context("it was killed")?))
}

/// Waits until a check comes out so, with these words.
async fn wait_check(scene: &Scene, name: &str, health: &str, words: &str) -> Result<i32> {
    wait_for(&format!("check {name} to be {health} with {words:?}"), TIMEOUT, async || {
        let (report, code) = doctor(scene).await?;
        let checks = report["checks"].as_array().context("no checks")?;
        let fits = |check: &&Value| {
            let found = check["found"].as_str().unwrap_or_default();
            check["name"] == name && check["health"] == health && found.contains(words)
        };
        match checks.iter().find(fits) {
            Some(_) => Ok(Some(code)),
            None => bail!("{report:#}"),
        }
    })
    .await
}

on_each_frr! {
    /// A node that works; then a line of somebody else, a kernel that does not forward, a peer that FRR refuses, and bgpd
    /// gone.
    async fn a_node_is_examined(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        client.advertise_prefix(request::advertise(LB, "203.0.113.7/32")).await?;
        for (name, health, words) in [
            ("socket", "ok", "has mode"),
            ("agent", "ok", "answers"),
            ("daemons", "ok", "bgpd"),
            ("frr_version", "ok", "FRR "),
            ("ipv4_forwarding", "ok", "IPv4"),
            ("mtu", "ok", "tor1 1500"),
            ("port_179", "ok", "bgpd listens"),
            ("graceful_restart", "warn", "not negotiated with 10.0.1.2"),
        ] {
            let code = wait_check(&scene, name, health, words).await?;
            ensure!(code == 0, "{name}: exit code {code}");
        }

        scene.node.configure(Daemon::Bgpd, &["ip prefix-list OPERATOR seq 5 permit 192.0.2.0/24"]).await?;
        wait_check(&scene, "foreign_lines", "warn", "OPERATOR").await?;
        scene.node.in_namespace(|| fs::write("/proc/sys/net/ipv4/ip_forward", "0")).await??;
        wait_check(&scene, "ipv4_forwarding", "warn", "forwards no IPv4").await?;
        client.apply_peer(request::apply_peer(LB, peer(scene.tor.node_ipv4, TOR_AS))).await?;
        let code = wait_check(&scene, "refused", "fail", "peer 10.0.1.1 was refused").await?;
        ensure!(code == 1, "exit code {code}");
        client.remove_peer(request::remove_peer(LB, scene.tor.node_ipv4)).await?;

        scene.node.stop(Daemon::Bgpd, Signal::KILL).await?;
        let code = wait_check(&scene, "daemons", "fail", "bgpd does not answer").await?;
        ensure!(code == 1, "exit code {code}");
        wait_check(&scene, "port_179", "warn", "nothing listens").await.map(drop)
    }
}
