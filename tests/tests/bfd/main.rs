//! BFD sessions: asked for by an owner, asked for by a peer, both, and what happens when something breaks.
//!
//! Which timers run is read twice: from the node's bfdd, and from what the router of the rack was told in packets.

mod explicit;
mod faults;
mod peers;
mod shared;

use std::net::IpAddr;

use anyhow::Result;
use novaroute_e2e::agent::Client;
use novaroute_e2e::bfd::{Timers, wait_session};
use novaroute_e2e::config::LB;
use novaroute_e2e::scene::Scene;
use novaroute_e2e::{request, v1};

/// The two ends of a session: the node's address and the router's.
type Ends = (IpAddr, IpAddr);

fn ipv4(scene: &Scene) -> Ends {
    (scene.tor.node_ipv4.into(), scene.tor.ipv4.into())
}

fn ipv6(scene: &Scene) -> Ends {
    (scene.tor.node_ipv6.into(), scene.tor.ipv6.into())
}

/// Waits until exactly one session is up between the two ends, with these timers.
async fn runs(scene: &Scene, ends: Ends, timers: Timers) -> Result<()> {
    wait_session(&scene.node, &scene.tor.router, ends, timers).await.map(drop)
}

/// A session on the link to the router of the rack: tied to the interface, or to none.
fn on_link(scene: &Scene, peer: IpAddr, on_interface: bool, timers: Timers) -> v1::EnableBfdRequest {
    let interface = if on_interface { scene.tor.link.a().interface() } else { "" };
    v1::EnableBfdRequest { interface_name: interface.to_owned(), ..timers.request(peer) }
}

/// A session across routers.
fn multihop((node, peer): Ends, timers: Timers) -> v1::EnableBfdRequest {
    v1::EnableBfdRequest { multihop: true, source_address: node.to_string(), ..timers.request(peer) }
}

async fn enable(client: &mut Client, session: v1::EnableBfdRequest) -> Result<()> {
    client.enable_bfd(request::enable_bfd(LB, session)).await?;
    Ok(())
}
