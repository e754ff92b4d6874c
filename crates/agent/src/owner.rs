//! The owner task: the one place that holds the engine.
//!
//! What is queued is taken as one group: each change is decided and committed on a draft of the engine, the
//! journal is written once, then the draft takes the engine's place, one snapshot is published and everybody
//! is answered. A journal that cannot be written leaves the engine as it was.

mod group;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use novaroute_core::bgp::BgpInstance;
use novaroute_core::engine::{Engine, Recorded, violation_event};
use novaroute_core::intent::{Change, Intent, IntentKey, Kind, Target};
use novaroute_core::name::OwnerName;
use novaroute_core::policy::Policy;
use novaroute_core::rejection::{Rejection, RejectionClass};
use novaroute_core::state::Reason;
use novaroute_core::store::Snapshot;
use tokio::sync::{mpsc, oneshot, watch};
use tracing::{error, warn};

use crate::events::EventHub;
use crate::journal::Journal;
use crate::metrics::Metrics;
use crate::stopwatch::Stopwatch;

pub use group::declare;
use group::{Group, Unjournaled};

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
}

/// What an accepted change found and left.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// What is wanted right after the change and those that were decided together with it.
    pub snapshot: Snapshot,
    /// The BGP instance right before the change.
    pub previous_bgp: Option<BgpInstance>,
    /// The keys that the change gave up.
    pub removed: Vec<IntentKey>,
    /// Whether anything is wanted differently than before.
    pub changed: bool,
}

type Reply = oneshot::Sender<Result<Accepted, Rejection>>;

enum Message {
    Change { owner: OwnerName, change: Change, reply: Reply },
    Record(Recorded),
    Reload { policies: BTreeMap<OwnerName, Policy>, intents: Vec<Intent> },
    AdoptionEnded,
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
        let (reply, answer) = oneshot::channel();
        self.sender.try_send(Message::Change { owner, change, reply }).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => queue_full(),
            mpsc::error::TrySendError::Closed(_) => shutting_down(),
        })?;
        answer.await.unwrap_or_else(|_| Err(shutting_down()))
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
}

/// Makes the task, the way to it and what it publishes. `engine` holds what the journal gave.
#[must_use]
pub fn owner_task(
    engine: Engine,
    journal: Journal,
    hub: EventHub,
    metrics: Arc<Metrics>,
    stopwatch: Stopwatch,
) -> (OwnerTask, OwnerHandle, watch::Receiver<View>) {
    let (sender, queue) = mpsc::channel(QUEUE_REQUESTS_MAX);
    let (view, seen) = watch::channel(view_of(&engine));
    hub.publish_wanted(Vec::new(), engine.snapshot().clone());
    (OwnerTask { engine, journal, hub, metrics, stopwatch, view, queue }, OwnerHandle { sender }, seen)
}

impl OwnerTask {
    /// Runs until every handle is gone.
    pub async fn run(mut self) {
        let mut messages = Vec::with_capacity(GROUP_REQUESTS_MAX);
        while self.queue.recv_many(&mut messages, GROUP_REQUESTS_MAX).await > 0 {
            self.take_group(messages.drain(..));
        }
    }

    fn take_group(&mut self, messages: impl Iterator<Item = Message>) {
        let mut group = Group::on(self.engine.clone());
        for message in messages {
            match message {
                Message::Change { owner, change, reply } => {
                    if let Err((rejection, reply)) = group.submit(&owner, change, reply) {
                        self.refuse(&owner, rejection, reply);
                    }
                }
                Message::Record(recorded) => group.take(Unjournaled::Record(recorded)),
                Message::Reload { policies, intents } => group.take(Unjournaled::Reload { policies, intents }),
                Message::AdoptionEnded => self.mark_journal_complete(),
            }
        }
        self.finish(group);
    }

    fn refuse(&self, owner: &OwnerName, rejection: Rejection, reply: Reply) {
        if let Some(event) = violation_event(owner, &rejection) {
            self.metrics.policy_violation(owner, rejection.reason);
            self.hub.publish(vec![event]);
        }
        // The caller may have hung up meanwhile; there is nobody to tell then.
        let _gone = reply.send(Err(rejection));
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
        for (owner, change, _) in &group.journaled {
            self.metrics.intent(owner, kind_of(change), operation_of(change));
            self.time(change);
        }
        self.engine = group.draft;
        self.view.send_replace(view_of(&self.engine));
        self.stopwatch.look_at(&group.events);
        self.hub.publish_wanted(group.events, self.engine.snapshot().clone());
        for waiting in group.waiting {
            // One snapshot for all: a copy held between two changes of a group would have the whole store copied.
            let group::Waiting { reply, previous_bgp, removed, changed } = waiting;
            let accepted = Accepted { snapshot: self.engine.snapshot().clone(), previous_bgp, removed, changed };
            let _gone = reply.send(Ok(accepted));
        }
        self.compact_if_due();
    }

    fn time(&self, change: &Change) {
        match change {
            Change::Put(intent) => self.stopwatch.start(&intent.key()),
            Change::Remove(Target::Key(key)) => self.stopwatch.forget(key),
            Change::Remove(Target::BfdSessionsTo(_)) | Change::Register { .. } | Change::Deregister { .. } => {}
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
        if let Err(failure) = self.journal.compact(self.engine.snapshot()) {
            warn!(error = %failure, "the journal was not compacted; the long one stays in use");
        }
    }
}

fn view_of(engine: &Engine) -> View {
    View { snapshot: engine.snapshot().clone(), sessions: Arc::clone(engine.sessions()) }
}

/// The kind under which a journaled change counts; a deregistration has none.
fn kind_of(change: &Change) -> Option<Kind> {
    match change {
        Change::Put(intent) => Some(intent.key().kind()),
        Change::Remove(target) => Some(target.kind()),
        Change::Register { .. } | Change::Deregister { .. } => None,
    }
}

fn operation_of(change: &Change) -> &'static str {
    match change {
        Change::Put(_) => "set",
        Change::Remove(_) => "remove",
        Change::Register { .. } => "register",
        Change::Deregister { .. } => "deregister",
    }
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
