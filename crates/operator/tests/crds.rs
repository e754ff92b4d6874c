//! The definitions as an API server would take them, and what they accept and refuse.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test says by a panic what went wrong")]

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use novaroute_operator::check::read;
use novaroute_operator::crd::{
    NovaRouteAdvertisement, NovaRouteCluster, NovaRouteNode, NovaRoutePeer, PrefixType, definitions,
};
use serde_json::{Value, json};

const EARLIER: &str = include_str!("resources/earlier.yaml");
const CLUSTER: &str = include_str!("resources/cluster.yaml");
const PEER: &str = include_str!("resources/peer.yaml");
const ADVERTISEMENT: &str = include_str!("resources/advertisement.yaml");
const NODE: &str = include_str!("resources/node.yaml");

fn definition(file: &str) -> CustomResourceDefinition {
    definitions().into_iter().find(|(name, _)| name == file).unwrap().1
}

fn schema(file: &str) -> Value {
    let versions = definition(file).spec.versions;
    serde_json::to_value(versions[0].schema.clone().unwrap().open_api_v3_schema.unwrap()).unwrap()
}

fn resource(yaml: &str) -> Value {
    serde_saphyr::from_str(yaml).unwrap()
}

/// What is wrong with a resource.
fn faults(resource: &Value) -> Vec<String> {
    let found = match resource["kind"].as_str().unwrap() {
        "NovaRouteCluster" => read::<NovaRouteCluster>(resource).err(),
        "NovaRoutePeer" => read::<NovaRoutePeer>(resource).err(),
        "NovaRouteAdvertisement" => read::<NovaRouteAdvertisement>(resource).err(),
        other => panic!("{other}"),
    };
    found.unwrap_or_default().iter().map(ToString::to_string).collect()
}

/// The resource with the value at a path changed; `null` takes it away.
fn with(yaml: &str, path: &str, value: Value) -> Value {
    let mut resource = resource(yaml);
    let (outer, key) = path.rsplit_once('/').unwrap();
    let outer = resource.pointer_mut(outer).unwrap();
    match outer {
        Value::Object(fields) if value.is_null() => drop(fields.remove(key)),
        Value::Object(fields) => drop(fields.insert(key.to_owned(), value)),
        _ => panic!("{path} is not in an object"),
    }
    resource
}

/// Every part of a schema, with its path.
fn walk(schema: &Value, path: &str, visit: &mut impl FnMut(&str, &serde_json::Map<String, Value>)) {
    let Value::Object(fields) = schema else { return };
    visit(path, fields);
    for (name, inner) in fields.get("properties").and_then(Value::as_object).into_iter().flatten() {
        walk(inner, &format!("{path}.{name}"), visit);
    }
    for part in ["items", "additionalProperties"] {
        if let Some(inner) = fields.get(part) {
            walk(inner, &format!("{path}[]"), visit);
        }
    }
}

#[test]
fn every_schema_is_structural_and_has_no_format_that_clients_warn_about() {
    for (file, _) in definitions() {
        walk(&schema(&file), "", &mut |path, fields| {
            for banned in ["$ref", "oneOf", "allOf", "not", "definitions"] {
                assert!(!fields.contains_key(banned), "{file}{path} has {banned}");
            }
            let free = ["x-kubernetes-int-or-string", "x-kubernetes-preserve-unknown-fields"];
            let typed = fields.get("type").is_some_and(Value::is_string);
            assert!(typed || free.iter().any(|key| fields.contains_key(*key)), "{file}{path} has no type: {fields:?}");
            let format = fields.get("format").and_then(Value::as_str).unwrap_or_default();
            assert!(!format.starts_with("uint"), "{file}{path} has format {format}");
        });
    }
}

#[test]
fn names_columns_and_status_are_as_users_have_them() {
    let cluster = definition("novarouteclusters.yaml").spec;
    assert_eq!((cluster.group.as_str(), cluster.scope.as_str()), ("novaroute.io", "Namespaced"));
    assert_eq!(cluster.names.short_names, Some(vec!["nrc".to_owned()]));
    let columns = cluster.versions[0].additional_printer_columns.clone().unwrap();
    assert_eq!(
        columns.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(),
        ["Phase", "Version", "Ready", "Desired", "Age"]
    );
    for (file, crd) in definitions() {
        let version = &crd.spec.versions[0];
        assert!(version.subresources.as_ref().is_some_and(|s| s.status.is_some()), "{file} has no status");
        assert!(file == "novarouteclusters.yaml" || crd.spec.scope == "Cluster", "{file}");
    }
}

#[test]
fn what_the_docs_show_and_users_have_is_accepted() {
    for yaml in [EARLIER, CLUSTER, PEER, ADVERTISEMENT] {
        assert_eq!(faults(&resource(yaml)), Vec::<String>::new(), "{yaml}");
    }
    let earlier: NovaRouteCluster = read(&resource(EARLIER)).unwrap();
    let daemons = earlier.spec.frr.daemons;
    assert!(daemons.bgpd && !daemons.ospfd && daemons.bfdd && daemons.ospf6d, "{daemons:?}");
    assert_eq!(earlier.spec.agent.owners[0].prefix_type, PrefixType::HostOnly);
    let agent = read::<NovaRouteCluster>(&resource(CLUSTER)).unwrap().spec.agent;
    assert_eq!((agent.metrics_port, agent.socket_path.as_str()), (9102, "/run/novaroute/novaroute.sock"));
    let node: NovaRouteNode = serde_json::from_value(resource(NODE)).unwrap();
    assert_eq!(node.status.unwrap().prefixes.not_advertised.len(), 1);
}

