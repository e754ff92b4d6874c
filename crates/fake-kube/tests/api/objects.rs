//! Objects come, change and go as on a real API server.

use std::collections::BTreeMap;

use crate::support::{config_map, refusal, start};
use k8s_openapi::api::apps::v1::DaemonSet;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Pod, Secret};
use kube::api::{Api, DeleteParams, ListParams, ObjectMeta, Patch, PatchParams, PostParams, Preconditions};
use kube::{Client, ResourceExt};
use novaroute_fake_kube::{FakeKube, FieldError};
use serde_json::json;

fn config_maps(client: &Client) -> Api<ConfigMap> {
    Api::namespaced(client.clone(), "default")
}

#[tokio::test]
async fn an_object_is_created_read_replaced_and_deleted() {
    let (fake, client) = start().await;
    let api = config_maps(&client);
    let created = api.create(&PostParams::default(), &config_map("a", "1")).await.unwrap();
    assert!(created.uid().is_some() && created.creation_timestamp().is_some());
    assert_eq!(refusal(api.create(&PostParams::default(), &config_map("a", "1")).await), (409, "AlreadyExists".into()));

    let mut wanted = created.clone();
    wanted.data = Some([("key".to_owned(), "2".to_owned())].into());
    let replaced = api.replace("a", &PostParams::default(), &wanted).await.unwrap();
    assert_ne!(replaced.resource_version(), created.resource_version());
    assert_eq!((replaced.uid(), replaced.creation_timestamp()), (created.uid(), created.creation_timestamp()));
    assert_eq!(refusal(api.replace("a", &PostParams::default(), &wanted).await), (409, "Conflict".into()));
    let same = api.replace("a", &PostParams::default(), &replaced).await.unwrap();
    assert_eq!(same.resource_version(), replaced.resource_version());

    assert!(api.delete("a", &DeleteParams::default()).await.unwrap().is_right());
    assert_eq!(refusal(api.get("a").await), (404, "NotFound".into()));
    assert_eq!(refusal(api.delete("a", &DeleteParams::default()).await), (404, "NotFound".into()));
    assert_eq!(fake.get("configmaps", "default", "a"), None);
}

#[tokio::test]
async fn a_name_is_made_where_none_is_given() {
    let (_fake, client) = start().await;
    let mut object = config_map("", "1");
    object.metadata = ObjectMeta { generate_name: Some("job-".into()), ..ObjectMeta::default() };
    let api = config_maps(&client);
    let one = api.create(&PostParams::default(), &object).await.unwrap().name_any();
    let two = api.create(&PostParams::default(), &object).await.unwrap().name_any();
    assert_ne!(one, two);
    assert!(one.starts_with("job-") && one.len() == "job-".len() + 5, "{one}");
    assert_eq!(refusal(api.create(&PostParams::default(), &config_map("Not_a_name", "1")).await).0, 422);
}

#[tokio::test]
async fn lists_are_chosen_by_labels_fields_and_namespaces() {
    let (fake, client) = start().await;
    for (namespace, name, app) in [("default", "a", "x"), ("default", "b", "y"), ("kube-system", "c", "x")] {
        let metadata = json!({"namespace": namespace, "name": name, "labels": {"app": app}});
        fake.put("pods", json!({"metadata": metadata, "spec": {"nodeName": format!("node-{name}"), "containers": []}}))
            .unwrap();
    }
    let names = async |api: Api<Pod>, params: ListParams| {
        let list = api.list(&params).await.unwrap();
        list.items.iter().map(ResourceExt::name_any).collect::<Vec<String>>()
    };
    let (all, default) = (Api::all(client.clone()), Api::default_namespaced(client.clone()));
    assert_eq!(names(all.clone(), ListParams::default()).await, ["a", "b", "c"]);
    assert_eq!(names(default.clone(), ListParams::default()).await, ["a", "b"]);
    assert_eq!(names(all.clone(), ListParams::default().labels("app in (x)")).await, ["a", "c"]);
    assert_eq!(names(all.clone(), ListParams::default().fields("spec.nodeName=node-b")).await, ["b"]);
    assert_eq!(refusal(all.list(&ListParams::default().fields("spec.other=1")).await), (400, "BadRequest".into()));
}

#[tokio::test]
async fn a_list_comes_in_pages_until_its_version_is_forgotten() {
    let (fake, client) = start().await;
    let api = config_maps(&client);
    for name in ["a", "b", "c"] {
        api.create(&PostParams::default(), &config_map(name, "1")).await.unwrap();
    }
    let first = api.list(&ListParams::default().limit(2)).await.unwrap();
    assert_eq!((first.items.len(), first.metadata.remaining_item_count), (2, Some(1)));
    let token = first.metadata.continue_.unwrap();
    let next = ListParams::default().limit(2).continue_token(&token);
    let second = api.list(&next).await.unwrap();
    assert_eq!((second.items[0].name_any(), second.metadata.continue_), ("c".to_owned(), None));
    api.create(&PostParams::default(), &config_map("d", "1")).await.unwrap();
    fake.compact();
    assert_eq!(refusal(api.list(&next).await), (410, "Expired".into()));
}

