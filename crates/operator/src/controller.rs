//! The controller: NovaRouteCluster resources in, the objects of each and its status out. Beside it, peers and
//! advertisements are told whether they can be used.
//!
//! A look at a cluster is a function of what the API server has. It may be broken off anywhere, and be made by two
//! operators at once: both write the same.

mod accept;
mod access;
mod apply;
mod event;
mod leader;
mod looks;
mod metrics;
mod passwords;
mod reconcile;
mod status;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::apps::v1::DaemonSet;
use k8s_openapi::api::core::v1::{ConfigMap, Secret, Service, ServiceAccount};
use k8s_openapi::api::rbac::v1::{ClusterRoleBinding, Role, RoleBinding};
use kube::api::{ApiResource, DynamicObject};
use kube::runtime::controller::Action;
use kube::runtime::reflector::ObjectRef;
use kube::runtime::{Controller, watcher};
use kube::{Api, Client, Resource, ResourceExt as _};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::crd::{NovaRouteAdvertisement, NovaRouteCluster, NovaRoutePeer};
use crate::http::{self, BindError};
use crate::manifest::{CLUSTER, MANAGED_BY};
use event::Teller;
use leader::Candidate;
use metrics::Metrics;
use reconcile::{Context, LookError, reconcile};

pub use apply::MANAGER;
pub use leader::LEASE;
pub use reconcile::FINALIZER;

/// How long looks under way may take at the end. Half a look does no harm.
const LAST_LOOKS: Duration = Duration::from_secs(3);

/// How the operator runs.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The namespace that is looked at; `None`: all.
    pub namespace: Option<String>,
    /// Where the Lease is by which one of several operators leads.
    pub lease_namespace: String,
    /// What tells this operator from others.
    pub identity: String,
    /// Where metrics and health are served.
    pub bind: SocketAddr,
    /// The ClusterRole that the companions of each cluster are bound to.
    pub companion_role: String,
}

/// Runs until `shutdown`.
///
/// # Errors
/// The address for metrics and health cannot be used.
pub async fn run(client: Client, settings: Settings, shutdown: CancellationToken) -> Result<(), BindError> {
    let listener = http::listen(settings.bind)?;
    let metrics = Arc::new(Metrics::new());
    let serving = tokio::spawn(http::serve(listener, Arc::clone(&metrics), shutdown.clone()));
    let candidate = Candidate::new(client.clone(), &settings.lease_namespace, settings.identity.clone());
    candidate
        .lead(shutdown, async |leading| {
            metrics.leads(true);
            control(client.clone(), &settings, Arc::clone(&metrics), leading).await;
            metrics.leads(false);
        })
        .await;
    // It ends with the same token.
    let _ended = serving.await;
    Ok(())
}

/// The resource as it is watched: one that cannot be read must not hold up the others.
fn resource() -> ApiResource {
    ApiResource::erase::<NovaRouteCluster>(&())
}

async fn control(client: Client, settings: &Settings, metrics: Arc<Metrics>, leading: CancellationToken) {
    let namespace = settings.namespace.as_deref();
    let clusters: Api<DynamicObject> = match namespace {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource()),
        None => Api::all_with(client.clone(), &resource()),
    };
    let ours = watcher::Config::default().labels(&format!("{}={}", MANAGED_BY.0, MANAGED_BY.1));
    let teller = Teller::new(client.clone(), settings.identity.clone());
    let accepting = accept::Context { client: client.clone(), teller: teller.clone() };
    let (names, secrets) = watch::channel(None);
    let context = Context {
        client: client.clone(),
        metrics,
        teller,
        companion_role: settings.companion_role.clone(),
        passwords: secrets.clone(),
    };
    let controller = Controller::new_with(clusters, watcher::Config::default(), resource())
        .owns(api::<DaemonSet>(&client, namespace), ours.clone())
        .owns(api::<ConfigMap>(&client, namespace), ours.clone())
        .owns(api::<Secret>(&client, namespace), ours.clone())
        .owns(api::<Service>(&client, namespace), ours.clone())
        .owns(api::<ServiceAccount>(&client, namespace), ours.clone())
        .owns(api::<Role>(&client, namespace), ours.clone())
        .owns(api::<RoleBinding>(&client, namespace), ours.clone())
        .watches(Api::<ClusterRoleBinding>::all(client.clone()), ours, |binding| whose(&binding))
        .reconcile_all_on(passwords::changes(secrets));
    let looking = async {
        tokio::join!(
            looks::keep(controller, context, leading.clone(), look),
            accept::keep::<NovaRoutePeer>(accepting.clone(), leading.clone()),
            accept::keep::<NovaRouteAdvertisement>(accepting, leading.clone()),
        )
    };
    // Looks end by themselves once those under way are through, but not where they have never seen the resources.
    let too_long = async {
        leading.cancelled().await;
        sleep(LAST_LOOKS).await;
    };
    tokio::select! {
        _ = looking => {}
        () = too_long => {}
        () = passwords::follow(client, names) => {}
    }
}

/// The cluster of an object that is in no namespace.
fn whose(binding: &ClusterRoleBinding) -> Option<ObjectRef<DynamicObject>> {
    let (namespace, name) = binding.annotations().get(CLUSTER)?.split_once('/')?;
    Some(ObjectRef::new_with(name, resource()).within(namespace))
}

fn api<K>(client: &Client, namespace: Option<&str>) -> Api<K>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
{
    match namespace {
        Some(namespace) => Api::namespaced(client.clone(), namespace),
        None => Api::all(client.clone()),
    }
}

/// Looks at one cluster, and counts it.
async fn look(resource: Arc<DynamicObject>, context: Arc<Context>) -> Result<Action, LookError> {
    let (started, metrics) = (Instant::now(), Arc::clone(&context.metrics));
    let looked = reconcile(resource, context).await;
    metrics.reconciled(looked.is_ok(), started.elapsed().as_secs_f64());
    looked
}
