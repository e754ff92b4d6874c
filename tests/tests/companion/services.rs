//! Addresses of Services of type LoadBalancer.

use anyhow::ensure;
use k8s_openapi::api::core::v1::Service;
use kube::Api;
use kube::api::DeleteParams;
use novaroute_e2e::on_each_frr;
use serde_json::json;

use crate::stage::Stage;

const CLUSTER: &str = "203.0.113.10";
const LOCAL: &str = "203.0.113.11";

on_each_frr! {
    /// With the policy Cluster every node announces as long as anything is ready, with Local only one that has it.
    async fn services_are_announced_where_they_are_served(release) {
        let stage = Stage::with_peer(release, &[]).await?;
        let here = stage.server.namespace.clone();
        stage.service("web", CLUSTER, "Cluster").await?;
        stage.service("dns", LOCAL, "Local").await?;
        let source = json!({"selector": {"matchLabels": {"announce": "yes"}}});
        stage.advertise("services", json!({"services": source})).await?;
        stage.endpoints("dns", &[("elsewhere", true), (&here, false)]).await?;
        stage.endpoints("web", &[("elsewhere", true)]).await?;
        stage.arrived(&host(CLUSTER)).await?;
        ensure!(stage.tor.router.bgp_paths(&host(LOCAL)).await?.is_empty());

        stage.endpoints("dns", &[("elsewhere", true), (&here, true)]).await?;
        stage.arrived(&host(LOCAL)).await?;
        stage.endpoints("dns", &[("elsewhere", true)]).await?;
        stage.gone(&host(LOCAL)).await?;
        stage.endpoints("web", &[("elsewhere", false)]).await?;
        stage.gone(&host(CLUSTER)).await?;

        stage.endpoints("web", &[(&here, true)]).await?;
        stage.arrived(&host(CLUSTER)).await?;
        let excluded = "node.kubernetes.io/exclude-from-external-load-balancers";
        stage.node(|node| node["metadata"]["labels"][excluded] = json!("true")).await?;
        stage.gone(&host(CLUSTER)).await?;
        stage.node(|_| {}).await?;
        stage.arrived(&host(CLUSTER)).await?;
        let services = Api::<Service>::namespaced(stage.server.client.clone(), &stage.server.namespace);
        services.delete("web", &DeleteParams::default()).await?;
        stage.gone(&host(CLUSTER)).await?;
        stage.end().await
    }

    /// Services are chosen by their labels and by those of their namespace.
    async fn services_are_chosen_by_labels(release) {
        let stage = Stage::with_peer(release, &[]).await?;
        stage.service("web", CLUSTER, "Cluster").await?;
        stage.endpoints("web", &[("elsewhere", true)]).await?;
        let of = |namespace: &str| {
            let labels = json!({"kubernetes.io/metadata.name": namespace});
            json!({"services": {"namespaceSelector": {"matchLabels": labels}}})
        };
        stage.advertise("services", of("another")).await?;
        stage.advertise("marker", json!({"prefixes": ["203.0.113.1/32"]})).await?;
        stage.arrived("203.0.113.1/32").await?;
        ensure!(stage.tor.router.bgp_paths(&host(CLUSTER)).await?.is_empty());
        stage.advertise("services", of(&stage.server.namespace)).await?;
        stage.arrived(&host(CLUSTER)).await?;
        let others = json!({"services": {"selector": {"matchLabels": {"announce": "no"}}}});
        stage.advertise("services", others).await?;
        stage.gone(&host(CLUSTER)).await?;
        stage.end().await
    }
}

fn host(address: &str) -> String {
    format!("{address}/32")
}
