//! What a node needs to know of the cluster, each object as small as it can be: a thousand nodes hold it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{Namespace, Node, Secret, Service};
use k8s_openapi::api::discovery::v1::{Endpoint, EndpointSlice};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::ResourceExt as _;
use kube::api::DynamicObject;

use crate::check::{Checked, Fault, read_object};
use crate::crd::{NovaRouteAdvertisement, NovaRoutePeer};
pub(super) use crate::heard::Objects;

/// Labels or annotations.
pub(super) type Labels = BTreeMap<String, String>;

/// Which Service an EndpointSlice is of (KEP-752).
const SERVICE_NAME: &str = "kubernetes.io/service-name";

/// Everything that this node needs to know. What is `None` was not heard of completely yet.
#[derive(Debug, Clone, Default)]
pub(super) struct View {
    pub(super) node: Option<Arc<NodeFacts>>,
    pub(super) peers: Option<Objects<Custom<NovaRoutePeer>>>,
    pub(super) advertisements: Option<Objects<Custom<NovaRouteAdvertisement>>>,
    pub(super) services: Option<Objects<ServiceFacts>>,
    pub(super) slices: Option<Objects<SliceFacts>>,
    pub(super) namespaces: Option<Objects<Labels>>,
    /// By name: what is in the Secret, `None` if there is none of that name.
    pub(super) secrets: BTreeMap<String, Option<Arc<SecretFacts>>>,
}

/// A custom resource, or what is wrong with it.
pub(super) type Custom<R> = Result<R, Unusable>;

/// A custom resource that cannot be used.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Unusable {
    pub(super) faults: Vec<Fault>,
    /// The nodes that it means, as far as that can be read.
    pub(super) node_selector: Option<LabelSelector>,
}

/// The values of a Secret.
pub(super) type SecretFacts = BTreeMap<String, ByteString>;

/// This node.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct NodeFacts {
    pub(super) uid: String,
    pub(super) labels: Labels,
    pub(super) annotations: Labels,
    pub(super) pod_cidrs: Vec<String>,
    /// Cordoned.
    pub(super) unschedulable: bool,
    /// The keys of its taints.
    pub(super) taints: BTreeSet<String>,
}

/// A Service of type LoadBalancer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ServiceFacts {
    pub(super) labels: Labels,
    /// Addresses that were given to it and that reach a node.
    pub(super) addresses: Vec<IpAddr>,
    /// `externalTrafficPolicy: Local`.
    pub(super) local: bool,
}

/// Some of the endpoints of a Service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SliceFacts {
    /// The Service, as `namespace/name`.
    pub(super) service: String,
    /// One is ready, wherever.
    pub(super) ready: bool,
    /// One is ready on this node.
    pub(super) ready_here: bool,
}

pub(super) fn node(node: Node) -> NodeFacts {
    let spec = node.spec.unwrap_or_default();
    NodeFacts {
        uid: node.metadata.uid.unwrap_or_default(),
        labels: node.metadata.labels.unwrap_or_default(),
        annotations: node.metadata.annotations.unwrap_or_default(),
        pod_cidrs: spec.pod_cidrs.unwrap_or_default(),
        unschedulable: spec.unschedulable.unwrap_or_default(),
        taints: spec.taints.into_iter().flatten().map(|taint| taint.key).collect(),
    }
}

/// One that cannot be used is told on the nodes that it means, and holds up no other.
pub(super) fn custom<R: Checked>(object: &DynamicObject) -> Custom<R> {
    read_object(object).map_err(|faults| {
        let selector = &object.data["spec"]["nodeSelector"];
        Unusable { faults, node_selector: serde_json::from_value(selector.clone()).ok() }
    })
}

pub(super) fn service(service: Service) -> Option<ServiceFacts> {
    let spec = service.spec.filter(|spec| spec.type_.as_deref() == Some("LoadBalancer"))?;
    let given = service.status.and_then(|status| status.load_balancer?.ingress).unwrap_or_default();
    // A load balancer that is a proxy (KEP-1860) keeps the address to itself.
    let reaches_nodes = given.into_iter().filter(|one| one.ip_mode.as_deref() != Some("Proxy"));
    Some(ServiceFacts {
        labels: service.metadata.labels.unwrap_or_default(),
        addresses: reaches_nodes.filter_map(|one| one.ip?.parse().ok()).collect(),
        local: spec.external_traffic_policy.as_deref() == Some("Local"),
    })
}

pub(super) fn slice(slice: &EndpointSlice, this_node: &str) -> Option<SliceFacts> {
    let service = slice.labels().get(SERVICE_NAME)?;
    let is_ready = |endpoint: &&Endpoint| {
        let conditions = endpoint.conditions.as_ref();
        // Not told means ready.
        conditions.and_then(|conditions| conditions.ready).unwrap_or(true)
    };
    let ready = || slice.endpoints.iter().filter(is_ready);
    Some(SliceFacts {
        service: format!("{}/{service}", slice.namespace().unwrap_or_default()),
        ready: ready().next().is_some(),
        ready_here: ready().any(|endpoint| endpoint.node_name.as_deref() == Some(this_node)),
    })
}

pub(super) fn namespace(namespace: Namespace) -> Labels {
    namespace.metadata.labels.unwrap_or_default()
}

pub(super) fn secret(secret: Secret) -> SecretFacts {
    secret.data.unwrap_or_default()
}
