//! Daemons of FRR that are restarted, hang, or are not there.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use novaroute_e2e::agent::{Agent, Client};
use novaroute_e2e::bgp::{updates_from, withdraws};
use novaroute_e2e::config::LB;
use novaroute_e2e::events::Events;
use novaroute_e2e::executed::Executions;
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::tor::{neighbor, times_established};
use novaroute_e2e::{Daemon, on_each_frr, request, v1, wait_for};
use novaroute_lab::Signal;
use novaroute_lab::topology::{NodeAndTor, node_and_tor};

use crate::work::{
    BGP_V4, INTERFACE, MARKER, OSPF_V4, ask_for_prefix, at_work, everything_works, not_ready, ospf_interface,
};

/// How long a read may take, whatever FRR does. An idle machine needs a hundredth of it.
const STATUS_MAX: Duration = Duration::from_millis(500);

/// Waits for the event that says that a daemon came or went.
async fn daemon_event(events: &mut Events, event_type: v1::EventType, daemon: &str) -> Result<()> {
    let wanted = |event: &v1::RouteEvent| {
        event.r#type() == event_type && event.metadata.get("daemon").is_some_and(|name| name == daemon)
    };
    events.expect_that(&format!("{event_type:?} of {daemon}"), wanted).await.map(drop)
}

/// Waits until the OSPF interface's intent is in `state` and says `reason`.
async fn ospf_state(scene: &Scene, state: &str, reason: &str) -> Result<()> {
    wait_for(&format!("OSPF to be {state}"), TIMEOUT, async || {
        let rows = scene.agent.status().await?.ospf_interfaces;
        let there = rows.iter().any(|row| row.intent_state == state && row.reason.starts_with(reason));
        ensure!(there, "{rows:?}");
        Ok(Some(()))
    })
    .await
}

/// Waits until a daemon's running configuration has a line.
async fn runs(scene: &Scene, daemon: Daemon, line: &str) -> Result<()> {
    wait_for(&format!("{line:?} in {daemon}"), TIMEOUT, async || {
        let running = scene.running(daemon).await?;
        ensure!(running.lines().any(|running| running.trim() == line), "{running}");
        Ok(Some(()))
    })
    .await
}

/// How FRR itself may end the first session of a new neighbor, whatever it was told (docs/frr.md): BFD was up before BGP,
/// and begins anew with the link's address; or both ends connected at the same instant.
const ENDED_BY_FRR: [&str; 2] = ["Cease/BFD Down", "Cease/Connection Collision Resolution"];

/// The router of the rack has seen a new session since it had seen `before`, and no other that ended for a reason of ours.
async fn came_up_anew(scene: &Scene, before: u64) -> Result<()> {
    let sessions = times_established(&scene.tor.router, scene.tor.node_ipv4.into()).await? - before;
    if sessions > 1 {
        let ended = &neighbor(&scene.node, scene.tor.ipv4.into()).await?["lastNotificationReason"];
        ensure!(ENDED_BY_FRR.iter().any(|reason| ended == reason), "{sessions} sessions, the last ended by {ended}");
    }
    ensure!(sessions > 0, "there was no session");
    Ok(())
}

