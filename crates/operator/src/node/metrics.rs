//! What the companion counts.

use std::sync::{Arc, Mutex, PoisonError};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::http::Served;

type Labels = [(&'static str, &'static str); 1];

/// The companion's metrics.
#[derive(Debug, Clone)]
pub(super) struct Metrics(Arc<Kept>);

#[derive(Debug)]
struct Kept {
    registry: Registry,
    connected: Gauge,
    intents: Family<Labels, Gauge>,
    problems: Gauge,
    calls: Family<Labels, Counter>,
    writes: Family<Labels, Counter>,
    obstacle: Mutex<Option<String>>,
}

impl Metrics {
    pub(super) fn new() -> Self {
        let mut registry = Registry::with_prefix("novaroute_companion");
        let (connected, problems) = (Gauge::default(), Gauge::default());
        let (intents, calls, writes) = (Family::default(), Family::default(), Family::default());
        for result in ["ok", "error"] {
            for counters in [&calls, &writes] {
                // One that never happened is there all the same, as 0.
                drop(Family::<Labels, Counter>::get_or_create(counters, &[("result", result)]));
            }
        }
        registry.register("agent_connected", "1: in session with the agent", connected.clone());
        registry.register("intents", "Intents that the agent has taken, or refused", intents.clone());
        registry.register("problems", "What of the resources cannot be done on this node", problems.clone());
        registry.register("calls", "Calls of the agent that change something", calls.clone());
        registry.register("status_writes", "Writes of this node's NovaRouteNode", writes.clone());
        let obstacle = Mutex::new(Some("nothing is known of the cluster yet".to_owned()));
        Self(Arc::new(Kept { registry, connected, intents, problems, calls, writes, obstacle }))
    }

    pub(super) fn connected(&self, connected: bool) {
        self.0.connected.set(i64::from(connected));
    }

    pub(super) fn intents(&self, taken: usize, refused: usize) {
        for (state, count) in [("taken", taken), ("refused", refused)] {
            self.0.intents.get_or_create(&[("state", state)]).set(count.try_into().unwrap_or(i64::MAX));
        }
    }

    pub(super) fn problems(&self, count: usize) {
        self.0.problems.set(count.try_into().unwrap_or(i64::MAX));
    }

    pub(super) fn called(&self, ok: bool) {
        self.0.calls.get_or_create(&[("result", word(ok))]).inc();
    }

    pub(super) fn written(&self, ok: bool) {
        self.0.writes.get_or_create(&[("result", word(ok))]).inc();
    }

    /// Why the companion is not ready; `None`: it is.
    pub(super) fn obstacle(&self, reason: Option<String>) {
        *self.0.obstacle.lock().unwrap_or_else(PoisonError::into_inner) = reason;
    }
}

fn word(ok: bool) -> &'static str {
    if ok { "ok" } else { "error" }
}

impl Served for Metrics {
    fn registry(&self) -> &Registry {
        &self.0.registry
    }

    fn obstacle(&self) -> Option<String> {
        self.0.obstacle.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
