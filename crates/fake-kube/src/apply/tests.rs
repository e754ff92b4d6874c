use serde_json::{Value, json};

use super::managed::{self, Author};
use super::{Applied, apply};
use crate::error::ApiError;
use crate::resource::{self, Resource, ResourceKind};

fn builtin(kind: &str) -> Resource {
    resource::builtin().find(|resource| resource.is(kind)).unwrap()
}

fn author(manager: &str) -> Author {
    Author { manager: manager.to_owned(), applies: true, status: false }
}

/// Applies as `manager` and writes down the owners.
fn applied(resource: &Resource, live: &Value, config: &Value, manager: &str, force: bool) -> Result<Value, ApiError> {
    let Applied { mut object, entries } = apply(resource, live, config, &author(manager), force)?;
    managed::write(&mut object, &entries);
    Ok(object)
}

fn config_map(data: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": data})
}

fn fields_of(object: &Value, manager: &str) -> Value {
    let list = object["metadata"]["managedFields"].as_array().unwrap();
    list.iter().find(|entry| entry["manager"] == manager).map_or(Value::Null, |entry| entry["fieldsV1"].clone())
}

#[test]
fn what_a_manager_no_longer_says_goes_unless_another_says_it() {
    let resource = builtin("ConfigMap");
    let empty = json!({"metadata": {}});
    let first = applied(&resource, &empty, &config_map(json!({"own": "1", "both": "2"})), "one", false).unwrap();
    let second = applied(&resource, &first, &config_map(json!({"both": "2"})), "two", false).unwrap();
    assert_eq!(fields_of(&second, "two"), json!({"f:data": {"f:both": {}}}));
    let third = applied(&resource, &second, &config_map(json!({})), "one", false).unwrap();
    assert_eq!(third["data"], json!({"both": "2"}));
    let fourth = applied(&resource, &third, &json!({"metadata": {"name": "a"}}), "two", false).unwrap();
    assert_eq!(fields_of(&fourth, "two"), Value::Null);
}

#[test]
fn another_value_for_a_field_of_another_manager_is_a_conflict_that_force_wins() {
    let resource = builtin("ConfigMap");
    let live = applied(&resource, &json!({"metadata": {}}), &config_map(json!({"k": "1"})), "one", false).unwrap();
    let error = applied(&resource, &live, &config_map(json!({"k": "2"})), "two", false).unwrap_err();
    assert_eq!((error.code, error.reason), (409, "Conflict"));
    assert_eq!(error.message, "Apply failed with 1 conflict: conflict with \"one\" using v1: .data.k");
    let cause =
        json!({"reason": "FieldManagerConflict", "message": "conflict with \"one\" using v1", "field": ".data.k"});
    assert_eq!(error.details["causes"], json!([cause]));
    let forced = applied(&resource, &live, &config_map(json!({"k": "2"})), "two", true).unwrap();
    assert_eq!(forced["data"]["k"], "2");
    assert_eq!(fields_of(&forced, "one"), Value::Null);
}

#[test]
fn containers_ports_and_environment_are_merged_by_their_keys() {
    let resource = builtin("DaemonSet");
    let template = |containers: Value| json!({"spec": {"containers": containers}});
    let pod = |containers: Value| json!({"metadata": {"name": "d"}, "spec": {"template": template(containers)}});
    let first =
        json!({"name": "a", "image": "i", "env": [{"name": "X", "value": "1"}], "ports": [{"containerPort": 80}]});
    let one = pod(json!([first]));
    let two = pod(json!([{"name": "a", "env": [{"name": "Y", "value": "2"}]}, {"name": "b", "args": ["-v"]}]));
    let live = applied(&resource, &json!({"metadata": {}}), &one, "one", false).unwrap();
    let live = applied(&resource, &live, &two, "two", false).unwrap();
    let containers = &live["spec"]["template"]["spec"]["containers"];
    assert_eq!(containers[0]["env"], json!([{"name": "X", "value": "1"}, {"name": "Y", "value": "2"}]));
    assert_eq!(containers[1]["name"], "b");
    let fields = fields_of(&live, "one").to_string();
    assert!(fields.contains(r#"k:{\"containerPort\":80,\"protocol\":\"TCP\"}"#), "{fields}");
    let live = applied(&resource, &live, &pod(json!([])), "two", false).unwrap();
    assert_eq!(live["spec"]["template"]["spec"]["containers"], one["spec"]["template"]["spec"]["containers"]);
}

#[test]
fn a_definition_says_which_lists_are_maps() {
    let schema = json!({"properties": {"spec": {"properties": {
        "peers": {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["address"], "items": {}},
        "plain": {"items": {}},
    }}}});
    let kind = ResourceKind {
        group: "example.com".into(),
        version: "v1".into(),
        kind: "Widget".into(),
        plural: "widgets".into(),
        namespaced: true,
        status: false,
    };
    let resource = Resource { kind, builtin: false, schema: Some(schema) };
    let widget = |address: &str| json!({"spec": {"peers": [{"address": address}], "plain": [address]}, "metadata": {}});
    let live = applied(&resource, &json!({"metadata": {}}), &widget("a"), "one", false).unwrap();
    let live = applied(&resource, &live, &widget("b"), "two", true).unwrap();
    assert_eq!(live["spec"], json!({"peers": [{"address": "a"}, {"address": "b"}], "plain": ["b"]}));
}

#[test]
fn applying_the_same_again_changes_nothing() {
    let resource = builtin("ConfigMap");
    let config = config_map(json!({"k": "1"}));
    let live = applied(&resource, &json!({"metadata": {}}), &config, "one", false).unwrap();
    assert_eq!(applied(&resource, &live, &config, "one", false).unwrap(), live);
}
