//! The commands, as people call them.
#![expect(clippy::unwrap_used, reason = "a test says by a panic what went wrong")]

use std::process::{Command, Output};

use serde_json::Value;

fn run(arguments: &[&str]) -> Output {
    let resources = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/resources");
    Command::new(env!("CARGO_BIN_EXE_novaroute-operator")).args(arguments).current_dir(resources).output().unwrap()
}

/// The kinds of the documents that a command prints.
fn kinds(output: &Output) -> Vec<String> {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let documents: Vec<Value> = serde_saphyr::from_multiple(std::str::from_utf8(&output.stdout).unwrap()).unwrap();
    documents.iter().map(|document| document["kind"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn definitions_are_printed_one_document_each() {
    assert_eq!(kinds(&run(&["crds"])), ["CustomResourceDefinition"; 4]);
}

#[test]
fn manifests_are_those_of_the_resource() {
    let open = ["ServiceAccount", "ConfigMap", "DaemonSet", "Service"];
    assert_eq!(kinds(&run(&["manifests", "-f", "cluster.yaml"])), open);
    let with_secret = ["ServiceAccount", "ConfigMap", "Secret", "DaemonSet", "Service"];
    assert_eq!(kinds(&run(&["manifests", "--filename", "earlier.yaml"])), with_secret);
}

#[test]
fn what_cannot_be_used_is_told_and_nothing_is_printed() {
    for (file, words) in [
        ("peer.yaml", "peer.yaml: rack: kind: \"NovaRoutePeer\" is not \"NovaRouteCluster\""),
        ("nowhere.yaml", "nowhere.yaml: No such file"),
    ] {
        let output = run(&["manifests", "-f", file]);
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.starts_with("error: ") && told.contains(words), "{told}");
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    }
}
