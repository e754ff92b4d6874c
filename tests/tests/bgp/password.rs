//! TCP MD5 passwords of peers (RFC 2385).

use std::net::IpAddr;

use anyhow::{Context, Result, ensure};
use novaroute_e2e::bgp::{sessions_so_far, wait_neighbor};
use novaroute_e2e::config::LB;
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::tor::{NODE_AS, TOR_AS, bgp_session_with, times_established};
use novaroute_e2e::{Daemon, Router, on_each_frr, request, v1, wait_for};

on_each_frr! {
    /// MD5 passwords: the right one lets the session come up, a wrong one keeps it down, and one that was cleared on
    /// both sides is no longer asked for.
    async fn passwords_must_match(release) {
        let scene = Scene::new(release).await?;
        let (node, rack) = (IpAddr::from(scene.tor.node_ipv4), IpAddr::from(scene.tor.ipv4));
        bgp_session_with(&scene.tor, TOR_AS, node, NODE_AS, &["password Right-1"]).await?;
        let mut client = scene.agent.client().await?;
        client.configure_bgp(request::configure_bgp(LB, NODE_AS, "10.0.1.1")).await?;
        let with_password = |password: &str| {
            request::apply_peer(LB, v1::BgpPeer { password: password.into(), ..scene.ebgp_peer() })
        };
        client.apply_peer(with_password("wrong-1")).await?;
        rejected_segments(&scene.tor.router, 2).await?;
        assert_eq!(times_established(&scene.tor.router, node).await?, 0, "sessions with a wrong password");

        client.apply_peer(with_password("Right-1")).await?;
        scene.established(rack).await?;
        let times = sessions_so_far(&scene.tor.router, node).await?;
        client.apply_peer(with_password("wrong-2")).await?;
        wait_neighbor(&scene.node, rack, "down", |said| said["bgpState"] != "Established").await?;
        rejected_segments(&scene.tor.router, 2).await?;
        assert_eq!(times_established(&scene.tor.router, node).await?, times, "sessions with a wrong password");

        client.apply_peer(with_password("")).await?;
        wait_for("the password to be gone", TIMEOUT, async || {
            ensure!(!scene.running(Daemon::Bgpd).await?.contains("password"));
            Ok(Some(()))
        })
        .await?;
        let lines = [format!("router bgp {TOR_AS}"), format!("no neighbor {node} password")];
        scene.tor.router.configure(Daemon::Bgpd, &lines).await?;
        scene.established(rack).await
    }
}

/// Waits until a router has thrown away `more` segments whose MD5 signature was wrong (RFC 2385).
async fn rejected_segments(router: &Router, more: u64) -> Result<()> {
    let before = md5_failures(router).await?;
    wait_for("segments with a wrong signature", TIMEOUT, async || {
        let now = md5_failures(router).await?;
        ensure!(now >= before + more, "{} so far", now - before);
        Ok(Some(()))
    })
    .await
}

/// The kernel's counter of such segments, from the pairs of lines of names and values in netstat.
async fn md5_failures(router: &Router) -> Result<u64> {
    let text = router.run("cat", &["/proc/net/netstat"]).await?;
    let mut lines = text.lines().filter(|line| line.starts_with("TcpExt:")).map(|line| line.split(' '));
    let (names, values) = lines.next().zip(lines.next()).context("no TcpExt in netstat")?;
    let counter = names.zip(values).find(|(name, _)| *name == "TCPMD5Failure").context("no TCPMD5Failure")?;
    Ok(counter.1.parse()?)
}
