//! The owner task: the one place that holds the engine.
//!
//! What is queued is taken as one group: each change is decided and committed on a draft of the engine, the
//! journal is written once, then the draft takes the engine's place, one snapshot is published and everybody
//! is answered. A journal that cannot be written leaves the engine as it was.

mod clock;
mod counted;
mod group;
mod handle;
mod rehearsal;
mod view;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use novaroute_core::batch::Outcome;
use novaroute_core::engine::{Engine, OwnerReport, violation_event};
use novaroute_core::intent::{Change, Target};
use novaroute_core::name::OwnerName;
use novaroute_core::rejection::{Rejection, RejectionClass};
use novaroute_core::session::Origin;
use novaroute_core::state::Reason;
use tokio::sync::{mpsc, oneshot, watch};
use tracing::{error, warn};

use crate::events::EventHub;
use crate::fault::{self, Point};
use crate::journal::Journal;
use crate::metrics::Metrics;
use crate::stopwatch::Stopwatch;

use clock::{AwakeClock, TICK};
use counted::{concerns_intents, kind_of, operation_of};
pub use group::declare;
use group::{Group, Unjournaled, Waiting};
pub use handle::{Accepted, Demand, Known, OwnerHandle, QUEUE_REQUESTS_MAX, shutting_down};
use handle::{Message, Reply};
pub use rehearsal::Rehearsal;
use view::view_of;
pub use view::{View, WaitingChange};

/// Requests that are decided, journaled and published together.
const GROUP_REQUESTS_MAX: usize = 1024;
/// Items of batches after which a group takes no further request: who waits behind a large batch does not wait for the
/// one after it too.
const GROUP_ITEMS_MAX: usize = 10_000;

/// Owns the engine; ends when every [`OwnerHandle`] is gone.
#[derive(Debug)]
pub struct OwnerTask {
    engine: Engine,
    journal: Journal,
    hub: EventHub,
    metrics: Arc<Metrics>,
    stopwatch: Stopwatch,
    view: watch::Sender<View>,
    queue: mpsc::Receiver<Message>,
    clock: AwakeClock,
    grace_ms: u64,
    refusals: BTreeMap<OwnerName, BTreeMap<Reason, u64>>,
}

/// Makes the task, the way to it and what it publishes. `engine` holds what the journal gave; `grace` is how long the
/// intents of an owner outlive its session.
#[must_use]
pub fn owner_task(
    engine: Engine,
    journal: Journal,
    hub: EventHub,
    metrics: Arc<Metrics>,
    stopwatch: Stopwatch,
    grace: Duration,
) -> (OwnerTask, OwnerHandle, watch::Receiver<View>) {
    let (sender, queue) = mpsc::channel(QUEUE_REQUESTS_MAX);
    let mut clock = AwakeClock::start();
    let (view, seen) = watch::channel(view_of(&engine, clock.now_ms()));
    hub.publish_wanted(Vec::new(), engine.snapshot().clone());
    let grace_ms = u64::try_from(grace.as_millis()).unwrap_or(u64::MAX);
    let refusals = BTreeMap::new();
    let task = OwnerTask { engine, journal, hub, metrics, stopwatch, view, queue, clock, grace_ms, refusals };
    (task, OwnerHandle { sender }, seen)
}

impl OwnerTask {
    /// Runs until every handle is gone.
    pub async fn run(mut self) {
        let mut messages = Vec::with_capacity(GROUP_REQUESTS_MAX);
        loop {
            let wait = self.wait_for_clocks();
            tokio::select! {
                // What was asked for in time counts before a clock that has run out meanwhile.
                biased;
                // The last group has left something over.
                () = std::future::ready(()), if !messages.is_empty() => {}
                taken = self.queue.recv_many(&mut messages, GROUP_REQUESTS_MAX) => {
                    if taken == 0 {
                        return;
                    }
                }
                () = tokio::time::sleep(wait.unwrap_or(TICK)), if wait.is_some() => {}
            }
            let now_ms = self.clock.now_ms();
            if !messages.is_empty() {
                let taken = group_length(&messages);
                self.take_group(messages.drain(..taken), now_ms);
            }
            self.expire(now_ms);
        }
    }

    /// Withdraws what is held by the owners who did not come back in time and what was drained for long enough, and takes
    /// back what was not confirmed in time. By itself, so that a journal which cannot be written refuses nobody else.
    fn expire(&mut self, now_ms: u64) {
        if self.next_clock().is_some_and(|at| at <= now_ms) {
            let mut group = Group::on(self.engine.clone());
            group.expire(now_ms, self.grace_ms);
            group.run_out(now_ms);
            self.finish(group);
        }
    }

    /// When the first clock will have run out; `None`: none runs.
    fn next_clock(&self) -> Option<u64> {
        let expiry = self.engine.sessions().next_expiry(self.grace_ms);
        let clocks = [expiry, self.engine.next_drain_due(), self.engine.pending().next_end()];
        clocks.into_iter().flatten().min()
    }

    /// How long until a clock has to be looked at; `None`: none runs.
    fn wait_for_clocks(&mut self) -> Option<Duration> {
        let at = self.next_clock()?;
        let left_ms = at.saturating_sub(self.clock.now_ms());
        // One that has run out and is still there could not be journaled: it is tried again.
        Some(if left_ms == 0 { TICK } else { Duration::from_millis(left_ms).min(TICK) })
    }

