//! A resource that cannot be used says why, and what runs is left as it is.

use anyhow::{Result, ensure};
use k8s_openapi::ByteString;
use k8s_openapi::api::apps::v1::DaemonSet;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use k8s_openapi::api::events::v1::Event;
use kube::ResourceExt as _;
use kube::api::PostParams;
use novaroute_e2e::wait_for;
use serde_json::{Value, json};

use crate::stage::{Stage, TIMEOUT};

/// Changed by a user who wants the operator to look at once.
fn touched(resource: &mut Value) {
    resource["metadata"]["annotations"]["looked-at"] = "again".into();
}

#[tokio::test]
async fn what_is_wrong_is_named_and_changes_nothing() -> Result<()> {
    let stage = Stage::start().await?;
    stage.apply("edge", |_| {}).await?;
    let _operator = stage.operator("a")?;
    stage.condition("edge", "Degraded", "False", "AsExpected").await?;
    let before = stage.api::<DaemonSet>().get("edge").await?;
    // A real API server refuses it at the door; an older definition would let it through.
    let Some(_) = &stage.fake else { return stage.end().await };
    stage
        .apply("edge", |resource| {
            resource["spec"]["version"] = "newest".into();
            resource["spec"]["agent"]["metricsPort"] = 70_000.into();
        })
        .await?;
    let message = stage.condition("edge", "Degraded", "True", "InvalidResource").await?;
    for part in ["spec.version", "spec.agent.metricsPort", "newest", "left as it is"] {
        ensure!(message.contains(part), "no {part:?} in {message:?}");
    }
    let after = stage.api::<DaemonSet>().get("edge").await?;
    assert_eq!(before.resource_version(), after.resource_version());
    wait_for("an Event", TIMEOUT, async || {
        let events = stage.api::<Event>().list(&Default::default()).await?;
        let told = |event: &Event| event.reason.as_deref() == Some("InvalidResource");
        Ok(events.iter().any(told).then_some(()))
    })
    .await?;

    stage.apply("edge", |_| {}).await?;
    stage.condition("edge", "Degraded", "False", "AsExpected").await?;
    stage.end().await
}

/// A resource that no type fits is one among others.
#[tokio::test]
async fn one_that_cannot_be_read_holds_up_no_other() -> Result<()> {
    let stage = Stage::start().await?;
    let Some(fake) = &stage.fake else { return stage.end().await };
    let odd = json!({
        "apiVersion": "novaroute.io/v1alpha1", "kind": "NovaRouteCluster", "spec": {"agent": "an agent"},
        "metadata": {"name": "odd", "namespace": stage.namespace},
    });
    fake.put("novarouteclusters", odd)?;
    let _operator = stage.operator("a")?;
    stage.apply("edge", |_| {}).await?;
    stage.condition("edge", "Degraded", "False", "AsExpected").await?;
    wait_for("the odd one to be told of", TIMEOUT, async || {
        let odd = fake.get("novarouteclusters", &stage.namespace, "odd").unwrap_or_default();
        let conditions = odd["status"]["conditions"].as_array().cloned().unwrap_or_default();
        ensure!(conditions.iter().any(|one| one["reason"] == "InvalidResource"), "{odd}");
        Ok(Some(()))
    })
    .await?;
    ensure!(stage.api::<DaemonSet>().get_opt("odd").await?.is_none());
    stage.end().await
}

#[tokio::test]
async fn an_object_of_somebody_else_is_not_touched() -> Result<()> {
    let stage = Stage::start().await?;
    let maps = stage.api::<ConfigMap>();
    let theirs: ConfigMap = serde_json::from_value(json!({"metadata": {"name": "edge-config"}, "data": {"a": "b"}}))?;
    let theirs = maps.create(&PostParams::default(), &theirs).await?;
    stage.apply("edge", |_| {}).await?;
    let _operator = stage.operator("a")?;
    let message = stage.condition("edge", "Degraded", "True", "NameTaken").await?;
    ensure!(message.contains("ConfigMap edge-config"), "{message}");
    assert_eq!(maps.get("edge-config").await?, theirs);
    ensure!(stage.api::<DaemonSet>().get_opt("edge").await?.is_none(), "pods without a configuration");

    maps.delete("edge-config", &Default::default()).await?;
    stage.apply("edge", touched).await?;
    stage.condition("edge", "Degraded", "False", "AsExpected").await?;
    stage.end().await
}

#[tokio::test]
async fn a_secret_that_is_missing_is_named() -> Result<()> {
    let stage = Stage::start().await?;
    let owners = json!([{"name": "edge", "tokenSecretRef": {"name": "tokens", "key": "edge"}}]);
    stage.apply("edge", |resource| resource["spec"]["agent"]["owners"] = owners.clone()).await?;
    let _operator = stage.operator("a")?;
    let message = stage.condition("edge", "Degraded", "True", "SecretMissing").await?;
    assert_eq!(message, "spec.agent.owners[0].tokenSecretRef: Secret tokens does not exist");
    // Everything else is there: the pods wait for it by themselves.
    stage.daemon_set("edge", "there", |_| true).await?;
    let mut secret: Secret = serde_json::from_value(json!({"metadata": {"name": "tokens"}}))?;
    secret.data = Some([("edge".to_owned(), ByteString(b"not-a-secret".to_vec()))].into());
    stage.api::<Secret>().create(&PostParams::default(), &secret).await?;
    stage
        .apply("edge", |resource| {
            resource["spec"]["agent"]["owners"] = owners.clone();
            touched(resource);
        })
        .await?;
    stage.condition("edge", "Degraded", "False", "AsExpected").await?;
    stage.end().await
}