on_each_frr! {
    /// bgpd dies and comes back empty: everything of it is applied again, in one go, and the other daemons are left
    /// alone. The peer sees one new session, unless FRR itself ends it.
    async fn bgpd_dies_and_comes_back(release) {
        let (scene, mut client) = at_work(release, |_| {}).await?;
        let mut events = Events::open(&mut client, "", &[]).await?;
        let executions = Executions::start(&scene.node).await?;
        let node = scene.tor.node_ipv4.into();
        let before = times_established(&scene.tor.router, node).await?;
        scene.node.kill(Daemon::Bgpd).await?;
        daemon_event(&mut events, v1::EventType::FrrDisconnected, "bgpd").await?;
        not_ready(&scene, "bgpd").await?;
        scene.tor.router.wait_bgp_no_route(BGP_V4, TIMEOUT).await?;
        scene.prefix_state(BGP_V4, "pending").await?;
        let capture = scene.node.capture(INTERFACE, "tcp port 179").await?;
        scene.node.start(&[Daemon::Bgpd]).await?;
        daemon_event(&mut events, v1::EventType::FrrConnected, "bgpd").await?;
        everything_works(&scene).await?;
        scene.agent.wait_ready().await?;
        came_up_anew(&scene, before).await?;
        for update in updates_from(&capture, node)? {
            assert!(!withdraws(&update)?, "announced and withdrawn again: {update:?}");
        }
        let elsewhere: Vec<_> = executions.lines().await?.into_iter().filter(|l| l.daemon != Daemon::Bgpd).collect();
        assert!(elsewhere.is_empty(), "{elsewhere:?}");
        Ok(())
    }

    /// Killed and back before anybody could look: the connection tells.
    async fn bgpd_is_restarted_in_the_blink_of_an_eye(release) {
        let (scene, mut client) = at_work(release, |_| {}).await?;
        let mut events = Events::open(&mut client, "", &[]).await?;
        scene.node.kill(Daemon::Bgpd).await?;
        scene.node.start(&[Daemon::Bgpd]).await?;
        daemon_event(&mut events, v1::EventType::FrrDisconnected, "bgpd").await?;
        daemon_event(&mut events, v1::EventType::FrrConnected, "bgpd").await?;
        everything_works(&scene).await
    }

    /// ospfd hangs: reads answer, BGP changes reach the peer, and what OSPF was asked for meanwhile is not lost.
    async fn a_daemon_that_hangs_holds_up_nobody_else(release) {
        let (scene, mut client) = at_work(release, |_| {}).await?;
        scene.node.signal(Daemon::Ospfd, Signal::STOP)?;
        client.enable_ospf(request::enable_ospf(LB, ospf_interface(20))).await?;
        ask_for_prefix(&mut client, MARKER).await?;
        let answers = tokio::spawn(slowest_status(scene.agent.client().await?));
        scene.tor.router.wait_bgp_route(MARKER, TIMEOUT).await?;
        not_ready(&scene, "ospfd").await?;
        ospf_state(&scene, "pending", "DAEMON_UNAVAILABLE").await?;
        scene.prefix_state(OSPF_V4, "pending").await?;
        // Once more, now that it is known.
        client.withdraw_prefix(request::withdraw(LB, MARKER, v1::Protocol::Bgp)).await?;
        scene.tor.router.wait_bgp_no_route(MARKER, TIMEOUT).await?;
        let slowest = answers.await??;
        assert!(slowest < STATUS_MAX, "{slowest:?}");
        scene.node.signal(Daemon::Ospfd, Signal::CONT)?;
        scene.agent.wait_ready().await?;
        runs(&scene, Daemon::Ospfd, "ip ospf cost 20").await?;
        ospf_state(&scene, "programmed", "").await
    }

    /// The agent starts first, as at boot. What is asked for meanwhile is accepted and waits.
    async fn frr_comes_after_the_agent(release) {
        let NodeAndTor { lab, node, tor } = node_and_tor(release).await?;
        for daemon in release.daemons() {
            node.kill(daemon).await?;
        }
        let agent = Agent::spawn(&node, |_| {})?;
        let scene = Scene { agent, node, tor, lab };
        let mut client = scene.agent.client().await?;
        not_ready(&scene, "no daemon of FRR answers").await?;
        assert_eq!(scene.agent.get("/healthz").await?.0, 200);
        crate::work::configure_tor(&scene).await?;
        crate::work::ask_for_everything(&mut client, &scene).await?;
        ospf_state(&scene, "pending", "DAEMON_UNAVAILABLE").await?;
        scene.prefix_state(BGP_V4, "pending").await?;
        assert!(!scene.agent.status().await?.frr_status.unwrap_or_default().connected);
        scene.node.start(&release.daemons()).await?;
        everything_works(&scene).await?;
        scene.agent.wait_ready().await
    }

    /// ospfd was never started: OSPF waits and says for what, BGP does not wait. zebra goes: that is told too.
    async fn a_daemon_that_is_not_there(release) {
        let NodeAndTor { lab, node, tor } = node_and_tor(release).await?;
        node.stop(Daemon::Ospfd, Signal::TERM).await?;
        let agent = Agent::start(&node, |_| {}).await?;
        let scene = Scene { agent, node, tor, lab };
        let mut client = scene.agent.client().await?;
        crate::work::configure_tor(&scene).await?;
        crate::work::ask_for_everything(&mut client, &scene).await?;
        scene.prefix_state(BGP_V4, "advertised").await?;
        ospf_state(&scene, "pending", "DAEMON_UNAVAILABLE").await?;
        not_ready(&scene, "ospfd").await?;
        let frr = scene.agent.status().await?.frr_status.unwrap_or_default();
        assert!(!frr.connected && frr.daemons.iter().any(|d| d.name == "ospfd" && !d.connected), "{frr:?}");
        scene.node.start(&[Daemon::Ospfd]).await?;
        scene.agent.wait_ready().await?;
        everything_works(&scene).await?;
        scene.node.kill(Daemon::Zebra).await?;
        not_ready(&scene, "zebra").await?;
        scene.node.start(&[Daemon::Zebra]).await?;
        scene.agent.wait_ready().await?;
        assert!(scene.running(Daemon::Ospfd).await?.contains(&format!("interface {INTERFACE}")));
        Ok(())
    }
}

/// Asks for the status again and again for two seconds and tells how long the slowest answer took.
async fn slowest_status(mut client: Client) -> Result<Duration> {
    let end = Instant::now() + Duration::from_secs(2);
    let mut slowest = Duration::ZERO;
    while Instant::now() < end {
        let asked = Instant::now();
        client.get_status(v1::GetStatusRequest::default()).await?;
        slowest = slowest.max(asked.elapsed());
    }
    Ok(slowest)
}
