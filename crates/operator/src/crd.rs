//! The custom resources of group `novaroute.io`, as types from which the definitions are generated.
//!
//! `cargo run -p xtask -- crds` writes the definitions to `charts/novaroute-operator/crds`. Names of fields are those that
//! users of the earlier operator have in their resources; what is new is optional.
#![allow(unreachable_pub, reason = "deriving KubeSchema makes a second type of each, which nobody sees")]

mod advertisement;
mod agent;
mod bgp;
mod cluster;
mod companion;
mod node;
mod owner;
mod peer;
mod selection;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt as _;

pub use advertisement::{
    Attributes, NovaRouteAdvertisement, NovaRouteAdvertisementSpec, PodCidrs, Protocol, ServiceSource,
};
pub use agent::{AgentSpec, LogLevel, ShutdownMode};
pub use bgp::{BgpPeerSpec, BgpSpec};
pub use cluster::{
    ComponentStatus, FrrDaemons, FrrSpec, NovaRouteCluster, NovaRouteClusterSpec, NovaRouteClusterStatus, Phase,
    PullPolicy, UpdateStrategy, UpdateType,
};
pub use companion::{COMPANION_OWNER, CompanionSpec, DrainSpec};
pub use node::{NovaRouteNode, NovaRouteNodeSpec, NovaRouteNodeStatus, PrefixEntry, Prefixes, Problem, SessionEntry};
pub use owner::{OwnerLimits, OwnerSpec, Permission, PrefixType};
pub use peer::{AddressFamily, GracefulRestart, NovaRoutePeer, NovaRoutePeerSpec, PeerBfd};
pub use selection::{AcceptedStatus, Cidr, NodeValue, SecretKey};

/// The definitions, by the name of the file that each is kept in.
#[must_use]
pub fn definitions() -> Vec<(String, CustomResourceDefinition)> {
    let all = [NovaRouteCluster::crd(), NovaRoutePeer::crd(), NovaRouteAdvertisement::crd(), NovaRouteNode::crd()];
    all.into_iter().map(|crd| (format!("{}.yaml", crd.spec.names.plural), crd)).collect()
}
