//! NovaRouteAdvertisement: prefixes that the nodes of a selector announce.
#![allow(clippy::duplicated_attributes, reason = "columns that are printed have types and paths in common")]

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AcceptedStatus, Cidr};

/// What some nodes announce.
#[derive(CustomResource, Debug, Clone, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "novaroute.io",
    version = "v1alpha1",
    kind = "NovaRouteAdvertisement",
    shortname = "nra",
    category = "novaroute",
    cel,
    derive = "PartialEq",
    status = "AcceptedStatus",
    doc = "Prefixes that the nodes of a selector announce: fixed ones, addresses of Services, the nodes' pod CIDRs.",
    printcolumn(name = "Protocol", type_ = "string", json_path = ".spec.protocol"),
    printcolumn(name = "Accepted", type_ = "string", json_path = ".status.conditions[?(@.type=='Accepted')].status"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[x_kube(
    cel,
    validation = Rule::new("has(self.prefixes) || has(self.services) || has(self.podCIDRs)")
        .message("set at least one of prefixes, services and podCIDRs"),
    validation = Rule::new("!has(self.attributes) || self.protocol == 'bgp'")
        .message("attributes are of protocol bgp")
)]
pub struct NovaRouteAdvertisementSpec {
    /// The nodes that announce; left out: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_selector: Option<LabelSelector>,
    /// By which protocol.
    #[serde(default)]
    pub protocol: Protocol,
    /// These prefixes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 4096))]
    pub prefixes: Option<Vec<Cidr>>,
    /// The addresses of Services of type LoadBalancer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub services: Option<ServiceSource>,
    /// The node's own pod CIDRs.
    #[serde(default, rename = "podCIDRs", skip_serializing_if = "Option::is_none")]
    pub pod_cidrs: Option<PodCidrs>,
    /// BGP attributes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<Attributes>,
}

/// What carries a prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// BGP.
    #[default]
    Bgp,
    /// OSPF, and OSPFv3 for IPv6.
    Ospf,
}

/// Services whose addresses are announced. With externalTrafficPolicy Local only the nodes with a ready endpoint do.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceSource {
    /// Services by their labels; left out: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selector: Option<LabelSelector>,
    /// Namespaces by their labels; left out: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace_selector: Option<LabelSelector>,
}

/// The node's pod CIDRs: there is nothing to say of them yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct PodCidrs {}

/// BGP attributes of all prefixes of an advertisement.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Attributes {
    /// LOCAL_PREF, for internal peers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 4_294_967_295_i64))]
    pub local_preference: Option<i64>,
    /// MULTI_EXIT_DISC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 4_294_967_295_i64))]
    pub med: Option<i64>,
    /// Communities: `65000:100`, `no-export`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), inner(length(min = 1, max = 40)))]
    pub communities: Vec<String>,
    /// Next hop; left out: the node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 2, max = 45))]
    pub next_hop: Option<String>,
}
