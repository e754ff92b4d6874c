//! The owner task: the one place that holds the engine.
//!
//! What is queued is taken as one group: each change is decided and committed on a draft of the engine, the
//! journal is written once, then the draft takes the engine's place, one snapshot is published and everybody
//! is answered. A journal that cannot be written leaves the engine as it was.

mod clock;
mod counted;
mod group;
mod rehearsal;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use novaroute_core::bgp::BgpInstance;
use novaroute_core::drain::DrainScope;
use novaroute_core::engine::{Engine, Recorded, violation_event};
use novaroute_core::intent::{Change, Intent, IntentKey, Target};
use novaroute_core::name::OwnerName;
use novaroute_core::policy::Policy;
use novaroute_core::rejection::{Rejection, RejectionClass};
use novaroute_core::session::{ConnectionId, Origin, SessionCall, SessionTerms};
use novaroute_core::state::Reason;
use novaroute_core::store::Snapshot;
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
pub use rehearsal::Rehearsal;

/// Requests that may wait to be decided; more get RESOURCE_EXHAUSTED.
pub const QUEUE_REQUESTS_MAX: usize = 4096;
/// Requests that are decided, journaled and published together.
const GROUP_REQUESTS_MAX: usize = 1024;

/// What everybody may read at any time.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// What is wanted, and where each intent is.
    pub snapshot: Snapshot,
    /// Owners with an open session.
    pub sessions: Arc<BTreeSet<OwnerName>>,
    /// What each owner may ask for.
    pub policies: Arc<BTreeMap<OwnerName, Policy>>,
}

/// What an accepted change found and left.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// What is wanted right after the change and those that were decided together with it.
    pub snapshot: Snapshot,
    /// The BGP instance right before the change.
    pub previous_bgp: Option<BgpInstance>,
    /// The owner's session right after the change, if one is open.
    pub session: Option<SessionTerms>,
    /// The keys that the change gave up.
    pub removed: Vec<IntentKey>,
    /// Whose prefixes are drained, or are no longer, if that was asked for.
    pub drained: Option<DrainScope>,
    /// Whether anything is wanted differently than before.
    pub changed: bool,
}

/// What an owner may ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Demand {
    /// A change of what is wanted, or another session.
    Change(Change),
    /// Something about the session that is open.
    Session(SessionCall),
}

type Reply = oneshot::Sender<Result<Accepted, Rejection>>;

enum Message {
    Demand {
        owner: OwnerName,
        demand: Box<Demand>,
        origin: Origin,
        reply: Reply,
    },
    Disconnected(ConnectionId),
    Record(Recorded),
    Reload {
        policies: BTreeMap<OwnerName, Policy>,
        intents: Vec<Intent>,
    },
    AdoptionEnded,
    Handoff {
        owner: OwnerName,
        reply: oneshot::Sender<Result<(), Rejection>>,
    },
    /// Asks for a draft to decide on, and for the time.
    Draft(oneshot::Sender<(Engine, u64)>),
}

/// The way to the owner task.
#[derive(Debug, Clone)]
pub struct OwnerHandle {
    sender: mpsc::Sender<Message>,
}

impl OwnerHandle {
    /// Has a change of an authenticated owner decided.
    ///
    /// # Errors
    /// The engine's rejection; RESOURCE_EXHAUSTED when too much is waiting; UNAVAILABLE when the journal cannot
    /// be written or the agent shuts down.
    pub async fn submit(&self, owner: OwnerName, change: Change) -> Result<Accepted, Rejection> {
        self.submit_from(owner, Demand::Change(change), Origin::default()).await
    }

    /// As [`OwnerHandle::submit`], for a call that says where it comes from. The time is added here.
    ///
    /// # Errors
    /// As [`OwnerHandle::submit`].
    pub async fn submit_from(&self, owner: OwnerName, demand: Demand, origin: Origin) -> Result<Accepted, Rejection> {
        let (reply, answer) = oneshot::channel();
        let demand = Box::new(demand);
        self.send(Message::Demand { owner, demand, origin, reply })?;
        answer.await.unwrap_or_else(|_| Err(shutting_down()))
    }

    /// Decides what [`OwnerHandle::submit_from`] would decide, on a draft that is dropped: nothing comes of it but the
    /// answer. The deciding is the caller's own work and holds up nobody.
    ///
    /// # Errors
    /// As [`OwnerHandle::submit_from`], but for the journal, which is not written.
    pub async fn rehearse(&self, owner: &OwnerName, demand: Demand, origin: Origin) -> Result<Rehearsal, Rejection> {
        let (reply, answer) = oneshot::channel();
        self.send(Message::Draft(reply))?;
        let (draft, now_ms) = answer.await.map_err(|_| shutting_down())?;
        Rehearsal::on(draft, owner, demand, &Origin { now_ms, ..origin })
    }

