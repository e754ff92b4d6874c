//! The parts of a running agent, and what each is handed.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use novaroute_core::intent::IntentKey;
use novaroute_core::live::Live;
use novaroute_core::reconcile::Timing;
use tokio::sync::{Notify, Semaphore, mpsc, watch};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::config::{Config, Frr};
use crate::edits::Edits;
use crate::events::EventHub;
use crate::frr::VtyFrr;
use crate::gate::Gate;
use crate::grpc::{EXPLAINED_AT_ONCE_MAX, Room, Service};
use crate::http::Readiness;
use crate::journal::{Journal, Loaded};
use crate::logging::LevelHandle;
use crate::metrics::{Metrics, Scrape};
use crate::observer::{Observer, RefusedPackets};
use crate::owner::{OwnerHandle, OwnerTask, View, owner_task};
use crate::random::{random_id, random_u64};
use crate::reconciler::{Look, Looks, Reconciler, Seen, looks};
use crate::reload::Reloader;
use crate::restore::restore;
use crate::stopwatch::Stopwatch;

/// The revision that the binary was built from, when the build told.
const REVISION: &str = match option_env!("NOVAROUTE_REVISION") {
    Some(revision) => revision,
    None => "unknown",
};

/// What most parts read or write.
#[derive(Debug, Clone)]
pub(super) struct Shared {
    owner: OwnerHandle,
    view: watch::Receiver<View>,
    live: watch::Receiver<Arc<Live>>,
    seen: watch::Receiver<Arc<Seen>>,
    edited: Arc<Notify>,
    looks: Looks,
    pub(super) hub: EventHub,
    refused_packets: RefusedPackets,
    metrics: Arc<Metrics>,
    stopwatch: Stopwatch,
    pub(super) shutdown: CancellationToken,
    pub(super) handoff: CancellationToken,
}

/// Everything that runs.
pub(super) struct Parts {
    pub(super) shared: Shared,
    pub(super) task: OwnerTask,
    pub(super) reconciler: Reconciler<VtyFrr>,
    pub(super) observer: Observer,
    pub(super) edits: Edits,
    pub(super) service: Service,
    pub(super) reloader: Reloader,
    pub(super) readiness: watch::Receiver<Readiness>,
}

impl Parts {
    /// Makes the parts; nothing runs yet.
    pub(super) fn new(path: PathBuf, config: Config, journal: Journal, loaded: Loaded, level: LevelHandle) -> Self {
        for problem in &loaded.problems {
            warn!("journal: {problem}");
        }
        info!(intents = loaded.records.len(), complete = loaded.complete, "journal read");
        let metrics = Arc::new(Metrics::new(env!("CARGO_PKG_VERSION"), REVISION));
        let hub = EventHub::new(config.settings.events_ring, random_id(), Arc::clone(&metrics));
        let stopwatch = Stopwatch::new(Arc::clone(&metrics));
        let declared = loaded.declared();
        let engine = restore(loaded.records, config.config_intents.clone(), config.policies());
        let grace = config.settings.disconnect_grace_period;
        let (task, owner, view) =
            owner_task(engine, journal, hub.clone(), Arc::clone(&metrics), stopwatch.clone(), grace);
        let (live_tx, live) = watch::channel(Arc::default());
        let (seen_tx, seen) = watch::channel(Arc::default());
        let (ready_tx, readiness) = watch::channel(Readiness::Starting);
        let edited = Arc::new(Notify::new());
        let (looks, asked) = looks();
        let (shutdown, handoff) = (CancellationToken::new(), CancellationToken::new());
        let refused_packets = RefusedPackets::default();
        let shared = Shared {
            owner,
            view,
            live,
            seen,
            edited,
            looks,
            hub,
            refused_packets,
            metrics,
            stopwatch,
            shutdown,
            handoff,
        };
        let gate = Gate::new(config.accounts());
        Self {
            reconciler: shared.reconciler(&config.settings.frr, declared, seen_tx, asked),
            observer: shared.observer(&config.settings.frr, live_tx, ready_tx),
            edits: shared.edits(&config.settings.frr),
            service: shared.service(&config.settings.frr, gate.clone()),
            reloader: Reloader { path, current: config, gate, owner: shared.owner.clone(), level },
            shared,
            task,
            readiness,
        }
    }
}

impl Shared {
    fn reconciler(
        &self,
        frr: &Frr,
        declared: BTreeSet<IntentKey>,
        seen: watch::Sender<Arc<Seen>>,
        looks: mpsc::Receiver<Look>,
    ) -> Reconciler<VtyFrr> {
        Reconciler {
            frr: VtyFrr::new(frr),
            owner: self.owner.clone(),
            view: self.view.clone(),
            live: self.live.clone(),
            edited: Arc::clone(&self.edited),
            looks,
            seen,
            hub: self.hub.clone(),
            metrics: Arc::clone(&self.metrics),
            declared,
            random: random_u64,
        }
    }

    fn observer(&self, frr: &Frr, live: watch::Sender<Arc<Live>>, readiness: watch::Sender<Readiness>) -> Observer {
        Observer {
            frr: frr.clone(),
            view: self.view.clone(),
            seen: self.seen.clone(),
            live,
            readiness,
            hub: self.hub.clone(),
            metrics: Arc::clone(&self.metrics),
            stopwatch: self.stopwatch.clone(),
            refused_packets: self.refused_packets.clone(),
        }
    }

    fn edits(&self, frr: &Frr) -> Edits {
        let (seen, live, edited) = (self.seen.clone(), self.live.clone(), Arc::clone(&self.edited));
        Edits { frr: VtyFrr::new(frr), seen, live, edited }
    }

    fn service(&self, frr: &Frr, gate: Gate) -> Service {
        Service {
            room: Room::default(),
            gate,
            frr: frr.clone(),
            refused_packets: self.refused_packets.clone(),
            explaining: Arc::new(Semaphore::new(EXPLAINED_AT_ONCE_MAX)),
            owner: self.owner.clone(),
            view: self.view.clone(),
            live: self.live.clone(),
            seen: self.seen.clone(),
            looks: self.looks.clone(),
            hub: self.hub.clone(),
            metrics: Arc::clone(&self.metrics),
            shutdown: self.shutdown.clone(),
            handoff: self.handoff.clone(),
        }
    }

    /// The text of `/metrics` as it is now.
    pub(super) fn exposition(&self) -> Result<String, std::fmt::Error> {
        let View { snapshot, sessions, .. } = self.view.borrow().clone();
        let live = self.live.borrow().clone();
        let frr_connected = live.frr_connected();
        self.metrics.encode(&Scrape { snapshot, live, sessions, frr_connected })
    }
}

/// When the reconciler looks again, as the configuration has it.
pub(super) fn timing(config: &Config) -> Timing {
    let retry_ms = millis(config.settings.frr.retry_interval);
    let defaults = Timing::default();
    Timing {
        retry_ms,
        retry_max_ms: retry_ms.max(defaults.retry_max_ms),
        adoption_grace_ms: millis(config.settings.adoption_grace),
        ..defaults
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
