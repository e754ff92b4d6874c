//! Discovery, and kinds that are learned.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Api, ApiResource, DeleteParams, DynamicObject, Patch, PatchParams, PostParams};
use kube::discovery::{Discovery, Scope, verbs};
use kube::runtime::conditions::is_crd_established;
use kube::runtime::wait::await_condition;
use kube::{Client, ResourceExt as _};
use serde_json::{Value, json};

use crate::support::{refusal, start, within};

const NAME: &str = "gadgets.example.org";

fn definition() -> CustomResourceDefinition {
    let address = json!({"type": "string"});
    let port = json!({"type": "integer", "default": 179});
    let peer = json!({"type": "object", "properties": {"address": address, "port": port}});
    let keys = ["address"];
    let peers = json!({
        "type": "array", "items": peer, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": keys,
    });
    let level = json!({"type": "string", "default": "info"});
    let spec = json!({"type": "object", "properties": {"peers": peers, "level": level}});
    let status = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let schema = json!({"type": "object", "properties": {"spec": spec, "status": status}});
    let version = json!({
        "name": "v1", "served": true, "storage": true, "subresources": {"status": {}},
        "schema": {"openAPIV3Schema": schema},
    });
    let names = json!({"kind": "Gadget", "plural": "gadgets"});
    serde_json::from_value(json!({
        "metadata": {"name": NAME},
        "spec": {"group": "example.org", "scope": "Cluster", "names": names, "versions": [version]},
    }))
    .unwrap()
}

async fn learn(client: &Client) -> (Api<CustomResourceDefinition>, Api<DynamicObject>) {
    let definitions: Api<CustomResourceDefinition> = Api::all(client.clone());
    definitions.create(&PostParams::default(), &definition()).await.unwrap();
    within("the kind", await_condition(definitions.clone(), NAME, is_crd_established())).await.unwrap();
    let kind = ApiResource {
        group: "example.org".into(),
        version: "v1".into(),
        api_version: "example.org/v1".into(),
        kind: "Gadget".into(),
        plural: "gadgets".into(),
    };
    (definitions, Api::all_with(client.clone(), &kind))
}

fn gadget(spec: Value) -> Patch<Value> {
    Patch::Apply(json!({"apiVersion": "example.org/v1", "kind": "Gadget", "metadata": {"name": "g"}, "spec": spec}))
}

#[tokio::test]
async fn a_kind_is_served_as_its_definition_says() {
    let (_fake, client) = start().await;
    let (_, api) = learn(&client).await;
    let one = gadget(json!({"peers": [{"address": "a", "typo": 1}]}));
    let created = api.patch("g", &PatchParams::apply("one"), &one).await.unwrap();
    assert_eq!(created.data["spec"], json!({"level": "info", "peers": [{"address": "a", "port": 179}]}));
    assert_eq!(created.namespace(), None);
    let again = api.patch("g", &PatchParams::apply("one"), &one).await.unwrap();
    assert_eq!(again.resource_version(), created.resource_version());
    let two = gadget(json!({"peers": [{"address": "b", "port": 1790}]}));
    let both = api.patch("g", &PatchParams::apply("two"), &two).await.unwrap();
    let peers = json!([{"address": "a", "port": 179}, {"address": "b", "port": 1790}]);
    assert_eq!(both.data["spec"]["peers"], peers);
    let strategic = api.patch("g", &PatchParams::default(), &Patch::Strategic(json!({}))).await;
    assert_eq!(refusal(strategic), (415, "UnsupportedMediaType".into()));
}

#[tokio::test]
async fn the_objects_of_a_kind_go_with_its_definition() {
    let (fake, client) = start().await;
    let (definitions, api) = learn(&client).await;
    api.patch("g", &PatchParams::apply("one"), &gadget(json!({}))).await.unwrap();
    assert_eq!(fake.list("gadgets").len(), 1);
    definitions.delete(NAME, &DeleteParams::default()).await.unwrap();
    assert_eq!(refusal(api.get("g").await).0, 404);
    assert_eq!(fake.list("gadgets").len(), 0);
    definitions.create(&PostParams::default(), &definition()).await.unwrap();
    assert_eq!(refusal(api.get("g").await), (404, "NotFound".into()));
}

#[tokio::test]
async fn a_definition_without_names_is_invalid() {
    let (_fake, client) = start().await;
    let mut nameless = definition();
    nameless.spec.names.plural = String::new();
    let definitions: Api<CustomResourceDefinition> = Api::all(client);
    assert_eq!(refusal(definitions.create(&PostParams::default(), &nameless).await), (422, "Invalid".into()));
}

#[tokio::test]
async fn discovery_tells_the_kinds() {
    let (_fake, client) = start().await;
    learn(&client).await;
    assert_eq!(client.apiserver_version().await.unwrap().minor, "33");
    let discovery = Discovery::new(client).run().await.unwrap();
    let known = |group: &str, kind: &str| {
        let kinds = discovery.get(group).unwrap().recommended_resources();
        kinds.into_iter().find(|(found, _)| found.kind == kind).unwrap()
    };
    let (gadgets, capabilities) = known("example.org", "Gadget");
    assert_eq!((gadgets.plural.as_str(), &capabilities.scope), ("gadgets", &Scope::Cluster));
    assert!(capabilities.supports_operation(verbs::WATCH));
    assert_eq!(capabilities.subresources.len(), 1);
    assert_eq!(known("example.com", "Widget").1.scope, Scope::Namespaced);
    assert_eq!(known("apps", "DaemonSet").0.api_version, "apps/v1");
    assert_eq!(known("", "Pod").0.plural, "pods");
}
