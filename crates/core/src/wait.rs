//! Waiting for an accepted change to arrive where it should.
//!
//! A goal is looked at again with each new sight of things; nothing here waits by itself.

use crate::intent::{Intent, IntentKey};
use crate::live::{Live, effective_status};
use crate::name::OwnerName;
use crate::rejection::{Rejection, RejectionClass};
use crate::state::{IntentState, IntentStatus, Reason};
use crate::store::{Entry, Snapshot};

/// When a caller wants to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Wait {
    /// As soon as the change is accepted.
    #[default]
    None,
    /// When FRR's running configuration has it, or no longer has what is removed.
    Programmed,
    /// And a prefix: when it was sent to a peer, or none has been left with it. Other intents: as before.
    Advertised,
}

/// What a caller waits for: one intent, there or gone.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "most are of the largest one: a box each would save nothing")]
pub enum Goal {
    /// The intent of this owner is in force.
    There(OwnerName, Intent),
    /// What had this key is gone. The number is the revision of the store by which nobody wants it.
    Gone(IntentKey, u64),
    /// The prefix is wanted and not announced, as it is drained. The number is the revision by which it is.
    HeldBack(IntentKey, u64),
}

/// Things as they are when a goal is looked at.
#[derive(Debug)]
pub struct Sight<'a, G> {
    /// What is wanted.
    pub snapshot: &'a Snapshot,
    /// What FRR does.
    pub live: &'a Live,
    /// Whether what had a key at a revision is gone from FRR; if not, why.
    pub gone: G,
}

/// How far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// There is nothing left to wait for.
    Arrived,
    /// It is on its way, and this far.
    OnTheWay {
        /// The key.
        key: IntentKey,
        /// Where it is, in one sentence without a full stop.
        text: String,
        /// The state of the intent; `None`: it is on its way out.
        status: Option<IntentStatus>,
    },
    /// It will not come about by waiting.
    Ended(Rejection),
}

impl Goal {
    /// The key.
    #[must_use]
    pub fn key(&self) -> IntentKey {
        match self {
            Self::There(_, intent) => intent.key(),
            Self::Gone(key, _) | Self::HeldBack(key, _) => key.clone(),
        }
    }

    /// How far it is on its way to what `wait` asks for.
    pub fn look<G: Fn(&IntentKey, u64) -> Result<(), String>>(&self, wait: Wait, sight: &Sight<'_, G>) -> Progress {
        match (wait, self) {
            (Wait::None, _) => Progress::Arrived,
            (_, Self::There(owner, intent)) => look_at_intent(owner, intent, wait, sight.snapshot, sight.live),
            (_, Self::Gone(key, revision)) => look_at_removal(key, *revision, wait, sight),
            (_, Self::HeldBack(key, revision)) => match sight.snapshot.live(key) {
                Some(entry) if entry.revision > *revision => Progress::Ended(superseded(key)),
                _ => look_at_withdrawal(key, *revision, wait, sight),
            },
        }
    }
}

fn look_at_intent(owner: &OwnerName, intent: &Intent, wait: Wait, snapshot: &Snapshot, live: &Live) -> Progress {
    let key = intent.key();
    let Some(entry) = entry_of(owner, intent, snapshot) else { return Progress::Ended(superseded(&key)) };
    let status = effective_status(&key, entry, live);
    match (status.state, wait, &key) {
        (IntentState::Refused | IntentState::Overridden, ..) => Progress::Ended(not_in_force(&key, &status)),
        (IntentState::Advertised, ..) | (IntentState::Programmed, Wait::Programmed, _) => Progress::Arrived,
        (IntentState::Programmed, _, key) if !matches!(key, IntentKey::Prefix(..)) => Progress::Arrived,
        _ => {
            let why = status.cause.as_ref().map(|cause| format!(" ({cause})")).unwrap_or_default();
            Progress::OnTheWay { text: format!("{key} is {}{why}", status.state), key, status: Some(status) }
        }
    }
}

/// The entry that stands for the intent: the owner's, or for the node's BGP instance anybody's that is the same.
fn entry_of<'a>(owner: &OwnerName, intent: &Intent, snapshot: &'a Snapshot) -> Option<&'a Entry> {
    let slot = snapshot.slot(&intent.key())?;
    let own = slot.entries().find(|entry| entry.owner == *owner);
    own.or(slot.live()).map(|entry| &**entry).filter(|entry| entry.intent == *intent)
}

fn look_at_removal<G: Fn(&IntentKey, u64) -> Result<(), String>>(
    key: &IntentKey,
    revision: u64,
    wait: Wait,
    sight: &Sight<'_, G>,
) -> Progress {
    match sight.snapshot.live(key) {
        // Somebody asked for it again, or what it covered came back: FRR shall have it.
        Some(entry) if entry.revision > revision => Progress::Ended(superseded(key)),
        Some(_) => Progress::Arrived,
        None => look_at_withdrawal(key, revision, wait, sight),
    }
}

fn look_at_withdrawal<G: Fn(&IntentKey, u64) -> Result<(), String>>(
    key: &IntentKey,
    revision: u64,
    wait: Wait,
    sight: &Sight<'_, G>,
) -> Progress {
    let on_the_way = |text| Progress::OnTheWay { key: key.clone(), text, status: None };
    if let Err(why) = (sight.gone)(key, revision) {
        return on_the_way(format!("{key} is still in FRR ({why})"));
    }
    match key {
        IntentKey::Prefix(protocol, prefix) if wait == Wait::Advertised => {
            match sight.live.advertised.get(&(*protocol, *prefix)) {
                Some(_) => on_the_way(format!("{key} has not been taken back from everybody who was sent it")),
                None => Progress::Arrived,
            }
        }
        _ => Progress::Arrived,
    }
}

fn superseded(key: &IntentKey) -> Rejection {
    let text = format!("{key}: the change was accepted, and a newer one took its place before it was in force");
    Rejection::new(RejectionClass::FailedPrecondition, Reason::Superseded, text).with("intent", key)
}

fn not_in_force(key: &IntentKey, status: &IntentStatus) -> Rejection {
    let state = status.state;
    let (reason, detail) = match &status.cause {
        Some(cause) => (cause.reason, cause.detail.as_str()),
        None => (Reason::FrrRefused, "no reason given"),
    };
    let text = format!("{key} was accepted and is {state}: {detail}. It stays accepted; change or remove it");
    Rejection::new(RejectionClass::FailedPrecondition, reason, text).with("intent", key).with("state", state)
}

/// The answer when the caller's time is over. `limit_s` is what it waited.
#[must_use]
pub fn ran_out(key: &IntentKey, text: &str, status: Option<&IntentStatus>, limit_s: f64) -> Rejection {
    let message = format!(
        "after {limit_s:.1} s {text}. The change stays accepted and the agent goes on with it: follow it with GetStatus \
         or StreamEvents"
    );
    let mut rejection =
        Rejection::new(RejectionClass::DeadlineExceeded, Reason::WaitRanOut, message).with("intent", key);
    if let Some(status) = status {
        rejection = rejection.with("state", status.state);
        if let Some(cause) = &status.cause {
            rejection = rejection.with("cause", cause.reason).with("cause_detail", &cause.detail);
        }
    }
    rejection
}

#[cfg(test)]
mod tests;
