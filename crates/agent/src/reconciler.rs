//! The reconcile loop: what is wanted on one side, FRR's running configuration on the other.
//!
//! Triggers only say "look again". A crash, a restarted daemon and an edit by hand need no code of their own: they
//! are a difference between two configurations.

mod aim;
mod ground;
mod kept;
mod renewal;
mod round;
mod status;
mod withdraw;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use novaroute_core::event::{Event, EventType};
use novaroute_core::intent::IntentKey;
use novaroute_core::live::Live;
use novaroute_core::reconcile::{RoundEnd, Schedule, Timing};
use novaroute_frr::refusals::Refusals;
use novaroute_frr::{Daemon, Plan};
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::events::EventHub;
use crate::frr::{Digests, Frr};
use crate::metrics::Metrics;
use crate::owner::{OwnerHandle, View};
pub use ground::{Forecast, Ground, LOOKS_MAX, Look, Looks, looks};
use kept::Kept;
use renewal::Renewal;

/// What the reconciler found in FRR beside what is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Seen {
    /// Own objects that nobody has claimed since a start without a complete journal.
    pub unclaimed: BTreeSet<IntentKey>,
    /// Lines that are not ours, as `daemon: line`.
    pub foreign: Vec<String>,
    /// The processes that what is wanted needs.
    pub needed: BTreeSet<&'static str>,
    /// What the processes printed when they were read last.
    pub digests: Digests,
    /// Rounds that ended; 0: FRR has never been compared with what is wanted.
    pub rounds: u64,
    /// The revision of what was wanted when FRR was last compared with it, and not overtaken.
    pub compared: u64,
    /// The daemons that had lines by then which nobody wants, or may have had, and why.
    pub unswept: BTreeMap<Daemon, String>,
}

/// Lines of a plan that an event or the status repeats at most.
const LINES_SHOWN_MAX: usize = 200;

/// What the reconciler works with.
#[derive(Debug)]
pub struct Reconciler<F> {
    /// FRR.
    pub frr: F,
    /// Where outcomes go.
    pub owner: OwnerHandle,
    /// What is wanted.
    pub view: watch::Receiver<View>,
    /// Which daemons answer, as the observer sees it.
    pub live: watch::Receiver<Arc<Live>>,
    /// Says that somebody else has edited FRR.
    pub edited: Arc<Notify>,
    /// Those who want to know how FRR is now.
    pub looks: mpsc::Receiver<Look>,
    /// Where findings go.
    pub seen: watch::Sender<Arc<Seen>>,
    /// Where events go.
    pub hub: EventHub,
    /// Metrics.
    pub metrics: Arc<Metrics>,
    /// What owners have declared before this start: what has gone from it meanwhile need not be kept.
    pub declared: BTreeSet<IntentKey>,
    /// Random numbers, which spread the retries of many nodes.
    pub random: fn() -> u64,
}

/// The loop with its memory.
#[derive(Debug)]
pub struct Loop<F> {
    parts: Reconciler<F>,
    started: Instant,
    schedule: Schedule,
    adopting: bool,
    /// What any owner has ever declared, as far as is known: what has gone from it meanwhile need not be kept.
    claimed: BTreeSet<IntentKey>,
    refusals: Refusals,
    /// Intents whose lines were sent and of which no outcome was recorded since.
    sent: BTreeSet<IntentKey>,
    /// The revision that the last round began with: any other is a change, also one that came during that round.
    looked_at: u64,
    /// The revision with which the last round ended settled: what differs from it later is drift.
    settled: Option<u64>,
    daemons: BTreeMap<String, u64>,
    renewal: Renewal,
    kept: Kept,
}

