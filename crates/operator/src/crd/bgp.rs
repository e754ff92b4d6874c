//! BGP of a cluster's nodes: the instance, and peers that every node has.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

/// The BGP instance of each node.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    cel,
    validation = Rule::new("!(has(self.localAs) && has(self.asBase))").message("set either localAs or asBase"),
    validation = Rule::new("!(has(self.routerId) && has(self.autoRouterId) && self.autoRouterId)")
        .message("set either routerId or autoRouterId")
)]
pub struct BgpSpec {
    /// AS number of every node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 4_294_967_295_i64))]
    pub local_as: Option<i64>,
    /// Instead of localAs: a node's AS is this number plus the low 16 bits of its address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 4_294_967_295_i64))]
    pub as_base: Option<i64>,
    /// BGP identifier. `${VAR}` expands to a variable of the agent's container, such as `${NODE_IP}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub router_id: Option<String>,
    /// Instead of routerId: the identifier is the node's IPv4 address.
    #[serde(default)]
    pub auto_router_id: bool,
    /// Peers that every node has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 256))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["address".into()]))]
    pub peers: Vec<BgpPeerSpec>,
}

/// A peer that every node has. For one that some nodes have, or with a password in a Secret, use NovaRoutePeer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    cel,
    validation = Rule::new("has(self.keepalive) == has(self.holdTime)")
        .message("set both keepalive and holdTime, or neither"),
    validation = Rule::new("!has(self.keepalive) || !has(self.holdTime) || self.holdTime >= 3 * self.keepalive")
        .message("holdTime is at least three times keepalive")
)]
pub struct BgpPeerSpec {
    /// IPv4 or IPv6 address of the peer.
    #[schemars(length(min = 2, max = 45))]
    pub address: String,
    /// AS number of the peer.
    #[schemars(range(min = 1, max = 4_294_967_295_i64))]
    pub remote_as: i64,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 80))]
    pub description: Option<String>,
    /// BFD protects the session.
    #[serde(default)]
    pub bfd: bool,
    /// Required minimum receive interval of BFD in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 10, max = 60_000))]
    pub bfd_min_rx_ms: Option<i32>,
    /// Desired minimum transmit interval of BFD in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 10, max = 60_000))]
    pub bfd_min_tx_ms: Option<i32>,
    /// Lost BFD packets until the session is down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 2, max = 255))]
    pub bfd_detect_multiplier: Option<i32>,
    /// Seconds between KEEPALIVE messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 21_845))]
    pub keepalive: Option<i32>,
    /// Seconds without a message until the session ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 3, max = 65_535))]
    pub hold_time: Option<i32>,
    /// TCP MD5 password, for everyone to read who may read this resource: NovaRoutePeer takes it from a Secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 80))]
    pub password: Option<String>,
    /// Prefixes accepted per family before FRR warns; 0 or left out: 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 4_294_967_295_i64))]
    pub max_prefixes: Option<i64>,
}
