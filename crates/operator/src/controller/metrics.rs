//! What the operator counts.

use std::sync::Arc;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::http::Served;

/// Upper bounds of the buckets, in seconds: from a look that changes nothing to an API server that hardly answers.
const BUCKETS_S: [f64; 9] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

type Labels = [(&'static str, &'static str); 1];

/// The operator's metrics.
#[derive(Debug)]
pub(super) struct Metrics {
    registry: Registry,
    reconciles: Family<Labels, Counter>,
    duration: Histogram,
    leading: Gauge,
}

impl Metrics {
    pub(super) fn new() -> Self {
        let mut registry = Registry::with_prefix("novaroute_operator");
        let (reconciles, leading) = (Family::<Labels, Counter>::default(), Gauge::default());
        let duration = Histogram::new(BUCKETS_S);
        for result in ["ok", "error"] {
            // One that never happened is there all the same, as 0.
            drop(reconciles.get_or_create(&[("result", result)]));
        }
        registry.register("reconciles", "Looks at a NovaRouteCluster", reconciles.clone());
        registry.register("reconcile_duration_seconds", "Time that a look took", duration.clone());
        registry.register("leading", "1: this operator is the one that acts", leading.clone());
        Self { registry, reconciles, duration, leading }
    }

    pub(super) fn reconciled(&self, ok: bool, seconds: f64) {
        self.reconciles.get_or_create(&[("result", if ok { "ok" } else { "error" })]).inc();
        self.duration.observe(seconds);
    }

    pub(super) fn leads(&self, leads: bool) {
        self.leading.set(i64::from(leads));
    }
}

impl Served for Arc<Metrics> {
    fn registry(&self) -> &Registry {
        &self.registry
    }

    /// A candidate that waits to lead is as ready as the leader.
    fn obstacle(&self) -> Option<String> {
        None
    }
}
