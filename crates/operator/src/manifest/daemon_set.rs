//! The pods: an agent and an FRR on each node, in the node's network.

use k8s_openapi::api::apps::v1::{DaemonSet, DaemonSetSpec, DaemonSetUpdateStrategy, RollingUpdateDaemonSet};
use k8s_openapi::api::core::v1::{
    Capabilities, ConfigMapVolumeSource, Container, ContainerPort, EmptyDirVolumeSource, EnvVar, EnvVarSource,
    HTTPGetAction, HostPathVolumeSource, KeyToPath, ObjectFieldSelector, PodSecurityContext, PodSpec, PodTemplateSpec,
    Probe, SeccompProfile, SecretVolumeSource, SecurityContext, Volume, VolumeMount,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::config::{self, CONFIG, DAEMONS, FRR_SOCKETS, TOKENS, socket_dir};
use super::names::{Names, labels, selector};
use super::secrets;
use super::service::METRICS;
use crate::crd::{AgentSpec, NovaRouteClusterSpec, PullPolicy, UpdateStrategy, UpdateType};

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
    PodSpec {
        automount_service_account_token: Some(false),
        containers: vec![agent_container(spec), frr_container(spec)],
        // The node's network is the pod's, and the cluster's names are known all the same.
        dns_policy: Some("ClusterFirstWithHostNet".to_owned()),
        host_network: Some(true),
        image_pull_secrets: (!spec.image_pull_secrets.is_empty()).then(|| spec.image_pull_secrets.clone()),
        node_selector: (!agent.node_selector.is_empty()).then(|| agent.node_selector.clone()),
        priority_class_name: Some("system-node-critical".to_owned()),
        security_context: Some(PodSecurityContext {
            seccomp_profile: Some(SeccompProfile { type_: "RuntimeDefault".to_owned(), localhost_profile: None }),
            ..PodSecurityContext::default()
        }),
        service_account_name: Some(names.cluster.clone()),
        termination_grace_period_seconds: Some(GRACE_S),
        tolerations: some(&agent.tolerations),
        volumes: Some(volumes(spec, names)),
        ..PodSpec::default()
    }
}

fn agent_container(spec: &NovaRouteClusterSpec) -> Container {
    let agent = &spec.agent;
    let config = format!("--config={CONFIG_DIR}/{CONFIG}");
    let port = ContainerPort {
        name: Some(METRICS.to_owned()),
        container_port: agent.metrics_port,
        host_port: Some(agent.metrics_port),
        protocol: Some("TCP".to_owned()),
        ..ContainerPort::default()
    };
    Container {
        name: "agent".to_owned(),
        image: Some(image(spec, agent.image.as_deref(), "agent")),
        image_pull_policy: Some(pull_policy(spec.image_pull_policy)),
        args: Some([vec![config], agent.extra_args.clone()].concat()),
        env: Some(environment(agent)),
        ports: Some(vec![port]),
        // A daemon of FRR that is away makes a node not ready; the agent is not to be restarted for it.
        liveness_probe: Some(probe(agent, "/healthz", 10, 6)),
        readiness_probe: Some(probe(agent, "/readyz", 5, 1)),
        startup_probe: Some(probe(agent, "/healthz", 1, 60)),
        resources: agent.resources.clone(),
        security_context: Some(security(&AGENT_CAPABILITIES)),
        volume_mounts: Some(vec![
            read_only("config", CONFIG_DIR),
            read_only("tokens", TOKENS),
            mount("socket", socket_dir(agent)),
            mount("frr-run", FRR_SOCKETS),
        ]),
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
        security_context: Some(security(&FRR_CAPABILITIES)),
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

/// An image of this version, unless another one is named.
fn image(spec: &NovaRouteClusterSpec, named: Option<&str>, component: &str) -> String {
    let ours = || format!("{}/novaroute-{component}:{}", spec.image_repository.trim_end_matches('/'), spec.version);
    named.map_or_else(ours, str::to_owned)
}

fn pull_policy(policy: PullPolicy) -> String {
    format!("{policy:?}")
}

/// What the configuration may speak of, and what a resource adds.
fn environment(agent: &AgentSpec) -> Vec<EnvVar> {
    let field = |name: &str, path: &str| EnvVar {
        name: name.to_owned(),
        value_from: Some(EnvVarSource {
            field_ref: Some(ObjectFieldSelector { field_path: path.to_owned(), ..ObjectFieldSelector::default() }),
            ..EnvVarSource::default()
        }),
        ..EnvVar::default()
    };
    let own = [field("NODE_NAME", "spec.nodeName"), field("NODE_IP", "status.hostIP")];
    let is_free = |own: &EnvVar| agent.extra_env.iter().all(|extra| extra.name != own.name);
    own.into_iter().filter(is_free).chain(agent.extra_env.iter().cloned()).collect()
}

fn probe(agent: &AgentSpec, path: &str, period_s: i32, failures: i32) -> Probe {
    let port = IntOrString::Int(agent.metrics_port);
    let http_get = HTTPGetAction { path: Some(path.to_owned()), port, ..HTTPGetAction::default() };
    Probe {
        http_get: Some(http_get),
        period_seconds: Some(period_s),
        failure_threshold: Some(failures),
        ..Probe::default()
    }
}

fn security(capabilities: &[&str]) -> SecurityContext {
    SecurityContext {
        allow_privilege_escalation: Some(false),
        capabilities: Some(Capabilities {
            add: Some(capabilities.iter().map(|name| (*name).to_owned()).collect()),
            drop: Some(vec!["ALL".to_owned()]),
        }),
        read_only_root_filesystem: Some(true),
        run_as_user: Some(0),
        ..SecurityContext::default()
    }
}

fn mount(volume: &str, path: &str) -> VolumeMount {
    VolumeMount { name: volume.to_owned(), mount_path: path.to_owned(), ..VolumeMount::default() }
}

fn read_only(volume: &str, path: &str) -> VolumeMount {
    VolumeMount { read_only: Some(true), ..mount(volume, path) }
}

fn volumes(spec: &NovaRouteClusterSpec, names: &Names) -> Vec<Volume> {
    let of = |name: &str| Volume { name: name.to_owned(), ..Volume::default() };
    let in_memory = EmptyDirVolumeSource { medium: Some("Memory".to_owned()), size_limit: None };
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
    vec![
        config,
        Volume { projected: Some(secrets::tokens(spec, names)), ..of("tokens") },
        Volume { host_path: Some(socket), ..of("socket") },
        Volume { config_map: Some(of_map(DAEMONS)), ..of("frr-daemons") },
        Volume { empty_dir: Some(in_memory), ..of("frr-run") },
        Volume { empty_dir: Some(EmptyDirVolumeSource::default()), ..of("frr-lib") },
        Volume { empty_dir: Some(EmptyDirVolumeSource::default()), ..of("tmp") },
    ]
}
