//! Who may do what: owners, tokens, user ids, the socket, permissions, policies, limits, conflicts, overriding.

mod authentication;
mod conflicts;
mod instance;
mod overriding;
mod policy;
mod sessions;
mod socket;

use anyhow::Result;
use novaroute_e2e::agent::{Agent, Client};
use novaroute_e2e::config::token;
use novaroute_e2e::scene::TIMEOUT;
use novaroute_e2e::{Daemon, v1, wait_for};
use serde_json::{Value, json};

/// An owner of the configuration with its token and whatever `policy` sets.
fn owner(name: &str, policy: Value) -> Value {
    let mut owner = json!({ "token": token(name) });
    if let (Some(owner), Value::Object(policy)) = (owner.as_object_mut(), policy) {
        owner.extend(policy);
    }
    owner
}

/// Waits until what the agent has in FRR is what the last request before this call asked for: a prefix that comes
/// after it is there.
async fn settled(agent: &Agent, client: &mut Client, marker: &v1::AdvertisePrefixRequest) -> Result<()> {
    client.advertise_prefix(marker.clone()).await?;
    wait_for("the marker to be programmed", TIMEOUT, async || {
        let rows = agent.status().await?.prefixes;
        Ok(rows.iter().any(|row| row.prefix == marker.prefix && row.state != "pending").then_some(()))
    })
    .await
}

/// The prefixes of the lines `network …` in the running configuration of bgpd.
async fn networks(node: &novaroute_e2e::Router) -> Result<Vec<String>> {
    let text = node.running_config(Daemon::Bgpd).await?;
    let lines = text.lines().filter_map(|line| line.trim().strip_prefix("network "));
    Ok(lines.filter_map(|line| line.split(' ').next()).map(str::to_owned).collect())
}
