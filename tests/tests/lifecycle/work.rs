//! A node at work: one intent of every kind, and the router of the rack that sees it.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use novaroute_e2e::agent::Client;
use novaroute_e2e::config::LB;
pub(crate) use novaroute_e2e::quiet::{MARKER, Quiet};
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::tor::{NODE_AS, TOR_AS, bgp_session_with};
use novaroute_e2e::{Daemon, FrrRelease, request, v1, wait_for};
use serde_json::Value;

/// Announced by BGP to the router of the rack.
pub(crate) const BGP_V4: &str = "10.66.0.1/32";
/// Announced by BGP to the router of the rack.
pub(crate) const BGP_V6: &str = "fd66::1/128";
/// Announced by OSPF.
pub(crate) const OSPF_V4: &str = "10.77.0.1/32";
/// The node's interface to the router of the rack.
pub(crate) const INTERFACE: &str = "tor1";
/// Lost packets until a BFD session is down: more than usual, since a busy machine is not what is tested here; not too
/// many, since FRR begins a session anew when BGP comes up, and the other end takes no notice before that.
const BFD_MULTIPLIER: u32 = 10;
/// Longest wait for everything to be up. FRR 10 does not start BGP with a peer while BFD with it is down, so one comes
/// after the other.
const UP_MAX: Duration = Duration::from_secs(30);

/// Everything is asked for, announced and up.
pub(crate) async fn at_work(release: FrrRelease, change: impl FnOnce(&mut Value)) -> Result<(Scene, Client)> {
    let scene = Scene::with(release, change).await?;
    configure_tor(&scene).await?;
    let mut client = scene.agent.client().await?;
    ask_for_everything(&mut client, &scene).await?;
    everything_works(&scene).await?;
    Ok((scene, client))
}

/// Gives the router of the rack its side of the BGP and BFD sessions.
pub(crate) async fn configure_tor(scene: &Scene) -> Result<()> {
    let tor = &scene.tor;
    let multiplier = format!("detect-multiplier {BFD_MULTIPLIER}");
    let peers = [IpAddr::from(tor.node_ipv4), tor.node_ipv6.into()].map(|peer| format!("peer {peer}"));
    let bfd = ["bfd", &peers[0], &multiplier, "exit", &peers[1], &multiplier];
    tor.router.configure(Daemon::Bfdd, &bfd).await?;
    bgp_session_with(tor, TOR_AS, tor.node_ipv4.into(), NODE_AS, &["bfd"]).await
}

/// Asks for the instance.
pub(crate) async fn ask_for_bgp(client: &mut Client) -> Result<()> {
    client.configure_bgp(request::configure_bgp(LB, NODE_AS, "10.0.1.1")).await?;
    Ok(())
}

/// Asks for the peer, protected by BFD.
pub(crate) async fn ask_for_peer(client: &mut Client, scene: &Scene) -> Result<()> {
    let peer = v1::BgpPeer {
        bfd_enabled: true,
        bfd_detect_multiplier: BFD_MULTIPLIER,
        description: "router of the rack".to_owned(),
        ..scene.ebgp_peer()
    };
    client.apply_peer(request::apply_peer(LB, peer)).await?;
    Ok(())
}

/// Asks for a prefix by BGP.
pub(crate) async fn ask_for_prefix(client: &mut Client, prefix: &str) -> Result<()> {
    client.advertise_prefix(request::advertise(LB, prefix)).await?;
    Ok(())
}

/// Asks for everything, which changes nothing where it is asked for already.
pub(crate) async fn ask_for_everything(client: &mut Client, scene: &Scene) -> Result<()> {
    ask_for_bgp(client).await?;
    ask_for_peer(client, scene).await?;
    for prefix in [BGP_V4, BGP_V6] {
        ask_for_prefix(client, prefix).await?;
    }
    ask_for_bfd(client, scene).await?;
    ask_for_ospf(client).await?;
    ask_for_ospf_prefix(client).await
}

/// Asks for a BFD session over IPv6.
pub(crate) async fn ask_for_bfd(client: &mut Client, scene: &Scene) -> Result<()> {
    let peer_address = scene.tor.ipv6.to_string();
    let bfd = v1::EnableBfdRequest { peer_address, detect_multiplier: BFD_MULTIPLIER, ..Default::default() };
    client.enable_bfd(request::enable_bfd(LB, bfd)).await?;
    Ok(())
}

/// Asks for OSPF on [`INTERFACE`].
pub(crate) async fn ask_for_ospf(client: &mut Client) -> Result<()> {
    client.enable_ospf(request::enable_ospf(LB, ospf_interface(10))).await?;
    Ok(())
}

/// Asks for the prefix by OSPF.
pub(crate) async fn ask_for_ospf_prefix(client: &mut Client) -> Result<()> {
    client.advertise_prefix(request::advertise_ospf(LB, OSPF_V4)).await?;
    Ok(())
}

/// OSPF on [`INTERFACE`] with a cost.
pub(crate) fn ospf_interface(cost: u32) -> v1::EnableOspfRequest {
    let interface_name = INTERFACE.to_owned();
    v1::EnableOspfRequest { interface_name, area_id: "0".to_owned(), cost, ..Default::default() }
}

/// Waits until everything is where it should be, at the router of the rack too.
pub(crate) async fn everything_works(scene: &Scene) -> Result<()> {
    scene.tor.router.wait_bgp_route(BGP_V4, UP_MAX).await?;
    scene.tor.router.wait_bgp_route(BGP_V6, UP_MAX).await?;
    wait_for("every intent to be in place and every session up", UP_MAX, async || {
        let status = scene.agent.status().await?;
        let prefixes = status.prefixes.len() == 3 && status.prefixes.iter().all(|row| row.state == "advertised");
        let peers = status.peers.len() == 1 && status.peers.iter().all(|row| row.intent_state == "programmed");
        let bfd = status.bfd_sessions.len() == 2 && status.bfd_sessions.iter().all(|row| row.state == "up");
        let ospf = status.ospf_interfaces.iter().all(|row| row.intent_state == "programmed");
        ensure!(prefixes && peers && bfd && ospf && status.ospf_interfaces.len() == 1, "{status:?}");
        Ok(Some(()))
    })
    .await
}

/// The prefixes in the table of the router of the rack.
pub(crate) async fn tor_table(scene: &Scene) -> Result<Vec<String>> {
    let mut prefixes = Vec::new();
    for family in ["ipv4", "ipv6"] {
        let table = scene.tor.router.show_json(Daemon::Bgpd, &format!("show bgp {family} unicast json")).await?;
        prefixes.extend(table["routes"].as_object().into_iter().flat_map(|routes| routes.keys().cloned()));
    }
    Ok(prefixes)
}

/// Waits until `/readyz` answers 503 with this text in it.
pub(crate) async fn not_ready(scene: &Scene, text: &str) -> Result<()> {
    wait_for(&format!("/readyz to say {text:?}"), TIMEOUT, async || match scene.agent.get("/readyz").await? {
        (503, body) if body.contains(text) => Ok(Some(())),
        (code, body) => bail!("{code} {body}"),
    })
    .await
}
