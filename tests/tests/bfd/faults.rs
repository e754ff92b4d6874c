//! What breaks: the link, and bfdd itself.

use anyhow::{Result, ensure};
use novaroute_e2e::agent::Client;
use novaroute_e2e::bfd::{Timers, listen, ups_and_downs, wait_rows};
use novaroute_e2e::bgp::peer;
use novaroute_e2e::config::LB;
use novaroute_e2e::events::Events;
use novaroute_e2e::scene::Scene;
use novaroute_e2e::tor::{NODE_AS, TOR_AS, bgp_session_with};
use novaroute_e2e::v1::EventType;
use novaroute_e2e::{Daemon, FrrRelease, on_each_frr, request, v1};

use super::{Ends, enable, ipv4, ipv6, on_link, runs};

const EXPLICIT: Timers = Timers::new(60, 60, 3);
const OF_PEER: Timers = Timers::new(70, 70, 3);

on_each_frr! {
    /// The link is cut: one BFD_DOWN for each session with its owner, the status says so, and BGP goes with it. The
    /// link comes back: so do they.
    async fn a_cut_link_is_told(release) {
        let (scene, mut client) = at_work(release).await?;
        let mut events = Events::open(&mut client, LB, &["BFD_UP", "BFD_DOWN", "PEER_UP", "PEER_DOWN"]).await?;
        // An administrator takes the router's end down: the node's interface loses its carrier.
        scene.tor.link.set_down().await?;
        for (_, address) in both(&scene) {
            let event = events.expect_that("BFD_DOWN", |event| is_about(event, EventType::BfdDown, address)).await?;
            ensure!(event.owner == LB, "{event:?}");
            let rows = wait_rows(&scene, address, "down", |rows| rows.iter().all(|row| row.state == "down")).await?;
            ensure!(rows.len() == 1 && rows[0].uptime.is_empty(), "{rows:?}");
        }
        let down = events.expect(EventType::PeerDown).await?;
        ensure!(down.metadata["peer"] == ipv6(&scene).1.to_string(), "{down:?}");

        scene.tor.link.set_up().await?;
        for (_, address) in both(&scene) {
            events.expect_that("BFD_UP", |event| is_about(event, EventType::BfdUp, address)).await?;
        }
        events.expect(EventType::PeerUp).await?;
        works(&scene).await?;
        for wanted in [EventType::BfdDown, EventType::BfdUp] {
            let seen = events.seen().iter().filter(|event| event.r#type() == wanted).count();
            ensure!(seen == 2, "{seen} of {wanted:?} in {:?}", events.seen());
        }
        Ok(())
    }

    /// bfdd is killed and comes back empty: both sessions run their timers again.
    async fn a_killed_bfdd_gets_its_sessions_again(release) {
        let (scene, mut client) = at_work(release).await?;
        let before = scene.running(Daemon::Bfdd).await?;
        let mut events = Events::open(&mut client, "", &["FRR_DISCONNECTED", "FRR_CONNECTED", "BFD_UP"]).await?;
        scene.node.kill(Daemon::Bfdd).await?;
        events.expect(EventType::FrrDisconnected).await?;
        scene.node.start(&[Daemon::Bfdd]).await?;
        events.expect(EventType::FrrConnected).await?;
        works(&scene).await?;
        for (_, address) in both(&scene) {
            events.expect_that("BFD_UP", |event| is_about(event, EventType::BfdUp, address)).await?;
            assert_eq!(ups_and_downs(&scene.node, address).await?.1, 0, "it went down again");
        }
        assert_eq!(own_lines(&scene.running(Daemon::Bfdd).await?), own_lines(&before));
        Ok(())
    }
}

/// An explicit session over IPv4 and a protected peer over IPv6, both up.
async fn at_work(release: FrrRelease) -> Result<(Scene, Client)> {
    let scene = Scene::new(release).await?;
    let mut client = scene.agent.client().await?;
    listen(&scene.tor, false).await?;
    bgp_session_with(&scene.tor, TOR_AS, ipv6(&scene).0, NODE_AS, &["bfd"]).await?;
    client.configure_bgp(request::configure_bgp(LB, NODE_AS, "10.0.1.1")).await?;
    enable(&mut client, on_link(&scene, ipv4(&scene).1, false, EXPLICIT)).await?;
    let protected = OF_PEER.protecting(peer(ipv6(&scene).1, TOR_AS));
    client.apply_peer(request::apply_peer(LB, protected)).await?;
    works(&scene).await?;
    for (_, address) in both(&scene) {
        wait_rows(&scene, address, "up", |rows| rows.iter().any(|row| row.state == "up")).await?;
    }
    Ok((scene, client))
}

async fn works(scene: &Scene) -> Result<()> {
    runs(scene, ipv4(scene), EXPLICIT).await?;
    runs(scene, ipv6(scene), OF_PEER).await?;
    scene.established(ipv6(scene).1).await
}

fn both(scene: &Scene) -> [Ends; 2] {
    [ipv4(scene), ipv6(scene)]
}

fn is_about(event: &v1::RouteEvent, wanted: EventType, address: std::net::IpAddr) -> bool {
    event.r#type() == wanted && event.metadata.get("peer") == Some(&address.to_string())
}

/// A running configuration without its head, which tells of logs, in any order: bfdd prints in that of its tables.
fn own_lines(running: &str) -> std::collections::BTreeSet<&str> {
    running.lines().skip_while(|line| *line != "bfd").map(str::trim).collect()
}
