//! The pods: an agent and an FRR on each node, in the node's network.

use k8s_openapi::api::apps::v1::{DaemonSet, DaemonSetSpec, DaemonSetUpdateStrategy, RollingUpdateDaemonSet};
use k8s_openapi::api::core::v1::{
    ConfigMapVolumeSource, Container, EmptyDirVolumeSource, EnvVar, HostPathVolumeSource, KeyToPath,
    PodSecurityContext, PodSpec, PodTemplateSpec, SeccompProfile, SecretVolumeSource, SecurityContext, Volume,
    VolumeMount,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::companion;
use super::config::{self, CONFIG, DAEMONS, FRR_SOCKETS, TOKENS, socket_dir};
use super::container::{field, image, in_memory, mount, port, probe, pull_policy, read_only, security};
use super::names::{Names, labels, selector};
use super::secrets;
use super::service::METRICS;
use crate::crd::{AgentSpec, CompanionSpec, NovaRouteClusterSpec, UpdateStrategy, UpdateType};

/// Annotation of the pods: another value replaces them.
pub(super) const CHECKSUM: &str = "novaroute.io/config-checksum";
/// Folder of the agent's configuration file.
const CONFIG_DIR: &str = "/etc/novaroute/config";
/// Seconds that a pod has to withdraw everything: the agent takes 10 at most, then FRR ends.
const GRACE_S: i64 = 30;
/// What FRR's daemons need: sockets of their own kinds and routes (NET_*), namespaces (SYS_ADMIN), and to become the user
/// frr after they have opened what they need. Without KILL nobody in the container could end a daemon that has become frr:
/// one that hangs would never be started anew, and routes would stay in the kernel at the end.
const FRR_CAPABILITIES: [&str; 9] =
    ["NET_ADMIN", "NET_RAW", "NET_BIND_SERVICE", "SYS_ADMIN", "SETUID", "SETGID", "CHOWN", "DAC_OVERRIDE", "KILL"];
/// What the agent needs: the sockets of FRR's daemons belong to the user frr.
const AGENT_CAPABILITIES: [&str; 1] = ["DAC_OVERRIDE"];

pub(super) fn daemon_set(
    spec: &NovaRouteClusterSpec,
    names: &Names,
    metadata: ObjectMeta,
    checksum: &str,
) -> DaemonSet {
    let template = PodTemplateSpec {
        metadata: Some(ObjectMeta {
            labels: Some(labels(&names.cluster)),
            annotations: Some([(CHECKSUM.to_owned(), checksum.to_owned())].into()),
            ..ObjectMeta::default()
        }),
        spec: Some(pod(spec, names)),
    };
    let spec = DaemonSetSpec {
        selector: LabelSelector { match_labels: Some(selector(&names.cluster)), ..LabelSelector::default() },
        template,
        update_strategy: Some(update_strategy(spec.update_strategy.unwrap_or_default())),
        ..DaemonSetSpec::default()
    };
    DaemonSet { metadata, spec: Some(spec), ..DaemonSet::default() }
}

fn update_strategy(strategy: UpdateStrategy) -> DaemonSetUpdateStrategy {
    let rolling = RollingUpdateDaemonSet {
        max_unavailable: Some(IntOrString::Int(strategy.max_unavailable)),
        ..RollingUpdateDaemonSet::default()
    };
    match strategy.kind {
        UpdateType::RollingUpdate => {
            DaemonSetUpdateStrategy { type_: Some("RollingUpdate".to_owned()), rolling_update: Some(rolling) }
        }
        UpdateType::OnDelete => DaemonSetUpdateStrategy { type_: Some("OnDelete".to_owned()), rolling_update: None },
    }
}

fn pod(spec: &NovaRouteClusterSpec, names: &Names) -> PodSpec {
    let agent = &spec.agent;
    let some = |list: &[_]| (!list.is_empty()).then(|| list.to_vec());
    let companion = CompanionSpec::of(spec);
    let of_companion = companion.as_ref().map(|companion| companion::container(spec, companion));
    let agent_container = agent_container(spec, companion.is_some());
    PodSpec {
        // The companion alone has one, mounted as a volume.
        automount_service_account_token: Some(false),
        containers: [agent_container, frr_container(spec)].into_iter().chain(of_companion).collect(),
        // The node's network is the pod's, and the cluster's names are known all the same.
        dns_policy: Some("ClusterFirstWithHostNet".to_owned()),
        host_network: Some(true),
        image_pull_secrets: (!spec.image_pull_secrets.is_empty()).then(|| spec.image_pull_secrets.clone()),
        init_containers: companion.as_ref().map(|companion| vec![companion::token_container(spec, companion)]),
        node_selector: (!agent.node_selector.is_empty()).then(|| agent.node_selector.clone()),
        priority_class_name: Some("system-node-critical".to_owned()),
        security_context: Some(PodSecurityContext {
            seccomp_profile: Some(SeccompProfile { type_: "RuntimeDefault".to_owned(), localhost_profile: None }),
            ..PodSecurityContext::default()
        }),
        service_account_name: Some(names.cluster.clone()),
        termination_grace_period_seconds: Some(GRACE_S),
        tolerations: some(&agent.tolerations),
        volumes: Some(volumes(spec, names, companion.is_some())),
        ..PodSpec::default()
    }
}

fn agent_container(spec: &NovaRouteClusterSpec, has_companion: bool) -> Container {
    let agent = &spec.agent;
    let own = [
        read_only("config", CONFIG_DIR),
        read_only("tokens", TOKENS),
        mount("socket", socket_dir(agent)),
        mount("frr-run", FRR_SOCKETS),
    ];
    let config = format!("--config={CONFIG_DIR}/{CONFIG}");
    Container {
        name: "agent".to_owned(),
        image: Some(image(spec, agent.image.as_deref(), "agent")),
        image_pull_policy: Some(pull_policy(spec.image_pull_policy)),
        args: Some([vec![config], agent.extra_args.clone()].concat()),
        env: Some(environment(agent)),
        ports: Some(vec![port(METRICS, agent.metrics_port)]),
        // A daemon of FRR that is away makes a node not ready; the agent is not to be restarted for it.
        liveness_probe: Some(probe(agent.metrics_port, "/healthz", 10, 6)),
        readiness_probe: Some(probe(agent.metrics_port, "/readyz", 5, 1)),
        startup_probe: Some(probe(agent.metrics_port, "/healthz", 1, 60)),
        resources: agent.resources.clone(),
        security_context: Some(as_root(&AGENT_CAPABILITIES)),
        volume_mounts: Some(own.into_iter().chain(has_companion.then(companion::token_mount)).collect()),
        ..Container::default()
    }
}

fn frr_container(spec: &NovaRouteClusterSpec) -> Container {
    let daemons = VolumeMount { sub_path: Some(DAEMONS.to_owned()), ..read_only("frr-daemons", "/etc/frr/daemons") };
    Container {
        name: "frr".to_owned(),
        image: Some(image(spec, spec.frr.image.as_deref(), "frr")),
        image_pull_policy: Some(pull_policy(spec.image_pull_policy)),
        resources: spec.frr.resources.clone(),
        security_context: Some(as_root(&FRR_CAPABILITIES)),
        volume_mounts: Some(vec![
            daemons,
            mount("frr-run", FRR_SOCKETS),
            mount("frr-lib", "/var/lib/frr"),
            mount("tmp", "/tmp"),
            mount("tmp", "/var/tmp"),
        ]),
        ..Container::default()
    }
}

/// What the configuration may speak of, and what a resource adds.
fn environment(agent: &AgentSpec) -> Vec<EnvVar> {
    let own = [field("NODE_NAME", "spec.nodeName"), field("NODE_IP", "status.hostIP")];
    let is_free = |own: &EnvVar| agent.extra_env.iter().all(|extra| extra.name != own.name);
    own.into_iter().filter(is_free).chain(agent.extra_env.iter().cloned()).collect()
}

/// As root, whose sockets and files these are, without any other right of root's.
fn as_root(capabilities: &[&str]) -> SecurityContext {
    SecurityContext { run_as_user: Some(0), ..security(capabilities) }
}

fn volumes(spec: &NovaRouteClusterSpec, names: &Names, has_companion: bool) -> Vec<Volume> {
    let of = |name: &str| Volume { name: name.to_owned(), ..Volume::default() };
    let item = |key: &str| Some(vec![KeyToPath { key: key.to_owned(), path: key.to_owned(), mode: None }]);
    let of_map = |key: &str| ConfigMapVolumeSource {
        name: names.config.clone(),
        items: item(key),
        ..ConfigMapVolumeSource::default()
    };
    let config = match config::is_confidential(spec) {
        true => {
            let secret = SecretVolumeSource {
                secret_name: Some(names.secret.clone()),
                items: item(CONFIG),
                default_mode: Some(0o400),
                optional: None,
            };
            Volume { secret: Some(secret), ..of("config") }
        }
        false => Volume { config_map: Some(of_map(CONFIG)), ..of("config") },
    };
    let socket =
        HostPathVolumeSource { path: socket_dir(&spec.agent).to_owned(), type_: Some("DirectoryOrCreate".to_owned()) };
    let own = [
        config,
        Volume { projected: Some(secrets::tokens(spec, names)), ..of("tokens") },
        Volume { host_path: Some(socket), ..of("socket") },
        Volume { config_map: Some(of_map(DAEMONS)), ..of("frr-daemons") },
        Volume { empty_dir: Some(in_memory()), ..of("frr-run") },
        Volume { empty_dir: Some(EmptyDirVolumeSource::default()), ..of("frr-lib") },
        Volume { empty_dir: Some(EmptyDirVolumeSource::default()), ..of("tmp") },
    ];
    own.into_iter().chain(has_companion.then(companion::volumes).into_iter().flatten()).collect()
}
