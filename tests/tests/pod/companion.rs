//! What resources ask for is announced by the pod.

use anyhow::{Context as _, Result, ensure};
use kube::api::Api;
use novaroute_e2e::tor::TOR_AS;
use novaroute_e2e::{on_each_frr, wait_for};
use novaroute_operator::crd::{NovaRouteAdvertisement, NovaRouteNode, NovaRoutePeer};
use serde_json::json;

use crate::cluster::Cluster;
use crate::node::{NAME, Node, TIMEOUT};

const PREFIX: &str = "203.0.113.7/32";

/// Waits until the node is said to have announced its one prefix over its one session.
async fn told(cluster: &Cluster) -> Result<()> {
    let nodes = Api::<NovaRouteNode>::all(cluster.server.client.clone());
    wait_for("the NovaRouteNode to tell of it", TIMEOUT, async || {
        let status = nodes.get(NAME).await?.status.context("no status")?;
        ensure!(status.sessions_established == 1 && status.prefixes.advertised == 1, "{status:?}");
        Ok(Some(()))
    })
    .await
}

on_each_frr! {
    /// From the API server through companion, agent and FRR to the router of the rack, and back.
    async fn resources_arrive_at_the_router_of_the_rack(release) {
        let cluster = Cluster::start(NAME).await?;
        let node = Node::start_in(&cluster, release).await?;
        let peer = json!({"address": node.tor.ipv4, "remoteAs": TOR_AS});
        cluster.create::<NovaRoutePeer>(json!({"metadata": {"name": "rack"}, "spec": peer})).await?;
        let own = json!({"metadata": {"name": "own"}, "spec": {"prefixes": [PREFIX]}});
        cluster.create::<NovaRouteAdvertisement>(own).await?;
        node.arrived(PREFIX).await?;
        told(&cluster).await?;

        cluster.delete::<NovaRouteAdvertisement>("own").await?;
        node.tor.router.wait_bgp_no_route(PREFIX, TIMEOUT).await
    }
}