#[tokio::test]
async fn what_is_written_through_status_is_only_the_status_and_the_other_way_round() {
    let (_fake, client) = start().await;
    let api: Api<DaemonSet> = Api::default_namespaced(client);
    let template = json!({"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}});
    let object: DaemonSet = serde_json::from_value(json!({
        "metadata": {"name": "d"}, "spec": {"selector": {"matchLabels": {"app": "a"}}, "template": template},
        "status": {"numberReady": 9, "currentNumberScheduled": 9, "desiredNumberScheduled": 9, "numberMisscheduled": 9},
    }))
    .unwrap();
    let created = api.create(&PostParams::default(), &object).await.unwrap();
    assert_eq!((created.status.unwrap().number_ready, created.metadata.generation), (0, Some(1)));

    let both = json!({"spec": {"minReadySeconds": 5}, "status": {"numberReady": 2}});
    let ready = api.patch_status("d", &PatchParams::default(), &Patch::Merge(&both)).await.unwrap();
    assert_eq!(ready.metadata.generation, Some(1));
    assert_eq!((ready.status.unwrap().number_ready, ready.spec.unwrap().min_ready_seconds), (2, None));
    let both = json!({"spec": {"minReadySeconds": 5}, "status": {"numberReady": 3}});
    let changed = api.patch("d", &PatchParams::default(), &Patch::Merge(&both)).await.unwrap();
    assert_eq!(changed.metadata.generation, Some(2));
    assert_eq!((changed.status.unwrap().number_ready, changed.spec.unwrap().min_ready_seconds), (2, Some(5)));
    let labels = json!({"metadata": {"labels": {"a": "b"}}});
    let labelled = api.patch("d", &PatchParams::default(), &Patch::Merge(&labels)).await.unwrap();
    assert_eq!(labelled.metadata.generation, Some(2));
    let image = json!({"spec": {"template": {"spec": {"containers": [{"name": "c", "args": ["-v"]}]}}}});
    let patched = api.patch("d", &PatchParams::default(), &Patch::Strategic(&image)).await.unwrap();
    let container = patched.spec.unwrap().template.spec.unwrap().containers.remove(0);
    assert_eq!((container.image.as_deref(), container.args), (Some("i"), Some(vec!["-v".to_owned()])));
}

#[tokio::test]
async fn only_one_of_two_takes_a_lease() {
    let (_fake, client) = start().await;
    let api: Api<Lease> = Api::default_namespaced(client);
    let lease: Lease = serde_json::from_value(json!({"metadata": {"name": "l"}, "spec": {}})).unwrap();
    let free = api.create(&PostParams::default(), &lease).await.unwrap();
    let taken = |holder: &str| {
        let mut lease = free.clone();
        lease.spec.get_or_insert_default().holder_identity = Some(holder.to_owned());
        lease
    };
    api.replace("l", &PostParams::default(), &taken("one")).await.unwrap();
    assert_eq!(refusal(api.replace("l", &PostParams::default(), &taken("two")).await), (409, "Conflict".into()));
    assert_eq!(api.get("l").await.unwrap().spec.unwrap().holder_identity.as_deref(), Some("one"));
    let mut blind = taken("three");
    blind.metadata.resource_version = None;
    assert_eq!(refusal(api.replace("l", &PostParams::default(), &blind).await), (422, "Invalid".into()));
}

#[tokio::test]
async fn an_object_with_finalizers_waits_for_them() {
    let (_fake, client) = start().await;
    let api = config_maps(&client);
    let mut object = config_map("a", "1");
    object.metadata.finalizers = Some(vec!["example.com/clean".into()]);
    let created = api.create(&PostParams::default(), &object).await.unwrap();
    let other = Preconditions { uid: Some("another".into()), ..Preconditions::default() };
    let refused = api.delete("a", &DeleteParams::default().preconditions(other)).await;
    assert_eq!(refusal(refused), (409, "Conflict".into()));

    let waiting = api.delete("a", &DeleteParams::default()).await.unwrap().left().unwrap();
    assert!(waiting.metadata.deletion_timestamp.is_some());
    assert_eq!(waiting.uid(), created.uid());
    let more = json!({"metadata": {"finalizers": ["example.com/clean", "example.com/late"]}});
    assert_eq!(refusal(api.patch("a", &PatchParams::default(), &Patch::Merge(&more)).await).0, 422);
    let none = json!({"metadata": {"finalizers": null}});
    api.patch("a", &PatchParams::default(), &Patch::Merge(&none)).await.unwrap();
    assert_eq!(api.get_opt("a").await.unwrap(), None);
}

#[tokio::test]
async fn string_data_of_a_secret_becomes_data() {
    let (_fake, client) = start().await;
    let api: Api<Secret> = Api::default_namespaced(client);
    let secret = Secret {
        metadata: ObjectMeta { name: Some("s".into()), ..ObjectMeta::default() },
        string_data: Some(BTreeMap::from([("token".to_owned(), "abc".to_owned())])),
        ..Secret::default()
    };
    let created = api.create(&PostParams::default(), &secret).await.unwrap();
    assert_eq!(created.string_data, None);
    assert_eq!(created.data.unwrap()["token"].0, b"abc");
    assert_eq!(created.type_.as_deref(), Some("Opaque"));
}

#[tokio::test]
async fn nothing_is_created_in_a_namespace_that_is_missing() {
    let (_fake, client) = start().await;
    let api: Api<ConfigMap> = Api::namespaced(client.clone(), "apart");
    assert_eq!(refusal(api.create(&PostParams::default(), &config_map("a", "1")).await), (404, "NotFound".into()));
    let namespace: Namespace = serde_json::from_value(json!({"metadata": {"name": "apart"}})).unwrap();
    let created = Api::<Namespace>::all(client).create(&PostParams::default(), &namespace).await.unwrap();
    assert_eq!(created.labels()["kubernetes.io/metadata.name"], "apart");
    api.create(&PostParams::default(), &config_map("a", "1")).await.unwrap();
}

#[tokio::test]
async fn a_dry_run_answers_and_stores_nothing() {
    let (fake, client) = start().await;
    let api = config_maps(&client);
    let dry = PostParams { dry_run: true, ..PostParams::default() };
    assert_eq!(api.create(&dry, &config_map("a", "1")).await.unwrap().name_any(), "a");
    assert_eq!(fake.list("configmaps"), Vec::<serde_json::Value>::new());
    assert!(!fake.writes()[0].changed);
}

#[tokio::test]
async fn a_collection_is_deleted_by_its_labels() {
    let (fake, client) = start().await;
    let api = config_maps(&client);
    for name in ["a", "b"] {
        let mut object = config_map(name, "1");
        object.metadata.labels = Some([("name".to_owned(), name.to_owned())].into());
        api.create(&PostParams::default(), &object).await.unwrap();
    }
    api.delete_collection(&DeleteParams::default(), &ListParams::default().labels("name=a")).await.unwrap();
    let left: Vec<_> = fake.list("configmaps").iter().map(|object| object["metadata"]["name"].clone()).collect();
    assert_eq!(left, [json!("b")]);
    assert_eq!(fake.requests("deletecollection", "configmaps"), 1);
}

#[tokio::test]
async fn what_a_validator_refuses_is_invalid_with_its_causes() {
    let (fake, client) = start().await;
    let check = |new: &serde_json::Value, old: Option<&serde_json::Value>| {
        let error = |reason: &str| Err(vec![FieldError { field: "data.key".into(), reason: reason.into() }]);
        match old {
            None if new["data"]["key"] == "bad" => error("is bad"),
            Some(old) if old["data"] != new["data"] => error("cannot change"),
            _ => Ok(()),
        }
    };
    fake.validate("configmaps", check).unwrap();
    assert_eq!(fake.validate("nonsense", |_, _| Ok(())).unwrap_err().code, 404);
    let api = config_maps(&client);
    let error = api.create(&PostParams::default(), &config_map("a", "bad")).await.unwrap_err();
    let kube::Error::Api(status) = error else { panic!("{error}") };
    assert_eq!((status.code, status.message.as_str()), (422, "ConfigMap \"a\" is invalid: data.key: is bad"));
    let cause = &status.details.unwrap().causes[0];
    assert_eq!((cause.field.as_str(), cause.reason.as_str()), ("data.key", "FieldValueInvalid"));
    let good = api.create(&PostParams::default(), &config_map("a", "good")).await.unwrap();
    let changed = ConfigMap { data: config_map("a", "other").data, ..good };
    assert_eq!(refusal(api.replace("a", &PostParams::default(), &changed).await), (422, "Invalid".into()));
}

#[tokio::test]
async fn two_servers_share_nothing() {
    let (one, client) = start().await;
    let two = FakeKube::start(Vec::new()).await.unwrap();
    assert_ne!(one.url(), two.url());
    config_maps(&client).create(&PostParams::default(), &config_map("a", "1")).await.unwrap();
    assert_eq!((one.list("configmaps").len(), two.list("configmaps").len()), (1, 0));
}
