//! One look at one cluster: what it asks for is applied, and what became of it is told.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::apps::v1::DaemonSet;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;
use kube::api::{DynamicObject, Patch, PatchParams};
use kube::runtime::controller::Action;
use kube::{Api, Client, Resource as _, ResourceExt as _};
use serde_json::{Value, json};
use tokio::sync::watch::Receiver;
use tracing::info;

use super::access::Rights;
use super::apply::{Applier, ApplyError, MANAGER, failed};
use super::event::Teller;
use super::metrics::Metrics;
use super::passwords;
use super::status::{Found, Obstacle, status};
use crate::check::{Fault, read_object, told};
use crate::crd::{NovaRouteCluster, NovaRouteClusterStatus};
use crate::manifest::{Access, Names, Objects, access, objects};

/// Keeps a cluster until its agents have withdrawn everything.
pub const FINALIZER: &str = "novaroute.io/withdraw";
/// Under which name the finalizer is set, apart from everything else that we set.
const FINALIZER_MANAGER: &str = "novaroute-operator-finalizer";
/// How long to wait for what nobody tells of: a Secret that is missing, an object of that name that goes.
const AGAIN: Duration = Duration::from_secs(30);

/// What every look needs.
pub(super) struct Context {
    pub(super) client: Client,
    pub(super) metrics: Arc<Metrics>,
    pub(super) teller: Teller,
    /// The ClusterRole of the companions.
    pub(super) companion_role: String,
    /// The Secrets with passwords of peers.
    pub(super) passwords: Receiver<passwords::Names>,
}

/// A look failed; there will be another one.
#[derive(Debug, thiserror::Error)]
pub(super) enum LookError {
    #[error("{0}")]
    Apply(#[from] ApplyError),
    #[error("the status of the resource: {0}")]
    Status(#[source] Box<kube::Error>),
    #[error("the finalizer of the resource: {0}")]
    Finalizer(#[source] Box<kube::Error>),
}

/// One cluster as the API server has it.
struct Look<'a> {
    context: &'a Context,
    resource: &'a DynamicObject,
    api: Api<NovaRouteCluster>,
    applier: Applier<'a>,
    name: String,
}

/// Does what a cluster needs now.
pub(super) async fn reconcile(resource: Arc<DynamicObject>, context: Arc<Context>) -> Result<Action, LookError> {
    let (Some(namespace), Some(uid)) = (&resource.metadata.namespace, &resource.metadata.uid) else {
        return Ok(Action::await_change());
    };
    let (name, cluster) = (resource.name_any(), format!("{namespace}/{}", resource.name_any()));
    let look = Look {
        context: &context,
        resource: &resource,
        api: Api::namespaced(context.client.clone(), namespace),
        applier: Applier { client: &context.client, namespace, owner: uid, cluster: &cluster },
        name,
    };
    if resource.metadata.deletion_timestamp.is_some() { look.end().await } else { look.keep().await }
}

impl Look<'_> {
    async fn keep(&self) -> Result<Action, LookError> {
        let (cluster, obstacle) = match read_object::<NovaRouteCluster>(self.resource) {
            Ok(cluster) => {
                // Not one that cannot be used: the API server may refuse any change of it.
                self.hold(true).await?;
                let obstacle = self.bring_up(&cluster).await?;
                (Some(cluster), obstacle)
            }
            Err(faults) => (None, Some(invalid(&faults))),
        };
        let daemon_set = self.applier.get::<DaemonSet>(&self.name).await?;
        let version = cluster.as_ref().map(|cluster| cluster.spec.version.as_str());
        let found = Found { version, obstacle: obstacle.as_ref(), daemon_set: daemon_set.as_ref(), ..self.found() };
        self.tell(&found).await?;
        // Everything else is told by a watch.
        let waits = obstacle.is_some_and(|obstacle| obstacle.reason != INVALID);
        Ok(if waits { Action::requeue(AGAIN) } else { Action::await_change() })
    }

    /// The agents withdraw everything while what they are configured by is still there; then the cluster may go.
    async fn end(&self) -> Result<Action, LookError> {
        if !self.resource.finalizers().iter().any(|finalizer| finalizer == FINALIZER) {
            return Ok(Action::await_change());
        }
        let daemon_set = self.applier.get::<DaemonSet>(&self.name).await?;
        match &daemon_set {
            Some(one) if one.metadata.deletion_timestamp.is_none() => self.applier.remove(one, true).await?,
            Some(_) => {}
            None => {
                self.rights().end().await?;
                self.hold(false).await?;
                info!(cluster = self.name, "withdrawn");
                return Ok(Action::await_change());
            }
        }
        self.tell(&Found { ends: true, daemon_set: daemon_set.as_ref(), ..self.found() }).await?;
        Ok(Action::await_change())
    }

    fn rights(&self) -> Rights<'_> {
        Rights { applier: &self.applier, name: &self.name }
    }

