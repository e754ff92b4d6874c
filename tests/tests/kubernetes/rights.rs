//! What the companions may do: there with the cluster, as far as the peers ask for, and gone with it.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::apps::v1::DaemonSet;
use k8s_openapi::api::rbac::v1::{ClusterRoleBinding, Role, RoleBinding};
use kube::ResourceExt as _;
use kube::api::PostParams;
use novaroute_e2e::wait_for;
use novaroute_operator::crd::{NovaRouteCluster, NovaRoutePeer};
use serde_json::{Value, json};

use crate::stage::{Stage, TIMEOUT};

/// The ClusterRole, as the operator's chart calls it.
const ROLE: &str = "novaroute-operator-companion";

fn has_companion(daemon_set: &DaemonSet) -> bool {
    let pod = daemon_set.spec.as_ref().and_then(|spec| spec.template.spec.as_ref());
    pod.is_some_and(|pod| pod.containers.iter().any(|container| container.name == "companion"))
}

fn switched_off(resource: &mut Value) {
    resource["spec"]["companion"] = json!({"enabled": false});
}

/// The binding of a cluster's companions.
async fn binding(stage: &Stage, name: &str) -> Result<Option<ClusterRoleBinding>> {
    let name = format!("novaroute:{}:{name}", stage.namespace);
    Ok(stage.in_none::<ClusterRoleBinding>().get_opt(&name).await?)
}

/// Waits until it is there, another one than that with `uid`.
async fn bound(stage: &Stage, name: &str, uid: Option<String>) -> Result<ClusterRoleBinding> {
    wait_for("the companions to be bound", TIMEOUT, async || {
        Ok(binding(stage, name).await?.filter(|found| found.uid() != uid))
    })
    .await
}

async fn unbound(stage: &Stage, name: &str) -> Result<()> {
    wait_for("the companions not to be bound", TIMEOUT, async || {
        Ok(binding(stage, name).await?.is_none().then_some(()))
    })
    .await
}

/// The Secrets that the companions may read; `None`: there is no Role.
async fn secrets(stage: &Stage) -> Result<Option<BTreeSet<String>>> {
    let Some(role) = stage.api::<Role>().get_opt("edge-companion").await? else { return Ok(None) };
    let rules = role.rules.context("a Role without rules")?;
    ensure!(rules.len() == 1, "{rules:?}");
    Ok(Some(rules[0].resource_names.clone().context("all Secrets")?.into_iter().collect()))
}

/// Waits until they may read those of the first list, and none of the second.
async fn may_read(stage: &Stage, these: &[&str], not_those: &[&str]) -> Result<()> {
    let of_stage = |name: &&str| format!("{}-{name}", stage.namespace);
    wait_for(&format!("the Secrets {these:?} to be granted"), TIMEOUT, async || {
        let granted = secrets(stage).await?.unwrap_or_default();
        let has = |name: &&str| granted.contains(&of_stage(name));
        ensure!(these.iter().all(has) && !not_those.iter().any(has), "{granted:?}");
        Ok(Some(()))
    })
    .await
}

async fn peer(stage: &Stage, name: &str, secret: Option<&str>) -> Result<()> {
    let mut spec = json!({"address": "10.0.0.1", "remoteAs": 65_100});
    if let Some(secret) = secret {
        spec["passwordSecretRef"] = json!({"name": format!("{}-{secret}", stage.namespace), "key": "password"});
    }
    stage.declare::<NovaRoutePeer>(name, spec).await
}

#[tokio::test]
async fn companions_are_bound_for_as_long_as_there_are_any() -> Result<()> {
    let stage = Stage::start().await?;
    stage.apply("edge", |_| {}).await?;
    let _operator = stage.operator("a")?;
    let first = bound(&stage, "edge", None).await?;
    assert_eq!((&*first.role_ref.kind, &*first.role_ref.name), ("ClusterRole", ROLE));
    let subject = first.subjects.clone().context("nobody is bound")?.swap_remove(0);
    assert_eq!((&*subject.name, subject.namespace.as_deref()), ("edge", Some(&*stage.namespace)));
    stage.daemon_set("edge", "with a companion", has_companion).await?;

    stage.in_none::<ClusterRoleBinding>().delete(&first.name_any(), &Default::default()).await?;
    bound(&stage, "edge", first.uid()).await?;

    stage.apply("edge", switched_off).await?;
    unbound(&stage, "edge").await?;
    stage.daemon_set("edge", "without a companion", |set| !has_companion(set)).await?;
    stage.end().await
}

/// A binding cannot be given another role: it is made anew.
#[tokio::test]
async fn another_role_is_taken_back() -> Result<()> {
    let stage = Stage::start().await?;
    let Some(fake) = &stage.fake else { return stage.end().await };
    stage.apply("edge", |_| {}).await?;
    let _operator = stage.operator("a")?;
    let first = bound(&stage, "edge", None).await?;
    fake.update("clusterrolebindings", "", &first.name_any(), |object| {
        object["roleRef"]["name"] = "cluster-admin".into()
    })?;
    let second = bound(&stage, "edge", first.uid()).await?;
    assert_eq!(second.role_ref.name, ROLE);
    stage.end().await
}