    fn send(&self, message: Message) -> Result<(), Rejection> {
        self.sender.try_send(message).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => queue_full(),
            mpsc::error::TrySendError::Closed(_) => shutting_down(),
        })
    }

    /// A connection dropped that a session may be bound to.
    pub async fn disconnected(&self, connection: ConnectionId) {
        let _closed = self.sender.send(Message::Disconnected(connection)).await;
    }

    /// Takes in what a round of the reconciler found out.
    pub async fn record(&self, recorded: Recorded) {
        // A closed queue means that the agent shuts down: nobody reads the states any more.
        let _closed = self.sender.send(Message::Record(recorded)).await;
    }

    /// The time to claim what was found in FRR is over.
    pub async fn adoption_ended(&self) {
        let _closed = self.sender.send(Message::AdoptionEnded).await;
    }

    /// Asks whether an authenticated owner may end the agent and leave FRR to the next one.
    ///
    /// # Errors
    /// The engine's rejection; UNAVAILABLE when the agent shuts down already.
    pub async fn may_hand_off(&self, owner: OwnerName) -> Result<(), Rejection> {
        let (reply, answer) = oneshot::channel();
        let _closed = self.sender.send(Message::Handoff { owner, reply }).await;
        answer.await.unwrap_or_else(|_| Err(shutting_down()))
    }

    /// Puts other policies in force and makes `intents` what the configuration file declares.
    pub async fn reload(&self, policies: BTreeMap<OwnerName, Policy>, intents: Vec<Intent>) {
        let _closed = self.sender.send(Message::Reload { policies, intents }).await;
    }
}

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
    let (view, seen) = watch::channel(view_of(&engine));
    hub.publish_wanted(Vec::new(), engine.snapshot().clone());
    let clock = AwakeClock::start();
    let grace_ms = u64::try_from(grace.as_millis()).unwrap_or(u64::MAX);
    let task = OwnerTask { engine, journal, hub, metrics, stopwatch, view, queue, clock, grace_ms };
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
                taken = self.queue.recv_many(&mut messages, GROUP_REQUESTS_MAX) => {
                    if taken == 0 {
                        return;
                    }
                }
                () = tokio::time::sleep(wait.unwrap_or(TICK)), if wait.is_some() => {}
            }
            let now_ms = self.clock.now_ms();
            if !messages.is_empty() {
                self.take_group(messages.drain(..), now_ms);
            }
            self.expire(now_ms);
        }
    }

    /// Withdraws what is held by the owners who did not come back in time, and what was drained for long enough. By itself, so that a journal which cannot be
    /// written refuses nobody else.
    fn expire(&mut self, now_ms: u64) {
        if self.next_clock().is_some_and(|at| at <= now_ms) {
            let mut group = Group::on(self.engine.clone());
            group.expire(now_ms, self.grace_ms);
            self.finish(group);
        }
    }

    /// When the first clock will have run out; `None`: none runs.
    fn next_clock(&self) -> Option<u64> {
        let expiry = self.engine.sessions().next_expiry(self.grace_ms);
        expiry.into_iter().chain(self.engine.next_drain_due()).min()
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
                    if let Err((rejection, reply)) = group.submit(&owner, *demand, &origin, reply) {
                        self.refuse(&owner, rejection, reply);
                    }
                }
                Message::Disconnected(connection) => group.take(Unjournaled::Disconnected { connection, now_ms }),
                Message::Record(recorded) => group.take(Unjournaled::Record(recorded)),
                Message::Reload { policies, intents } => group.take(Unjournaled::Reload { policies, intents }),
                Message::AdoptionEnded => self.mark_journal_complete(),
                Message::Handoff { owner, reply } => self.hand_off(&owner, reply),
                Message::Draft(reply) => drafts.push(reply),
            }
        }
        self.finish(group);
        for reply in drafts {
            let _gone = reply.send((self.engine.clone(), now_ms));
        }
    }

    fn hand_off(&self, owner: &OwnerName, reply: oneshot::Sender<Result<(), Rejection>>) {
        let decided = self.engine.decide_handoff(owner);
        if let Err(rejection) = &decided {
            self.tell_violation(owner, rejection);
        }
        // The caller may have hung up meanwhile; there is nobody to tell then.
        let _gone = reply.send(decided);
    }

    fn refuse(&self, owner: &OwnerName, rejection: Rejection, reply: Reply) {
        self.tell_violation(owner, &rejection);
        // The caller may have hung up meanwhile; there is nobody to tell then.
        let _gone = reply.send(Err(rejection));
    }

    fn tell_violation(&self, owner: &OwnerName, rejection: &Rejection) {
        if let Some(event) = violation_event(owner, rejection) {
            self.metrics.policy_violation(owner, rejection.reason);
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
        for (owner, change, _) in group.journaled.iter().filter(|(_, change, _)| concerns_intents(change)) {
            self.metrics.intent(owner, kind_of(change), operation_of(change));
            self.time(change);
        }
        self.engine = group.draft;
        fault::reach(Point::PublishBefore);
        self.view.send_replace(view_of(&self.engine));
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
            | Change::Undrain(_) => {}
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
        if let Err(failure) = self.journal.compact(self.engine.snapshot(), self.engine.sessions()) {
            warn!(error = %failure, "the journal was not compacted; the long one stays in use");
        }
    }
}

fn view_of(engine: &Engine) -> View {
    let (sessions, policies) = (Arc::clone(engine.sessions().open()), Arc::clone(engine.policies()));
    View { snapshot: engine.snapshot().clone(), sessions, policies }
}

fn queue_full() -> Rejection {
    let text = format!("more than {QUEUE_REQUESTS_MAX} requests are waiting: try again shortly");
    Rejection::new(RejectionClass::ResourceExhausted, Reason::QueueFull, text)
}

/// The answer to everything that comes while the agent shuts down.
#[must_use]
pub fn shutting_down() -> Rejection {
    Rejection::new(RejectionClass::Unavailable, Reason::ShuttingDown, "the agent is shutting down")
}

fn journal_unavailable(failure: &std::io::Error) -> Rejection {
    let text = format!("the journal cannot be written ({failure}), so nothing can be promised: check state_dir");
    Rejection::new(RejectionClass::Unavailable, Reason::JournalUnavailable, text)
}

#[cfg(test)]
mod tests;
