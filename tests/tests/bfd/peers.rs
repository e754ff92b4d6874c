//! Sessions that protect BGP peers.

use std::net::IpAddr;

use anyhow::{Result, ensure};
use novaroute_e2e::bfd::{Timers, rows, ups_and_downs, wait_no_session, wait_rows};
use novaroute_e2e::bgp::peer;
use novaroute_e2e::config::LB;
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::tor::{NODE_AS, TOR_AS, bgp_session_with, times_established};
use novaroute_e2e::{Daemon, FrrRelease, Router, on_each_frr, request, v1, wait_for};

use super::{Ends, ipv4, ipv6, runs};

const FIRST: Timers = Timers::new(130, 110, 4);
const SECOND: Timers = Timers::new(80, 160, 5);

/// How the router of the rack is a peer of the node.
#[derive(Clone, Copy)]
struct Kind {
    tor_as: u32,
    /// 0: on the link.
    hops: u8,
    /// Whether the two speak from addresses on their loopbacks.
    loopbacks: bool,
    /// Whether bgpd asks for a session across routers.
    multihop: bool,
}

const ON_LINK: Kind = Kind { tor_as: TOR_AS, hops: 0, loopbacks: false, multihop: false };

on_each_frr! {
    /// Peers of another AS on the link: sessions on the link.
    async fn external_peers_run_their_timers(release) {
        story(release, ON_LINK).await
    }

    /// Peers of another AS that may be hops away: sessions across routers.
    async fn multihop_peers_run_their_timers(release) {
        story(release, Kind { hops: 3, multihop: true, ..ON_LINK }).await
    }

    /// Peers of the same AS on the link: sessions on the link.
    async fn internal_peers_run_their_timers(release) {
        story(release, Kind { tor_as: NODE_AS, ..ON_LINK }).await
    }

    /// Peers of the same AS at addresses that no link has: sessions across routers.
    async fn internal_peers_on_loopbacks_run_their_timers(release) {
        story(release, Kind { tor_as: NODE_AS, loopbacks: true, multihop: true, ..ON_LINK }).await
    }
}

/// Peers of both families run the timers asked for. Other timers come in place; without BFD the session goes, and the
/// peer comes back unprotected.
async fn story(release: FrrRelease, kind: Kind) -> Result<()> {
    let scene = Scene::new(release).await?;
    let mut client = scene.agent.client().await?;
    client.configure_bgp(request::configure_bgp(LB, NODE_AS, "10.0.1.1")).await?;
    let both = if kind.loopbacks { loopbacks(&scene).await? } else { [ipv4(&scene), ipv6(&scene)] };
    for ends in both {
        take_part(&scene, ends, kind).await?;
        client.apply_peer(request::apply_peer(LB, FIRST.protecting(of_kind(ends, kind)))).await?;
    }
    for ends in both {
        scene.established(ends.1).await?;
        runs(&scene, ends, FIRST).await?;
        status_tells(&scene, ends, kind).await?;
    }
    for ends in both {
        let before = ups_and_downs(&scene.tor.router, ends.0).await?;
        let established = times_established(&scene.tor.router, ends.0).await?;
        client.apply_peer(request::apply_peer(LB, SECOND.protecting(of_kind(ends, kind)))).await?;
        runs(&scene, ends, SECOND).await?;
        assert_eq!(ups_and_downs(&scene.tor.router, ends.0).await?, before, "the session went down");
        assert_eq!(times_established(&scene.tor.router, ends.0).await?, established, "the peer {} flapped", ends.1);
    }
    for ends in both {
        client.apply_peer(request::apply_peer(LB, of_kind(ends, kind))).await?;
        wait_no_session(&scene.node, ends.1).await?;
        // The other side takes the silence for a failure until its operator turns BFD off too.
        let lines = [format!("router bgp {}", kind.tor_as), format!("no neighbor {} bfd", ends.0)];
        scene.tor.router.configure(Daemon::Bgpd, &lines).await?;
        wait_unprotected(&scene, ends).await?;
    }
    Ok(())
}

/// Gives both routers addresses on their loopbacks and routes to the other's.
async fn loopbacks(scene: &Scene) -> Result<[Ends; 2]> {
    let [v4, v6] = [ipv4(scene), ipv6(scene)];
    let (node, tor) = (&scene.node, &scene.tor.router);
    for (own, gateway, other) in [("10.9.0.1", v4.1, "10.9.0.2"), ("fd09::1", v6.1, "fd09::2")] {
        loopback(node, own, gateway, other).await?;
    }
    for (own, gateway, other) in [("10.9.0.2", v4.0, "10.9.0.1"), ("fd09::2", v6.0, "fd09::1")] {
        loopback(tor, own, gateway, other).await?;
    }
    Ok([("10.9.0.1".parse()?, "10.9.0.2".parse()?), ("fd09::1".parse()?, "fd09::2".parse()?)])
}

async fn loopback(router: &Router, own: &str, gateway: IpAddr, other: &str) -> Result<()> {
    let length = if gateway.is_ipv4() { 32 } else { 128 };
    router.add_address("lo", &format!("{own}/{length}")).await?;
    router.run("ip", &["route", "add", other, "via", &gateway.to_string()]).await.map(drop)
}

/// Configures the other side.
async fn take_part(scene: &Scene, (node, address): Ends, kind: Kind) -> Result<()> {
    let (hops, source) = (format!("ebgp-multihop {}", kind.hops), format!("update-source {address}"));
    let mut lines = vec!["bfd"];
    lines.extend((kind.hops > 0).then_some(hops.as_str()));
    lines.extend(kind.loopbacks.then_some(source.as_str()));
    bgp_session_with(&scene.tor, kind.tor_as, node, NODE_AS, &lines).await
}

fn of_kind((node, address): Ends, kind: Kind) -> v1::BgpPeer {
    let source_address = if kind.multihop { node.to_string() } else { String::new() };
    v1::BgpPeer { ebgp_multihop: kind.hops.into(), source_address, ..peer(address, kind.tor_as) }
}

async fn status_tells(scene: &Scene, (_, address): Ends, kind: Kind) -> Result<()> {
    let rows = wait_rows(scene, address, "up", |rows| rows.iter().any(|row| row.state == "up")).await?;
    ensure!(rows.len() == 1 && rows[0].multihop == kind.multihop && rows[0].owner == LB, "{rows:?}");
    ensure!(Timers::of_row(&rows[0]) == FIRST, "{rows:?}");
    let peer = scene.peer_intent_state(address, "programmed").await?;
    ensure!(peer.bfd_enabled && peer.bfd_status == "up", "{peer:?}");
    Ok(())
}

async fn wait_unprotected(scene: &Scene, (_, address): Ends) -> Result<()> {
    wait_for("the status to say that there is no BFD", TIMEOUT, async || {
        let peer = scene.peer_intent_state(address, "programmed").await?;
        ensure!(!peer.bfd_enabled && peer.bfd_status.is_empty() && peer.state == "Established", "{peer:?}");
        ensure!(rows(scene, address).await?.is_empty());
        Ok(Some(()))
    })
    .await
}