#[tokio::test]
async fn what_may_be_read_follows_the_peers() -> Result<()> {
    let stage = Stage::start().await?;
    stage.apply("edge", |_| {}).await?;
    peer(&stage, "open", None).await?;
    let operator = stage.operator("a")?;
    stage.condition("edge", "Degraded", "False", "AsExpected").await?;
    if stage.fake.is_some() {
        assert_eq!(secrets(&stage).await?, None, "no peer has a password");
    }
    peer(&stage, "one", Some("spine")).await?;
    may_read(&stage, &["spine"], &["rack"]).await?;
    peer(&stage, "other", Some("rack")).await?;
    may_read(&stage, &["spine", "rack"], &[]).await?;
    let bound = stage.api::<RoleBinding>().get("edge-companion").await?;
    assert_eq!((&*bound.role_ref.kind, &*bound.role_ref.name), ("Role", "edge-companion"));
    stage.withdraw::<NovaRoutePeer>("one").await?;
    may_read(&stage, &["rack"], &["spine"]).await?;

    // One that changes while no operator is there.
    drop(operator);
    stage.withdraw::<NovaRoutePeer>("other").await?;
    if let Some(fake) = &stage.fake {
        fake.delete("leases", &stage.namespace, novaroute_operator::controller::LEASE)?;
    }
    let _next = stage.operator("b")?;
    may_read(&stage, &[], &["rack", "spine"]).await?;
    if stage.fake.is_some() {
        wait_for("the Role to be gone with the last Secret", TIMEOUT, async || {
            let bindings = stage.api::<RoleBinding>();
            Ok((secrets(&stage).await?.is_none() && bindings.get_opt("edge-companion").await?.is_none()).then_some(()))
        })
        .await?;
    }
    stage.end().await
}

#[tokio::test]
async fn nothing_in_no_namespace_is_left_of_a_cluster() -> Result<()> {
    let stage = Stage::start().await?;
    for name in ["edge", "other"] {
        stage.apply(name, |_| {}).await?;
    }
    let _operator = stage.operator("a")?;
    for name in ["edge", "other"] {
        bound(&stage, name, None).await?;
    }
    stage.api::<NovaRouteCluster>().delete("edge", &Default::default()).await?;
    unbound(&stage, "edge").await?;
    ensure!(binding(&stage, "other").await?.is_some(), "that of another cluster has gone");
    stage.end().await
}

#[tokio::test]
async fn a_binding_of_somebody_else_is_not_touched() -> Result<()> {
    let stage = Stage::start().await?;
    let name = format!("novaroute:{}:edge", stage.namespace);
    let role = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"});
    let theirs: ClusterRoleBinding = serde_json::from_value(json!({"metadata": {"name": name}, "roleRef": role}))?;
    let bindings = stage.in_none::<ClusterRoleBinding>();
    let theirs = bindings.create(&PostParams::default(), &theirs).await?;
    stage.apply("edge", |_| {}).await?;
    let _operator = stage.operator("a")?;
    let message = stage.condition("edge", "Degraded", "True", "NameTaken").await?;
    ensure!(message.contains(&format!("ClusterRoleBinding {name}")), "{message}");
    ensure!(stage.api::<DaemonSet>().get_opt("edge").await?.is_none(), "companions without rights");

    // Nor where there is none to be kept.
    stage.apply("edge", switched_off).await?;
    stage.condition("edge", "Degraded", "False", "AsExpected").await?;
    assert_eq!(bindings.get(&name).await?, theirs);
    bindings.delete(&name, &Default::default()).await?;
    stage.end().await
}

/// Resources from before there were companions go on as they are.
#[tokio::test]
async fn who_has_an_owner_of_the_name_has_no_companion() -> Result<()> {
    let stage = Stage::start().await?;
    let owners = json!([{"name": "kubernetes", "token": "not-a-secret"}]);
    let named = |resource: &mut Value| resource["spec"]["agent"]["owners"] = owners.clone();
    stage.apply("edge", named).await?;
    let _operator = stage.operator("a")?;
    stage.condition("edge", "Degraded", "False", "AsExpected").await?;
    stage.daemon_set("edge", "without a companion", |set| !has_companion(set)).await?;
    ensure!(binding(&stage, "edge").await?.is_none(), "there is nobody to be bound");
    // A real API server refuses it at the door.
    let Some(_) = &stage.fake else { return stage.end().await };
    stage
        .apply("edge", |resource| {
            named(resource);
            resource["spec"]["companion"] = json!({"metricsPort": 9104});
        })
        .await?;
    let message = stage.condition("edge", "Degraded", "True", "InvalidResource").await?;
    ensure!(message.starts_with("spec.agent.owners: the owner kubernetes is the companion"), "{message}");
    stage.end().await
}
