//! The companion's part of the pods: it is an owner like any other, and has nothing of the agent but its socket.

use k8s_openapi::api::core::v1::{
    ConfigMapProjection, Container, DownwardAPIProjection, DownwardAPIVolumeFile, KeyToPath, ObjectFieldSelector,
    ProjectedVolumeSource, SecurityContext, ServiceAccountTokenProjection, Volume, VolumeMount, VolumeProjection,
};

use super::config::socket_dir;
use super::container::{field, image, in_memory, mount, port, probe, pull_policy, read_only, security};
use crate::crd::{CompanionSpec, DrainSpec, NovaRouteClusterSpec};

/// Name of the container, of its port and of the Service's.
pub(super) const COMPANION: &str = "companion";
/// As whom it runs, and what the agent knows it by.
pub(super) const UID: i64 = 65_532;
/// Where the token is by which the agent knows it; made when the pod begins, and never outside of it.
pub(super) const TOKEN: &str = "/run/companion/token";
/// The folder of the token.
const TOKEN_DIR: &str = "/run/companion";
/// Volume with the token.
const TOKEN_VOLUME: &str = "companion-token";
/// Volume with what the API server knows the companion by.
const ACCOUNT_VOLUME: &str = "companion-account";
/// Where every client of Kubernetes looks for that.
const ACCOUNT_DIR: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// Seconds for which it is good; the kubelet renews it.
const ACCOUNT_S: i64 = 3600;

/// Makes the token before the agent reads its configuration, which names the file.
pub(super) fn token_container(spec: &NovaRouteClusterSpec, companion: &CompanionSpec) -> Container {
    Container {
        name: TOKEN_VOLUME.to_owned(),
        args: Some(vec!["token".to_owned(), format!("--file={TOKEN}")]),
        volume_mounts: Some(vec![mount(TOKEN_VOLUME, TOKEN_DIR)]),
        ..base(spec, companion)
    }
}

pub(super) fn container(spec: &NovaRouteClusterSpec, companion: &CompanionSpec) -> Container {
    let own = [("NODE_NAME", "spec.nodeName"), ("POD_NAME", "metadata.name"), ("POD_NAMESPACE", "metadata.namespace")];
    Container {
        name: COMPANION.to_owned(),
        args: Some(arguments(spec, companion)),
        env: Some(own.map(|(name, path)| field(name, path)).into()),
        ports: Some(vec![port(COMPANION, companion.metrics_port)]),
        // No readiness: without an API server the companion goes on with what it knows, and the node routes. A node
        // is not to be taken for one that does not.
        liveness_probe: Some(probe(companion.metrics_port, "/healthz", 10, 6)),
        volume_mounts: Some(vec![
            token_mount(),
            read_only(ACCOUNT_VOLUME, ACCOUNT_DIR),
            mount("socket", socket_dir(&spec.agent)),
        ]),
        ..base(spec, companion)
    }
}

fn base(spec: &NovaRouteClusterSpec, companion: &CompanionSpec) -> Container {
    Container {
        image: Some(image(spec, companion.image.as_deref(), "operator")),
        image_pull_policy: Some(pull_policy(spec.image_pull_policy)),
        resources: companion.resources.clone(),
        security_context: Some(SecurityContext {
            run_as_user: Some(UID),
            // The agent's socket and the files of the volumes are for root's group.
            run_as_group: Some(0),
            run_as_non_root: Some(true),
            ..security(&[])
        }),
        ..Container::default()
    }
}

fn arguments(spec: &NovaRouteClusterSpec, companion: &CompanionSpec) -> Vec<String> {
    let fixed = [
        "node".to_owned(),
        format!("--socket={}", spec.agent.socket_path),
        format!("--token-file={TOKEN}"),
        format!("--bind=[::]:{}", companion.metrics_port),
        format!("--log-level={:?}", spec.agent.log_level).to_lowercase(),
    ];
    fixed.into_iter().chain(companion.drain.iter().flat_map(drain)).collect()
}

/// Nothing where nothing begins it.
fn drain(spec: &DrainSpec) -> Vec<String> {
    let cordon = spec.on_cordon.then(|| "--drain-on-cordon".to_owned());
    let taints = spec.taints.iter().map(|key| format!("--drain-taint={key}"));
    let mut arguments: Vec<String> = cordon.into_iter().chain(taints).collect();
    if !arguments.is_empty() {
        arguments.push(format!("--drain-wait={}", spec.wait_s));
    }
    arguments
}

/// The token, for the agent too.
pub(super) fn token_mount() -> VolumeMount {
    read_only(TOKEN_VOLUME, TOKEN_DIR)
}

pub(super) fn volumes() -> [Volume; 2] {
    let token = Volume { name: TOKEN_VOLUME.to_owned(), empty_dir: Some(in_memory()), ..Volume::default() };
    let account = Volume { name: ACCOUNT_VOLUME.to_owned(), projected: Some(account()), ..Volume::default() };
    [token, account]
}

/// What Kubernetes would mount into every container of the pod, for this one alone.
fn account() -> ProjectedVolumeSource {
    let token = ServiceAccountTokenProjection {
        path: "token".to_owned(),
        expiration_seconds: Some(ACCOUNT_S),
        ..ServiceAccountTokenProjection::default()
    };
    let certificate = ConfigMapProjection {
        name: "kube-root-ca.crt".to_owned(),
        items: Some(vec![KeyToPath { key: "ca.crt".to_owned(), path: "ca.crt".to_owned(), mode: None }]),
        optional: None,
    };
    let own = ObjectFieldSelector { field_path: "metadata.namespace".to_owned(), api_version: Some("v1".to_owned()) };
    let namespace = DownwardAPIVolumeFile {
        path: "namespace".to_owned(),
        field_ref: Some(own),
        ..DownwardAPIVolumeFile::default()
    };
    let sources = vec![
        VolumeProjection { service_account_token: Some(token), ..VolumeProjection::default() },
        VolumeProjection { config_map: Some(certificate), ..VolumeProjection::default() },
        VolumeProjection {
            downward_api: Some(DownwardAPIProjection { items: Some(vec![namespace]) }),
            ..VolumeProjection::default()
        },
    ];
    ProjectedVolumeSource { default_mode: Some(0o440), sources: Some(sources) }
}
