//! The Service by which Prometheus finds the agents.

use k8s_openapi::api::core::v1::{Service, ServicePort, ServiceSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::names::{Names, selector};
use crate::crd::NovaRouteClusterSpec;

/// Name of the port.
pub(super) const METRICS: &str = "metrics";

/// A headless Service: each agent is an endpoint, also while it is not ready.
pub(super) fn metrics(spec: &NovaRouteClusterSpec, names: &Names, metadata: ObjectMeta) -> Service {
    let port = ServicePort {
        name: Some(METRICS.to_owned()),
        port: spec.agent.metrics_port,
        target_port: Some(IntOrString::String(METRICS.to_owned())),
        protocol: Some("TCP".to_owned()),
        ..ServicePort::default()
    };
    let spec = ServiceSpec {
        cluster_ip: Some("None".to_owned()),
        ports: Some(vec![port]),
        publish_not_ready_addresses: Some(true),
        selector: Some(selector(&names.cluster)),
        ..ServiceSpec::default()
    };
    Service { metadata, spec: Some(spec), ..Service::default() }
}