#[test]
fn a_value_out_of_range_is_refused_and_named() {
    for (yaml, path, value) in [
        (CLUSTER, "/spec/version", json!("latest")),
        (CLUSTER, "/spec/imagePullPolicy", json!("Sometimes")),
        (CLUSTER, "/spec/agent/metricsPort", json!(0)),
        (CLUSTER, "/spec/agent/metricsPort", json!(65536)),
        (CLUSTER, "/spec/agent/socketPath", json!("run/novaroute.sock")),
        (CLUSTER, "/spec/agent/logLevel", json!("loud")),
        (CLUSTER, "/spec/agent/bgp/localAs", json!(0)),
        (CLUSTER, "/spec/agent/bgp/localAs", json!(4_294_967_296_i64)),
        (CLUSTER, "/spec/agent/owners/0/name", json!("_config")),
        (CLUSTER, "/spec/agent/owners/0/prefixType", json!("some")),
        (CLUSTER, "/spec/agent/owners/0/allowedCIDRs", json!(["203.0.113.0/33"])),
        (CLUSTER, "/spec/agent/owners/0/permissions", json!(["everything"])),
        (CLUSTER, "/spec/agent/owners/0/limits/maxPrefixes", json!(0)),
        (CLUSTER, "/spec/companion", json!({"metricsPort": 0})),
        (CLUSTER, "/spec/companion", json!({"drain": {"waitS": 3601}})),
        (CLUSTER, "/spec/companion", json!({"drain": {"taints": [""]}})),
        (CLUSTER, "/spec/companion", json!({"drain": {"cordon": true}})),
        (PEER, "/spec/holdTime", json!(2)),
        (PEER, "/spec/bfd/minRxMs", json!(9)),
        (PEER, "/spec/gracefulRestart", json!("maybe")),
        (PEER, "/spec/addressFamilies", json!(["ipv5_unicast"])),
        (ADVERTISEMENT, "/spec/prefixes", json!(["203.0.113.7"])),
        (ADVERTISEMENT, "/spec/prefixes", json!([])),
        (ADVERTISEMENT, "/spec/attributes/med", json!(-1)),
        (ADVERTISEMENT, "/spec/attributes/medd", json!(1)),
    ] {
        let field = path[1..].replace("owners/0", "owners[0]").replace('/', ".");
        let found = faults(&with(yaml, path, value.clone()));
        assert!(found.iter().any(|fault| fault.starts_with(&field)), "{field} = {value}: {found:?}");
    }
}

#[test]
fn fields_that_contradict_each_other_are_refused_with_the_way_out() {
    for (yaml, path, value, words) in [
        (CLUSTER, "/spec/agent/bgp/asBase", json!(65_000), "set either localAs or asBase"),
        (CLUSTER, "/spec/agent/bgp/routerId", json!("1.1.1.1"), "set either routerId or autoRouterId"),
        (CLUSTER, "/spec/agent/owners/0/token", json!("x"), "set either tokenSecretRef or token"),
        (CLUSTER, "/spec/agent/owners/0/tokenSecretRef", Value::Null, "set either tokenSecretRef or token"),
        (
            CLUSTER,
            "/spec/companion",
            json!({"metricsPort": 9102}),
            "spec.companion.metricsPort: the agent has this port",
        ),
        (PEER, "/spec/address", json!("10.0.0.1"), "set either address or addressFrom"),
        (PEER, "/spec/remoteAsFrom", Value::Null, "set either remoteAs or remoteAsFrom"),
        (PEER, "/spec/addressFrom/label", json!("x"), "set either label or annotation"),
        (PEER, "/spec/holdTime", Value::Null, "set both keepalive and holdTime"),
        (PEER, "/spec/holdTime", json!(8), "three times keepalive"),
        (ADVERTISEMENT, "/spec/protocol", json!("ospf"), "attributes are of protocol bgp"),
        (ADVERTISEMENT, "/spec", json!({}), "set at least one of prefixes, services and podCIDRs"),
    ] {
        let found = faults(&with(yaml, path, value));
        assert!(found.iter().any(|fault| fault.contains(words)), "{words}: {found:?}");
    }
}

/// Who has it from before, and says nothing of a companion, keeps it.
#[test]
fn the_owner_kubernetes_and_a_companion_are_one_too_many() {
    let mut named = with(CLUSTER, "/spec/agent/owners/0/name", json!("kubernetes"));
    assert_eq!(faults(&named), Vec::<String>::new());
    named["spec"]["companion"] = json!({});
    let told = "the owner kubernetes is the companion: rename yours, or set companion.enabled to false";
    assert_eq!(faults(&named), [format!("spec.agent.owners: {told}")]);
    named["spec"]["companion"] = json!({"enabled": false, "metricsPort": 9102});
    assert_eq!(faults(&named), Vec::<String>::new());
}
