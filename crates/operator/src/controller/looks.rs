//! When a resource is looked at: when something of it changes, and again when a look has failed.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::StreamExt as _;
use kube::ResourceExt as _;
use kube::api::DynamicObject;
use kube::runtime::Controller;
use kube::runtime::controller::{Action, Config};
use kube::runtime::utils::Backoff;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

/// Time until a look that failed is made again, and the longest such time: it doubles.
const RETRY: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(300)];
/// How long changes are gathered before a look: one apply is up to eight of them.
const DEBOUNCE: Duration = Duration::from_millis(100);

/// Time until a watch that broke is begun again. It is the same each time: an API server that restarts breaks all of them, and
/// each would count.
const WATCH_AGAIN: Duration = Duration::from_millis(500);
/// Looks until `ends`, and then until those under way are through.
pub(super) async fn keep<Context, Looked, Failed>(
    controller: Controller<DynamicObject>,
    context: Context,
    ends: CancellationToken,
    look: impl Fn(Arc<DynamicObject>, Arc<Context>) -> Looked,
) where
    Looked: Future<Output = Result<Action, Failed>> + Send + 'static,
    Failed: std::error::Error + Send + 'static,
{
    let failures = Failures::default();
    let counted = |resource: Arc<DynamicObject>, context| {
        let (name, failures) = (Failures::name(&resource), failures.clone());
        let looked = look(resource, context);
        async move {
            let looked = looked.await;
            if looked.is_ok() {
                failures.forget(&name);
            }
            looked
        }
    };
    controller
        .with_config(Config::default().debounce(DEBOUNCE))
        .trigger_backoff(Steady)
        .graceful_shutdown_on(ends.cancelled_owned())
        .run(counted, |resource, error, _| again(&resource, error, &failures), Arc::new(context))
        .for_each(async |looked| {
            if let Err(error) = looked {
                debug!(%error, "of a look");
            }
        })
        .await;
}

fn again(resource: &DynamicObject, error: &impl Display, failures: &Failures) -> Action {
    let name = Failures::name(resource);
    let pause = failures.count(name.clone());
    warn!(resource = name, %error, again_in = ?pause, "a look failed");
    Action::requeue(pause)
}

/// The same pause each time.
pub(super) struct Steady;

impl Iterator for Steady {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        Some(WATCH_AGAIN)
    }
}

impl Backoff for Steady {
    fn reset(&mut self) {}
}

/// How often in a row the look at each resource has failed.
#[derive(Debug, Clone, Default)]
struct Failures(Arc<Mutex<BTreeMap<String, u32>>>);

impl Failures {
    fn name(resource: &DynamicObject) -> String {
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
