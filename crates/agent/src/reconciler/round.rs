//! One round: read, compare, send, read again.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use novaroute_core::intent::IntentKey;
use novaroute_core::reconcile::RoundEnd;
use novaroute_core::store::Snapshot;
use novaroute_frr::config::LineText;
use novaroute_frr::own::has_routes_of_ospf6d;
use novaroute_frr::plan::{Batch, Leaf, Op};
use novaroute_frr::refusals::Refusal;
use novaroute_frr::rules::LineKind;
use novaroute_frr::{Daemon, Plan};
use tracing::{debug, info, warn};

use super::aim::{Aim, forget_asked_again};
use super::status::Outcome;
use super::{LINES_SHOWN_MAX, Loop, Seen};
use crate::fault::{self, Point};
use crate::frr::{Applied, Frr, Running};
use crate::metrics::TransactionResult;

/// How often a plan is sent and compared in one round. FRR may need a second look where one line makes another
/// appear; what it still does not show after this was not kept.
const PASSES_MAX: usize = 3;

/// Up to so many lines, what was sent is compared with what FRR shows at once. Beyond, that takes long enough that a
/// burst of changes would wait for it, and it is left to the next round where one is due.
const COMPARED_AT_ONCE_LINES_MAX: usize = 1000;

impl<F: Frr> Loop<F> {
    /// Makes FRR run what is wanted, as far as it lets us. While `adopting`, what nobody has claimed stays.
    pub(super) async fn reconcile(&mut self, adopting: bool) -> RoundEnd {
        let snapshot = self.parts.view.borrow_and_update().snapshot.clone();
        let before = std::mem::replace(&mut self.looked_at, snapshot.revision());
        forget_asked_again(&mut self.refusals, &snapshot, before);
        if adopting {
            self.claimed.extend(snapshot.slots().map(|(key, _)| key.clone()));
        }
        let aim = Aim::new(&snapshot, adopting.then_some(&self.claimed));
        let mut outcome = match self.converge(&snapshot, &aim).await {
            Ok(outcome) => outcome,
            Err(reason) => {
                debug!(reason, "FRR cannot be read");
                self.settled = None;
                self.parts.owner.record(super::status::unreachable(&snapshot, &aim.desired, &reason)).await;
                return RoundEnd::Retry;
            }
        };
        self.publish(&outcome, snapshot.revision());
        // An intent whose lines went out in a round that was overtaken is told of by the round that sees them in FRR.
        outcome.sent.append(&mut self.sent);
        fault::reach(Point::RecordBefore);
        self.parts.owner.record(outcome.recorded(&snapshot, &aim.desired, &self.refusals)).await;
        fault::reach(Point::RecordAfter);
        let waiting = outcome.left.intents();
        self.sent = outcome.sent.iter().filter(|key| waiting.contains(key)).cloned().collect();
        if outcome.superseded {
            self.settled = None;
            return RoundEnd::Settled;
        }
        let end = outcome.end(&self.parts.live.borrow());
        self.settled = (end == RoundEnd::Settled).then(|| snapshot.revision());
        end
    }

    async fn converge(&mut self, snapshot: &Snapshot, aim: &Aim) -> Result<Outcome, String> {
        let mut outcome = Outcome::default();
        let mut sent = Plan::default();
        for pass in 0..PASSES_MAX {
            let running = self.read().await?;
            let (target, plan) = aim.compare(&running, &mut self.refusals);
            let unchanged = self.settled == Some(snapshot.revision());
            let grace_ended = self.adopting && aim.sweeps();
            if unchanged && running.reconnected.is_empty() && !grace_ended {
                // Also what was edited while the lines before were on their way.
                self.tell_drift(&plan.beyond(&sent));
            }
            outcome.compare(&running, target, &plan);
            if plan.is_empty() {
                return Ok(outcome);
            }
            let applied = self.send(&plan, &running).await;
            outcome.take(&plan, &applied);
            let relieved = relieved(&plan, &applied);
            relieved.iter().for_each(|daemon| self.refusals.forget(*daemon));
            let clean = applied.refused.is_empty() && applied.lost.is_empty();
            // What stood against it may have gone after it was refused: the next pass tells.
            let is_last = pass + 1 == PASSES_MAX;
            let stands = |refusal: &Refusal| is_last || !relieved.contains(&refusal.daemon);
            applied.refused.into_iter().filter(stands).for_each(|refusal| self.refusals.record(refusal));
            outcome.superseded = clean && outcome.lines() > COMPARED_AT_ONCE_LINES_MAX && self.is_overtaken();
            if !outcome.lost.is_empty() || outcome.superseded {
                return Ok(outcome);
            }
            sent = plan;
        }
        self.give_up(aim, &sent, &mut outcome).await?;
        Ok(outcome)
    }

    /// What is wanted has changed since the round began: the next one compares and sends in one go.
    fn is_overtaken(&self) -> bool {
        self.parts.view.borrow().snapshot.revision() != self.looked_at
    }

