//! What a plan stands on: FRR as it is now and what the reconciler knows of it. What a change would have FRR told is
//! worked out from it by whoever asks, so that the reconciler is held up for one look and no longer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use novaroute_core::intent::IntentKey;
use novaroute_core::rejection::{Rejection, RejectionClass};
use novaroute_core::state::{IntentStatus, Reason};
use novaroute_core::store::Snapshot;
use novaroute_frr::config::Config;
use novaroute_frr::refusals::Refusals;
use novaroute_frr::{Daemon, Plan, resets};
use tokio::sync::{mpsc, oneshot};

use super::Loop;
use super::aim::{Aim, forget_asked_again};
use super::status::Outcome;
use crate::frr::{Frr, Running};
use crate::owner::shutting_down;

/// Dry runs that may wait for the reconciler; more get RESOURCE_EXHAUSTED.
pub const LOOKS_MAX: usize = 64;

type Reply = oneshot::Sender<Result<Arc<Ground>, String>>;

/// What a plan stands on.
#[derive(Debug)]
pub struct Ground {
    running: Running,
    refusals: Refusals,
    claimed: Option<BTreeSet<IntentKey>>,
    looked_at: u64,
}

/// What a change would have FRR told.
#[derive(Debug)]
pub struct Forecast {
    /// What would be sent, in order.
    pub plan: Plan,
    /// What of it is sent because of the change.
    pub caused: Plan,
    /// The sessions and adjacencies that this resets or ends.
    pub resets: BTreeSet<IntentKey>,
    /// What would not be what FRR runs after it, because of the change, and why.
    pub waiting: BTreeMap<IntentKey, IntentStatus>,
    /// The daemons that have or get lines and did not answer, and why.
    pub silent: BTreeMap<Daemon, String>,
}

/// The way to the reconciler for dry runs.
#[derive(Debug, Clone)]
pub struct Looks(mpsc::Sender<Look>);

/// Somebody who wants to know how FRR is now.
#[derive(Debug)]
pub struct Look(Reply);

/// Makes the way and its end, which the reconciler holds.
#[must_use]
pub fn looks() -> (Looks, mpsc::Receiver<Look>) {
    let (sender, receiver) = mpsc::channel(LOOKS_MAX);
    (Looks(sender), receiver)
}

impl Looks {
    /// Looks at FRR as it is now, between two rounds.
    ///
    /// # Errors
    /// UNAVAILABLE when no daemon of FRR answers or the agent shuts down; RESOURCE_EXHAUSTED when too many wait.
    pub async fn look(&self) -> Result<Arc<Ground>, Rejection> {
        let (reply, answer) = oneshot::channel();
        self.0.try_send(Look(reply)).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => too_many(),
            mpsc::error::TrySendError::Closed(_) => shutting_down(),
        })?;
        answer.await.map_err(|_| shutting_down())?.map_err(|reason| nothing_known(&reason))
    }
}

fn too_many() -> Rejection {
    let text = format!("{LOOKS_MAX} dry runs are waiting for FRR: try again shortly");
    Rejection::new(RejectionClass::ResourceExhausted, Reason::QueueFull, text)
}

fn nothing_known(reason: &str) -> Rejection {
    let text = format!("the change would be accepted, but what FRR would be sent is not known: {reason}");
    Rejection::new(RejectionClass::Unavailable, Reason::DaemonUnavailable, text)
}

impl<F: Frr> Loop<F> {
    /// Answers `first` and all that have come meanwhile with one look.
    pub(super) async fn show(&mut self, first: Look) {
        let ground = self.ground().await.map(Arc::new);
        for Look(reply) in std::iter::once(first).chain(std::iter::from_fn(|| self.parts.looks.try_recv().ok())) {
            // The caller may have hung up meanwhile; there is nobody to tell then.
            let _gone = reply.send(ground.clone());
        }
    }

    async fn ground(&mut self) -> Result<Ground, String> {
        let running = self.read().await?;
        if !running.reconnected.is_empty() {
            // The next round would not hear of it again, and take for an edit what a restart has lost.
            self.settled = None;
            self.schedule.on_doubt(self.now());
        }
        let claimed = self.schedule.adopting(self.now()).then(|| self.claimed.clone());
        Ok(Ground { running, refusals: self.refusals.clone(), claimed, looked_at: self.looked_at })
    }
}

/// One of the two sides of a forecast.
struct Side {
    target: Config,
    plan: Plan,
    unmet: BTreeMap<IntentKey, IntentStatus>,
}

impl Ground {
    /// What would be sent if `after` were wanted and not `before`.
    #[must_use]
    pub fn forecast(&self, before: &Snapshot, after: &Snapshot) -> Forecast {
        let (without, with) = (self.side(before), self.side(after));
        let caused = with.plan.beyond(&without.plan);
        let resets = resets(&caused, &self.running.config);
        let silent = self.silent([&without.target, &with.target]);
        let mut waiting = with.unmet;
        waiting.retain(|key, status| {
            let asked = after.live(key).is_some_and(|entry| entry.revision > before.revision());
            asked || without.unmet.get(key) != Some(status)
        });
        Forecast { plan: with.plan, caused, resets, waiting, silent }
    }

    fn side(&self, snapshot: &Snapshot) -> Side {
        let mut refusals = self.refusals.clone();
        forget_asked_again(&mut refusals, snapshot, self.looked_at);
        let aim = Aim::new(snapshot, self.claimed.as_ref());
        let (target, plan) = aim.compare(&self.running, &mut refusals);
        let mut outcome = Outcome::default();
        outcome.compare(&self.running, target.clone(), &plan);
        let statuses = outcome.recorded(snapshot, &aim.desired, &refusals).statuses;
        let unmet = statuses.into_iter().filter(|(_, status)| status.cause.is_some()).collect();
        Side { target, plan, unmet }
    }

    fn silent(&self, targets: [&Config; 2]) -> BTreeMap<Daemon, String> {
        let wanted: BTreeSet<Daemon> =
            targets.into_iter().flat_map(Config::contexts).map(|(daemon, ..)| daemon).collect();
        let missing = self.running.missing.iter().filter(|(daemon, _)| wanted.contains(daemon));
        missing.map(|(daemon, why)| (*daemon, why.clone())).collect()
    }
}

#[cfg(test)]
mod tests;
