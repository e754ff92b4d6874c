//! A node with an agent and one router of the rack.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use novaroute_lab::topology::{NodeAndTor, Tor, node_and_tor};
use novaroute_lab::{Daemon, FrrRelease, Lab, Router, wait_for};
use serde_json::Value;

use crate::agent::{Agent, Client};
use crate::config::LB;
use crate::tor::{self, NODE_AS, TOR_AS, bgp_session};
use crate::{request, v1};

/// Longest wait for FRR to do what it was told.
pub const TIMEOUT: Duration = Duration::from_secs(15);

/// A node, its agent, its router of the rack. The agent ends before the lab does.
#[derive(Debug)]
pub struct Scene {
    /// The agent on the node.
    pub agent: Agent,
    /// The node.
    pub node: Router,
    /// The router of the rack.
    pub tor: Tor,
    /// Holds the namespaces.
    pub lab: Lab,
}

impl Scene {
    /// The lab and a ready agent; BGP is not configured.
    ///
    /// # Errors
    /// The lab or the agent did not come up.
    pub async fn new(release: FrrRelease) -> Result<Self> {
        Self::with(release, |_| {}).await
    }

    /// As [`Scene::new`] with a changed configuration.
    ///
    /// # Errors
    /// The lab or the agent did not come up.
    pub async fn with(release: FrrRelease, change: impl FnOnce(&mut Value)) -> Result<Self> {
        let NodeAndTor { lab, node, tor } = node_and_tor(release).await?;
        let agent = Agent::start(&node, change).await?;
        Ok(Self { agent, node, tor, lab })
    }

    /// An established eBGP session over IPv4 with both families, asked for by [`LB`].
    ///
    /// # Errors
    /// It did not come up.
    pub async fn with_bgp(release: FrrRelease) -> Result<(Self, Client)> {
        let scene = Self::new(release).await?;
        bgp_session(&scene.tor, TOR_AS, scene.tor.node_ipv4.into(), NODE_AS).await?;
        let mut client = scene.agent.client().await?;
        client.configure_bgp(request::configure_bgp(LB, NODE_AS, "10.0.1.1")).await?;
        client.apply_peer(request::apply_peer(LB, scene.ebgp_peer())).await?;
        scene.established(scene.tor.ipv4.into()).await?;
        Ok((scene, client))
    }

    /// The router of the rack as [`tor::ebgp_peer`] has it.
    #[must_use]
    pub fn ebgp_peer(&self) -> v1::BgpPeer {
        tor::ebgp_peer(&self.tor)
    }

    /// Waits until the node's session to `neighbor` is established, as the node's bgpd says.
    ///
    /// # Errors
    /// It is not within 15 s; the agent's log is part of the error.
    pub async fn established(&self, neighbor: IpAddr) -> Result<()> {
        let waited = self.node.wait_bgp_established(&neighbor.to_string(), TIMEOUT).await;
        waited.with_context(|| format!("log of the agent:\n{}", self.agent.log()))
    }

    /// The running configuration of a daemon of the node.
    ///
    /// # Errors
    /// The daemon does not answer.
    pub async fn running(&self, daemon: Daemon) -> Result<String> {
        self.node.running_config(daemon).await
    }

    /// Waits until the agent shows `prefix` in `state`.
    ///
    /// # Errors
    /// It does not within 15 s.
    pub async fn prefix_state(&self, prefix: &str, state: &str) -> Result<v1::PrefixStatus> {
        wait_for(&format!("{prefix} to be {state}"), TIMEOUT, async || {
            let status = self.agent.status().await?;
            let row = status.prefixes.into_iter().find(|row| row.prefix == prefix);
            match row {
                Some(row) if row.state == state => Ok(Some(row)),
                other => bail!("{other:?}"),
            }
        })
        .await
    }

    /// Waits until the agent shows the peer's intent in `state`.
    ///
    /// # Errors
    /// It does not within 15 s.
    pub async fn peer_intent_state(&self, neighbor: IpAddr, state: &str) -> Result<v1::PeerStatus> {
        wait_for(&format!("the intent of peer {neighbor} to be {state}"), TIMEOUT, async || {
            let status = self.agent.status().await?;
            let row = status.peers.into_iter().find(|row| row.neighbor_address == neighbor.to_string());
            match row {
                Some(row) if row.intent_state == state => Ok(Some(row)),
                other => bail!("{other:?}"),
            }
        })
        .await
    }
}
