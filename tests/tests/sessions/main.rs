//! Sessions of owners: leases, connections, grace, fencing, and what is stale after a restart. What counts is what the
//! router of the rack is told, and what it is not told.

mod bound;
mod client;
mod commands;
mod fencing;
mod leases;
mod old_clients;
mod replay;

use std::time::Duration;

use anyhow::{Result, ensure};
use novaroute_e2e::agent::Client;
use novaroute_e2e::config::{CNI, LB};
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::tor::{NODE_AS, TOR_AS, bgp_session};
use novaroute_e2e::{FrrRelease, request, v1, wait_for};
use serde_json::{Value, json};
use tonic::Request;

/// How long the intents of an owner outlive its session in these tests.
const GRACE: Duration = Duration::from_secs(2);
/// Announced by the owner whose session is looked at.
const OWN: [&str; 2] = ["10.66.1.1/32", "10.66.1.2/32"];
/// Announced by another owner, who has no lease.
const OTHERS: &str = "10.66.2.1/32";

/// A node whose BGP instance, peer and one prefix belong to an owner without a lease.
async fn node(release: FrrRelease) -> Result<(Scene, Client)> {
    node_with(release, GRACE).await
}

async fn node_with(release: FrrRelease, grace: Duration) -> Result<(Scene, Client)> {
    let set_grace = |config: &mut Value| config["disconnect_grace_period"] = json!(grace.as_secs());
    let scene = Scene::with(release, set_grace).await?;
    bgp_session(&scene.tor, TOR_AS, scene.tor.node_ipv4.into(), NODE_AS).await?;
    let mut client = scene.agent.client().await?;
    client.configure_bgp(request::configure_bgp(CNI, NODE_AS, "10.0.1.1")).await?;
    client.apply_peer(request::apply_peer(CNI, scene.ebgp_peer())).await?;
    client.advertise_prefix(request::advertise(CNI, OTHERS)).await?;
    scene.established(scene.tor.ipv4.into()).await?;
    scene.tor.router.wait_bgp_route(OTHERS, TIMEOUT).await?;
    Ok((scene, client))
}

/// A Register with a lease.
fn leased(owner: &str, lease_s: u32) -> v1::RegisterRequest {
    v1::RegisterRequest { lease_s, ..request::register(owner) }
}

/// A Register that is bound to its connection.
fn bound(owner: &str) -> v1::RegisterRequest {
    v1::RegisterRequest { bind_to_connection: true, ..request::register(owner) }
}

fn renew(session: &str) -> v1::RenewRequest {
    let v1::RegisterRequest { owner, token, .. } = request::register(LB);
    v1::RenewRequest { owner, token, session_id: session.to_owned(), ..Default::default() }
}

fn end_of_replay(confirm_removals: bool) -> v1::EndOfReplayRequest {
    let v1::RegisterRequest { owner, token, .. } = request::register(LB);
    v1::EndOfReplayRequest { owner, token, confirm_removals, ..Default::default() }
}

/// A request that says which session it belongs to.
fn in_session<T>(session: &str, message: T) -> Result<Request<T>> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("novaroute-session-id", session.parse()?);
    Ok(request)
}

/// Asks for [`OWN`].
async fn announce_own(client: &mut Client) -> Result<()> {
    for prefix in OWN {
        client.advertise_prefix(request::advertise(LB, prefix)).await?;
    }
    Ok(())
}

/// Waits until the router of the rack has [`OWN`].
async fn own_arrived(scene: &Scene) -> Result<()> {
    for prefix in OWN {
        scene.tor.router.wait_bgp_route(prefix, TIMEOUT).await?;
    }
    Ok(())
}

/// Waits until the router of the rack has [`OWN`] no longer.
async fn own_gone(scene: &Scene) -> Result<()> {
    for prefix in OWN {
        scene.tor.router.wait_bgp_no_route(prefix, TIMEOUT).await?;
    }
    Ok(())
}

/// The prefixes of an owner, each with its state.
async fn prefixes_of(scene: &Scene, owner: &str) -> Result<Vec<(String, String)>> {
    let rows = scene.agent.status().await?.prefixes;
    Ok(rows.into_iter().filter(|row| row.owner == owner).map(|row| (row.prefix, row.state)).collect())
}

/// Waits until the prefixes of [`LB`] are in these states, and there are no others.
async fn own_states(scene: &Scene, states: &[(&str, &str)]) -> Result<()> {
    let wanted: Vec<_> = states.iter().map(|(prefix, state)| ((*prefix).to_owned(), (*state).to_owned())).collect();
    wait_for("the states of the owner's prefixes", TIMEOUT, async || {
        let found = prefixes_of(scene, LB).await?;
        ensure!(found == wanted, "{found:?}");
        Ok(Some(()))
    })
    .await
}
