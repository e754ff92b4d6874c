//! The observer: takes in what FRR tells, by itself and when it is asked, publishes how things are, and tells what
//! changed.
//!
//! Each daemon has a task that reads its live log and one that looks at it. What the log says is told at once; looks
//! find what it does not say, and are the net below what it lost.

mod advertised;
mod follower;
mod look_error;
mod looker;
mod pace;
mod refused_packets;
mod report;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::anyhow;
use novaroute_core::event::{Event, EventType};
use novaroute_core::live::{DaemonLive, Live, Told, Tracker, Unregistered};
use novaroute_frr::FrrVersion;
use novaroute_frr::daemon::PROCESSES;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::config::Frr;
use crate::events::{EventHub, now_ns};
use crate::http::Readiness;
use crate::metrics::Metrics;
use crate::owner::View;
use crate::reconciler::Seen;
use crate::stopwatch::Stopwatch;
use follower::Follower;
use looker::{Looker, Poke};
pub use refused_packets::RefusedPackets;
use report::{Looked, Report};

/// Reports that wait to be taken in. Beyond, messages wait in the daemons' sockets, and FRR counts those that do not
/// fit there.
const REPORTS_MAX: usize = 4096;
/// How long a look is put off that finds a session otherwise than the daemon has said by itself.
const PUSHES_PASS: Duration = Duration::from_millis(50);
/// Reports that are taken in before the state is published.
const BATCH_MAX: usize = 256;

/// What the observer needs and what it publishes.
#[derive(Debug)]
pub struct Observer {
    /// How FRR is reached.
    pub frr: Frr,
    /// What is wanted.
    pub view: watch::Receiver<View>,
    /// What the reconciler found out.
    pub seen: watch::Receiver<Arc<Seen>>,
    /// Where the live state goes.
    pub live: watch::Sender<Arc<Live>>,
    /// Where readiness goes.
    pub readiness: watch::Sender<Readiness>,
    /// Where events go.
    pub hub: EventHub,
    /// Metrics.
    pub metrics: Arc<Metrics>,
    /// Takes the time of what arrives at a peer.
    pub stopwatch: Stopwatch,
    /// Where it goes what OSPF's daemons say of packets that they do not take.
    pub refused_packets: RefusedPackets,
}

/// Observes for as long as the agent runs.
///
/// # Errors
/// A task that watches a daemon panicked.
pub async fn observe(mut observer: Observer) -> anyhow::Result<()> {
    let (sender, mut reports) = mpsc::channel(REPORTS_MAX);
    let mut tasks = JoinSet::new();
    let mut pokes = BTreeMap::new();
    for name in PROCESSES {
        let (view, metrics) = (observer.view.clone(), Arc::clone(&observer.metrics));
        let looker = Looker::new(name, &observer.frr, view, metrics, sender.clone());
        pokes.insert(name, looker.poke());
        tasks.spawn(looker.run());
        let refused_packets = observer.refused_packets.clone();
        tasks.spawn(Follower::new(name, &observer.frr, sender.clone(), refused_packets).run());
    }
    let mut watching = Watching::new(pokes, sender);
    let mut batch = Vec::with_capacity(BATCH_MAX);
    loop {
        tokio::select! {
            number = reports.recv_many(&mut batch, BATCH_MAX) => {
                if number == 0 {
                    return Ok(());
                }
                for report in batch.drain(..) {
                    watching.take(&observer, report);
                }
            }
            // Without the reconciler the agent ends.
            changed = observer.seen.changed() => {
                changed?;
                // Other daemons may be needed now.
                let events = watching.changes(&observer);
                watching.tell(&observer, events);
                watching.pokes.values().for_each(|poke| poke.applied.notify_one());
            }
            ended = tasks.join_next() => {
                return Err(anyhow!("a task that watches a daemon ended: {ended:?}"));
            }
        }
        watching.publish(&observer);
    }
}

/// What stays from one report to the next.
struct Watching {
    pokes: BTreeMap<&'static str, Arc<Poke>>,
    reports: mpsc::Sender<Report>,
    told: Told,
    tracker: Tracker,
    /// What was told, brought together.
    live: Arc<Live>,
    /// The daemons whose live log is read, and which of them were looked at since.
    followed: BTreeSet<&'static str>,
    caught_up: BTreeSet<&'static str>,
    complete_since: Option<Instant>,
    /// The daemons that may hear of no new route.
    listeners: Unregistered,
}

impl Watching {
    fn new(pokes: BTreeMap<&'static str, Arc<Poke>>, reports: mpsc::Sender<Report>) -> Self {
        Self {
            pokes,
            reports,
            told: Told::default(),
            tracker: Tracker::default(),
            live: Arc::default(),
            followed: BTreeSet::new(),
            caught_up: BTreeSet::new(),
            complete_since: None,
            listeners: Unregistered::default(),
        }
    }

