//! `import`: what the resources of other systems become, and what is said of the
//! rest.

use std::path::Path;

use expect_test::{ExpectFile, expect, expect_file};

use crate::ctl::{Ran, alone, command, run_with_input};

/// Resources as clusters have them.
const SAMPLES: &[&str] =
    &["metallb", "metallb-simple", "metallb-config-map", "frr-k8s", "frr-k8s-racks", "frr-k8s-neighbors", "novaroute"];

fn sample(name: &str) -> String {
    format!("{}/tests/import/{name}.yaml", env!("CARGO_MANIFEST_DIR"))
}

fn import(name: &str, flags: &str) -> Ran {
    alone(&format!("import -f {} {flags}", sample(name)))
}

fn golden(name: &str, code: i32, resources: ExpectFile, told: ExpectFile) {
    let ran = import(name, "");
    assert_eq!(ran.code, code, "{}", ran.stderr);
    // The version of the cluster resource is the program's own.
    resources.assert_eq(&ran.stdout.replace(env!("CARGO_PKG_VERSION"), "0.1.0"));
    told.assert_eq(&ran.stderr);
}

macro_rules! golden {
    ($($test:ident: $name:literal, $code:literal;)*) => {$(
        #[test]
        fn $test() {
            golden(
                $name,
                $code,
                expect_file![concat!("../import/", $name, ".expected.yaml")],
                expect_file![concat!("../import/", $name, ".told.txt")],
            );
        }
    )*};
}

golden! {
    metallb_with_every_field: "metallb", 4;
    metallb_as_most_have_it: "metallb-simple", 0;
    metallb_before_it_had_resources: "metallb-config-map", 4;
    frr_k8s_with_every_field: "frr-k8s", 4;
    frr_k8s_with_a_router_for_each_rack: "frr-k8s-racks", 0;
    frr_k8s_where_neighbors_are_sent_different_things: "frr-k8s-neighbors", 4;
    an_earlier_novaroute: "novaroute", 0;
}

