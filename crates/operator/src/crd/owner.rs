//! Owners: the clients that may speak to the agents, and what each of them may do.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Cidr, SecretKey};

/// A client of the agents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    cel,
    validation = Rule::new("has(self.token) != has(self.tokenSecretRef)")
        .message("set either tokenSecretRef or token")
)]
pub struct OwnerSpec {
    /// Name: 1 to 63 of `A-Z a-z 0-9 _ . -`, a letter or digit first.
    #[schemars(regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$"))]
    pub name: String,
    /// The token, for everyone to read who may read this resource: prefer tokenSecretRef.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 4096))]
    pub token: Option<String>,
    /// The Secret that holds the token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_secret_ref: Option<SecretKey>,
    /// Prefixes that the owner may announce: `host_only` /32 and /128, `subnet` shorter ones, `any` all but the default
    /// route.
    #[serde(default)]
    pub prefix_type: PrefixType,
    /// A prefix must lie inside one of them; left out: anywhere.
    #[serde(default, rename = "allowedCIDRs", skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1024))]
    pub allowed_cidrs: Vec<Cidr>,
    /// Kinds of intent that the owner may have; left out: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Set)]
    #[schemars(length(max = 5))]
    pub permissions: Vec<Permission>,
    /// Most that it may hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<OwnerLimits>,
}

/// Which lengths of prefix an owner may announce.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PrefixType {
    /// /32 and /128.
    HostOnly,
    /// /1 to /31 and /1 to /127.
    Subnet,
    /// All but the default route.
    #[default]
    Any,
}

/// A kind of intent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// The BGP instance.
    BgpGlobal,
    /// BGP peers.
    Peers,
    /// Prefixes.
    Prefixes,
    /// BFD sessions.
    Bfd,
    /// OSPF interfaces.
    Ospf,
}

/// Most that an owner may hold at once on one node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OwnerLimits {
    /// Prefixes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_prefixes: Option<i32>,
    /// Peers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_peers: Option<i32>,
}
