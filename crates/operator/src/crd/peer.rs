//! NovaRoutePeer: a BGP peer of the nodes that a selector names.
#![allow(clippy::duplicated_attributes, reason = "columns that are printed have types and paths in common")]

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AcceptedStatus, NodeValue, SecretKey};

/// A peer of some nodes.
#[derive(CustomResource, Debug, Clone, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "novaroute.io",
    version = "v1alpha1",
    kind = "NovaRoutePeer",
    shortname = "nrp",
    category = "novaroute",
    cel,
    derive = "PartialEq",
    status = "AcceptedStatus",
    doc = "A BGP peer of the nodes that a selector names, with values that may differ from node to node.",
    printcolumn(name = "Address", type_ = "string", json_path = ".spec.address"),
    printcolumn(name = "AS", type_ = "integer", json_path = ".spec.remoteAs"),
    printcolumn(name = "Accepted", type_ = "string", json_path = ".status.conditions[?(@.type=='Accepted')].status"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[x_kube(
    cel,
    validation = Rule::new("has(self.address) != has(self.addressFrom)")
        .message("set either address or addressFrom"),
    validation = Rule::new("has(self.remoteAs) != has(self.remoteAsFrom)")
        .message("set either remoteAs or remoteAsFrom"),
    validation = Rule::new("!(has(self.sourceAddress) && has(self.sourceAddressFrom))")
        .message("set sourceAddress or sourceAddressFrom, not both"),
    validation = Rule::new("has(self.keepalive) == has(self.holdTime)")
        .message("set both keepalive and holdTime, or neither"),
    validation = Rule::new("!has(self.keepalive) || !has(self.holdTime) || self.holdTime >= 3 * self.keepalive")
        .message("holdTime is at least three times keepalive")
)]
pub struct NovaRoutePeerSpec {
    /// The nodes that have the peer; left out: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_selector: Option<LabelSelector>,
    /// IPv4 or IPv6 address of the peer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 2, max = 45))]
    pub address: Option<String>,
    /// Where each node has the address of its peer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_from: Option<NodeValue>,
    /// AS number of the peer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 4_294_967_295_i64))]
    pub remote_as: Option<i64>,
    /// Where each node has the AS number of its peer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_as_from: Option<NodeValue>,
    /// Own address of the session; left out: by the route to the peer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 2, max = 45))]
    pub source_address: Option<String>,
    /// Where each node has the own address of the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_address_from: Option<NodeValue>,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 80))]
    pub description: Option<String>,
    /// Families that are exchanged; left out: IPv4.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 2))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub address_families: Vec<AddressFamily>,
    /// Seconds between KEEPALIVE messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 21_845))]
    pub keepalive: Option<i32>,
    /// Seconds without a message until the session ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 3, max = 65_535))]
    pub hold_time: Option<i32>,
    /// BFD protects the session, with these timers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bfd: Option<PeerBfd>,
    /// Hops to an eBGP peer that is not on a link of the node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 255))]
    pub ebgp_multihop: Option<i32>,
    /// The Secret that holds the TCP MD5 password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_secret_ref: Option<SecretKey>,
    /// Prefixes accepted per family before FRR warns; left out: 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 4_294_967_295_i64))]
    pub max_prefixes: Option<i64>,
    /// What is kept while one of the two ends restarts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub graceful_restart: Option<GracefulRestart>,
}

/// An address family (RFC 4760).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AddressFamily {
    /// IPv4 unicast.
    Ipv4Unicast,
    /// IPv6 unicast.
    Ipv6Unicast,
}

/// Graceful restart of a session (RFC 4724).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GracefulRestart {
    /// The routes of a peer that restarts are kept.
    Helper,
    /// The peer is also asked to keep the node's.
    Full,
    /// Nothing is kept.
    Off,
}

/// Timers of BFD (RFC 5880).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PeerBfd {
    /// Required minimum receive interval in milliseconds; left out: 300.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 10, max = 60_000))]
    pub min_rx_ms: Option<i32>,
    /// Desired minimum transmit interval in milliseconds; left out: 300.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 10, max = 60_000))]
    pub min_tx_ms: Option<i32>,
    /// Lost packets until the session is down; left out: 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 2, max = 255))]
    pub detect_multiplier: Option<i32>,
}
