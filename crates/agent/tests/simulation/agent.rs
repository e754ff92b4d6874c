//! The agent: owner task, journal and reconciler as they are, without sockets and observer.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use novaroute_agent::events::EventHub;
use novaroute_agent::journal::{Journal, StateLock};
use novaroute_agent::metrics::Metrics;
use novaroute_agent::owner::{OwnerHandle, View, owner_task};
use novaroute_agent::reconciler::{Reconciler, Seen, looks};
use novaroute_agent::restore::restore;
use novaroute_agent::stopwatch::Stopwatch;
use novaroute_core::live::{DaemonLive, Live};
use novaroute_core::reconcile::Timing;
use novaroute_core::store::Snapshot;
use novaroute_frr::Daemon;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::clients::policies;
use crate::node::{DIALECT, Link};

/// The agent's times; a short grace leaves most of a run without one.
pub(crate) const TIMING: Timing =
    Timing { resync_ms: 30_000, retry_ms: 200, retry_max_ms: 5_000, adoption_grace_ms: 4_000 };

/// How long the intents of an owner outlive its session.
const GRACE: Duration = Duration::from_secs(5);

/// A running agent.
#[derive(Debug)]
pub(crate) struct Agent {
    pub(crate) owner: OwnerHandle,
    view: watch::Receiver<View>,
    live: watch::Sender<Arc<Live>>,
    tasks: Vec<JoinHandle<()>>,
    _lock: StateLock,
}

impl Agent {
    /// Starts on what the journal in `state` holds.
    pub(crate) fn start(state: &Path, link: &Link) -> Self {
        let lock = StateLock::acquire(state).unwrap();
        let (journal, loaded) = Journal::open(state).unwrap();
        assert_eq!(loaded.problems, Vec::<String>::new());
        let grace = Duration::from_millis(TIMING.adoption_grace_ms);
        let declared = loaded.declared();
        link.node().watch.on_start((!loaded.complete).then(|| Instant::now() + grace), &declared);

        let metrics = Arc::new(Metrics::new("0", "0"));
        let hub = EventHub::new(1, String::new(), Arc::clone(&metrics));
        let stopwatch = Stopwatch::new(Arc::clone(&metrics));
        let engine = restore(loaded.records, Vec::new(), policies());
        let (task, owner, view) = owner_task(engine, journal, hub.clone(), Arc::clone(&metrics), stopwatch, GRACE);
        let (live, seen_live) = watch::channel(Arc::new(all_connected()));
        let (seen, _) = watch::channel(Arc::new(Seen::default()));
        let (frr, owned) = (link.clone(), owner.clone());
        let reconciler = Reconciler {
            frr,
            owner: owned,
            view: view.clone(),
            live: seen_live,
            edited: Arc::default(),
            looks: looks().1,
            seen,
            hub,
            metrics,
            declared,
            random: || 0,
        };
        let reconciling = reconciler.run(TIMING, loaded.complete, CancellationToken::new(), Duration::ZERO);
        let tasks = vec![tokio::spawn(task.run()), tokio::spawn(async { drop(reconciling.await) })];
        Self { owner, view, live, tasks, _lock: lock }
    }

    /// What the agent says is wanted, and where it is.
    pub(crate) fn snapshot(&self) -> Snapshot {
        self.view.borrow().snapshot.clone()
    }

    /// Ends the agent wherever it is.
    pub(crate) async fn crash(self) {
        for task in self.tasks {
            task.abort();
            let ended = task.await;
            assert!(ended.is_err_and(|ended| ended.is_cancelled()), "a part of the agent ended by itself");
        }
    }

    /// No part of the agent has ended.
    pub(crate) fn assert_alive(&self) {
        assert!(self.tasks.iter().all(|task| !task.is_finished()), "a part of the agent ended by itself");
    }

    /// The observer's word on a daemon.
    pub(crate) fn observe(&self, daemon: Daemon, connected: bool) {
        self.live.send_modify(|live| {
            let mut changed = Live::clone(live);
            let entry = changed.daemons.entry(daemon.process(DIALECT.version).to_owned()).or_default();
            entry.connections += u64::from(connected);
            entry.connected = connected;
            *live = Arc::new(changed);
        });
    }
}

fn all_connected() -> Live {
    let live = DaemonLive { connected: true, connections: 1, ..DaemonLive::default() };
    let daemons = Daemon::ALL.into_iter().map(|daemon| (daemon.process(DIALECT.version).to_owned(), live.clone()));
    Live { daemons: BTreeMap::from_iter(daemons), ..Live::default() }
}
