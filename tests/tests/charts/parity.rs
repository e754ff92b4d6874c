//! The chart of the agents makes the objects that the operator makes of a resource that says the same.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use novaroute_e2e::binary::binary;
use novaroute_e2e::python::run;
use serde_json::Value;
use tokio::process::Command;

use crate::shared::{AGENT, at, chart, documents, object, rendered, text};

/// A resource, the values that say the same, and the Secrets of peers.
const PAIRS: [(&str, &str, &[&str]); 3] = [
    ("crates/operator/tests/resources/cluster.yaml", "cluster", &["spine", "rack"]),
    ("crates/operator/tests/resources/earlier.yaml", "earlier", &[]),
    ("tests/charts/novaroute/elsewhere.resource.yaml", "elsewhere", &[]),
];

#[tokio::test]
async fn the_chart_and_the_operator_make_the_same_objects() -> Result<()> {
    let mut kinds = Vec::new();
    for (resource, values, secrets) in PAIRS {
        let operators = made_by_the_operator(&at(resource), secrets).await?;
        let values = at("tests/charts/novaroute").join(format!("{values}.values.yaml"));
        let mut charts = documents(&rendered(&chart(AGENT), &values, &[]).await?)?;
        // It comes with the operator, once for all.
        charts.retain(|object| object["kind"] != "ClusterRole");
        ensure!(operators.len() == charts.len(), "{resource}: {} objects, not {}", charts.len(), operators.len());
        for theirs in &operators {
            let kind = theirs["kind"].as_str().context("an object without a kind")?;
            let (theirs, ours) = (bare(theirs), bare(object(&charts, kind)?));
            ensure!(theirs == ours, "{resource}: {kind}: {}", difference("", &theirs, &ours));
            kinds.push(kind.to_owned());
        }
    }
    kinds.sort();
    kinds.dedup();
    let rights = ["ClusterRoleBinding", "ConfigMap", "DaemonSet", "Role", "RoleBinding"];
    ensure!(kinds == [&rights[..], &["Secret", "Service", "ServiceAccount"]].concat(), "{kinds:?}");
    Ok(())
}

async fn made_by_the_operator(resource: &Path, secrets: &[&str]) -> Result<Vec<Value>> {
    let operator: PathBuf = binary("novaroute-operator")?;
    let mut command = Command::new(operator);
    command.args(["manifests", "--filename"]).arg(resource);
    for secret in secrets {
        command.args(["--password-secret", secret]);
    }
    documents(&run(&mut command).await?)
}

/// An object without what says who made it, and with its configuration as values, not as text.
fn bare(object: &Value) -> Value {
    let mut object = object.clone();
    for pointer in ["/metadata", "/spec/template/metadata"] {
        if let Some(metadata) = object.pointer_mut(pointer) {
            forget(&mut metadata["labels"], |label| !is_selected_by(label));
            forget(&mut metadata["annotations"], |annotation| annotation == "novaroute.io/config-checksum");
            forget(metadata, |key| key == "namespace");
        }
    }
    for subject in object["subjects"].as_array_mut().into_iter().flatten() {
        forget(subject, |key| key == "namespace");
    }
    if object["kind"] == "ClusterRoleBinding" {
        // The names say whose it is.
        forget(&mut object["metadata"], |key| ["name", "annotations"].contains(&key));
        forget(&mut object["roleRef"], |key| key == "name");
    }
    let confidential = object["kind"] == "Secret";
    if let Some(Ok(config)) = text(&object["data"]["config.json"], confidential).map(|text| serde_json::from_str(&text))
    {
        object["data"]["config.json"] = config;
    }
    without_empty(object)
}

fn is_selected_by(label: &str) -> bool {
    ["name", "instance", "component"].iter().any(|part| label == format!("app.kubernetes.io/{part}"))
}

fn forget(fields: &mut Value, is_forgotten: impl Fn(&str) -> bool) {
    if let Some(fields) = fields.as_object_mut() {
        fields.retain(|key, _| !is_forgotten(key));
    }
}

/// Empty maps of fields say nothing; the empty map of a volume does.
fn without_empty(mut value: Value) -> Value {
    match &mut value {
        Value::Object(fields) => {
            fields.retain(|key, value| {
                key == "emptyDir" || !value.is_null() && *value != Value::Object([].into_iter().collect())
            });
            fields.values_mut().for_each(|field| *field = without_empty(field.take()));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = without_empty(item.take())),
        _ => {}
    }
    value
}

/// The first place where two values differ.
fn difference(path: &str, one: &Value, other: &Value) -> String {
    let below = match (one, other) {
        (Value::Object(ones), Value::Object(others)) => {
            let mut keys = ones.keys().chain(others.keys());
            keys.find(|key| one[*key] != other[*key]).map(|key| (key.clone(), &one[key], &other[key]))
        }
        (Value::Array(ones), Value::Array(others)) if ones.len() == others.len() => {
            let mut numbers = 0..ones.len();
            numbers.find(|number| ones[*number] != others[*number]).map(|n| (n.to_string(), &ones[n], &others[n]))
        }
        _ => None,
    };
    match below {
        Some((key, one, other)) => difference(&format!("{path}/{key}"), one, other),
        None => format!("{path}: the operator says {one}, the chart {other}"),
    }
}
