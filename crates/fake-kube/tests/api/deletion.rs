//! Deletion and its consequences.

use k8s_openapi::api::core::v1::{ConfigMap, Namespace};
use kube::api::{Api, DeleteParams, ObjectMeta, Patch, PatchParams, PostParams};
use kube::runtime::conditions::is_deleted;
use kube::runtime::wait::await_condition;
use kube::{Client, Resource as _, ResourceExt as _};
use novaroute_fake_kube::FakeKube;
use serde_json::{Value, json};

use crate::support::{config_map, start, within};

fn config_maps(client: &Client) -> Api<ConfigMap> {
    Api::default_namespaced(client.clone())
}

/// Creates `name`, owned by `owners`, with finalizers.
async fn create(api: &Api<ConfigMap>, name: &str, owners: &[&ConfigMap], finalizers: &[&str]) -> ConfigMap {
    let references = owners.iter().map(|owner| {
        let mut reference = owner.controller_owner_ref(&()).unwrap();
        // There is one controller at most.
        reference.controller = None;
        reference.block_owner_deletion = Some(true);
        reference
    });
    let mut object = config_map(name, "1");
    object.metadata = ObjectMeta {
        owner_references: Some(references.collect()),
        finalizers: Some(finalizers.iter().map(|&name| name.to_owned()).collect()),
        ..object.metadata
    };
    api.create(&PostParams::default(), &object).await.unwrap()
}

async fn gone(api: &Api<ConfigMap>, object: &ConfigMap) {
    let uid = object.uid().unwrap();
    within("the end of an object", await_condition(api.clone(), &object.name_any(), is_deleted(&uid))).await.unwrap();
}

fn names(fake: &FakeKube) -> Vec<String> {
    let name = |object: &Value| object["metadata"]["name"].as_str().unwrap().to_owned();
    fake.list("configmaps").iter().map(name).collect()
}

async fn finish(api: &Api<ConfigMap>, name: &str) {
    let none = json!({"metadata": {"finalizers": null}});
    api.patch(name, &PatchParams::default(), &Patch::Merge(none)).await.unwrap();
}

#[tokio::test]
async fn dependents_go_with_their_last_owner() {
    let (fake, client) = start().await;
    let api = config_maps(&client);
    let (one, two) = (create(&api, "one", &[], &[]).await, create(&api, "two", &[], &[]).await);
    let child = create(&api, "child", &[&one], &[]).await;
    let grandchild = create(&api, "grandchild", &[&child], &[]).await;
    create(&api, "shared", &[&one, &two], &[]).await;
    api.delete("one", &DeleteParams::background()).await.unwrap();
    gone(&api, &child).await;
    gone(&api, &grandchild).await;
    let left = |object: Option<&ConfigMap>| object.is_some_and(|object| object.owner_references().len() == 1);
    within("the other owner", await_condition(api.clone(), "shared", left)).await.unwrap();
    assert_eq!(names(&fake), ["shared", "two"]);
}

#[tokio::test]
async fn a_dependent_of_an_owner_that_never_was_goes_too() {
    let (_fake, client) = start().await;
    let api = config_maps(&client);
    let mut owner = create(&api, "owner", &[], &[]).await;
    owner.metadata.uid = Some("00000000-0000-4000-8000-00000000dead".into());
    let orphan = create(&api, "orphan", &[&owner], &[]).await;
    gone(&api, &orphan).await;
}

#[tokio::test]
async fn an_owner_that_is_deleted_in_the_foreground_goes_after_its_dependents() {
    let (fake, client) = start().await;
    let api = config_maps(&client);
    let owner = create(&api, "owner", &[], &[]).await;
    create(&api, "child", &[&owner], &["example.com/hold"]).await;
    let waiting = api.delete("owner", &DeleteParams::foreground()).await.unwrap().left().unwrap();
    assert_eq!(waiting.finalizers(), ["foregroundDeletion"]);
    let is_deleting =
        |object: Option<&ConfigMap>| object.is_some_and(|object| object.meta().deletion_timestamp.is_some());
    within("the child's end", await_condition(api.clone(), "child", is_deleting)).await.unwrap();
    assert_eq!(names(&fake), ["child", "owner"]);
    finish(&api, "child").await;
    gone(&api, &owner).await;
    assert_eq!(names(&fake), Vec::<String>::new());
}

#[tokio::test]
async fn orphans_stay() {
    let (fake, client) = start().await;
    let api = config_maps(&client);
    let owner = create(&api, "owner", &[], &[]).await;
    create(&api, "child", &[&owner], &[]).await;
    api.delete("owner", &DeleteParams::orphan()).await.unwrap();
    gone(&api, &owner).await;
    assert_eq!(names(&fake), ["child"]);
    assert_eq!(api.get("child").await.unwrap().owner_references(), []);
}

#[tokio::test]
async fn a_namespace_goes_with_its_content_and_waits_for_finalizers() {
    let (fake, client) = start().await;
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let namespace: Namespace = serde_json::from_value(json!({"metadata": {"name": "apart"}})).unwrap();
    let namespace = namespaces.create(&PostParams::default(), &namespace).await.unwrap();
    let api: Api<ConfigMap> = Api::namespaced(client.clone(), "apart");
    let plain = create(&api, "plain", &[], &[]).await;
    create(&api, "held", &[], &["example.com/hold"]).await;
    namespaces.delete("apart", &DeleteParams::default()).await.unwrap();
    gone(&api, &plain).await;
    assert_eq!(fake.get("namespaces", "", "apart").unwrap()["status"]["phase"], "Terminating");
    let refused = api.create(&PostParams::default(), &config_map("late", "1")).await;
    assert_eq!(crate::support::refusal(refused), (403, "Forbidden".into()));
    finish(&api, "held").await;
    let uid = namespace.uid().unwrap();
    within("the namespace's end", await_condition(namespaces, "apart", is_deleted(&uid))).await.unwrap();
}
