//! What a round works towards. A dry run aims in the same way, so that it shows what a round would send.

use std::collections::BTreeSet;

use novaroute_core::desired::Desired;
use novaroute_core::intent::IntentKey;
use novaroute_core::store::Snapshot;
use novaroute_frr::config::Config;
use novaroute_frr::refusals::Refusals;
use novaroute_frr::{Plan, Removals, diff, render};

use crate::frr::Running;

/// What FRR should run, and what may go from it.
#[derive(Debug)]
pub(super) struct Aim {
    pub(super) desired: Desired,
    /// While not all owners have spoken: the intents that were claimed. What is left of others stays.
    claimed: Option<BTreeSet<IntentKey>>,
}

impl Aim {
    /// `claimed`: what was claimed since the start, if what nobody has claimed shall stay. An intent that waits for one
    /// which nobody has claimed yet does not count: what runs for it is what it asks for.
    pub(super) fn new(snapshot: &Snapshot, claimed: Option<&BTreeSet<IntentKey>>) -> Self {
        let desired = Desired::of(snapshot);
        let claimed = claimed.map(|claimed| {
            let waiting = desired.waiting();
            let all = claimed.iter().chain(snapshot.slots().map(|(key, _)| key));
            all.filter(|key| !waiting.contains(*key)).cloned().collect()
        });
        Self { desired, claimed }
    }

    /// Whether what nobody has claimed goes.
    pub(super) fn sweeps(&self) -> bool {
        self.claimed.is_none()
    }

    /// What FRR should run in its own words, and what has to be sent for it; what is known to be refused is not.
    pub(super) fn compare(&self, running: &Running, refusals: &mut Refusals) -> (Config, Plan) {
        let target = render(&self.desired, running.dialect);
        let removals = self.claimed.as_ref().map_or(Removals::Apply, Removals::Hold);
        let plan = refusals.filter(diff(&running.config, &target, removals));
        (target, plan)
    }
}

/// What was refused of intents that are asked for again, or differently, since `looked_at`, is worth another attempt.
pub(super) fn forget_asked_again(refusals: &mut Refusals, snapshot: &Snapshot, looked_at: u64) {
    refusals.forget_intents(|key| snapshot.live(key).is_some_and(|entry| entry.revision > looked_at));
}
