//! Metrics: counters and histograms as things happen, gauges from the agent's state at the time of a scrape.
//!
//! Nothing that a client sends is a label before the client has proven who it is, so only the configuration and
//! what its owners hold make series.

mod gauges;

use std::fmt;

use novaroute_api::error::code_word;
use novaroute_core::event::EventType;
use novaroute_core::intent::Kind;
use novaroute_core::name::OwnerName;
use novaroute_core::reconcile::RoundEnd;
use novaroute_core::state::Reason;
use novaroute_frr::daemon::PROCESSES;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Metric, Registry};
use tonic::Code;

pub use gauges::Scrape;

/// The media type of [`Metrics::encode`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Upper bounds of the buckets of all histograms, in seconds: from one FRR line to a convergence.
const BUCKETS_S: [f64; 14] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// The label `type` of a change that concerns every intent of an owner.
const EVERY_KIND: &str = "all";

/// What FRR's daemons are looked at for: the label `protocol` of a look that failed.
const MONITORED: [&str; 7] = ["bfd", "bgp", "mgmt", "ospf", "ospf6", "static", "zebra"];

/// Names and values of a series' labels.
type Labels<const N: usize> = [(&'static str, String); N];
type HistogramFamily<const N: usize> = Family<Labels<N>, Histogram, fn() -> Histogram>;

/// How a transaction with FRR ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransactionResult {
    /// FRR took every line.
    Ok,
    /// FRR refused at least one line.
    Refused,
    /// A daemon could not be reached or did not answer in time.
    Failed,
}

impl TransactionResult {
    /// All results.
    pub const ALL: [Self; 3] = [Self::Ok, Self::Refused, Self::Failed];

    /// The label.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// All metrics that count as things happen.
pub struct Metrics {
    registry: Registry,
    intents: Family<Labels<3>, Counter>,
    policy_violations: Family<Labels<2>, Counter>,
    frr_transactions: Family<Labels<1>, Counter>,
    frr_transaction_duration: Histogram,
    events: Family<Labels<1>, Counter>,
    events_dropped: Counter,
    monitoring_errors: Family<Labels<1>, Counter>,
    pushes_lost: Family<Labels<1>, Counter>,
    changes_found_by_look: Family<Labels<1>, Counter>,
    grpc_request_duration: HistogramFamily<2>,
    reconcile_cycles: Family<Labels<1>, Counter>,
    reconcile_cycle_duration: Histogram,
    drift_repairs: Counter,
    intent_programmed: Histogram,
    intent_advertised: Histogram,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Metrics {
    /// Metrics of an agent of this version, built from this revision of its sources.
    #[must_use]
    pub fn new(version: &str, revision: &str) -> Self {
        let mut registry = new_registry();
        let build = Info::new([("version", version.to_owned()), ("revision", revision.to_owned())]);
        registry.register("build", "Version of the agent and revision of its sources", build);
        let mut all = Declare { registry: &mut registry };
        let metrics = Self {
            intents: all.metric("intents", "Changes of intents that were accepted"),
            policy_violations: all.metric("policy_violations", "Requests refused by permission or policy"),
            frr_transactions: all.metric("frr_transactions", "Plans sent to FRR"),
            frr_transaction_duration: all.histogram("frr_transaction_duration_seconds", "Time to send one plan"),
            events: all.metric("events", "Events published"),
            events_dropped: all.metric("events_dropped", "Events that slow subscribers missed"),
            monitoring_errors: all.metric("monitoring_errors", "Looks at FRR's live state that failed"),
            pushes_lost: all.metric("pushes_lost", "Messages of FRR's live log that came too fast to be read"),
            changes_found_by_look: all.metric(
                "changes_found_by_look",
                "Changes of sessions that a look found before FRR's live log told them",
            ),
            grpc_request_duration: all.histograms("grpc_request_duration_seconds", "Time of a call, streams included"),
            reconcile_cycles: all.metric("reconcile_cycles", "Rounds of the reconciler that ended"),
            reconcile_cycle_duration: all
                .histogram("reconcile_cycle_duration_seconds", "Time of one round: compare, plan, send, read back"),
            drift_repairs: all
                .metric("drift_repairs", "Lines sent to put back own objects that were changed from outside"),
            intent_programmed: all
                .histogram("intent_programmed_seconds", "Time from accepted to FRR's running configuration"),
            intent_advertised: all.histogram("intent_advertised_seconds", "Time from accepted to announced"),
            registry: Registry::default(),
        };
        metrics.begin_at_zero();
        Self { registry, ..metrics }
    }

    /// Series of closed sets are there from the start, so that a rate over their first increment is right.
    fn begin_at_zero(&self) {
        for result in TransactionResult::ALL {
            let _zero = self.frr_transactions.get_or_create(&[("result", result.as_str().to_owned())]);
        }
        for end in [RoundEnd::Settled, RoundEnd::Retry] {
            let _zero = self.reconcile_cycles.get_or_create(&of_end(end));
        }
        for event_type in EventType::ALL {
            let _zero = self.events.get_or_create(&[("type", event_type.to_string())]);
        }
        for protocol in MONITORED {
            let _zero = self.monitoring_errors.get_or_create(&[("protocol", protocol.to_owned())]);
        }
        for daemon in PROCESSES {
            self.pushes_lost(daemon, 0);
            self.changes_found_by_look(daemon, 0);
        }
    }

    /// An accepted change of an intent. No `kind`: the change concerns all that the owner holds.
    pub fn intent(&self, owner: &OwnerName, kind: Option<Kind>, operation: &'static str) {
        let kind = kind.map_or(EVERY_KIND, Kind::as_str);
        let labels = [("owner", owner.to_string()), ("type", kind.to_owned()), ("operation", operation.to_owned())];
        self.intents.get_or_create(&labels).inc();
    }

    /// A plan was sent to FRR, in so many seconds.
    pub fn frr_transaction(&self, result: TransactionResult, seconds: f64) {
        self.frr_transactions.get_or_create(&[("result", result.as_str().to_owned())]).inc();
        self.frr_transaction_duration.observe(seconds);
    }

    /// A request of an owner that has proven who it is was refused by permission or policy.
    pub fn policy_violation(&self, owner: &OwnerName, reason: Reason) {
        self.policy_violations.get_or_create(&[("owner", owner.to_string()), ("reason", reason.to_string())]).inc();
    }

    /// An event was published.
    pub fn event(&self, event_type: EventType) {
        self.events.get_or_create(&[("type", event_type.to_string())]).inc();
    }

    /// A slow subscriber missed so many events.
    pub fn events_dropped(&self, number: u64) {
        self.events_dropped.inc_by(number);
    }

    /// A look at the live state of a protocol, or of a daemon without one (`zebra`, `mgmt`), failed.
    pub fn monitoring_error(&self, protocol: &'static str) {
        self.monitoring_errors.get_or_create(&[("protocol", protocol.to_owned())]).inc();
    }

    /// A daemon dropped so many messages that were not read in time.
    pub fn pushes_lost(&self, daemon: &'static str, number: u32) {
        self.pushes_lost.get_or_create(&[("daemon", daemon.to_owned())]).inc_by(number.into());
    }

    /// A look at a daemon found so many changes that its live log had not told.
    pub fn changes_found_by_look(&self, daemon: &'static str, number: usize) {
        let number = u64::try_from(number).unwrap_or(u64::MAX);
        self.changes_found_by_look.get_or_create(&[("daemon", daemon.to_owned())]).inc_by(number);
    }

    /// A call ended. A method that a client made up must not come here: its name would be a label.
    pub fn grpc_request(&self, method: &'static str, code: Code, seconds: f64) {
        let labels = [("method", method.to_owned()), ("code", code_word(code).to_owned())];
        self.grpc_request_duration.get_or_create(&labels).observe(seconds);
    }

    /// A round of the reconciler ended like this, after so many seconds.
    pub fn reconcile_cycle(&self, end: RoundEnd, seconds: f64) {
        self.reconcile_cycles.get_or_create(&of_end(end)).inc();
        self.reconcile_cycle_duration.observe(seconds);
    }

    /// So many own objects were changed from outside and put back.
    pub fn drift_repaired(&self, number: u64) {
        self.drift_repairs.inc_by(number);
    }

    /// An intent is in FRR's running configuration, so many seconds after it was accepted.
    pub fn intent_programmed(&self, seconds: f64) {
        self.intent_programmed.observe(seconds);
    }

    /// A prefix is announced, so many seconds after it was accepted.
    pub fn intent_advertised(&self, seconds: f64) {
        self.intent_advertised.observe(seconds);
    }

    /// All metrics as OpenMetrics text.
    ///
    /// # Errors
    /// A metric could not be written as text.
    pub fn encode(&self, scrape: &Scrape) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode_registry(&mut text, &self.registry)?;
        encode_registry(&mut text, &scrape.registry())?;
        encode_eof(&mut text)?;
        Ok(text)
    }
}

fn of_end(end: RoundEnd) -> Labels<1> {
    let result = match end {
        RoundEnd::Settled => "settled",
        RoundEnd::Retry => "retry",
    };
    [("result", result.to_owned())]
}

fn new_registry() -> Registry {
    Registry::with_prefix("novaroute")
}

fn new_histogram() -> Histogram {
    Histogram::new(BUCKETS_S)
}

/// Makes metrics that are registered. The encoder itself adds `_total` to counters and a full stop to texts.
struct Declare<'a> {
    registry: &'a mut Registry,
}

impl Declare<'_> {
    fn add<M: Metric + Clone>(&mut self, name: &str, help: &str, metric: M) -> M {
        self.registry.register(name, help, metric.clone());
        metric
    }

    fn metric<M: Metric + Clone + Default>(&mut self, name: &str, help: &str) -> M {
        self.add(name, help, M::default())
    }

    fn histogram(&mut self, name: &str, help: &str) -> Histogram {
        self.add(name, help, new_histogram())
    }

    fn histograms<const N: usize>(&mut self, name: &str, help: &str) -> HistogramFamily<N> {
        self.add(name, help, Family::new_with_constructor(new_histogram as fn() -> Histogram))
    }
}

#[cfg(test)]
mod tests;
