//! Parts of containers.

use k8s_openapi::api::core::v1::{
    Capabilities, ContainerPort, EmptyDirVolumeSource, EnvVar, EnvVarSource, HTTPGetAction, ObjectFieldSelector, Probe,
    SecurityContext, VolumeMount,
};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::crd::{NovaRouteClusterSpec, PullPolicy};

/// An image of this version, unless another one is named.
pub(super) fn image(spec: &NovaRouteClusterSpec, named: Option<&str>, component: &str) -> String {
    let ours = || format!("{}/novaroute-{component}:{}", spec.image_repository.trim_end_matches('/'), spec.version);
    named.map_or_else(ours, str::to_owned)
}

pub(super) fn pull_policy(policy: PullPolicy) -> String {
    format!("{policy:?}")
}

/// A variable that has the value of a field of the pod.
pub(super) fn field(name: &str, path: &str) -> EnvVar {
    let field_ref = ObjectFieldSelector { field_path: path.to_owned(), ..ObjectFieldSelector::default() };
    EnvVar {
        name: name.to_owned(),
        value_from: Some(EnvVarSource { field_ref: Some(field_ref), ..EnvVarSource::default() }),
        ..EnvVar::default()
    }
}

/// A port of the node.
pub(super) fn port(name: &str, number: i32) -> ContainerPort {
    ContainerPort {
        name: Some(name.to_owned()),
        container_port: number,
        host_port: Some(number),
        protocol: Some("TCP".to_owned()),
        ..ContainerPort::default()
    }
}

pub(super) fn probe(port: i32, path: &str, period_s: i32, failures: i32) -> Probe {
    let port = IntOrString::Int(port);
    let http_get = HTTPGetAction { path: Some(path.to_owned()), port, ..HTTPGetAction::default() };
    Probe {
        http_get: Some(http_get),
        period_seconds: Some(period_s),
        failure_threshold: Some(failures),
        ..Probe::default()
    }
}

/// What every container has: no right but these, and nothing of the image to write to.
pub(super) fn security(capabilities: &[&str]) -> SecurityContext {
    let add: Vec<String> = capabilities.iter().map(|name| (*name).to_owned()).collect();
    SecurityContext {
        allow_privilege_escalation: Some(false),
        capabilities: Some(Capabilities { add: (!add.is_empty()).then_some(add), drop: Some(vec!["ALL".to_owned()]) }),
        read_only_root_filesystem: Some(true),
        ..SecurityContext::default()
    }
}

pub(super) fn mount(volume: &str, path: &str) -> VolumeMount {
    VolumeMount { name: volume.to_owned(), mount_path: path.to_owned(), ..VolumeMount::default() }
}

pub(super) fn read_only(volume: &str, path: &str) -> VolumeMount {
    VolumeMount { read_only: Some(true), ..mount(volume, path) }
}

/// A volume that the node's memory holds.
pub(super) fn in_memory() -> EmptyDirVolumeSource {
    EmptyDirVolumeSource { medium: Some("Memory".to_owned()), size_limit: None }
}
