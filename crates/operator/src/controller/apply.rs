//! Objects are applied at the server: what others have set in them is theirs, what we have set is put back.

use std::fmt::Debug;

use k8s_openapi::api::apps::v1::DaemonSet;
use k8s_openapi::api::core::v1::{ConfigMap, Secret, Service, ServiceAccount};
use k8s_openapi::api::rbac::v1::{ClusterRoleBinding, Role, RoleBinding};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::{DeleteParams, Patch, PatchParams, Preconditions};
use kube::{Api, Client, Resource, ResourceExt as _};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::manifest::CLUSTER;

/// Under which name our fields are known to the API server.
pub const MANAGER: &str = "novaroute-operator";

/// What a cluster has objects of.
pub(super) trait Kept: Resource<DynamicType = ()> + Serialize + DeserializeOwned + Clone + Debug {
    /// Where those of a namespace are.
    fn api(client: Client, namespace: &str) -> Api<Self>;
}

macro_rules! kept {
    ($($kind:ty),*) => {$(
        impl Kept for $kind {
            fn api(client: Client, namespace: &str) -> Api<Self> {
                Api::namespaced(client, namespace)
            }
        }
    )*};
}

kept!(ConfigMap, DaemonSet, Role, RoleBinding, Secret, Service, ServiceAccount);

impl Kept for ClusterRoleBinding {
    fn api(client: Client, _: &str) -> Api<Self> {
        Api::all(client)
    }
}

/// An object could not be applied.
#[derive(Debug, thiserror::Error)]
pub(super) enum ApplyError {
    /// There is one of that name that is not the cluster's.
    #[error("{kind} {name} is there already and does not belong to this resource; rename or remove one of them")]
    Taken {
        /// Kind of the object.
        kind: String,
        /// Its name.
        name: String,
    },
    /// The API server refused it or did not answer.
    #[error("{kind} {name}: {source}")]
    Api {
        /// Kind of the object.
        kind: String,
        /// Its name.
        name: String,
        /// What the API server said.
        source: Box<kube::Error>,
    },
}

/// Applies the objects of one cluster.
pub(super) struct Applier<'a> {
    /// The API server.
    pub(super) client: &'a Client,
    /// Where the objects are.
    pub(super) namespace: &'a str,
    /// The cluster.
    pub(super) owner: &'a str,
    /// Its namespace and name, as its objects without a namespace say it.
    pub(super) cluster: &'a str,
}

impl Applier<'_> {
    /// Makes an object what it should be; what it is then.
    ///
    /// # Errors
    /// It belongs to somebody else, or the API server did not take it.
    pub(super) async fn apply<K: Kept>(&self, object: &K) -> Result<K, ApplyError> {
        let (api, name) = (self.api::<K>(), object.name_any());
        let found = api.get_metadata_opt(&name).await.map_err(|error| failed::<K>(&name, error))?;
        if found.is_some_and(|found| !self.owns(&found.metadata)) {
            return Err(ApplyError::Taken { kind: K::kind(&()).into_owned(), name });
        }
        let params = PatchParams::apply(MANAGER).force();
        api.patch(&name, &params, &Patch::Apply(object)).await.map_err(|error| failed::<K>(&name, error))
    }

    /// An object as it is; `None`: there is none, or it is somebody else's.
    ///
    /// # Errors
    /// The API server did not answer.
    pub(super) async fn get<K: Kept>(&self, name: &str) -> Result<Option<K>, ApplyError> {
        let found = self.api::<K>().get_opt(name).await.map_err(|error| failed::<K>(name, error))?;
        Ok(found.filter(|found| self.owns(found.meta())))
    }

    /// Removes an object that is the cluster's; `foreground`: it stays until what depends on it has gone.
    ///
    /// # Errors
    /// The API server did not do it.
    pub(super) async fn remove<K: Kept>(&self, object: &K, foreground: bool) -> Result<(), ApplyError> {
        let name = object.name_any();
        // Not one that was made in the meantime.
        let preconditions = Preconditions { uid: object.uid(), resource_version: None };
        let params = if foreground { DeleteParams::foreground() } else { DeleteParams::background() };
        match self.api::<K>().delete(&name, &params.preconditions(preconditions)).await {
            Err(kube::Error::Api(status)) if status.is_not_found() || status.is_conflict() => Ok(()),
            deleted => deleted.map(drop).map_err(|error| failed::<K>(&name, error)),
        }
    }

    /// Removes an object that is no longer needed, if it is there and the cluster's.
    ///
    /// # Errors
    /// The API server did not do it.
    pub(super) async fn remove_if_there<K: Kept>(&self, name: &str) -> Result<(), ApplyError> {
        match self.get::<K>(name).await? {
            Some(object) => self.remove(&object, false).await,
            None => Ok(()),
        }
    }

    pub(super) fn api<K: Kept>(&self) -> Api<K> {
        K::api(self.client.clone(), self.namespace)
    }

    /// What is in a namespace has the cluster as its owner. What is in none cannot: it says whose it is, and outlives a
    /// cluster that ends without an operator, until there is one of this name again.
    fn owns(&self, metadata: &ObjectMeta) -> bool {
        if metadata.namespace.is_none() {
            let whose = metadata.annotations.as_ref().and_then(|annotations| annotations.get(CLUSTER));
            return whose.is_some_and(|whose| whose == self.cluster);
        }
        let mut owners = metadata.owner_references.iter().flatten();
        owners.any(|owner| owner.controller == Some(true) && owner.uid == self.owner)
    }
}

pub(super) fn failed<K: Kept>(name: &str, error: kube::Error) -> ApplyError {
    ApplyError::Api { kind: K::kind(&()).into_owned(), name: name.to_owned(), source: Box::new(error) }
}