    fn found(&self) -> Found<'static> {
        Found { generation: self.resource.metadata.generation, ..Found::default() }
    }

    /// Applies everything, the pods last; what stands in the way of it.
    async fn bring_up(&self, cluster: &NovaRouteCluster) -> Result<Option<Obstacle>, LookError> {
        let (secrets, role) = (self.context.passwords.borrow().clone(), &self.context.companion_role);
        let made = objects(cluster).and_then(|objects| Ok((objects, access(cluster, role, secrets.as_ref())?)));
        let (objects, access) = match made {
            Ok(made) => made,
            Err(fault) => return Ok(Some(invalid(&[fault]))),
        };
        match self.apply(&objects, access.as_ref(), secrets.as_ref()).await {
            Ok(()) => Ok(self.missing_secret(cluster).await?),
            Err(taken @ ApplyError::Taken { .. }) => {
                Ok(Some(Obstacle { reason: "NameTaken", message: taken.to_string(), blocks: true }))
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn apply(
        &self,
        objects: &Objects,
        access: Option<&Access>,
        secrets: Option<&BTreeSet<String>>,
    ) -> Result<(), ApplyError> {
        let Objects { service_account, config_map, secret, daemon_set, metrics } = objects;
        self.applier.apply(service_account).await?;
        self.applier.apply(config_map).await?;
        match secret {
            Some(secret) => drop(self.applier.apply(secret).await?),
            // What was confidential once need not lie around.
            None => self.applier.remove_if_there::<Secret>(&Names::secret(&self.name)).await?,
        }
        self.applier.apply(metrics).await?;
        self.rights().keep(access, secrets).await?;
        self.applier.apply(daemon_set).await?;
        Ok(())
    }

    /// The first Secret that is referred to and not there: pods wait for it.
    async fn missing_secret(&self, cluster: &NovaRouteCluster) -> Result<Option<Obstacle>, LookError> {
        let secrets = self.applier.api::<Secret>();
        for (number, owner) in cluster.spec.agent.owners.iter().enumerate() {
            let Some(reference) = &owner.token_secret_ref else { continue };
            let found = secrets.get_opt(&reference.name).await;
            let found = found.map_err(|error| failed::<Secret>(&reference.name, error))?;
            let has_key = found.as_ref().and_then(|secret| secret.data.as_ref()?.get(&reference.key)).is_some();
            if !has_key {
                let what = if found.is_some() {
                    format!("has no key {:?}", reference.key)
                } else {
                    "does not exist".to_owned()
                };
                let message = format!("spec.agent.owners[{number}].tokenSecretRef: Secret {} {what}", reference.name);
                return Ok(Some(Obstacle { reason: "SecretMissing", message, blocks: false }));
            }
        }
        Ok(None)
    }

    /// Sets or takes back the finalizer.
    async fn hold(&self, hold: bool) -> Result<(), LookError> {
        if self.resource.finalizers().iter().any(|finalizer| finalizer == FINALIZER) == hold {
            return Ok(());
        }
        let finalizers: &[&str] = if hold { &[FINALIZER] } else { &[] };
        let patch = self.partial(json!({"metadata": {"finalizers": finalizers}}));
        let params = PatchParams::apply(FINALIZER_MANAGER).force();
        match self.api.patch_metadata(&self.name, &params, &Patch::Apply(patch)).await {
            Err(kube::Error::Api(status)) if status.is_not_found() => Ok(()),
            patched => patched.map(drop).map_err(|error| LookError::Finalizer(Box::new(error))),
        }
    }

    /// Writes the status and tells of conditions that changed.
    async fn tell(&self, found: &Found<'_>) -> Result<(), LookError> {
        let before = self.resource.data.get("status").cloned().unwrap_or(Value::Null);
        let before: NovaRouteClusterStatus = serde_json::from_value(before).unwrap_or_default();
        let after = status(&before, found, &Time(Timestamp::now()));
        if after == before {
            return Ok(());
        }
        let patch = self.partial(json!({"status": after}));
        let params = PatchParams::apply(MANAGER).force();
        self.api
            .patch_status(&self.name, &params, &Patch::Apply(patch))
            .await
            .map_err(|error| LookError::Status(Box::new(error)))?;
        self.context.teller.tell(&self.resource.object_ref(&super::resource()), &before, &after).await;
        Ok(())
    }

    /// A part of this resource, for the API server.
    fn partial(&self, mut part: Value) -> Value {
        part["apiVersion"] = json!(NovaRouteCluster::api_version(&()));
        part["kind"] = json!(NovaRouteCluster::kind(&()));
        part["metadata"]["name"] = json!(self.name);
        // Another one of this name is not meant.
        part["metadata"]["uid"] = json!(self.applier.owner);
        part
    }
}

/// The reason of a resource that cannot be used.
const INVALID: &str = "InvalidResource";

fn invalid(faults: &[Fault]) -> Obstacle {
    Obstacle { reason: INVALID, message: told(faults), blocks: true }
}
