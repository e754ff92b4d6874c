//! How the objects of a cluster are called, and by which labels they are found.

use std::collections::BTreeMap;

use crate::check::Fault;
use crate::crd::NovaRouteCluster;

/// Longest name of a cluster: the names of its objects are longer, and are also values of labels (63 characters).
const CLUSTER_NAME_MAX: usize = 50;

/// The names of a cluster's objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// Where they are.
    pub namespace: String,
    /// The cluster's, which is also the DaemonSet's and the ServiceAccount's.
    pub cluster: String,
    /// The ConfigMap's.
    pub config: String,
    /// The Secret's.
    pub secret: String,
    /// The metrics Service's.
    pub metrics: String,
    /// That of the companions' Role and its binding.
    pub companion: String,
    /// That of the binding of the companions' ClusterRole.
    pub binding: String,
}

impl Names {
    /// Names after the cluster's own.
    ///
    /// # Errors
    /// The resource has no name or namespace, or a name that is too long for those that are made of it.
    pub fn of(cluster: &NovaRouteCluster) -> Result<Self, Fault> {
        let missing = |field: &str| Fault { field: field.to_owned(), reason: "is not set".to_owned() };
        let name = cluster.metadata.name.clone().ok_or_else(|| missing("metadata.name"))?;
        let namespace = cluster.metadata.namespace.clone().ok_or_else(|| missing("metadata.namespace"))?;
        if name.len() > CLUSTER_NAME_MAX {
            let reason = format!("\"{name}\" has {} characters; at most {CLUSTER_NAME_MAX} can be used", name.len());
            return Err(Fault { field: "metadata.name".to_owned(), reason });
        }
        let with = |suffix: &str| format!("{name}-{suffix}");
        Ok(Self {
            config: with("config"),
            secret: Self::secret(&name),
            metrics: with("metrics"),
            companion: Self::companion(&name),
            binding: Self::binding(&namespace, &name),
            namespace,
            cluster: name,
        })
    }

    /// The name of the Secret of a cluster.
    #[must_use]
    pub fn secret(cluster: &str) -> String {
        format!("{cluster}-secrets")
    }

    /// The name of what lets the companions of a cluster read Secrets.
    #[must_use]
    pub fn companion(cluster: &str) -> String {
        format!("{cluster}-companion")
    }

    /// The name of what is the companions' and in no namespace.
    #[must_use]
    pub fn binding(namespace: &str, cluster: &str) -> String {
        format!("novaroute:{namespace}:{cluster}")
    }
}

/// Label and value of everything that the operator keeps.
pub const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "novaroute-operator");

/// The labels of all objects of a cluster.
#[must_use]
pub fn labels(cluster: &str) -> BTreeMap<String, String> {
    let mut labels = selector(cluster);
    labels.insert(MANAGED_BY.0.to_owned(), MANAGED_BY.1.to_owned());
    labels
}

/// The labels by which the pods of a cluster are found; they can never change.
pub(super) fn selector(cluster: &str) -> BTreeMap<String, String> {
    let labels = [("name", "novaroute"), ("instance", cluster), ("component", "agent")];
    labels.map(|(label, value)| (format!("app.kubernetes.io/{label}"), value.to_owned())).into()
}
