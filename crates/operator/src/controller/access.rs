//! What the companions of a cluster may do is kept in step with the cluster and with the peers.

use std::collections::BTreeSet;

use k8s_openapi::api::rbac::v1::{ClusterRoleBinding, Role, RoleBinding};
use kube::ResourceExt as _;

use super::apply::{Applier, ApplyError};
use crate::manifest::{Access, Names, Passwords};

/// The rights of one cluster's companions.
pub(super) struct Rights<'a> {
    pub(super) applier: &'a Applier<'a>,
    /// The cluster.
    pub(super) name: &'a str,
}

impl Rights<'_> {
    /// Makes them what they should be; `None`: there are none. While the Secrets are not known what they may read is left
    /// as it is.
    ///
    /// # Errors
    /// An object belongs to somebody else, or the API server did not take it.
    pub(super) async fn keep(
        &self,
        access: Option<&Access>,
        secrets: Option<&BTreeSet<String>>,
    ) -> Result<(), ApplyError> {
        let Some(Access { binding, passwords }) = access else { return self.end().await };
        self.bind(binding).await?;
        match passwords {
            Some(Passwords { role, binding }) => {
                self.applier.apply(role).await?;
                self.applier.apply(binding).await?;
                Ok(())
            }
            None if secrets.is_some() => self.end_passwords().await,
            None => Ok(()),
        }
    }

    /// Takes them back. What is in no namespace goes with no cluster by itself.
    ///
    /// # Errors
    /// The API server did not do it.
    pub(super) async fn end(&self) -> Result<(), ApplyError> {
        let name = Names::binding(self.applier.namespace, self.name);
        self.applier.remove_if_there::<ClusterRoleBinding>(&name).await?;
        self.end_passwords().await
    }

    async fn bind(&self, binding: &ClusterRoleBinding) -> Result<(), ApplyError> {
        // The role of a binding cannot be changed.
        let found = self.applier.get::<ClusterRoleBinding>(&binding.name_any()).await?;
        if let Some(other) = found.filter(|found| found.role_ref != binding.role_ref) {
            self.applier.remove(&other, false).await?;
        }
        self.applier.apply(binding).await.map(drop)
    }

    async fn end_passwords(&self) -> Result<(), ApplyError> {
        let name = Names::companion(self.name);
        // Nobody is bound to what is not there.
        self.applier.remove_if_there::<RoleBinding>(&name).await?;
        self.applier.remove_if_there::<Role>(&name).await
    }
}
