//! The companion's part.

use k8s_openapi::api::core::v1::VolumeMount;
use serde_json::json;

use super::*;
use crate::crd::{Cidr, DrainSpec, LogLevel, OwnerLimits, PrefixType};

fn with(companion: &Value) -> NovaRouteCluster {
    let mut resource = cluster(CLUSTER);
    resource.spec.companion = Some(serde_json::from_value(companion.clone()).unwrap());
    resource
}

fn mounts(objects: &Objects, name: &str) -> Vec<VolumeMount> {
    container(objects, name).volume_mounts.clone().unwrap()
}

fn config(objects: &Objects) -> Value {
    serde_json::from_str(&objects.config_map.data.as_ref().unwrap()["config.json"]).unwrap()
}

#[test]
fn a_resource_that_says_nothing_has_one_unless_it_uses_its_name_or_port() {
    let has = |resource: &NovaRouteCluster| {
        let objects = objects(resource).unwrap();
        let containers = pod(&objects).containers.len() + pod(&objects).init_containers.as_ref().map_or(0, Vec::len);
        let volumes = pod(&objects).volumes.as_ref().unwrap().iter().filter(|one| one.name.starts_with("companion"));
        let ports = objects.metrics.spec.as_ref().unwrap().ports.as_ref().unwrap().len();
        let is_owner = config(&objects)["owners"]["kubernetes"]["token_file"] == "/run/companion/token";
        let mounts = mounts(&objects, "agent").into_iter().filter(|mount| mount.name.starts_with("companion"));
        (containers, volumes.count(), ports, is_owner, mounts.count())
    };
    let silent = cluster(CLUSTER);
    let mut named = cluster(CLUSTER);
    named.spec.agent.owners[0].name = "kubernetes".to_owned();
    let mut taken = cluster(CLUSTER);
    taken.spec.agent.metrics_port = 9103;
    let (off, on) = (with(&json!({"enabled": false})), with(&json!({})));
    for (resource, one) in [(silent, true), (named, false), (taken, false), (off, false), (on, true)] {
        let expected = if one { (4, 2, 2, true, 1) } else { (2, 0, 1, false, 0) };
        assert_eq!(has(&resource), expected, "{:?}", resource.spec);
    }
}

#[test]
fn it_is_an_owner_of_peers_and_prefixes_for_its_user_alone() {
    let mut resource = with(&json!({}));
    let companion = resource.spec.companion.as_mut().unwrap();
    companion.limits = Some(OwnerLimits { max_prefixes: Some(10), max_peers: None });
    companion.prefix_type = PrefixType::HostOnly;
    companion.allowed_cidrs = vec![Cidr("203.0.113.0/24".to_owned())];
    let objects = objects(&resource).unwrap();
    let expected = json!({
        "token_file": "/run/companion/token",
        "uids": [65_532],
        "permissions": ["peers", "prefixes"],
        "allowed_prefixes": {"type": "host_only", "allowed_cidrs": ["203.0.113.0/24"]},
        "max_prefixes": 10,
    });
    assert_eq!(config(&objects)["owners"]["kubernetes"], expected);
    let security = container(&objects, "companion").security_context.as_ref().unwrap();
    let identity = (security.run_as_user, security.run_as_group, security.run_as_non_root);
    assert_eq!(identity, (Some(65_532), Some(0), Some(true)));
}

/// Neither the token nor what the API server knows the companion by is in another container.
#[test]
fn nobody_else_has_its_credentials() {
    let objects = objects(&with(&json!({}))).unwrap();
    assert_eq!(pod(&objects).automount_service_account_token, Some(false));
    for (volume, holders) in [
        ("companion-account", vec![("companion", true)]),
        ("companion-token", vec![("companion-token", false), ("agent", true), ("companion", true)]),
        ("tokens", vec![("agent", true)]),
        ("config", vec![("agent", true)]),
    ] {
        let all = ["companion-token", "agent", "frr", "companion"].into_iter();
        let found = all.filter_map(|name| {
            let mut mounts = mounts(&objects, name).into_iter();
            Some((name, mounts.find(|mount| mount.name == volume)?.read_only == Some(true)))
        });
        assert_eq!(found.collect::<Vec<_>>(), holders, "{volume}");
    }
    let volumes = pod(&objects).volumes.as_ref().unwrap();
    let token = volumes.iter().find(|volume| volume.name == "companion-token").unwrap();
    assert_eq!(token.empty_dir.as_ref().unwrap().medium.as_deref(), Some("Memory"));
}

#[test]
fn arguments_follow_the_resource() {
    let arguments = |resource: &NovaRouteCluster| {
        let objects = objects(resource).unwrap();
        container(&objects, "companion").args.clone().unwrap()
    };
    let mut resource = with(&json!({"metricsPort": 19_103}));
    resource.spec.agent.log_level = LogLevel::Warn;
    let plain = [
        "node",
        "--socket=/run/novaroute/novaroute.sock",
        "--token-file=/run/companion/token",
        "--bind=[::]:19103",
        "--log-level=warn",
    ];
    assert_eq!(arguments(&resource), plain);
    for (drain, expected) in [
        (json!({}), vec![]),
        (json!({"waitS": 5}), vec![]),
        (json!({"onCordon": true}), vec!["--drain-on-cordon", "--drain-wait=30"]),
        (json!({"taints": ["a/b", "c"], "waitS": 0}), vec!["--drain-taint=a/b", "--drain-taint=c", "--drain-wait=0"]),
    ] {
        let drain: DrainSpec = serde_json::from_value(drain).unwrap();
        resource.spec.companion.as_mut().unwrap().drain = Some(drain);
        assert_eq!(arguments(&resource)[plain.len()..], expected);
    }
}

#[test]
fn it_is_alive_by_its_own_port_and_never_unready() {
    let objects = objects(&with(&json!({"metricsPort": 19_103, "image": "registry.example/companion:1"}))).unwrap();
    let companion = container(&objects, "companion");
    let port = &companion.liveness_probe.as_ref().unwrap().http_get.as_ref().unwrap().port;
    assert_eq!(serde_json::to_value(port).unwrap(), json!(19_103));
    assert_eq!((&companion.readiness_probe, &companion.startup_probe), (&None, &None));
    for name in ["companion", "companion-token"] {
        assert_eq!(container(&objects, name).image.as_deref(), Some("registry.example/companion:1"));
    }
    let ports = objects.metrics.spec.as_ref().unwrap().ports.as_ref().unwrap();
    assert_eq!((ports[1].name.as_deref(), ports[1].port), (Some("companion"), 19_103));
}
