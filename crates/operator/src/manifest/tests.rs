mod access;
mod companion;

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{Container, PodSpec};
use serde_json::Value;

use super::*;
use crate::crd::{BgpPeerSpec, CompanionSpec};

const CLUSTER: &str = include_str!("../../tests/resources/cluster.yaml");
const EARLIER: &str = include_str!("../../tests/resources/earlier.yaml");

fn cluster(yaml: &str) -> NovaRouteCluster {
    serde_saphyr::from_str(yaml).unwrap()
}

fn pod(objects: &Objects) -> &PodSpec {
    objects.daemon_set.spec.as_ref().unwrap().template.spec.as_ref().unwrap()
}

fn container<'a>(objects: &'a Objects, name: &str) -> &'a Container {
    let mut all = pod(objects).init_containers.iter().flatten().chain(&pod(objects).containers);
    all.find(|container| container.name == name).unwrap()
}

fn checksum(objects: &Objects) -> String {
    let template = &objects.daemon_set.spec.as_ref().unwrap().template;
    template.metadata.as_ref().unwrap().annotations.as_ref().unwrap()["novaroute.io/config-checksum"].clone()
}

#[test]
fn all_objects_are_the_clusters() {
    let mut resource = cluster(CLUSTER);
    resource.metadata.uid = Some("5f0c".to_owned());
    let objects = objects(&resource).unwrap();
    let metadata = [
        &objects.service_account.metadata,
        &objects.config_map.metadata,
        &objects.daemon_set.metadata,
        &objects.metrics.metadata,
    ];
    for metadata in metadata {
        assert_eq!(metadata.namespace.as_deref(), Some("novaroute"));
        let owner = &metadata.owner_references.as_ref().unwrap()[0];
        let expected = ("novaroute.io/v1alpha1", "NovaRouteCluster", "novaroute", "5f0c");
        assert_eq!((&*owner.api_version, &*owner.kind, &*owner.name, &*owner.uid), expected);
        assert_eq!(metadata.labels.as_ref().unwrap()["app.kubernetes.io/instance"], "novaroute");
    }
    let selector = objects.daemon_set.spec.as_ref().unwrap().selector.match_labels.clone().unwrap();
    let labels = labels("novaroute");
    assert!(selector.iter().all(|(label, value)| labels.get(label) == Some(value)), "{selector:?}");
    assert_eq!(objects.metrics.spec.unwrap().selector, Some(selector));
}

