//! SIGTERM: everything is withdrawn, in order, and in time.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use novaroute_e2e::config::LB;
use novaroute_e2e::executed::{Executed, Executions};
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::{Daemon, on_each_frr, request, v1};
use novaroute_lab::Signal;
use novaroute_lab::capture::{BgpMessage, MessageKind};
use serde_json::json;
use tokio::time::timeout;
use tonic::{Code, Streaming};

use crate::work::{BGP_V4, INTERFACE, MARKER, at_work, tor_table};

/// What systemd and Kubernetes are told to wait at most.
const STOP_MAX: Duration = Duration::from_secs(10);

/// The daemons that hold something of ours.
const WRITTEN: [Daemon; 4] = [Daemon::Bgpd, Daemon::Bfdd, Daemon::Ospfd, Daemon::Ospf6d];

on_each_frr! {
    /// Peers are told of the withdrawal before their session ends, a subscriber does not hold up the exit, and FRR is
    /// left as it was before there was an agent.
    async fn sigterm_withdraws_everything_in_order(release) {
        let (mut scene, mut client) = at_work(release, |_| {}).await?;
        let mut stream = client.stream_events(v1::StreamEventsRequest::default()).await?.into_inner();
        let executions = Executions::start(&scene.node).await?;
        let capture = scene.node.capture(INTERFACE, "tcp port 179").await?;
        let (code, took) = scene.agent.terminate().await?;
        assert_eq!(code, Some(0), "{}", scene.agent.log());
        assert!(took < STOP_MAX, "{took:?}");
        assert_eq!(end_of(&mut stream).await?.code(), Code::Unavailable);
        assert_eq!(tor_table(&scene).await?, Vec::<String>::new());
        nothing_is_left(&scene).await?;
        assert!(scene.agent.log().contains("INFO everything is withdrawn"), "{}", scene.agent.log());
        in_order(&executions.lines().await?)?;
        told_before_the_end(&capture.stop().await?, scene.tor.node_ipv4.into())?;
        // What was asked for is still asked for: the next start announces it again.
        scene.agent.respawn()?;
        scene.agent.wait_ready().await?;
        scene.tor.router.wait_bgp_route(BGP_V4, TIMEOUT).await.map(drop)
    }

    /// A daemon that hangs costs the withdrawal from it, not that from the others and not the exit, also where the round
    /// under way waits for it. That not all is withdrawn is told by its name.
    async fn a_daemon_that_hangs_does_not_hold_up_the_stop(release) {
        let (mut scene, mut client) = at_work(release, |_| {}).await?;
        scene.node.signal(Daemon::Ospfd, Signal::STOP)?;
        client.advertise_prefix(request::advertise(LB, MARKER)).await?;
        let (code, took) = scene.agent.terminate().await?;
        let log = scene.agent.log();
        assert_eq!(code, Some(0), "{log}");
        assert!(took < STOP_MAX, "{took:?}");
        assert_eq!(tor_table(&scene).await?, Vec::<String>::new());
        let bgpd = scene.running(Daemon::Bgpd).await?;
        assert!(!bgpd.contains("NR-") && !bgpd.contains("router bgp"), "{bgpd}");
        assert!(log.contains("not everything is withdrawn: ospfd was not reached"), "{log}");
        assert!(!log.contains("INFO everything is withdrawn"), "{log}");
        Ok(())
    }

    /// The limit of the configuration counts from the signal on, whatever the agent is at.
    async fn a_stop_ends_within_its_limit_whatever_hangs(release) {
        const LIMIT: Duration = Duration::from_secs(4);
        let (mut scene, mut client) = at_work(release, |config| config["shutdown"] = json!({"timeout": 4})).await?;
        for daemon in [Daemon::Bgpd, Daemon::Bfdd, Daemon::Ospfd] {
            scene.node.signal(daemon, Signal::STOP)?;
        }
        client.advertise_prefix(request::advertise(LB, MARKER)).await?;
        let (code, took) = scene.agent.terminate().await?;
        let log = scene.agent.log();
        assert_eq!(code, Some(0), "{log}");
        assert!(took < LIMIT, "{took:?}");
        assert!(!log.contains("INFO everything is withdrawn"), "{log}");
        for daemon in [Daemon::Bgpd, Daemon::Bfdd, Daemon::Ospfd] {
            scene.node.signal(daemon, Signal::CONT)?;
        }
        Ok(())
    }

    /// A daemon that is not there holds nothing, and still it is not said that everything went.
    async fn a_daemon_that_is_gone_at_the_stop_is_named(release) {
        let (mut scene, _) = at_work(release, |_| {}).await?;
        scene.node.kill(Daemon::Bfdd).await?;
        let (code, took) = scene.agent.terminate().await?;
        let log = scene.agent.log();
        assert_eq!(code, Some(0), "{log}");
        assert!(took < STOP_MAX, "{took:?}");
        assert!(log.contains("not everything is withdrawn: bfdd was not reached"), "{log}");
        Ok(())
    }
}

