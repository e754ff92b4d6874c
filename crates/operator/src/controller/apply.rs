//! Objects are applied at the server: what others have set in them is theirs, what we have set is put back.

use std::fmt::Debug;

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::api::{DeleteParams, Patch, PatchParams, Preconditions};
use kube::{Api, Client, Resource, ResourceExt as _};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Under which name our fields are known to the API server.
pub const MANAGER: &str = "novaroute-operator";

/// What a cluster has objects of.
pub(super) trait Kept:
    Resource<DynamicType = (), Scope = NamespaceResourceScope> + Serialize + DeserializeOwned + Clone + Debug
{
}

impl<K> Kept for K where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Serialize + DeserializeOwned + Clone + Debug
{
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
}

impl Applier<'_> {
    /// Makes an object what it should be; what it is then.
    ///
    /// # Errors
    /// It belongs to somebody else, or the API server did not take it.
    pub(super) async fn apply<K: Kept>(&self, object: &K) -> Result<K, ApplyError> {
        let (api, name) = (self.api::<K>(), object.name_any());
        let found = api.get_metadata_opt(&name).await.map_err(|error| failed::<K>(&name, error))?;
        if found.is_some_and(|found| !self.owns(found.owner_references())) {
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
        Ok(found.filter(|found| self.owns(found.owner_references())))
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

    pub(super) fn api<K: Kept>(&self) -> Api<K> {
        Api::namespaced(self.client.clone(), self.namespace)
    }

    fn owns(&self, owners: &[OwnerReference]) -> bool {
        owners.iter().any(|owner| owner.controller == Some(true) && owner.uid == self.owner)
    }
}

pub(super) fn failed<K: Kept>(name: &str, error: kube::Error) -> ApplyError {
    ApplyError::Api { kind: K::kind(&()).into_owned(), name: name.to_owned(), source: Box::new(error) }
}
