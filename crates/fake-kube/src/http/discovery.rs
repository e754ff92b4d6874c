//! What tells a client which kinds there are.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::resource::Resource;
use crate::store::Store;

const VERBS: &[&str] = &["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

pub(super) fn version() -> Value {
    json!({
        "major": "1", "minor": "33", "gitVersion": "v1.33.0+fake", "gitCommit": "0", "gitTreeState": "clean",
        "buildDate": "2025-01-01T00:00:00Z", "goVersion": "none", "compiler": "none", "platform": "linux/amd64",
    })
}

pub(super) fn core() -> Value {
    json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []})
}

pub(super) fn groups(store: &Store) -> Value {
    let names: BTreeSet<&str> = store.resources().iter().map(|resource| resource.kind.group.as_str()).collect();
    let groups: Vec<Value> = names.into_iter().filter_map(|name| group(store, name)).collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

pub(super) fn group(store: &Store, name: &str) -> Option<Value> {
    let of_group = store.resources().iter().filter(|resource| resource.kind.group == name && !name.is_empty());
    let versions: BTreeSet<&str> = of_group.map(|resource| resource.kind.version.as_str()).collect();
    let versions: Vec<Value> = versions
        .into_iter()
        .map(|version| json!({"groupVersion": format!("{name}/{version}"), "version": version}))
        .collect();
    let preferred = versions.first()?.clone();
    Some(json!({
        "kind": "APIGroup", "apiVersion": "v1", "name": name, "versions": versions, "preferredVersion": preferred,
    }))
}

pub(super) fn resources(store: &Store, group: &str, version: &str) -> Option<Value> {
    let is_of = |resource: &&Arc<Resource>| resource.kind.group == group && resource.kind.version == version;
    let found: Vec<_> = store.resources().iter().filter(is_of).collect();
    let api_version = found.first()?.kind.api_version();
    let rows: Vec<Value> = found.into_iter().flat_map(|resource| rows(resource)).collect();
    Some(json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": api_version, "resources": rows}))
}

fn rows(resource: &Resource) -> Vec<Value> {
    let kind = &resource.kind;
    let row = |name: String, singular: String, verbs: &[&str]| {
        let mut row = json!({"name": name, "singularName": singular, "verbs": verbs});
        row["kind"] = json!(kind.kind);
        row["namespaced"] = json!(kind.namespaced);
        row
    };
    let mut rows = vec![row(kind.plural.clone(), kind.kind.to_lowercase(), VERBS)];
    if kind.status {
        rows.push(row(format!("{}/status", kind.plural), String::new(), &["get", "patch", "update"]));
    }
    rows
}