    fn take(&mut self, observer: &Observer, report: Report) {
        match report {
            Report::Looked(looked) if self.overtakes(&looked) => self.put_off(looked),
            Report::Looked(looked) | Report::LookedBefore(looked) => self.looked(observer, looked),
            Report::Pushed { name, push, at_ns } => {
                if self.told.push(name, push, at_ns) {
                    let events = self.changes(observer).into_iter();
                    let stamped = events.map(|event| event.with("frr_timestamp_ns", at_ns)).collect();
                    self.tell(observer, stamped);
                }
                self.doubt(name);
            }
            Report::Following(name) => {
                self.followed.insert(name);
                self.doubt(name);
            }
            Report::Lost(name, number) => {
                observer.metrics.pushes_lost(name, number);
                self.doubt(name);
            }
            Report::Gone(name) => {
                self.followed.remove(name);
                self.caught_up.remove(name);
                self.doubt(name);
            }
        }
    }

    /// A daemon writes to its log a moment after things have changed, and may answer in between. What it says of a
    /// session by itself is to be told first: it has the time and the reason of the change.
    fn overtakes(&self, looked: &Looked) -> bool {
        let disagrees = looked.look.as_ref().is_some_and(|look| !self.told.agrees(looked.name, look));
        disagrees && self.caught_up.contains(looked.name)
    }

    fn put_off(&self, looked: Looked) {
        let reports = self.reports.clone();
        tokio::spawn(async move {
            sleep(PUSHES_PASS).await;
            // Nobody takes reports any more when the agent ends.
            let _ended = reports.send(Report::LookedBefore(looked)).await;
        });
    }

    fn looked(&mut self, observer: &Observer, looked: Looked) {
        let Looked { name, when, daemon, look } = looked;
        if let Some(daemon) = daemon {
            self.told.daemon(name, daemon);
        }
        if let Some(look) = look {
            self.told.look(name, look, when);
        }
        let events = self.changes(observer);
        if self.caught_up.contains(name) {
            let of_sessions = events.iter().filter(|event| is_pushed(event.event_type)).count();
            observer.metrics.changes_found_by_look(name, of_sessions);
        } else if self.followed.contains(name) {
            self.caught_up.insert(name);
        }
        self.tell(observer, events);
    }

    fn doubt(&self, name: &str) {
        if let Some(poke) = self.pokes.get(name) {
            poke.doubt.notify_one();
        }
    }

    /// Brings what was told together; the events are the way there from the last time.
    fn changes(&mut self, observer: &Observer) -> Vec<Event> {
        let snapshot = observer.view.borrow().snapshot.clone();
        let mut live = self.told.live();
        for name in &observer.seen.borrow().needed {
            live.daemons.entry((*name).to_owned()).or_default();
        }
        live.frr_uptime_s = self.uptime(&live);
        self.listeners.observe(&live.daemons, &["ospf6d"]);
        live.deaf = deaf(&self.listeners, &live);
        self.tracker.date(&mut live, now_ns());
        let events = self.tracker.observe(&snapshot, &live);
        self.live = Arc::new(live);
        events
    }

    fn tell(&self, observer: &Observer, mut events: Vec<Event>) {
        observer.stopwatch.look_at(&mut events);
        observer.hub.publish_live(events, Arc::clone(&self.live));
    }

    fn publish(&self, observer: &Observer) {
        let readiness = readiness(&observer.seen.borrow(), &self.live);
        observer.readiness.send_if_modified(|last| {
            *last != readiness && {
                *last = readiness;
                true
            }
        });
        observer.live.send_if_modified(|last| {
            *last != self.live && {
                *last = Arc::clone(&self.live);
                true
            }
        });
    }

    fn uptime(&mut self, live: &Live) -> Option<u64> {
        if !live.frr_connected() {
            self.complete_since = None;
            return None;
        }
        Some(self.complete_since.get_or_insert_with(Instant::now).elapsed().as_secs())
    }
}

/// Whether FRR tells such a change by itself.
fn is_pushed(event_type: EventType) -> bool {
    use EventType as E;
    matches!(event_type, E::PeerUp | E::PeerDown | E::BfdUp | E::BfdDown | E::OspfNeighborUp | E::OspfNeighborDown)
}

/// The daemons that hear of no new route before they are restarted; the reconciler cures the others.
fn deaf(listeners: &Unregistered, live: &Live) -> BTreeSet<&'static str> {
    let version = |daemon: &DaemonLive| daemon.version.parse::<FrrVersion>().ok();
    let hears = |name: &str| {
        let version = live.daemons.get(name).and_then(version);
        !listeners.contains(name) || version.is_none_or(FrrVersion::ospf6d_hears_a_new_zebra)
    };
    ["ospf6d"].into_iter().filter(|name| !hears(name)).collect()
}

fn readiness(seen: &Seen, live: &Live) -> Readiness {
    if live.daemons.is_empty() {
        return Readiness::NotReady("no daemon of FRR answers: look at frr.socket_dir".to_owned());
    }
    let missing: Vec<&str> = live.missing_daemons().collect();
    if !missing.is_empty() {
        return Readiness::NotReady(format!("no answer from {}", missing.join(", ")));
    }
    if seen.rounds == 0 { Readiness::Starting } else { Readiness::Ready }
}
