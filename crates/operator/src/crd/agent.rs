//! The agent of each node.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{EnvVar, ResourceRequirements, Toleration};
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{BgpSpec, OwnerSpec};

/// The agent's container, where it runs, and its configuration.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct AgentSpec {
    /// Image; left out: the agent's in imageRepository with version as its tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    pub image: Option<String>,
    /// Resources of the container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<ResourceRequirements>,
    /// Labels of the nodes that have an agent; left out: all nodes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub node_selector: BTreeMap<String, String>,
    /// Taints that the agent's pods tolerate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tolerations: Vec<Toleration>,
    /// The Unix socket that owners connect to, on the node.
    #[serde(default = "socket_path")]
    #[schemars(regex(pattern = r"^/[^\s\x00]{1,106}$"))]
    pub socket_path: String,
    /// Port of metrics, liveness and readiness.
    #[serde(default = "metrics_port")]
    #[schemars(range(min = 1, max = 65_535))]
    pub metrics_port: i32,
    /// Whether a page for people is served there too. Left out: it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_page: Option<bool>,
    /// What is logged.
    #[serde(default)]
    pub log_level: LogLevel,
    /// What the end of a pod leaves. Left out: withdraw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shutdown_mode: Option<ShutdownMode>,
    /// More arguments of the agent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extra_args: Vec<String>,
    /// More variables of its environment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub extra_env: Vec<EnvVar>,
    /// BGP of the nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bgp: Option<BgpSpec>,
    /// The clients that may connect.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 256))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub owners: Vec<OwnerSpec>,
}

/// What an agent that ends leaves in FRR.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ShutdownMode {
    /// Nothing: peers are told that the node has gone.
    Withdraw,
    /// Everything: a peer with graceful restart keeps the node's prefixes until the next pod is there.
    Keep,
}

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// Every line that FRR is sent.
    Debug,
    /// What changes.
    #[default]
    Info,
    /// What somebody should look at.
    Warn,
    /// What does not work.
    Error,
}

fn socket_path() -> String {
    "/run/novaroute/novaroute.sock".to_owned()
}

fn metrics_port() -> i32 {
    9102
}