/// A prefix goes to no peer that was not meant: neighbors whose nodes may be the same are told apart.
#[test]
fn what_would_reach_more_peers_is_not_announced() {
    let racks = import("frr-k8s-racks", "").stdout;
    assert!(racks.contains("198.51.101.0/24") && racks.contains("198.51.102.0/24"), "{racks}");
    let apart = std::fs::read_to_string(sample("frr-k8s-racks")).unwrap();
    let together = apart.replace(r#"{rack: "2"}"#, "{row: a}");
    let ran = from_stdin("import -f -", &together);
    assert_eq!(ran.code, 4, "{}", ran.stderr);
    assert!(!ran.stdout.contains("kind: NovaRouteAdvertisement"), "{}", ran.stdout);
    assert!(ran.stderr.contains("198.51.101.0/24 is not announced"), "{}", ran.stderr);
}

#[test]
fn strict_prints_nothing_where_something_is_lost() {
    let ran = import("metallb", "--strict");
    assert_eq!((ran.code, ran.stdout.as_str()), (4, ""));
    let ran = import("metallb-simple", "--strict");
    assert_eq!((ran.code, ran.stdout), (0, import("metallb-simple", "").stdout));
}

#[test]
fn json_is_a_list_of_the_same_resources() {
    for name in SAMPLES {
        let list: serde_json::Value = serde_json::from_str(&import(name, "-o json").stdout).unwrap();
        assert_eq!((&list["apiVersion"], &list["kind"]), (&"v1".into(), &"List".into()), "{name}");
        let yaml = import(name, "-o yaml").stdout;
        let documents: Vec<serde_json::Value> = serde_saphyr::from_multiple(&yaml).unwrap();
        assert_eq!(list["items"], serde_json::Value::from(documents), "{name}");
    }
}

#[test]
fn several_files_and_stdin_belong_together() {
    let whole = import("metallb-simple", "");
    let text = std::fs::read_to_string(sample("metallb-simple")).unwrap();
    let (first, rest) = text.split_once("\n---\n").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("peer.yaml");
    std::fs::write(&file, first).unwrap();
    let ran = from_stdin(&format!("import -f {} -", file.display()), rest);
    assert_eq!((ran.code, ran.stdout, ran.stderr), (whole.code, whole.stdout, whole.stderr));
}

#[test]
fn from_reads_one_system_and_tells_of_the_others() {
    let both = ["metallb-simple", "frr-k8s-racks"].map(sample).join(" ");
    let ran = alone(&format!("import --from frr-k8s -f {both}"));
    assert_eq!((ran.code, ran.stdout), (4, import("frr-k8s-racks", "").stdout));
    assert!(ran.stderr.contains("left out: BGPPeer metallb-system/tor: is not of a system that is read"));
}

fn from_stdin(line: &str, input: &str) -> Ran {
    run_with_input(&mut command(Path::new("/nonexistent/novaroute.sock"), line), input)
}

fn refused(input: &str, expected: expect_test::Expect) {
    let ran = from_stdin("import -f -", input);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
    expected.assert_eq(&ran.stderr);
}

#[test]
fn what_cannot_be_read_names_file_document_and_field() {
    let wrong = r#"
apiVersion: metallb.io/v1beta2
kind: BGPPeer
metadata: {name: rack, namespace: metallb-system}
spec:
  myASN: none
  peerASN: 4294967296
  peerAddress: 10.0.0
  peerPort: "179"
  holdTime: soon
  ebgpMultiHop: "yes"
  nodeSelectors:
  - matchLabels: {rack: 7}
    matchExpressions: [{key: rack, operator: Is, values: [a]}, {key: rack, operator: Exists, values: [a]}]
---
kind: Nothing
---
apiVersion: v1
kind: List
items:
- 7
- apiVersion: frrk8s.metallb.io/v1beta1
  kind: FRRConfiguration
  metadata: {name: base}
  spec:
    bgp:
      routers:
      - {asn: 64512, prefixes: [10.0.0.0], neighbors: [{asn: 1}]}
"#;
    refused(
        wrong,
        expect![[r#"
            novaroutectl: nothing was translated
            stdin: document 2: expected a resource of Kubernetes, with apiVersion and kind
            stdin: document 3, item 1: expected a resource of Kubernetes, found a number
            stdin: document 1: BGPPeer metallb-system/rack: spec.myASN: expected a whole number, found text
            stdin: document 1: BGPPeer metallb-system/rack: spec.nodeSelectors[0].matchLabels.rack: expected text; put it in quotes
            stdin: document 1: BGPPeer metallb-system/rack: spec.nodeSelectors[0].matchExpressions[0].operator: expected In, NotIn, Exists or DoesNotExist
            stdin: document 1: BGPPeer metallb-system/rack: spec.nodeSelectors[0].matchExpressions[1].values: stands with In and NotIn, and with these only
            stdin: document 1: BGPPeer metallb-system/rack: spec.peerPort: expected a whole number, found text
            stdin: document 1: BGPPeer metallb-system/rack: spec.peerAddress: expected an address, found `10.0.0`
            stdin: document 1: BGPPeer metallb-system/rack: spec.peerASN: 4294967296 is not between 0 and 4294967295
            stdin: document 1: BGPPeer metallb-system/rack: spec.holdTime: expected a time such as 90s, found `soon`
            stdin: document 1: BGPPeer metallb-system/rack: spec.ebgpMultiHop: expected true or false, found text
            stdin: document 3, item 2: FRRConfiguration base: spec.bgp.routers[0].prefixes[0]: expected a prefix, found `10.0.0.0`
            stdin: document 3, item 2: FRRConfiguration base: spec.bgp.routers[0].neighbors[0].address: is missing
        "#]],
    );
}

#[test]
fn a_password_in_two_forms_and_text_that_is_no_yaml_are_refused() {
    let twice = "
apiVersion: metallb.io/v1beta2
kind: BGPPeer
metadata: {name: rack}
spec: {myASN: 1, peerASN: 2, peerAddress: 10.0.0.1, password: passw0rd-that-nobody-sees, passwordSecret: {name: rack}}
";
    refused(
        twice,
        expect![[r#"
            novaroutectl: nothing was translated
            stdin: document 1: BGPPeer rack: spec.password: stands beside passwordSecret
        "#]],
    );
    refused(
        "spec: {password: passw0rd-that-nobody-sees",
        expect![[r#"
            novaroutectl: nothing was translated
            stdin: unclosed bracket '{' at line 1, column 7
        "#]],
    );
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let ran = alone("import -f /nonexistent/metallb.yaml");
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.starts_with("novaroutectl: cannot read /nonexistent/metallb.yaml: "), "{}", ran.stderr);
}
