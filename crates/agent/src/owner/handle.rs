//! The way to the owner task: what may be asked of it, and what it answers.

use std::collections::BTreeMap;

use novaroute_core::batch::{Batch, Outcome};
use novaroute_core::bgp::BgpInstance;
use novaroute_core::drain::DrainScope;
use novaroute_core::engine::{Engine, OwnerReport, Recorded};
use novaroute_core::intent::{Change, Intent, IntentKey};
use novaroute_core::name::OwnerName;
use novaroute_core::pending::Settlement;
use novaroute_core::policy::Policy;
use novaroute_core::rejection::{Rejection, RejectionClass};
use novaroute_core::session::{ConnectionId, Origin, SessionCall, SessionTerms};
use novaroute_core::state::Reason;
use novaroute_core::store::Snapshot;
use tokio::sync::{mpsc, oneshot};

use super::Rehearsal;

/// Requests that may wait to be decided; more get RESOURCE_EXHAUSTED.
pub const QUEUE_REQUESTS_MAX: usize = 4096;

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
    /// What was decided about the items of a batch.
    pub batch: Option<Outcome>,
}

/// What an owner may ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "most are of the largest one: a box each would save nothing")]
pub enum Demand {
    /// A change of what is wanted, or another session.
    Change(Change),
    /// Many changes in one step.
    Batch(Batch),
    /// A change that waits counts, or goes back.
    Settle(Settlement),
    /// Something about the session that is open.
    Session(SessionCall),
}

pub(super) type Reply = oneshot::Sender<Result<Accepted, Rejection>>;

pub(super) enum Message {
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
    /// Asks for the owners and their sessions.
    Owners(oneshot::Sender<Vec<Known>>),
}

/// An owner, and how often each reason refused a request of it since the agent started.
#[derive(Debug, Clone)]
pub struct Known {
    /// Who, and its session.
    pub report: OwnerReport,
    /// What permission or policy refused.
    pub refusals: BTreeMap<Reason, u64>,
}

impl Message {
    /// Items of a batch; everything else takes next to no time.
    pub(super) fn items(&self) -> usize {
        match self {
            Self::Demand { demand, .. } => match &**demand {
                Demand::Batch(batch) => batch.items.len(),
                Demand::Change(_) | Demand::Settle(_) | Demand::Session(_) => 0,
            },
            _ => 0,
        }
    }
}

/// The way to the owner task.
#[derive(Debug, Clone)]
pub struct OwnerHandle {
    pub(super) sender: mpsc::Sender<Message>,
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

    /// The owners and their sessions, as of now.
    ///
    /// # Errors
    /// UNAVAILABLE when the agent shuts down already.
    pub async fn owners(&self) -> Result<Vec<Known>, Rejection> {
        let (reply, answer) = oneshot::channel();
        let _closed = self.sender.send(Message::Owners(reply)).await;
        answer.await.map_err(|_| shutting_down())
    }

    /// Puts other policies in force and makes `intents` what the configuration file declares.
    pub async fn reload(&self, policies: BTreeMap<OwnerName, Policy>, intents: Vec<Intent>) {
        let _closed = self.sender.send(Message::Reload { policies, intents }).await;
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
