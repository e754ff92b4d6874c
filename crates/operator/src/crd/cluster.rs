//! NovaRouteCluster: one resource, and every node routes.
#![allow(clippy::duplicated_attributes, reason = "columns that are printed have types and paths in common")]

use k8s_openapi::api::core::v1::{LocalObjectReference, ResourceRequirements};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AgentSpec, CompanionSpec};

/// The agents of a cluster.
#[derive(CustomResource, Debug, Clone, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "novaroute.io",
    version = "v1alpha1",
    kind = "NovaRouteCluster",
    shortname = "nrc",
    category = "novaroute",
    namespaced,
    cel,
    derive = "PartialEq",
    status = "NovaRouteClusterStatus",
    doc = "NovaRoute on the nodes of a cluster: an agent and an FRR on each.",
    printcolumn(name = "Phase", type_ = "string", json_path = ".status.phase"),
    printcolumn(name = "Version", type_ = "string", json_path = ".status.version"),
    printcolumn(name = "Ready", type_ = "integer", json_path = ".status.agent.readyNodes"),
    printcolumn(name = "Desired", type_ = "integer", json_path = ".status.agent.desiredNodes"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[x_kube(
    cel,
    validation = Rule::new("!has(self.companion) || !self.companion.enabled || !has(self.agent.owners) || \
        self.agent.owners.all(owner, owner.name != 'kubernetes')")
        .message("the owner kubernetes is the companion: rename yours, or set companion.enabled to false")
        .field_path(".agent.owners"),
    validation = Rule::new("!has(self.companion) || !self.companion.enabled || \
        self.companion.metricsPort != self.agent.metricsPort")
        .message("the agent has this port already: set another one")
        .field_path(".companion.metricsPort")
)]
pub struct NovaRouteClusterSpec {
    /// Version of NovaRoute, which is also the tag of its images: `0.1.0`, `v0.1.0`, `0.2.0-rc1`.
    #[schemars(regex(pattern = r"^v?[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?$"))]
    pub version: String,
    /// Where the images are.
    #[serde(default = "image_repository")]
    #[schemars(length(min = 1, max = 255))]
    pub image_repository: String,
    /// When images are pulled.
    #[serde(default)]
    pub image_pull_policy: PullPolicy,
    /// Secrets for pulling them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub image_pull_secrets: Vec<LocalObjectReference>,
    /// The agent of each node.
    pub agent: AgentSpec,
    /// The FRR of each node.
    pub frr: FrrSpec,
    /// The companion of each agent, which brings NovaRoutePeers and NovaRouteAdvertisements to the node; left out:
    /// there is one, unless an owner is called `kubernetes` or the agent has port 9103.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub companion: Option<CompanionSpec>,
    /// How a change reaches the nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update_strategy: Option<UpdateStrategy>,
}

/// When the images are pulled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum PullPolicy {
    /// Each time a container starts.
    Always,
    /// When the node does not have it.
    #[default]
    IfNotPresent,
    /// Never: the node must have it.
    Never,
}

/// The FRR container beside the agent.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FrrSpec {
    /// Image; left out: FRR's in imageRepository, of the same version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    pub image: Option<String>,
    /// Resources of the container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<ResourceRequirements>,
    /// The daemons that run beside zebra and staticd.
    #[serde(default)]
    pub daemons: FrrDaemons,
}

/// FRR's routing daemons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct FrrDaemons {
    /// BGP.
    pub bgpd: bool,
    /// OSPFv2, for IPv4.
    pub ospfd: bool,
    /// BFD.
    pub bfdd: bool,
    /// OSPFv3, for IPv6.
    pub ospf6d: bool,
}

impl Default for FrrDaemons {
    fn default() -> Self {
        Self { bgpd: true, ospfd: true, bfdd: true, ospf6d: true }
    }
}

/// How a change reaches the nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct UpdateStrategy {
    /// `RollingUpdate`: node after node. `OnDelete`: when somebody deletes a pod.
    #[serde(rename = "type")]
    pub kind: UpdateType,
    /// Nodes that may be without an agent at one time.
    #[schemars(range(min = 1, max = 10_000))]
    pub max_unavailable: i32,
}

impl Default for UpdateStrategy {
    fn default() -> Self {
        Self { kind: UpdateType::default(), max_unavailable: 1 }
    }
}

/// What starts the update of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum UpdateType {
    /// The update of the node before.
    #[default]
    RollingUpdate,
    /// Somebody who deletes its pod.
    OnDelete,
}

/// How far the cluster is.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct NovaRouteClusterStatus {
    /// The conditions in one word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
    /// How many nodes have which agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<ComponentStatus>,
    /// The version that all nodes have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The generation of the resource that this status is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// `Ready`, `Progressing` and `Degraded`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
}

/// The conditions of a cluster in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Phase {
    /// Nothing was done yet.
    Pending,
    /// The first agents start.
    Initializing,
    /// All nodes have what was asked for.
    Running,
    /// Nodes are being brought to another version or configuration.
    Upgrading,
    /// Some nodes are not as they should be.
    Degraded,
    /// The resource cannot be used.
    Failed,
}

/// Nodes by what their agent is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ComponentStatus {
    /// All nodes that should have one have a ready one.
    pub ready: bool,
    /// Nodes that should have one.
    pub desired_nodes: i32,
    /// Nodes whose agent is ready.
    pub ready_nodes: i32,
    /// Nodes whose agent is as the resource says now.
    pub updated_nodes: i32,
}

fn image_repository() -> String {
    "ghcr.io/azrtydxb/novaroute".to_owned()
}
