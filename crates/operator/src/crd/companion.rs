//! The companion of each agent, which brings peers and advertisements from the API server to the node.

use k8s_openapi::api::core::v1::ResourceRequirements;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Cidr, NovaRouteClusterSpec, OwnerLimits, PrefixType};

/// Name of the owner that the companion is to the agent.
pub const COMPANION_OWNER: &str = "kubernetes";

/// The companion beside each agent: it brings NovaRoutePeers and NovaRouteAdvertisements to its node, as the owner
/// `kubernetes`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CompanionSpec {
    /// Whether there is one.
    pub enabled: bool,
    /// Image; left out: the operator's in imageRepository with version as its tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    pub image: Option<String>,
    /// Resources of the container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resources: Option<ResourceRequirements>,
    /// Port of metrics and liveness; another one than the agent's.
    #[schemars(range(min = 1, max = 65_535))]
    pub metrics_port: i32,
    /// Prefixes that advertisements may announce: `host_only` /32 and /128, `subnet` shorter ones, `any` all but the
    /// default route.
    pub prefix_type: PrefixType,
    /// A prefix must lie inside one of them; left out: anywhere.
    #[serde(rename = "allowedCIDRs", skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1024))]
    pub allowed_cidrs: Vec<Cidr>,
    /// Most that it may hold on one node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limits: Option<OwnerLimits>,
    /// When a node's prefixes are taken to other nodes; left out: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drain: Option<DrainSpec>,
}

impl Default for CompanionSpec {
    fn default() -> Self {
        Self {
            enabled: true,
            image: None,
            resources: None,
            metrics_port: 9103,
            prefix_type: PrefixType::default(),
            allowed_cidrs: Vec::new(),
            limits: None,
            drain: None,
        }
    }
}

impl CompanionSpec {
    /// The companion of a resource. One that says nothing of it has one, unless it was written before there were
    /// any and already uses the name or the port.
    #[must_use]
    pub fn of(spec: &NovaRouteClusterSpec) -> Option<Self> {
        let unsaid = || {
            let companion = Self::default();
            let is_named = spec.agent.owners.iter().any(|owner| owner.name == COMPANION_OWNER);
            (!is_named && spec.agent.metrics_port != companion.metrics_port).then_some(companion)
        };
        spec.companion.clone().or_else(unsaid).filter(|companion| companion.enabled)
    }
}

/// Draining of a node (RFC 8326): its prefixes are first announced with the community GRACEFUL_SHUTDOWN, so that others
/// take another way, and then withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct DrainSpec {
    /// While the node is cordoned.
    #[serde(default)]
    pub on_cordon: bool,
    /// While the node has a taint with one of these keys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), inner(length(min = 1, max = 317)))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub taints: Vec<String>,
    /// Seconds from the community to the withdrawal.
    #[serde(default = "wait_s")]
    #[schemars(range(min = 0, max = 3600))]
    pub wait_s: i32,
}

fn wait_s() -> i32 {
    30
}
