//! A cluster that is deleted ends in order: the agents first, while what they need is there.

use anyhow::{Result, ensure};
use k8s_openapi::api::core::v1::ConfigMap;
use novaroute_e2e::wait_for;
use novaroute_operator::crd::NovaRouteCluster;
use serde_json::json;

use crate::stage::{Stage, TIMEOUT};

#[tokio::test]
async fn the_agents_end_before_what_they_are_configured_by() -> Result<()> {
    let stage = Stage::start().await?;
    stage.apply("edge", |_| {}).await?;
    let _operator = stage.operator("a")?;
    stage.condition("edge", "Degraded", "False", "AsExpected").await?;
    let daemon_set = stage.daemon_set("edge", "there", |_| true).await?;
    // A pod that takes its time.
    if let Some(fake) = &stage.fake {
        let owner = json!({
            "apiVersion": "apps/v1", "kind": "DaemonSet", "name": "edge", "uid": daemon_set.metadata.uid,
            "controller": true, "blockOwnerDeletion": true,
        });
        let metadata = json!({
            "name": "edge-x", "namespace": stage.namespace, "ownerReferences": [owner], "finalizers": ["test/withdraws"],
        });
        fake.put("pods", json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata}))?;
    }
    let clusters = stage.api::<NovaRouteCluster>();
    clusters.delete("edge", &Default::default()).await?;
    if let Some(fake) = &stage.fake {
        stage.condition("edge", "Progressing", "True", "Withdrawing").await?;
        stage.daemon_set("edge", "ending", |set| set.metadata.deletion_timestamp.is_some()).await?;
        ensure!(stage.api::<ConfigMap>().get_opt("edge-config").await?.is_some(), "the agents still need it");
        let bound = fake.get("clusterrolebindings", "", &format!("novaroute:{}:edge", stage.namespace));
        ensure!(bound.is_some(), "their companions still need it");
        fake.update("pods", &stage.namespace, "edge-x", |pod| pod["metadata"]["finalizers"] = json!([]))?;
    }
    wait_for("everything to be gone", TIMEOUT, async || {
        ensure!(clusters.get_opt("edge").await?.is_none(), "the cluster is there");
        Ok(stage.api::<ConfigMap>().get_opt("edge-config").await?.is_none().then_some(()))
    })
    .await?;
    stage.end().await
}