/// Reads the stream to its end.
async fn end_of(stream: &mut Streaming<v1::RouteEvent>) -> Result<tonic::Status> {
    loop {
        match timeout(TIMEOUT, stream.message()).await.context("the stream does not end")? {
            Ok(Some(_)) => {}
            Ok(None) => bail!("the stream ended without a word"),
            Err(status) => return Ok(status),
        }
    }
}

async fn nothing_is_left(scene: &Scene) -> Result<()> {
    let mut daemons = WRITTEN.to_vec();
    daemons.push(if scene.node.is_running(Daemon::Mgmtd) { Daemon::Mgmtd } else { Daemon::Staticd });
    for daemon in daemons {
        let running = scene.running(daemon).await?;
        for word in ["NR-", "router ", "neighbor", "peer ", "ospf area", "ospf6 area", "route-map", "ip route"] {
            assert!(!running.contains(word), "{word:?} is left in {daemon}:\n{running}");
        }
    }
    Ok(())
}

/// Prefixes before BFD, BFD before OSPF, OSPF before peers.
fn in_order(lines: &[Executed]) -> Result<()> {
    let stage = |executed: &Executed| {
        let line = executed.line.as_str();
        let is = |starts: &[&str]| starts.iter().any(|start| line.starts_with(start));
        match executed.daemon {
            Daemon::Bgpd if is(&["no network "]) => Some("prefixes"),
            Daemon::Staticd | Daemon::Mgmtd if is(&["no ip route "]) => Some("prefixes"),
            Daemon::Bfdd if is(&["no peer ", "no profile "]) => Some("bfd"),
            Daemon::Bgpd if line.contains(" bfd") => Some("bfd"),
            Daemon::Ospfd | Daemon::Ospf6d if is(&["no ip ospf ", "no ipv6 ospf6 ", "no router "]) => Some("ospf"),
            Daemon::Bgpd if is(&["no neighbor ", "no router bgp"]) => Some("peers"),
            _ => None,
        }
    };
    let mut stages: Vec<&str> = lines.iter().filter_map(stage).collect();
    stages.dedup();
    let told = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    assert_eq!(stages, ["prefixes", "bfd", "ospf", "peers"], "\n{told}");
    Ok(())
}

/// The last UPDATE of the node, which withdraws, comes before the first NOTIFICATION, which ends the session. That may
/// be the peer's: when BFD goes, FRR takes it for a failure.
fn told_before_the_end(messages: &[BgpMessage], node: IpAddr) -> Result<()> {
    let update = messages.iter().rposition(|m| m.kind == MessageKind::Update && m.source.ip() == node);
    let end = messages.iter().position(|m| m.kind == MessageKind::Notification);
    let (update, end) = (update.context("no UPDATE")?, end.with_context(|| format!("no NOTIFICATION: {messages:?}"))?);
    assert!(update < end, "message {update} is the last UPDATE, {end} the NOTIFICATION: {messages:?}");
    Ok(())
}
