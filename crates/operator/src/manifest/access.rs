//! What the companions of a cluster may do at the API server.

use std::collections::BTreeSet;

use k8s_openapi::api::rbac::v1::{ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, Subject};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::names::{Names, labels};
use crate::check::Fault;
use crate::crd::{CompanionSpec, NovaRouteCluster};

/// Annotation of what is in no namespace, and can have no owner that is in one: namespace and name of the cluster.
pub const CLUSTER: &str = "novaroute.io/cluster";
/// Group of roles and bindings.
const GROUP: &str = "rbac.authorization.k8s.io";

/// What lets the companions of a cluster do their work.
#[derive(Debug, Clone, PartialEq)]
pub struct Access {
    /// They have the role that the companions of all clusters have.
    pub binding: ClusterRoleBinding,
    /// They may read the Secrets with peers' passwords; `None`: there are none.
    pub passwords: Option<Passwords>,
}

/// Reading certain Secrets and no others.
#[derive(Debug, Clone, PartialEq)]
pub struct Passwords {
    /// Which ones.
    pub role: Role,
    /// For the companions.
    pub binding: RoleBinding,
}

/// What the companions of a cluster need, if it has any: the ClusterRole of this name, and to read the Secrets of peers as
/// far as they are known.
///
/// # Errors
/// The field of the resource that cannot be used, and why.
pub fn access(
    cluster: &NovaRouteCluster,
    cluster_role: &str,
    secrets: Option<&BTreeSet<String>>,
) -> Result<Option<Access>, Fault> {
    let names = Names::of(cluster)?;
    Ok(CompanionSpec::of(&cluster.spec).map(|_| Access {
        binding: cluster_role_binding(&names, cluster_role),
        passwords: secrets.filter(|all| !all.is_empty()).map(|all| passwords(cluster, &names, all)),
    }))
}

fn cluster_role_binding(names: &Names, cluster_role: &str) -> ClusterRoleBinding {
    let whose = (CLUSTER.to_owned(), format!("{}/{}", names.namespace, names.cluster));
    ClusterRoleBinding {
        metadata: ObjectMeta {
            name: Some(names.binding.clone()),
            labels: Some(labels(&names.cluster)),
            annotations: Some([whose].into()),
            ..ObjectMeta::default()
        },
        role_ref: role("ClusterRole", cluster_role),
        subjects: Some(subjects(names)),
    }
}

fn passwords(cluster: &NovaRouteCluster, names: &Names, secrets: &BTreeSet<String>) -> Passwords {
    let metadata = || super::metadata(cluster, names, &names.companion);
    let read = PolicyRule {
        api_groups: Some(vec![String::new()]),
        resources: Some(vec!["secrets".to_owned()]),
        resource_names: Some(secrets.iter().cloned().collect()),
        // Those of all names are not granted by this: only what is selected by a name is.
        verbs: ["get", "list", "watch"].map(str::to_owned).into(),
        ..PolicyRule::default()
    };
    Passwords {
        role: Role { metadata: metadata(), rules: Some(vec![read]) },
        binding: RoleBinding {
            metadata: metadata(),
            role_ref: role("Role", &names.companion),
            subjects: Some(subjects(names)),
        },
    }
}

fn role(kind: &str, name: &str) -> RoleRef {
    RoleRef { api_group: GROUP.to_owned(), kind: kind.to_owned(), name: name.to_owned() }
}

fn subjects(names: &Names) -> Vec<Subject> {
    vec![Subject {
        kind: "ServiceAccount".to_owned(),
        name: names.cluster.clone(),
        namespace: Some(names.namespace.clone()),
        ..Subject::default()
    }]
}
