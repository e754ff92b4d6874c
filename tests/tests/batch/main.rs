//! Many intents in one call: all of them at the peer, a replacement that is the difference, all or nothing, what is held read
//! back, and changes that go back unless they are confirmed.

mod confirm;
mod decided;
mod held;
mod large;

use anyhow::Result;
use novaroute_e2e::agent::Client;
use novaroute_e2e::config::LB;
use novaroute_e2e::scene::Scene;
use novaroute_e2e::tor::NODE_AS;
use novaroute_e2e::{item, v1};

/// Router id of the node, as [`Scene::with_bgp`] has it.
const ROUTER_ID: &str = "10.0.1.1";

/// What [`Scene::with_bgp`] has asked for, as items: a replacement names all that is wanted.
fn session(scene: &Scene) -> Vec<v1::IntentItem> {
    vec![item::bgp(NODE_AS, ROUTER_ID), item::peer(scene.ebgp_peer())]
}

/// The session and these prefixes, none of which has attributes.
fn with_prefixes(scene: &Scene, prefixes: impl IntoIterator<Item = String>) -> Vec<v1::IntentItem> {
    session(scene).into_iter().chain(prefixes.into_iter().map(|prefix| item::prefix(&prefix, None))).collect()
}

/// Applies items for [`LB`].
async fn apply(
    client: &mut Client,
    items: Vec<v1::IntentItem>,
    head: v1::ApplyIntentsRequest,
) -> Result<v1::ApplyIntentsResponse> {
    Ok(client.apply_intents(item::apply(LB, items, head)).await?.into_inner())
}

/// The prefix with this number.
fn numbered(number: u32) -> String {
    format!("10.{}.{}.{}/32", 64 + number / 65_536, number / 256 % 256, number % 256)
}
