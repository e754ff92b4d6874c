//! The controller: NovaRouteCluster resources in, the objects of each and its status out.
//!
//! A look at a cluster is a function of what the API server has. It may be broken off anywhere, and be made by two
//! operators at once: both write the same.

mod apply;
mod event;
mod leader;
mod metrics;
mod reconcile;
mod status;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::StreamExt as _;
use k8s_openapi::api::apps::v1::DaemonSet;
use k8s_openapi::api::core::v1::{ConfigMap, Secret, Service, ServiceAccount};
use kube::api::{ApiResource, DynamicObject};
use kube::runtime::controller::{Action, Config};
use kube::runtime::utils::Backoff;
use kube::runtime::{Controller, watcher};
use kube::{Api, Client, ResourceExt as _};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::crd::NovaRouteCluster;
use crate::http::{self, BindError};
use crate::manifest::MANAGED_BY;
use apply::Kept;
use event::Teller;
use leader::Candidate;
use metrics::Metrics;
use reconcile::{Context, LookError, reconcile};

pub use apply::MANAGER;
pub use leader::LEASE;
pub use reconcile::FINALIZER;

/// Time until a look that failed is made again, and the longest such time: it doubles.
const RETRY: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(300)];
/// How long changes are gathered before a look: one apply is up to five of them.
const DEBOUNCE: Duration = Duration::from_millis(100);

/// Time until a watch that broke is begun again. It is the same each time: an API server that restarts breaks all six, and
/// each would count.
const WATCH_AGAIN: Duration = Duration::from_millis(500);
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
}

/// Runs until `shutdown`.
///
/// # Errors
/// The address for metrics and health cannot be used.
pub async fn run(client: Client, settings: Settings, shutdown: CancellationToken) -> Result<(), BindError> {
    let listener = http::listen(settings.bind).await?;
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
    let failures = Failures::default();
    let teller = Teller::new(client.clone(), settings.identity.clone());
    let context = Arc::new(Context { client: client.clone(), metrics, teller });
    let ended = leading.clone();
    let looking = Controller::new_with(clusters, watcher::Config::default(), resource())
        .owns(api::<DaemonSet>(&client, namespace), ours.clone())
        .owns(api::<ConfigMap>(&client, namespace), ours.clone())
        .owns(api::<Secret>(&client, namespace), ours.clone())
        .owns(api::<Service>(&client, namespace), ours.clone())
        .owns(api::<ServiceAccount>(&client, namespace), ours)
        .with_config(Config::default().debounce(DEBOUNCE))
        .trigger_backoff(Steady)
        .graceful_shutdown_on(leading.cancelled_owned())
        .run(
            {
                let failures = failures.clone();
                move |resource, context| look(resource, context, failures.clone())
            },
            move |resource, error, _| again(resource, error, &failures),
            context,
        )
        .for_each(|looked| async move {
            if let Err(error) = looked {
                debug!(%error, "of a look");
            }
        });
    // It ends by itself once looks under way are through, but not where it has never seen the resources.
    let too_long = async {
        ended.cancelled().await;
        sleep(LAST_LOOKS).await;
    };
    tokio::select! {
        () = looking => {}
        () = too_long => {}
    }
}

fn api<K: Kept>(client: &Client, namespace: Option<&str>) -> Api<K> {
    match namespace {
        Some(namespace) => Api::namespaced(client.clone(), namespace),
        None => Api::all(client.clone()),
    }
}

async fn look(resource: Arc<DynamicObject>, context: Arc<Context>, failures: Failures) -> Result<Action, LookError> {
    let (started, metrics) = (Instant::now(), Arc::clone(&context.metrics));
    let name = failures.name(&resource);
    let looked = reconcile(resource, context).await;
    metrics.reconciled(looked.is_ok(), started.elapsed().as_secs_f64());
    if looked.is_ok() {
        failures.forget(&name);
    }
    looked
}

fn again(resource: Arc<DynamicObject>, error: &LookError, failures: &Failures) -> Action {
    let pause = failures.count(failures.name(&resource));
    warn!(cluster = resource.name_any(), %error, again_in = ?pause, "a look failed");
    Action::requeue(pause)
}

/// The same pause each time.
struct Steady;

impl Iterator for Steady {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        Some(WATCH_AGAIN)
    }
}

impl Backoff for Steady {
    fn reset(&mut self) {}
}

/// How often in a row the look at each cluster has failed.
#[derive(Debug, Clone, Default)]
struct Failures(Arc<Mutex<BTreeMap<String, u32>>>);

impl Failures {
    fn name(&self, resource: &DynamicObject) -> String {
        format!("{}/{}", resource.namespace().unwrap_or_default(), resource.name_any())
    }

    fn forget(&self, name: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    /// Counts one more; how long to wait.
    fn count(&self, name: String) -> Duration {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(name).or_default();
        let pause = RETRY[0].saturating_mul(2_u32.saturating_pow(*count));
        *count = count.saturating_add(1);
        pause.min(RETRY[1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_in_a_row_doubles_the_pause() {
        let failures = Failures::default();
        let pauses: Vec<u64> = (0..10).map(|_| failures.count("a/b".to_owned()).as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]);
        assert_eq!(failures.count("a/c".to_owned()).as_secs(), 1);
        failures.forget("a/b");
        assert_eq!(failures.count("a/b".to_owned()).as_secs(), 1);
    }
}
