//! What a NovaRouteCluster becomes: the objects that the operator keeps in its namespace.
//!
//! Everything here is a function of the resource alone.

mod access;
mod companion;
mod config;
mod container;
mod daemon_set;
mod names;
mod secrets;
mod service;

use k8s_openapi::ByteString;
use k8s_openapi::api::apps::v1::DaemonSet;
use k8s_openapi::api::core::v1::{ConfigMap, Secret, Service, ServiceAccount};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use kube::Resource as _;

use crate::check::Fault;
use crate::crd::NovaRouteCluster;

pub use access::{Access, CLUSTER, Passwords, access};
pub use names::{MANAGED_BY, Names, labels};

/// The objects of a cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct Objects {
    /// For whom the pods run; it may do nothing.
    pub service_account: ServiceAccount,
    /// The agent's configuration, unless it has a password in it, and FRR's list of daemons.
    pub config_map: ConfigMap,
    /// What must not be read by everyone: the tokens that stand in the resource, and the configuration where it has a
    /// password in it; `None`: nothing.
    pub secret: Option<Secret>,
    /// The agents.
    pub daemon_set: DaemonSet,
    /// The agents' metrics.
    pub metrics: Service,
}

/// The objects that a resource asks for.
///
/// # Errors
/// The field that cannot be used, and why; an API server that checks the definition lets none such through.
pub fn objects(cluster: &NovaRouteCluster) -> Result<Objects, Fault> {
    let names = Names::of(cluster)?;
    let metadata = |name: &str| metadata(cluster, &names, name);
    let config = config::text(&cluster.spec);
    let open = config::data(&cluster.spec, &config);
    let confidential = secrets::data(&cluster.spec, &config);
    let checksum = config::checksum([&open, &confidential]);
    Ok(Objects {
        service_account: ServiceAccount {
            metadata: metadata(&names.cluster),
            automount_service_account_token: Some(false),
            ..ServiceAccount::default()
        },
        config_map: ConfigMap { metadata: metadata(&names.config), data: Some(open), ..ConfigMap::default() },
        secret: (!confidential.is_empty()).then(|| Secret {
            metadata: metadata(&names.secret),
            // Not `stringData`: what goes from that stays in the Secret.
            data: Some(confidential.into_iter().map(|(key, text)| (key, ByteString(text.into_bytes()))).collect()),
            ..Secret::default()
        }),
        daemon_set: daemon_set::daemon_set(&cluster.spec, &names, metadata(&names.cluster), &checksum),
        metrics: service::metrics(&cluster.spec, &names, metadata(&names.metrics)),
    })
}

/// An object goes when the cluster does.
fn metadata(cluster: &NovaRouteCluster, names: &Names, name: &str) -> ObjectMeta {
    let owner = cluster.metadata.uid.clone().map(|uid| OwnerReference {
        api_version: NovaRouteCluster::api_version(&()).into_owned(),
        kind: NovaRouteCluster::kind(&()).into_owned(),
        name: names.cluster.clone(),
        uid,
        controller: Some(true),
        block_owner_deletion: Some(true),
    });
    ObjectMeta {
        name: Some(name.to_owned()),
        namespace: Some(names.namespace.clone()),
        labels: Some(labels(&names.cluster)),
        owner_references: owner.map(|owner| vec![owner]),
        ..ObjectMeta::default()
    }
}

#[cfg(test)]
mod tests;
