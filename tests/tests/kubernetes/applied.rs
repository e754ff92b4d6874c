//! What a resource asks for is there, follows it, and is put back.

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::apps::v1::DaemonSet;
use k8s_openapi::api::core::v1::{ConfigMap, Secret, Service, ServiceAccount};
use kube::api::{Patch, PatchParams};
use kube::{Resource as _, ResourceExt as _};
use novaroute_e2e::wait_for;
use novaroute_operator::controller::{FINALIZER, MANAGER};
use serde_json::json;

use crate::stage::{Stage, TIMEOUT};

fn image(daemon_set: &DaemonSet, container: &str) -> Option<String> {
    let containers = &daemon_set.spec.as_ref()?.template.spec.as_ref()?.containers;
    containers.iter().find(|one| one.name == container)?.image.clone()
}

fn checksum(daemon_set: &DaemonSet) -> Option<String> {
    let annotations = daemon_set.spec.as_ref()?.template.metadata.as_ref()?.annotations.as_ref()?;
    annotations.get("novaroute.io/config-checksum").cloned()
}

#[tokio::test]
async fn every_object_is_there_and_belongs_to_the_resource() -> Result<()> {
    let stage = Stage::start().await?;
    let cluster = stage.apply("edge", |_| {}).await?;
    let _operator = stage.operator("a")?;
    let daemon_set = stage.daemon_set("edge", "there", |_| true).await?;
    let all = [
        daemon_set.metadata.clone(),
        stage.api::<ServiceAccount>().get("edge").await?.metadata,
        stage.api::<ConfigMap>().get("edge-config").await?.metadata,
        stage.api::<Secret>().get("edge-secrets").await?.metadata,
        stage.api::<Service>().get("edge-metrics").await?.metadata,
    ];
    for metadata in all {
        let owners = metadata.owner_references.unwrap_or_default();
        let owned = owners
            .iter()
            .any(|owner| owner.controller == Some(true) && Some(&owner.uid) == cluster.meta().uid.as_ref());
        ensure!(owned, "{:?} belongs to {owners:?}", metadata.name);
    }
    assert_eq!(image(&daemon_set, "agent").as_deref(), Some("ghcr.io/azrtydxb/novaroute/novaroute-agent:0.1.0"));
    let held = stage.cluster("edge", "held", |cluster| cluster.finalizers().contains(&FINALIZER.to_owned())).await?;
    ensure!(held.spec == cluster.spec, "the operator changed what its user wrote");
    stage.condition("edge", "Degraded", "False", "AsExpected").await?;
    stage.end().await
}

#[tokio::test]
async fn a_change_reaches_what_it_concerns() -> Result<()> {
    let stage = Stage::start().await?;
    stage.apply("edge", |_| {}).await?;
    let _operator = stage.operator("a")?;
    let first = stage.daemon_set("edge", "there", |_| true).await?;

    stage.apply("edge", |resource| resource["spec"]["version"] = "0.2.0".into()).await?;
    let is_new = |set: &DaemonSet| image(set, "frr").is_some_and(|image| image.ends_with("frr:0.2.0"));
    let second = stage.daemon_set("edge", "of the new version", is_new).await?;
    assert_eq!(checksum(&first), checksum(&second), "the configuration is the same");

    let reference = json!([{"name": "edge", "tokenSecretRef": {"name": "tokens", "key": "edge"}}]);
    stage.apply("edge", |resource| resource["spec"]["agent"]["owners"] = reference).await?;
    stage.daemon_set("edge", "replaced for its configuration", |set| checksum(set) != checksum(&first)).await?;
    wait_for("the Secret to be gone, which is not needed any more", TIMEOUT, async || {
        Ok(stage.api::<Secret>().get_opt("edge-secrets").await?.is_none().then_some(()))
    })
    .await?;
    stage.end().await
}

#[tokio::test]
async fn a_change_by_hand_is_put_back_and_fields_of_others_stay() -> Result<()> {
    let stage = Stage::start().await?;
    stage.apply("edge", |_| {}).await?;
    let _operator = stage.operator("a")?;
    let before = stage.daemon_set("edge", "there", |_| true).await?;
    let by_hand = json!({
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"annotations": {"team": "network"}},
        "spec": {
            "template": {"spec": {"containers": [{"name": "agent", "image": "elsewhere/agent:1"}]}},
            "minReadySeconds": 7,
        },
    });
    let params = PatchParams::apply("somebody").force();
    let patched = stage.api::<DaemonSet>().patch("edge", &params, &Patch::Apply(by_hand)).await?;
    assert_eq!(image(&patched, "agent").as_deref(), Some("elsewhere/agent:1"));
    let is_back = |set: &DaemonSet| image(set, "agent") == image(&before, "agent");
    let after = stage.daemon_set("edge", "put back", is_back).await?;
    assert_eq!(after.annotations().get("team").map(String::as_str), Some("network"));
    assert_eq!(after.spec.context("no spec")?.min_ready_seconds, Some(7));

    let other = json!({"data": {"config.json": "{}", "notes": "of somebody"}});
    stage.api::<Secret>().patch("edge-secrets", &PatchParams::default(), &Patch::Merge(json!({"data": null}))).await?;
    stage.api::<ConfigMap>().patch("edge-config", &PatchParams::default(), &Patch::Merge(other)).await?;
    wait_for("both to be put back", TIMEOUT, async || {
        let map = stage.api::<ConfigMap>().get("edge-config").await?.data.unwrap_or_default();
        let secret = stage.api::<Secret>().get("edge-secrets").await?.data.unwrap_or_default();
        ensure!(map.get("config.json").is_some_and(|text| text.len() > 2), "{map:?}");
        ensure!(map.get("notes").map(String::as_str) == Some("of somebody"), "{map:?}");
        Ok(secret.contains_key("token-edge").then_some(()))
    })
    .await?;
    stage.end().await
}

/// Objects that go come back; at rest nothing is written.
#[tokio::test]
async fn what_is_deleted_comes_back_and_then_there_is_rest() -> Result<()> {
    let stage = Stage::start().await?;
    stage.apply("edge", |_| {}).await?;
    let operator = stage.operator("a")?;
    stage.condition("edge", "Degraded", "False", "AsExpected").await?;
    let before = stage.api::<Service>().get("edge-metrics").await?;
    stage.api::<Service>().delete("edge-metrics", &Default::default()).await?;
    wait_for("the Service to be back", TIMEOUT, async || {
        Ok((stage.api::<Service>().get("edge-metrics").await?.uid() != before.uid()).then_some(()))
    })
    .await?;
    let Some(fake) = &stage.fake else { return stage.end().await };
    let ours = || fake.writes().iter().filter(|write| write.manager.starts_with(MANAGER) && write.changed).count();
    let looks = async || operator.metric("novaroute_operator_reconciles_total{result=\"ok\"}").await;
    let (settled, looked) = (ours(), looks().await?);
    // Every object is told of once more, and looked at.
    fake.compact();
    fake.cut_watches();
    wait_for("another look", TIMEOUT, async || Ok((looks().await? > looked).then_some(()))).await?;
    let changed: Vec<_> = fake
        .writes()
        .into_iter()
        .filter(|write| write.manager.starts_with(MANAGER) && write.changed)
        .skip(settled)
        .collect();
    ensure!(changed.is_empty(), "{changed:?}");
    stage.end().await
}