impl<F: Frr> Reconciler<F> {
    /// Runs until the agent ends, which a round under way holds up for `last_round` at most: FRR may hang in it. Gives
    /// the loop back for the withdrawal.
    pub async fn run(
        self,
        timing: Timing,
        journal_complete: bool,
        shutdown: CancellationToken,
        last_round: Duration,
    ) -> Loop<F> {
        let claimed = self.declared.clone();
        let mut reconciling = Loop {
            parts: self,
            started: Instant::now(),
            schedule: Schedule::new(timing, journal_complete, 0),
            adopting: !journal_complete,
            claimed,
            refusals: Refusals::default(),
            sent: BTreeSet::new(),
            looked_at: 0,
            settled: None,
            daemons: BTreeMap::new(),
            renewal: Renewal::default(),
            kept: Kept::default(),
        };
        while reconciling.wait(&shutdown).await {
            let too_long = async {
                shutdown.cancelled().await;
                tokio::time::sleep(last_round).await;
            };
            tokio::select! {
                biased;
                () = reconciling.round() => {}
                () = too_long => {
                    info!("the round under way is broken off");
                    reconciling.parts.frr.hang_up();
                    break;
                }
            }
        }
        reconciling
    }
}

impl<F: Frr> Loop<F> {
    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Waits for the next round; `false`: the agent ends.
    async fn wait(&mut self, shutdown: &CancellationToken) -> bool {
        loop {
            let now = self.now();
            let due = self.schedule.next(now);
            if shutdown.is_cancelled() {
                return false;
            }
            if due <= now {
                return true;
            }
            tokio::select! {
                // In this order, so that a run under a paused clock can be repeated.
                biased;
                () = shutdown.cancelled() => return false,
                () = tokio::time::sleep(Duration::from_millis(due - now)) => {}
                changed = self.parts.view.changed() => {
                    // Without the owner task there is nothing left to reconcile; the end is on its way.
                    if changed.is_err() {
                        shutdown.cancelled().await;
                        return false;
                    }
                    if self.parts.view.borrow_and_update().snapshot.revision() != self.looked_at {
                        self.schedule.on_change();
                    }
                }
                _ = self.parts.live.changed() => self.look_at_daemons(),
                () = self.renewal.due() => self.put_right().await,
                () = self.parts.edited.notified() => self.schedule.on_doubt(self.now()),
                Some(look) = self.parts.looks.recv() => self.show(look).await,
            }
        }
    }

    /// A daemon that came, or came back, may have lost what it ran; what one that went ran is not in force.
    fn look_at_daemons(&mut self) {
        let live = self.parts.live.borrow_and_update().clone();
        let connected = live.daemons.iter().filter(|(_, daemon)| daemon.connected);
        let now: BTreeMap<String, u64> = connected.map(|(name, daemon)| (name.clone(), daemon.connections)).collect();
        if now != self.daemons {
            self.try_lost_again();
            self.schedule.on_doubt(self.now());
        }
        self.renewal.on_zebra(now.get("zebra").copied());
        self.daemons = now;
    }

    /// Does what no difference between two configurations tells.
    async fn put_right(&mut self) {
        self.renew().await;
        self.withdraw_kept().await;
    }

    /// What FRR took and did not keep is sent again. That it is missing is no edit by hand.
    fn try_lost_again(&mut self) {
        if self.refusals.try_lost_again() {
            self.settled = None;
        }
    }

    async fn round(&mut self) {
        let started = Instant::now();
        let now = self.now();
        if self.schedule.is_resync() {
            self.try_lost_again();
        }
        self.schedule.on_start(now);
        let adopting = self.schedule.adopting(now);
        let end = self.reconcile(adopting).await;
        self.schedule.on_end(end, self.now(), (self.parts.random)());
        self.parts.metrics.reconcile_cycle(end, started.elapsed().as_secs_f64());
        if self.adopting && !adopting && end == RoundEnd::Settled {
            info!("the time to claim what was found in FRR is over");
            self.adopting = false;
            self.parts.owner.adoption_ended().await;
        }
    }

    /// Tells of own objects that were changed from outside and are put back.
    fn tell_drift(&self, plan: &Plan) {
        if plan.is_empty() {
            return;
        }
        let lines: Vec<String> = plan.to_string().lines().take(LINES_SHOWN_MAX).map(str::to_owned).collect();
        let detail = format!("own objects in FRR were changed from outside; {} lines put them back", plan.len());
        self.parts.metrics.drift_repaired(u64::try_from(plan.len()).unwrap_or(u64::MAX));
        self.parts.hub.publish(vec![Event::new(EventType::DriftRepaired, detail).with("lines", lines.join("\n"))]);
    }
}