#[test]
fn secrets_are_in_secrets_alone() {
    let with_references = objects(&cluster(CLUSTER)).unwrap();
    assert_eq!(with_references.secret, None, "nothing confidential stands in the resource");
    let objects = objects(&cluster(EARLIER)).unwrap();
    let data = objects.secret.as_ref().unwrap().data.as_ref().unwrap();
    let held = |key: &str| String::from_utf8(data[key].0.clone()).unwrap();
    assert_eq!(held("token-novaedge"), "not-a-secret");
    assert!(held("config.json").contains(r#""password": "secret""#), "a peer's password makes the file confidential");
    let open = serde_json::to_string(&(&objects.config_map, &objects.daemon_set, &objects.metrics)).unwrap();
    for secret in ["not-a-secret", "not-one-either", r#""secret""#] {
        assert!(!open.contains(&format!("\"{secret}")) && !open.contains(&format!("{secret}\\")), "{secret} is open");
    }
    assert_eq!(objects.config_map.data.unwrap().keys().collect::<Vec<_>>(), ["daemons"]);
}

#[test]
fn each_owner_has_its_token_in_a_file_of_its_name() {
    for yaml in [CLUSTER, EARLIER] {
        let resource = cluster(yaml);
        let objects = objects(&resource).unwrap();
        let volume = pod(&objects).volumes.as_ref().unwrap().iter().find(|volume| volume.name == "tokens").unwrap();
        let sources = volume.projected.as_ref().unwrap().sources.as_ref().unwrap();
        let files: BTreeSet<&str> = sources
            .iter()
            .flat_map(|source| source.secret.as_ref().unwrap().items.as_ref().unwrap())
            .map(|item| item.path.as_str())
            .collect();
        assert_eq!(files, resource.spec.agent.owners.iter().map(|owner| owner.name.as_str()).collect());
    }
}

#[test]
fn what_a_pod_reads_when_it_starts_replaces_it_when_it_changes() {
    let before = checksum(&objects(&cluster(CLUSTER)).unwrap());
    let changed = |change: &dyn Fn(&mut NovaRouteCluster)| {
        let mut resource = cluster(CLUSTER);
        change(&mut resource);
        checksum(&objects(&resource).unwrap())
    };
    assert_eq!(changed(&|resource| resource.metadata.uid = Some("other".to_owned())), before);
    let token = changed(&|resource| {
        let owner = &mut resource.spec.agent.owners[0];
        (owner.token, owner.token_secret_ref) = (Some("t".to_owned()), None);
    });
    let daemon = changed(&|resource| resource.spec.frr.daemons.ospfd = false);
    let port = changed(&|resource| resource.spec.agent.metrics_port = 9104);
    let companion = changed(&|resource| {
        resource.spec.companion = Some(CompanionSpec { enabled: false, ..CompanionSpec::default() })
    });
    assert_eq!(BTreeSet::from([before, token, daemon, port, companion]).len(), 5);
}

#[test]
fn containers_may_do_no_more_than_they_must() {
    let objects = objects(&cluster(CLUSTER)).unwrap();
    assert_eq!((pod(&objects).host_network, pod(&objects).automount_service_account_token), (Some(true), Some(false)));
    for (name, capabilities, user) in
        [("agent", 1, 0), ("frr", 9, 0), ("companion", 0, 65_532), ("companion-token", 0, 65_532)]
    {
        let security = container(&objects, name).security_context.as_ref().unwrap();
        let held = security.capabilities.as_ref().unwrap();
        assert_eq!(held.drop, Some(vec!["ALL".to_owned()]));
        assert_eq!(held.add.as_ref().map_or(0, Vec::len), capabilities, "{name}");
        assert_eq!(security.run_as_user, Some(user), "{name}");
        assert_eq!(security.read_only_root_filesystem, Some(true));
        assert_eq!((security.allow_privilege_escalation, security.privileged), (Some(false), None));
    }
}

#[test]
fn images_ports_and_paths_follow_the_resource() {
    let objects = objects(&cluster(EARLIER)).unwrap();
    let agent = container(&objects, "agent");
    assert_eq!(agent.image.as_deref(), Some("registry.example/novaroute-agent:v0.1.0"));
    assert_eq!(agent.args.as_ref().unwrap()[1], "--log-format=json");
    let names: Vec<&str> = agent.env.as_ref().unwrap().iter().map(|variable| variable.name.as_str()).collect();
    assert_eq!(names, ["NODE_NAME", "NODE_IP", "TZ"]);
    let mut resource = cluster(CLUSTER);
    resource.spec.agent.socket_path = "/run/other/agent.sock".to_owned();
    let objects = super::objects(&resource).unwrap();
    assert_eq!(container(&objects, "frr").image.as_deref(), Some("ghcr.io/azrtydxb/novaroute/novaroute-frr:0.1.0"));
    let volumes = pod(&objects).volumes.as_ref().unwrap();
    assert!(volumes.iter().any(|volume| volume.host_path.as_ref().is_some_and(|host| host.path == "/run/other")));
    let config = &objects.config_map.data.as_ref().unwrap()["config.json"];
    assert!(
        config.contains(r#""state_dir": "/run/other/state""#),
        "the journal is where the agent can write: {config}"
    );
}

#[test]
fn the_configuration_has_no_key_without_a_value() {
    let mut resource = cluster(CLUSTER);
    let peer = BgpPeerSpec { address: "10.0.0.1".to_owned(), remote_as: 65_100, ..BgpPeerSpec::default() };
    resource.spec.agent.bgp.as_mut().unwrap().peers.push(peer);
    let objects = objects(&resource).unwrap();
    let config: Value = serde_json::from_str(&objects.config_map.data.unwrap()["config.json"]).unwrap();
    expect_test::expect![[r#"
        {
          "bgp": {
            "auto_router_id": true,
            "local_as": 4200000001,
            "peers": [
              {
                "neighbor_address": "10.0.0.1",
                "remote_as": 65100
              }
            ]
          },
          "frr": {
            "socket_dir": "/run/frr"
          },
          "listen_socket": "/run/novaroute/novaroute.sock",
          "log_level": "info",
          "metrics_address": ":9102",
          "owners": {
            "edge": {
              "allowed_prefixes": {
                "allowed_cidrs": [
                  "203.0.113.0/24"
                ],
                "type": "host_only"
              },
              "max_prefixes": 1000,
              "permissions": [
                "prefixes"
              ],
              "token_file": "/etc/novaroute/tokens/edge"
            },
            "kubernetes": {
              "allowed_prefixes": {
                "type": "any"
              },
              "permissions": [
                "peers",
                "prefixes"
              ],
              "token_file": "/run/companion/token",
              "uids": [
                65532
              ]
            }
          },
          "state_dir": "/run/novaroute/state"
        }"#]]
    .assert_eq(&format!("{config:#}"));
}

#[test]
fn a_name_that_is_too_long_is_told() {
    let mut resource = cluster(CLUSTER);
    resource.metadata.name = Some("n".repeat(51));
    assert_eq!(objects(&resource).unwrap_err().field, "metadata.name");
    resource.metadata = ObjectMeta { name: Some("n".to_owned()), ..ObjectMeta::default() };
    assert_eq!(objects(&resource).unwrap_err().to_string(), "metadata.namespace: is not set");
}

#[test]
fn the_page_of_a_node_can_be_turned_off() {
    let mut resource = cluster(CLUSTER);
    let served = |resource: &NovaRouteCluster| {
        let config = objects(resource).unwrap().config_map.data.unwrap()["config.json"].clone();
        serde_json::from_str::<Value>(&config).unwrap().get("status_page").cloned()
    };
    assert_eq!(served(&resource), None);
    resource.spec.agent.status_page = Some(false);
    assert_eq!(served(&resource), Some(false.into()));
}

#[test]
fn a_pod_that_is_replaced_may_leave_everything() {
    let mut resource = cluster(CLUSTER);
    resource.spec.agent.shutdown_mode = Some(crate::crd::ShutdownMode::Keep);
    let objects = objects(&resource).unwrap();
    let config: Value = serde_json::from_str(&objects.config_map.data.unwrap()["config.json"]).unwrap();
    assert_eq!(config["shutdown"], serde_json::json!({"mode": "keep"}));
}
