//! Server-side apply through a real client.

use crate::support::{refusal, start};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams};
use kube::core::Status;
use kube::{Client, ResourceExt};
use serde_json::{Value, json};

fn config(data: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": data})
}

async fn apply(client: &Client, params: &PatchParams, data: Value) -> kube::Result<ConfigMap> {
    let api: Api<ConfigMap> = Api::default_namespaced(client.clone());
    api.patch("a", params, &Patch::Apply(config(data))).await
}

fn widgets(client: &Client) -> Api<DynamicObject> {
    let kind = ApiResource::from_gvk(&GroupVersionKind::gvk("example.com", "v1", "Widget"));
    Api::default_namespaced_with(client.clone(), &kind)
}

fn data(object: &ConfigMap) -> Value {
    json!(object.data)
}

#[tokio::test]
async fn an_apply_creates_and_the_same_again_writes_nothing() {
    let (fake, client) = start().await;
    let one = PatchParams::apply("one");
    let created = apply(&client, &one, json!({"k": "1"})).await.unwrap();
    let again = apply(&client, &one, json!({"k": "1"})).await.unwrap();
    assert_eq!(created, again);
    let writes: Vec<_> =
        fake.writes().into_iter().map(|write| (write.verb, write.manager, write.code, write.changed)).collect();
    assert_eq!(writes, [("apply", "one".to_owned(), 201, true), ("apply", "one".to_owned(), 200, false)]);
    let entry = &created.managed_fields()[0];
    assert_eq!((entry.manager.as_deref(), entry.operation.as_deref()), (Some("one"), Some("Apply")));
    assert_eq!(json!(entry.fields_v1), json!({"f:data": {"f:k": {}}}));
}

#[tokio::test]
async fn a_conflict_names_the_owner_and_the_field_and_force_takes_it() {
    let (_fake, client) = start().await;
    apply(&client, &PatchParams::apply("one"), json!({"k": "1", "own": "1"})).await.unwrap();
    let error = apply(&client, &PatchParams::apply("two"), json!({"k": "2"})).await.unwrap_err();
    let kube::Error::Api(status) = error else { panic!("{error}") };
    let Status { code, reason, details, .. } = *status;
    assert_eq!((code, reason.as_str()), (409, "Conflict"));
    let cause = &details.unwrap().causes[0];
    let words = (cause.reason.as_str(), cause.message.as_str(), cause.field.as_str());
    assert_eq!(words, ("FieldManagerConflict", "conflict with \"one\" using v1", ".data.k"));

    let forced = apply(&client, &PatchParams::apply("two").force(), json!({"k": "2"})).await.unwrap();
    assert_eq!(data(&forced), json!({"k": "2", "own": "1"}));
    let back = apply(&client, &PatchParams::apply("one"), json!({"own": "1"})).await.unwrap();
    assert_eq!(data(&back), json!({"k": "2", "own": "1"}));
}

#[tokio::test]
async fn a_field_goes_with_the_last_manager_that_says_it() {
    let (_fake, client) = start().await;
    let (one, two) = (PatchParams::apply("one"), PatchParams::apply("two"));
    apply(&client, &one, json!({"both": "1", "own": "1"})).await.unwrap();
    apply(&client, &two, json!({"both": "1"})).await.unwrap();
    let less = apply(&client, &one, json!({})).await.unwrap();
    assert_eq!(data(&less), json!({"both": "1"}));
    let none = apply(&client, &two, json!({})).await.unwrap();
    assert!(none.data.unwrap_or_default().is_empty());
}

#[tokio::test]
async fn a_merge_patch_owns_what_it_changes() {
    let (_fake, client) = start().await;
    let api: Api<ConfigMap> = Api::default_namespaced(client.clone());
    apply(&client, &PatchParams::apply("one"), json!({"k": "1"})).await.unwrap();
    let by_hand = PatchParams { field_manager: Some("hand".into()), ..PatchParams::default() };
    api.patch("a", &by_hand, &Patch::Merge(json!({"data": {"k": "2"}}))).await.unwrap();
    let refused = apply(&client, &PatchParams::apply("one"), json!({"k": "1"})).await;
    assert_eq!(refusal(refused), (409, "Conflict".into()));
}

#[tokio::test]
async fn status_is_applied_apart() {
    let (_fake, client) = start().await;
    let api = widgets(&client);
    let widget = |rest: Value| {
        let mut object = json!({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}});
        object.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        Patch::Apply(object)
    };
    let params = PatchParams::apply("operator");
    let condition = |kind: &str| json!({"type": kind, "status": "True"});
    let early = api.patch_status("w", &params, &widget(json!({"status": {}}))).await;
    assert_eq!(refusal(early), (404, "NotFound".into()));
    let created = api.patch("w", &params, &widget(json!({"spec": {"size": 1}, "status": {"x": 1}}))).await.unwrap();
    assert_eq!(created.data["status"], Value::Null);
    let status = json!({"spec": {"size": 2}, "status": {"conditions": [condition("Ready")]}});
    let ready = api.patch_status("w", &params, &widget(status)).await.unwrap();
    assert_eq!(
        (&ready.data["spec"], &ready.data["status"]["conditions"]),
        (&json!({"size": 1}), &json!([condition("Ready")]))
    );
    assert_eq!(ready.metadata.generation, Some(1));
    let other = PatchParams::apply("agent");
    let second =
        api.patch_status("w", &other, &widget(json!({"status": {"conditions": [condition("Seen")]}}))).await.unwrap();
    assert_eq!(second.data["status"]["conditions"], json!([condition("Ready"), condition("Seen")]));
    let kept = api.patch("w", &params, &widget(json!({"spec": {"size": 3}}))).await.unwrap();
    assert_eq!((kept.metadata.generation, kept.data["status"]["conditions"].as_array().unwrap().len()), (Some(2), 2));
    let gone = api.patch_status("w", &params, &widget(json!({"status": {}}))).await.unwrap();
    assert_eq!(gone.data["status"]["conditions"], json!([condition("Seen")]));
}

#[tokio::test]
async fn an_apply_that_means_another_version_is_refused() {
    let (_fake, client) = start().await;
    apply(&client, &PatchParams::apply("one"), json!({"k": "1"})).await.unwrap();
    let api: Api<ConfigMap> = Api::default_namespaced(client.clone());
    let mut stale = config(json!({"k": "2"}));
    stale["metadata"]["resourceVersion"] = json!("1");
    let refused = api.patch("a", &PatchParams::apply("one"), &Patch::Apply(stale)).await;
    assert_eq!(refusal(refused), (409, "Conflict".into()));
}