    pub(super) async fn read(&mut self) -> Result<Running, String> {
        let mut running = self.parts.frr.running(&self.absent()).await?;
        // An ospf6d that hangs or starts anew still has its place: without it the routes that it redistributes would
        // not be wanted, and taking them back would withdraw what is.
        running.dialect.ospf6d |= has_routes_of_ospf6d(&running.config);
        for daemon in &running.reconnected {
            self.refusals.forget(*daemon);
        }
        Ok(running)
    }

    /// The processes that the observer knows not to answer: waiting for them would hold up the others.
    pub(super) fn absent(&self) -> BTreeSet<String> {
        self.parts.live.borrow().missing_daemons().map(str::to_owned).collect()
    }

    pub(super) async fn send(&mut self, plan: &Plan, running: &Running) -> Applied {
        info!(lines = plan.len(), "sending to FRR");
        debug!("plan:\n{plan}");
        let started = Instant::now();
        fault::reach(Point::PlanBefore);
        let applied = self.parts.frr.apply(plan, running.dialect.version).await;
        fault::reach(Point::PlanAfter);
        let result = match (applied.lost.is_empty(), applied.refused.is_empty()) {
            (false, _) => TransactionResult::Failed,
            (true, false) => TransactionResult::Refused,
            (true, true) => TransactionResult::Ok,
        };
        self.parts.metrics.frr_transaction(result, started.elapsed().as_secs_f64());
        applied
    }

    /// What FRR took without a word and still does not show is refused too: to send it again in every round would
    /// change nothing and could hurt. It is tried again when a daemon comes, and by a few of the next resyncs. What was
    /// not part of the last plan is left to the next round: a daemon was restarted, or somebody edited FRR meanwhile.
    async fn give_up(&mut self, aim: &Aim, sent: &Plan, outcome: &mut Outcome) -> Result<(), String> {
        let running = self.read().await?;
        let (_, left) = aim.compare(&running, &mut self.refusals);
        let kept_nothing = left.batches.iter().filter(|batch| !running.reconnected.contains(&batch.daemon));
        for refusal in kept_nothing.flat_map(|batch| not_kept(batch, sent)) {
            warn!(daemon = %refusal.daemon, "{}", refusal.reason);
            self.refusals.record_lost(refusal);
        }
        let (target, left) = aim.compare(&running, &mut self.refusals);
        outcome.compare(&running, target, &left);
        Ok(())
    }

    fn publish(&self, outcome: &Outcome, revision: u64) {
        let unclaimed = outcome.held.iter().filter_map(|held| held.intent.clone()).collect();
        let foreign = outcome.foreign.iter().take(LINES_SHOWN_MAX);
        let foreign = foreign.map(|line| format!("{}: {}", line.daemon, line.text)).collect();
        let (needed, digests) = (outcome.needed.clone(), outcome.digests.clone());
        let unswept = outcome.unswept(&self.refusals, &self.parts.live.borrow());
        self.parts.seen.send_modify(|seen| {
            let (compared, unswept) =
                if outcome.superseded { (seen.compared, seen.unswept.clone()) } else { (revision, unswept) };
            *seen = Arc::new(Seen { unclaimed, foreign, needed, digests, rounds: seen.rounds + 1, compared, unswept });
        });
    }
}

/// The daemons that gave something up: what they refused may have stood against that, and is worth another attempt.
/// Nothing stands against an announcement, and those come and go all the time.
fn relieved(plan: &Plan, applied: &Applied) -> BTreeSet<Daemon> {
    let announces = |kind| matches!(kind, LineKind::Network | LineKind::PrefixList | LineKind::StaticRoute);
    let gives_up = |batch: &&Batch| {
        let refused = |leaf: &Leaf| {
            let same =
                |refusal: &Refusal| refusal.context == batch.context && refusal.line.as_ref() == Some(&leaf.text);
            applied.refused.iter().any(|refusal| refusal.daemon == batch.daemon && same(refusal))
        };
        batch.leaves.iter().any(|leaf| leaf.op == Op::Remove && !announces(leaf.kind) && !refused(leaf))
    };
    plan.batches.iter().filter(gives_up).map(|batch| batch.daemon).collect()
}

/// The lines of a batch that were sent, as refusals: FRR took them and does not show them.
fn not_kept(batch: &Batch, sent: &Plan) -> Vec<Refusal> {
    let refusal = |line: Option<&LineText>, shown: String, sources: &BTreeSet<IntentKey>| Refusal {
        daemon: batch.daemon,
        context: batch.context.clone(),
        line: line.cloned(),
        reason: format!("FRR took the line '{shown}' and does not show it"),
        sources: sources.clone(),
    };
    let same = sent.batches.iter().filter(|other| other.daemon == batch.daemon && other.context == batch.context);
    if batch.leaves.is_empty() && same.clone().any(|other| other.creates) {
        return vec![refusal(None, batch.context.path().join(" / "), &batch.sources)];
    }
    let were_sent = |text: &LineText| same.clone().flat_map(|other| &other.leaves).any(|leaf| leaf.text == *text);
    let leaves = batch.leaves.iter().filter(|leaf| were_sent(&leaf.text));
    leaves.map(|leaf| refusal(Some(&leaf.text), leaf.text.to_string(), &leaf.sources)).collect()
}
