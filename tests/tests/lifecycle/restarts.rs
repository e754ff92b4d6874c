//! Each daemon of FRR ends or hangs and comes back, and so do all of them together.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use novaroute_e2e::agent::Client;
use novaroute_e2e::bgp::{updates_from, withdraws};
use novaroute_e2e::config::LB;
use novaroute_e2e::events::Events;
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::tor::{NODE_AS, TOR_AS, bgp_session, times_established};
use novaroute_e2e::{Daemon, FrrRelease, on_each_frr, request, v1, wait_for};
use novaroute_lab::Signal;

use crate::work::{BGP_V4, INTERFACE, at_work, everything_works, not_ready};

/// Longest time until the end of a daemon is told.
const NOTICED_MAX: Duration = Duration::from_secs(1);
/// The same for one that hangs: the limit of a command, and the time until it is asked.
const HANG_NOTICED_MAX: Duration = Duration::from_secs(3);
/// Longest time until bgpd has given a new zebra its routes; FRR 8 tries to connect every 10 s.
const ROUTES_BACK_MAX: Duration = Duration::from_secs(25);
/// A prefix that the node learns from the router of the rack.
const LEARNED: &str = "198.18.0.0/24";

/// The daemons that an agent's work touches, and whose loss is told.
const DAEMONS: [Daemon; 6] =
    [Daemon::Zebra, Daemon::Bgpd, Daemon::Bfdd, Daemon::Ospfd, Daemon::Ospf6d, Daemon::Staticd];

/// Waits for the event that a daemon came or went; tells when it was published.
async fn told(events: &mut Events, event_type: v1::EventType, daemon: Daemon) -> Result<()> {
    let name = daemon.to_string();
    let wanted = |event: &v1::RouteEvent| {
        event.r#type() == event_type && event.metadata.get("daemon").is_some_and(|of| *of == name)
    };
    events.expect_that(&format!("{event_type:?} of {name}"), wanted).await.map(drop)
}

/// The daemon ends by `signal`: that is told at once, the agent is not ready, and the metric falls. It comes back:
/// told, ready, and everything works.
async fn ends_and_comes_back(scene: &Scene, events: &mut Events, daemon: Daemon, signal: Signal) -> Result<()> {
    events.forget();
    let ended = Instant::now();
    scene.node.stop(daemon, signal).await?;
    told(events, v1::EventType::FrrDisconnected, daemon).await?;
    let noticed = ended.elapsed();
    ensure!(noticed < NOTICED_MAX, "noticed after {noticed:?}");
    not_ready(scene, &daemon.to_string()).await?;
    ensure!(scene.agent.metric("novaroute_frr_connected").await? == 0.0);
    scene.node.start(&[daemon]).await?;
    told(events, v1::EventType::FrrConnected, daemon).await?;
    scene.agent.wait_ready().await?;
    ensure!(scene.agent.metric("novaroute_frr_connected").await? == 1.0);
    everything_works(scene).await
}

async fn each_daemon(release: FrrRelease, signal: Signal) -> Result<()> {
    let (scene, mut client) = at_work(release, |_| {}).await?;
    let mut events = Events::open(&mut client, "", &["FRR_CONNECTED", "FRR_DISCONNECTED"]).await?;
    for daemon in DAEMONS {
        ends_and_comes_back(&scene, &mut events, daemon, signal).await.with_context(|| format!("{daemon}"))?;
    }
    Ok(())
}