    fn take_group(&mut self, messages: impl Iterator<Item = Message>, now_ms: u64) {
        let mut group = Group::on(self.engine.clone());
        let mut drafts = Vec::new();
        for message in messages {
            match message {
                Message::Demand { owner, demand, origin, reply } => {
                    let origin = Origin { now_ms, ..origin };
                    match group.submit(&owner, *demand, &origin, reply) {
                        Ok(()) => self.tell_refused_items(&owner, &group),
                        Err((rejection, reply)) => self.refuse(&owner, rejection, reply),
                    }
                }
                Message::Disconnected(connection) => group.take(Unjournaled::Disconnected { connection, now_ms }),
                Message::Record(recorded) => group.take(Unjournaled::Record(recorded)),
                Message::Reload { policies, intents } => group.take(Unjournaled::Reload { policies, intents }),
                Message::AdoptionEnded => self.mark_journal_complete(),
                Message::Handoff { owner, reply } => self.hand_off(&owner, reply),
                Message::Draft(reply) => drafts.push(reply),
                Message::Owners(reply) => {
                    // The caller may have hung up meanwhile; there is nobody to tell then.
                    let _gone = reply.send(self.owners(now_ms));
                }
            }
        }
        self.finish(group);
        for reply in drafts {
            let _gone = reply.send((self.engine.clone(), now_ms));
        }
    }

    fn owners(&self, now_ms: u64) -> Vec<Known> {
        let known = |report: OwnerReport| {
            let refusals = self.refusals.get(&report.owner).cloned().unwrap_or_default();
            Known { report, refusals }
        };
        self.engine.owners(now_ms, self.grace_ms).into_iter().map(known).collect()
    }

    fn hand_off(&mut self, owner: &OwnerName, reply: oneshot::Sender<Result<(), Rejection>>) {
        let decided = self.engine.decide_handoff(owner);
        if let Err(rejection) = &decided {
            self.tell_violation(owner, rejection);
        }
        // The caller may have hung up meanwhile; there is nobody to tell then.
        let _gone = reply.send(decided);
    }

    fn refuse(&mut self, owner: &OwnerName, rejection: Rejection, reply: Reply) {
        self.tell_violation(owner, &rejection);
        // The caller may have hung up meanwhile; there is nobody to tell then.
        let _gone = reply.send(Err(rejection));
    }

    /// Tells what permission or policy refused of the batch that a group has taken last.
    fn tell_refused_items(&mut self, owner: &OwnerName, group: &Group) {
        let outcome = group.waiting.last().and_then(|waiting| waiting.decided.batch());
        for (_, rejection) in outcome.into_iter().flat_map(Outcome::refused) {
            self.tell_violation(owner, rejection);
        }
    }

    fn tell_violation(&mut self, owner: &OwnerName, rejection: &Rejection) {
        if let Some(event) = violation_event(owner, rejection) {
            self.metrics.policy_violation(owner, rejection.reason);
            *self.refusals.entry(owner.clone()).or_default().entry(rejection.reason).or_default() += 1;
            self.hub.publish(vec![event]);
        }
    }

    /// Journal, then commit, then publish, then answer.
    fn finish(&mut self, mut group: Group) {
        if let Err(failure) = self.journal.append(&group.journaled) {
            error!(error = %failure, "the journal cannot be written: nothing of this group was accepted");
            for waiting in group.waiting.drain(..) {
                let _gone = waiting.reply.send(Err(journal_unavailable(&failure)));
            }
            group = group.without_changes(self.engine.clone());
        }
        for (owner, changes, _) in &group.journaled {
            for change in changes.iter().filter(|change| concerns_intents(change)) {
                self.metrics.intent(owner, kind_of(change), operation_of(change));
                self.time(change);
            }
        }
        self.engine = group.draft;
        fault::reach(Point::PublishBefore);
        let now_ms = self.clock.now_ms();
        self.view.send_replace(view_of(&self.engine, now_ms));
        fault::reach(Point::AnswerBefore);
        self.stopwatch.look_at(&mut group.events);
        self.hub.publish_wanted(group.events, self.engine.snapshot().clone());
        for waiting in group.waiting {
            // One snapshot for all: a copy held between two changes of a group would have the whole store copied.
            let Waiting { reply, decided } = waiting;
            let _gone = reply.send(Ok(decided.accepted(self.engine.snapshot().clone())));
        }
        fault::reach(Point::AnswerAfter);
        self.compact_if_due();
    }

    fn time(&self, change: &Change) {
        match change {
            Change::Put(intent) => self.stopwatch.start(&intent.key()),
            Change::Remove(Target::Key(key)) => self.stopwatch.forget(key),
            Change::Remove(Target::BfdSessionsTo(_))
            | Change::Register(_)
            | Change::Reopen(_)
            | Change::Deregister { .. }
            | Change::Drain(..)
            | Change::DrainDue(_)
            | Change::Undrain(_)
            | Change::Pending(_) => {}
        }
    }

    fn mark_journal_complete(&mut self) {
        if let Err(failure) = self.journal.mark_complete() {
            warn!(error = %failure, "the journal could not be marked complete; the next start waits for claims again");
        }
    }

    fn compact_if_due(&mut self) {
        if !self.journal.should_compact() {
            return;
        }
        if let Err(failure) =
            self.journal.compact(self.engine.snapshot(), self.engine.sessions(), self.engine.pending())
        {
            warn!(error = %failure, "the journal was not compacted; the long one stays in use");
        }
    }
}

/// How many of the messages make a group.
fn group_length(messages: &[Message]) -> usize {
    let mut items = 0;
    let whole = messages.iter().take_while(|message| {
        let room = items < GROUP_ITEMS_MAX;
        items += message.items();
        room
    });
    whole.count()
}

fn journal_unavailable(failure: &std::io::Error) -> Rejection {
    let text = format!("the journal cannot be written ({failure}), so nothing can be promised: check state_dir");
    Rejection::new(RejectionClass::Unavailable, Reason::JournalUnavailable, text)
}

#[cfg(test)]
mod tests;
