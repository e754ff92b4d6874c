//! What the agent shows: status, events, metrics, health, reflection; and that a reload touches no session.

mod event_types;
mod filters;
mod health;
mod hung;
mod lagging;
mod metrics;
mod page;
mod reload;
mod status;

use anyhow::Result;
use novaroute_e2e::agent::Client;
use novaroute_e2e::config::LB;
use novaroute_e2e::scene::Scene;
use novaroute_e2e::tor::{NODE_AS, TOR_AS, bgp_session_with};
use novaroute_e2e::{Daemon, FrrRelease, request, v1};

/// A node whose session to the router of the rack is protected by BFD and whose OSPF has it as a neighbor.
///
/// Neither is up yet when this returns: what happens then is what the suite is about.
async fn protected(release: FrrRelease) -> Result<(Scene, Client)> {
    let scene = Scene::new(release).await?;
    let tor = &scene.tor;
    bgp_session_with(tor, TOR_AS, tor.node_ipv4.into(), NODE_AS, &["bfd", "description node"]).await?;
    let lines = ["bfd", &format!("peer {}", tor.node_ipv4), "receive-interval 100", "transmit-interval 100"];
    tor.router.configure(Daemon::Bfdd, &lines).await?;
    let interface = format!("interface {}", tor.link.b().interface());
    // The area comes last: the wait for a designated router is as long as the dead interval was at that moment.
    let ospf = [&interface, "ip ospf hello-interval 1", "ip ospf dead-interval 3", "ip ospf area 0", "exit"];
    tor.router.configure(Daemon::Ospfd, &[&["router ospf", "exit"], ospf.as_slice()].concat()).await?;
    let client = scene.agent.client().await?;
    Ok((scene, client))
}

/// The intents that the other side of [`protected`] waits for.
async fn declare(scene: &Scene, client: &mut Client) -> Result<()> {
    client.configure_bgp(request::configure_bgp(LB, NODE_AS, "10.0.1.1")).await?;
    let peer = v1::BgpPeer {
        bfd_enabled: true,
        bfd_min_rx_ms: 100,
        bfd_min_tx_ms: 100,
        description: "the rack".into(),
        ..scene.ebgp_peer()
    };
    client.apply_peer(request::apply_peer(LB, peer)).await?;
    let ospf = v1::EnableOspfRequest {
        interface_name: scene.tor.link.a().interface().to_owned(),
        area_id: "0".into(),
        cost: 42,
        hello_interval: 1,
        dead_interval: 3,
        ..Default::default()
    };
    client.enable_ospf(request::enable_ospf(LB, ospf)).await?;
    Ok(())
}
