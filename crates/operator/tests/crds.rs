//! The definitions as an API server would take them, and what they accept and refuse.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test says by a panic what went wrong")]

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use novaroute_operator::crd::{
    NovaRouteAdvertisement, NovaRouteCluster, NovaRouteNode, NovaRoutePeer, PrefixType, definitions,
};
use serde_json::{Value, json};

/// Resources that are accepted, each with the definition that it belongs to.
const ACCEPTED: [(&str, &str); 5] = [
    ("novarouteclusters.yaml", include_str!("resources/earlier.yaml")),
    ("novarouteclusters.yaml", include_str!("resources/cluster.yaml")),
    ("novaroutepeers.yaml", include_str!("resources/peer.yaml")),
    ("novarouteadvertisements.yaml", include_str!("resources/advertisement.yaml")),
    ("novaroutenodes.yaml", include_str!("resources/node.yaml")),
];

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

/// Whether a text is a CIDR as the API server's format `cidr` wants it: an address and a length.
fn is_cidr(text: &str) -> bool {
    let Some((address, length)) = text.split_once('/') else { return false };
    let longest = match address.parse::<std::net::IpAddr>() {
        Ok(address) => {
            if address.is_ipv4() {
                32
            } else {
                128
            }
        }
        Err(_) => return false,
    };
    length.parse::<u8>().is_ok_and(|length| length <= longest)
}

/// What the schema has against a resource.
fn faults(file: &str, resource: &Value) -> Vec<String> {
    let options = jsonschema::options().with_format("cidr", is_cidr).should_validate_formats(true);
    let validator = options.build(&schema(file)).unwrap();
    validator.iter_errors(resource).map(|error| format!("{}: {error}", error.instance_path())).collect()
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
    for (file, yaml) in ACCEPTED {
        assert_eq!(faults(file, &resource(yaml)), Vec::<String>::new(), "{yaml}");
    }
    let earlier: NovaRouteCluster = serde_json::from_value(resource(ACCEPTED[0].1)).unwrap();
    earlier.validate_cel().unwrap();
    let daemons = earlier.spec.frr.daemons;
    assert!(daemons.bgpd && !daemons.ospfd && daemons.bfdd && daemons.ospf6d, "{daemons:?}");
    assert_eq!(earlier.spec.agent.owners[0].prefix_type, PrefixType::HostOnly);
    let cluster: NovaRouteCluster = serde_json::from_value(resource(ACCEPTED[1].1)).unwrap();
    cluster.validate_cel().unwrap();
    assert_eq!(
        (cluster.spec.agent.metrics_port, cluster.spec.agent.socket_path.as_str()),
        (9102, "/run/novaroute/novaroute.sock")
    );
    serde_json::from_value::<NovaRoutePeer>(resource(ACCEPTED[2].1)).unwrap().validate_cel().unwrap();
    serde_json::from_value::<NovaRouteAdvertisement>(resource(ACCEPTED[3].1)).unwrap().validate_cel().unwrap();
    serde_json::from_value::<NovaRouteNode>(resource(ACCEPTED[4].1)).unwrap();
}

#[test]
fn a_value_out_of_range_is_refused_and_named() {
    let [_, cluster, peer, advertisement, _] = ACCEPTED;
    for ((file, yaml), path, value) in [
        (cluster, "/spec/version", json!("latest")),
        (cluster, "/spec/imagePullPolicy", json!("Sometimes")),
        (cluster, "/spec/agent/metricsPort", json!(0)),
        (cluster, "/spec/agent/metricsPort", json!(65536)),
        (cluster, "/spec/agent/socketPath", json!("run/novaroute.sock")),
        (cluster, "/spec/agent/logLevel", json!("loud")),
        (cluster, "/spec/agent/bgp/localAs", json!(0)),
        (cluster, "/spec/agent/bgp/localAs", json!(4_294_967_296_i64)),
        (cluster, "/spec/agent/owners/0/name", json!("_config")),
        (cluster, "/spec/agent/owners/0/prefixType", json!("some")),
        (cluster, "/spec/agent/owners/0/allowedCIDRs", json!(["203.0.113.0/33"])),
        (cluster, "/spec/agent/owners/0/permissions", json!(["everything"])),
        (cluster, "/spec/agent/owners/0/limits/maxPrefixes", json!(0)),
        (peer, "/spec/holdTime", json!(2)),
        (peer, "/spec/bfd/minRxMs", json!(9)),
        (peer, "/spec/gracefulRestart", json!("maybe")),
        (peer, "/spec/addressFamilies", json!(["ipv5_unicast"])),
        (advertisement, "/spec/prefixes", json!(["203.0.113.7"])),
        (advertisement, "/spec/prefixes", json!([])),
        (advertisement, "/spec/attributes/med", json!(-1)),
    ] {
        let found = faults(file, &with(yaml, path, value.clone()));
        assert!(found.iter().any(|fault| fault.starts_with(path)), "{path} = {value}: {found:?}");
    }
}

#[test]
fn fields_that_contradict_each_other_are_refused_with_the_way_out() {
    let [_, (_, cluster), (_, peer), (_, advertisement), _] = ACCEPTED;
    let of_cluster = |changed| {
        serde_json::from_value::<NovaRouteCluster>(changed).unwrap().validate_cel().map_err(|e| format!("{e:?}"))
    };
    let of_peer = |changed| {
        serde_json::from_value::<NovaRoutePeer>(changed).unwrap().validate_cel().map_err(|e| format!("{e:?}"))
    };
    let of_advertisement = |changed| {
        serde_json::from_value::<NovaRouteAdvertisement>(changed).unwrap().validate_cel().map_err(|e| format!("{e:?}"))
    };
    for (refused, words) in [
        (of_cluster(with(cluster, "/spec/agent/bgp/asBase", json!(65_000))), "set either localAs or asBase"),
        (
            of_cluster(with(cluster, "/spec/agent/bgp/routerId", json!("1.1.1.1"))),
            "set either routerId or autoRouterId",
        ),
        (of_cluster(with(cluster, "/spec/agent/owners/0/token", json!("x"))), "set either tokenSecretRef or token"),
        (
            of_cluster(with(cluster, "/spec/agent/owners/0/tokenSecretRef", Value::Null)),
            "set either tokenSecretRef or token",
        ),
        (of_peer(with(peer, "/spec/address", json!("10.0.0.1"))), "set either address or addressFrom"),
        (of_peer(with(peer, "/spec/remoteAsFrom", Value::Null)), "set either remoteAs or remoteAsFrom"),
        (of_peer(with(peer, "/spec/addressFrom/label", json!("x"))), "set either label or annotation"),
        (of_peer(with(peer, "/spec/holdTime", Value::Null)), "set both keepalive and holdTime"),
        (of_peer(with(peer, "/spec/holdTime", json!(8))), "three times keepalive"),
        (of_advertisement(with(advertisement, "/spec/protocol", json!("ospf"))), "attributes are of protocol bgp"),
        (
            of_advertisement(json!({
                "apiVersion": "novaroute.io/v1alpha1", "kind": "NovaRouteAdvertisement",
                "metadata": {"name": "none"}, "spec": {}
            })),
            "set at least one of prefixes, services and podCIDRs",
        ),
    ] {
        let told = refused.unwrap_err();
        assert!(told.contains(words), "{words}: {told}");
    }
}
