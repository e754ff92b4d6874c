//! The commands, as people call them.
#![expect(clippy::unwrap_used, reason = "a test says by a panic what went wrong")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
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
    let open = ["ServiceAccount", "ConfigMap", "ClusterRoleBinding", "DaemonSet", "Service"];
    assert_eq!(kinds(&run(&["manifests", "-f", "cluster.yaml"])), open);
    let with_secret = ["ServiceAccount", "ConfigMap", "Secret", "ClusterRoleBinding", "DaemonSet", "Service"];
    assert_eq!(kinds(&run(&["manifests", "--filename", "earlier.yaml"])), with_secret);
    let granted = run(&[
        "manifests",
        "-f",
        "cluster.yaml",
        "--companion-role",
        "some",
        "--password-secret",
        "a",
        "--password-secret",
        "b",
    ]);
    let rights = ["ClusterRoleBinding", "Role", "RoleBinding"];
    assert_eq!(kinds(&granted)[2..5], rights);
    let text = String::from_utf8(granted.stdout).unwrap();
    assert!(text.contains("name: some\n") && text.contains("resourceNames:\n  - a\n  - b\n"), "{text}");
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

#[test]
fn a_token_is_made_once_and_for_few() {
    let folder = tempfile::tempdir().unwrap();
    let [one, other] = ["one", "other"].map(|name| folder.path().join(name));
    let make = |file: &std::path::Path| {
        let output = run(&["token", "--file", file.to_str().unwrap()]);
        assert!(output.status.success() && output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        fs::read_to_string(file).unwrap()
    };
    let token = make(&one);
    assert!(token.len() == 64 && token.bytes().all(|byte| byte.is_ascii_hexdigit()), "{token}");
    assert_eq!(fs::metadata(&one).unwrap().permissions().mode() & 0o777, 0o440);
    assert_eq!(make(&one), token, "who has read it would not know another one");
    // One that was begun and not written.
    fs::write(&other, "").unwrap();
    assert!(!["", &token].contains(&make(&other).as_str()));
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 2, "something else was left behind");
    let nowhere = folder.path().join("nowhere/token");
    let output = run(&["token", "--file", nowhere.to_str().unwrap()]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(1) && told.contains("nowhere/token: "), "{told}");
}