on_each_frr! {
    async fn each_daemon_is_killed(release) {
        each_daemon(release, Signal::KILL).await
    }

    async fn each_daemon_is_terminated(release) {
        each_daemon(release, Signal::TERM).await
    }

    /// Each daemon in turn is stopped and goes on later; nobody else loses anything by it.
    async fn each_daemon_hangs(release) {
        let (scene, mut client) = at_work(release, |_| {}).await?;
        let mut events = Events::open(&mut client, "", &["FRR_CONNECTED", "FRR_DISCONNECTED"]).await?;
        for daemon in DAEMONS {
            events.forget();
            let stopped = Instant::now();
            scene.node.signal(daemon, Signal::STOP)?;
            told(&mut events, v1::EventType::FrrDisconnected, daemon).await?;
            let noticed = stopped.elapsed();
            ensure!(noticed < HANG_NOTICED_MAX, "that {daemon} hangs was noticed after {noticed:?}");
            not_ready(&scene, &daemon.to_string()).await?;
            scene.node.signal(daemon, Signal::CONT)?;
            told(&mut events, v1::EventType::FrrConnected, daemon).await?;
            everything_works(&scene).await.with_context(|| format!("after {daemon} hung"))?;
        }
        Ok(())
    }

    /// FRR as a whole is killed and started again: all is back, and nothing is withdrawn once it was announced again.
    async fn all_of_frr_is_restarted(release) {
        let (scene, mut client) = at_work(release, |_| {}).await?;
        let mut events = Events::open(&mut client, "", &["FRR_CONNECTED", "FRR_DISCONNECTED"]).await?;
        for daemon in release.daemons() {
            scene.node.kill(daemon).await?;
        }
        for daemon in DAEMONS {
            told(&mut events, v1::EventType::FrrDisconnected, daemon).await?;
        }
        scene.tor.router.wait_bgp_no_route(BGP_V4, TIMEOUT).await?;
        let capture = scene.node.capture(INTERFACE, "tcp port 179").await?;
        scene.node.start(&release.daemons()).await?;
        everything_works(&scene).await?;
        scene.agent.wait_ready().await?;
        for update in updates_from(&capture, scene.tor.node_ipv4.into())? {
            ensure!(!withdraws(&update)?, "announced and withdrawn again: {update:?}");
        }
        Ok(())
    }

    /// bgpd is killed and comes back. The peer was asked to keep the routes, and never loses them.
    async fn with_graceful_restart_the_peer_keeps_the_prefix(release) {
        let (scene, _client) = graceful(release).await?;
        let node = scene.tor.node_ipv4.into();
        let before = times_established(&scene.tor.router, node).await?;
        let capture = scene.node.capture(INTERFACE, "tcp port 179").await?;
        scene.node.kill(Daemon::Bgpd).await?;
        wait_for("the router of the rack to keep the prefix as stale", TIMEOUT, async || {
            let kept = scene.tor.router.bgp_paths(BGP_V4).await?;
            ensure!(kept.len() == 1, "the prefix is gone at the router of the rack: {kept:?}");
            Ok((kept[0]["stale"] == true).then_some(()))
        })
        .await?;
        scene.node.start(&[Daemon::Bgpd]).await?;
        wait_for("the session to be back", TIMEOUT, async || {
            let paths = scene.tor.router.bgp_paths(BGP_V4).await?;
            ensure!(!paths.is_empty(), "the prefix is gone at the router of the rack");
            let back = times_established(&scene.tor.router, node).await? == before + 1;
            Ok((back && paths[0]["stale"] != true).then_some(()))
        })
        .await?;
        for update in updates_from(&capture, node)? {
            ensure!(!withdraws(&update)?, "withdrawn: {update:?}");
        }
        Ok(())
    }

    /// zebra is killed and comes back. What was learned from the peer is in the kernel again, and the session never
    /// ended.
    async fn a_new_zebra_is_given_the_learned_routes(release) {
        let (scene, _client) = graceful(release).await?;
        let announce = ["router bgp 65100", "address-family ipv4 unicast", &format!("network {LEARNED}")];
        scene.tor.router.configure(Daemon::Bgpd, &announce).await?;
        in_kernel(&scene).await?;
        let node = scene.tor.node_ipv4.into();
        let before = times_established(&scene.tor.router, node).await?;
        scene.node.kill(Daemon::Zebra).await?;
        not_ready(&scene, "zebra").await?;
        // What zebra left behind would hide that bgpd says nothing.
        scene.node.run("ip", &["route", "delete", LEARNED]).await?;
        scene.node.start(&[Daemon::Zebra]).await?;
        in_kernel(&scene).await?;
        ensure!(times_established(&scene.tor.router, node).await? == before, "the session was reset");
        let running = scene.running(Daemon::Bgpd).await?;
        ensure!(!running.contains("table-map"), "{running}");
        Ok(())
    }
}

/// A session for which graceful restart was negotiated, with one prefix announced.
async fn graceful(release: FrrRelease) -> Result<(Scene, Client)> {
    let scene = Scene::new(release).await?;
    bgp_session(&scene.tor, TOR_AS, scene.tor.node_ipv4.into(), NODE_AS).await?;
    let mut client = scene.agent.client().await?;
    client.configure_bgp(request::configure_bgp(LB, NODE_AS, "10.0.1.1")).await?;
    let peer = v1::BgpPeer { graceful_restart: v1::GracefulRestart::Full.into(), ..scene.ebgp_peer() };
    client.apply_peer(request::apply_peer(LB, peer)).await?;
    client.advertise_prefix(request::advertise(LB, BGP_V4)).await?;
    scene.prefix_state(BGP_V4, "advertised").await?;
    wait_for("graceful restart to be negotiated", TIMEOUT, async || {
        let peers = scene.agent.status().await?.peers;
        ensure!(peers.iter().all(|row| row.gr_negotiated), "{peers:?}");
        Ok(Some(()))
    })
    .await?;
    Ok((scene, client))
}

async fn in_kernel(scene: &Scene) -> Result<()> {
    wait_for(&format!("{LEARNED} in the node's kernel"), ROUTES_BACK_MAX, async || {
        let routes = scene.node.run("ip", &["route", "show", LEARNED]).await?;
        ensure!(routes.contains("via 10.0.1.2"), "{routes}");
        Ok(Some(()))
    })
    .await
}
