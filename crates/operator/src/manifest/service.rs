//! The Service by which Prometheus finds the agents and their companions.

use k8s_openapi::api::core::v1::{Service, ServicePort, ServiceSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::companion::COMPANION;
use super::names::{Names, selector};
use crate::crd::{CompanionSpec, NovaRouteClusterSpec};

/// Name of the port.
pub(super) const METRICS: &str = "metrics";

/// A headless Service: each agent is an endpoint, also while it is not ready.
pub(super) fn metrics(spec: &NovaRouteClusterSpec, names: &Names, metadata: ObjectMeta) -> Service {
    let companion = CompanionSpec::of(spec).map(|companion| port(COMPANION, companion.metrics_port));
    let ports = [port(METRICS, spec.agent.metrics_port)].into_iter().chain(companion).collect();
    let spec = ServiceSpec {
        cluster_ip: Some("None".to_owned()),
        ports: Some(ports),
        publish_not_ready_addresses: Some(true),
        selector: Some(selector(&names.cluster)),
        ..ServiceSpec::default()
    };
    Service { metadata, spec: Some(spec), ..Service::default() }
}

fn port(name: &str, number: i32) -> ServicePort {
    ServicePort {
        name: Some(name.to_owned()),
        port: number,
        target_port: Some(IntOrString::String(name.to_owned())),
        protocol: Some("TCP".to_owned()),
        ..ServicePort::default()
    }
}
