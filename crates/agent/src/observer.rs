//! The observer: looks at what FRR does, publishes it, and tells what changed.

mod advertised;
mod daemons;
mod look_error;

use std::sync::Arc;
use std::time::{Duration, Instant};

use novaroute_core::intent::{IntentKey, Protocol};
use novaroute_core::live::{DaemonLive, Live, Tracker};
use tokio::sync::watch;
use tokio::time::{Instant as At, sleep_until};

use crate::config::Frr;
use crate::events::{EventHub, now_ns};
use crate::http::Readiness;
use crate::metrics::Metrics;
use crate::owner::View;
use crate::reconciler::Seen;
use crate::stopwatch::Stopwatch;
use daemons::Daemons;

/// Time between two looks. Nothing that FRR does is told later than this.
const INTERVAL: Duration = Duration::from_millis(500);
/// After a change went to FRR: bgpd sends what it was given about 50 ms later.
const AFTER_CHANGE: Duration = Duration::from_millis(80);

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
}

/// Looks for as long as the agent runs.
///
/// # Errors
/// None: a daemon that cannot be asked is part of what is seen.
pub async fn observe(mut observer: Observer) -> anyhow::Result<()> {
    let mut looking =
        Looking { daemons: Daemons::new(&observer.frr), tracker: Tracker::default(), complete_since: None };
    loop {
        looking.look(&observer).await;
        observer.pause().await;
    }
}

impl Observer {
    /// Waits for the next look: soon after FRR was given something, else the interval.
    async fn pause(&mut self) {
        let regular = At::now() + INTERVAL;
        let soon = At::now() + AFTER_CHANGE;
        tokio::select! {
            () = sleep_until(regular) => return,
            // A closed channel means that the agent ends; the next look is the last.
            _ = self.seen.changed() => {}
        }
        sleep_until(soon).await;
    }
}

/// What stays from one look to the next.
struct Looking {
    daemons: Daemons,
    tracker: Tracker,
    complete_since: Option<Instant>,
}

impl Looking {
    async fn look(&mut self, observer: &Observer) {
        let snapshot = observer.view.borrow().snapshot.clone();
        let seen = observer.seen.borrow().clone();
        let mut live = self.daemons.look(&snapshot, &observer.metrics).await;
        for name in &seen.needed {
            live.daemons.entry((*name).to_owned()).or_insert_with(DaemonLive::default);
        }
        live.frr_uptime_s = self.uptime(&live);
        self.tracker.date(&mut live, now_ns());
        let events = self.tracker.observe(&snapshot, &live);
        let readiness = readiness(&seen, &live);
        observer.readiness.send_if_modified(|last| {
            *last != readiness && {
                *last = readiness;
                true
            }
        });
        let live = Arc::new(live);
        observer.live.send_if_modified(|last| {
            *last != live && {
                *last = Arc::clone(&live);
                true
            }
        });
        observer.stopwatch.look_at(&events);
        observer.hub.publish_live(events, live);
    }

    fn uptime(&mut self, live: &Live) -> Option<u64> {
        if !live.frr_connected() {
            self.complete_since = None;
            return None;
        }
        Some(self.complete_since.get_or_insert_with(Instant::now).elapsed().as_secs())
    }
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

/// Whether an intent is about a prefix of this protocol.
fn is_prefix_of(key: &IntentKey, wanted: Protocol) -> bool {
    matches!(key, IntentKey::Prefix(protocol, _) if *protocol == wanted)
}
