//! NovaRouteNode: what a node's agent does, in one small object.
#![allow(clippy::duplicated_attributes, reason = "columns that are printed have types and paths in common")]

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Cidr;

/// Nothing: the object is there for its status.
#[derive(CustomResource, Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, KubeSchema)]
#[kube(
    group = "novaroute.io",
    version = "v1alpha1",
    kind = "NovaRouteNode",
    shortname = "nrn",
    category = "novaroute",
    derive = "PartialEq",
    status = "NovaRouteNodeStatus",
    doc = "What the agent of a node does. Written by the node itself; the name is the node's.",
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].status"),
    printcolumn(name = "Sessions", type_ = "integer", json_path = ".status.sessionsEstablished"),
    printcolumn(name = "Advertised", type_ = "integer", json_path = ".status.prefixes.advertised"),
    printcolumn(name = "Refused", type_ = "integer", json_path = ".status.prefixes.refused"),
    printcolumn(name = "FRR", type_ = "string", json_path = ".status.frrVersion"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
pub struct NovaRouteNodeSpec {}

/// What the agent of a node does.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct NovaRouteNodeStatus {
    /// Version of the agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_version: Option<String>,
    /// Version of FRR.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frr_version: Option<String>,
    /// BGP sessions that are up.
    #[serde(default)]
    pub sessions_established: i32,
    /// BGP sessions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 256))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["address".into()]))]
    pub sessions: Vec<SessionEntry>,
    /// Prefixes.
    #[serde(default)]
    pub prefixes: Prefixes,
    /// What of the resources cannot be done on this node: some of it, if there is much.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub problems: Vec<Problem>,
    /// `Ready`, and `FRRConnected`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
}

/// A BGP session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionEntry {
    /// Address of the peer.
    pub address: String,
    /// Its AS number.
    pub remote_as: i64,
    /// State of the session (RFC 4271): `Established` …
    pub state: String,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Time>,
    /// Why it is not up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The prefixes of a node: how many there are, and which are not announced.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Prefixes {
    /// Announced to a peer at least.
    #[serde(default)]
    pub advertised: i32,
    /// In FRR, and announced to nobody.
    #[serde(default)]
    pub programmed: i32,
    /// On the way to FRR.
    #[serde(default)]
    pub pending: i32,
    /// Refused.
    #[serde(default)]
    pub refused: i32,
    /// Some of those that are not announced, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub not_advertised: Vec<PrefixEntry>,
}

/// A prefix that is not announced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PrefixEntry {
    /// The prefix.
    pub prefix: Cidr,
    /// By which protocol it should be.
    pub protocol: String,
    /// Where it is.
    pub state: String,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What of a resource cannot be done on a node.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// Kind and name of the resource: `NovaRoutePeer/rack`.
    pub resource: String,
    /// The field: `spec.addressFrom`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Why not.
    pub reason: String,
}
