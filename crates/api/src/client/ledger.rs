//! What the agent took in one session, and what of the desired it did not.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::{StreamExt as _, stream};
use novaroute_core::intent::IntentKey;
use novaroute_core::state::Reason;
use tonic::Code;
use tracing::info;

use super::{CallError, Desired, Intent, Observer, Owner};
use crate::v1;

/// Requests that are on their way at once.
const IN_FLIGHT: usize = 32;
/// Time until what the agent refused is asked for again: what stood against it may have gone.
const ASK_AGAIN: Duration = Duration::from_secs(30);
/// The same where it had too much to do.
const BUSY: Duration = Duration::from_secs(1);

/// What is to stand under a key; `None`: nothing.
type Change = (IntentKey, Option<Intent>);

/// One session.
#[derive(Debug)]
pub(super) struct Ledger {
    owner: Owner,
    /// What the agent had before.
    held: Held,
    /// What the agent took in this session.
    has: BTreeMap<IntentKey, Intent>,
    /// What it was told not to have.
    withheld: BTreeSet<IntentKey>,
    /// Why it did not take the rest.
    refused: BTreeMap<IntentKey, CallError>,
    /// What was there before it and is not desired has gone.
    replayed: bool,
}

/// What Register tells of what the owner held before.
#[derive(Debug)]
struct Held {
    /// Prefixes and neighbor addresses.
    names: BTreeSet<String>,
    /// Something at all.
    any: bool,
}

impl Ledger {
    pub(super) fn new(owner: Owner, registered: v1::RegisterResponse) -> Self {
        let names = registered.current_prefixes.into_iter().chain(registered.current_peers).collect();
        let held = Held { names, any: registered.has_state };
        let (has, withheld, refused) = (BTreeMap::new(), BTreeSet::new(), BTreeMap::new());
        Self { owner, held, has, withheld, refused, replayed: false }
    }

    /// Brings the agent to what is desired, as far as it goes; why what nobody asks for any more is still there.
    pub(super) async fn settle(
        &mut self,
        desired: &Desired,
        observer: &dyn Observer,
    ) -> Result<Option<String>, CallError> {
        self.ask(desired, observer).await?;
        let held_back = self.end_replay(desired).await?;
        let swept = held_back.is_none() && !std::mem::replace(&mut self.replayed, held_back.is_none());
        if swept && !self.refused.is_empty() {
            // What has gone may have made room.
            self.ask(desired, observer).await?;
        }
        Ok(held_back)
    }

    /// How many intents the agent took.
    pub(super) fn taken(&self) -> usize {
        self.has.len()
    }

    /// What the agent did not take, and why.
    pub(super) fn refused(&self) -> &BTreeMap<IntentKey, CallError> {
        &self.refused
    }

    /// Time until the agent is asked again although nothing has changed; `None`: there is nothing to ask for.
    pub(super) fn pause(&self, held_back: bool) -> Option<Duration> {
        if self.refused.values().any(|error| error.is(Reason::QueueFull)) {
            return Some(BUSY);
        }
        (held_back || !self.refused.is_empty()).then_some(ASK_AGAIN)
    }

    /// The owner, as it speaks in this session.
    pub(super) fn owner(&self) -> &Owner {
        &self.owner
    }

    async fn ask(&mut self, desired: &Desired, observer: &dyn Observer) -> Result<(), CallError> {
        self.withheld.retain(|key| desired.withheld.contains(key));
        let withheld = desired.withheld.difference(&self.withheld).filter(|key| !self.has.contains_key(*key));
        let gone = self.has.keys().filter(|key| !desired.intents.contains_key(*key));
        // Prefixes go before their peers, and peers come before their prefixes.
        let gone: BTreeSet<&IntentKey> = gone.chain(withheld).collect();
        let gone: Vec<_> = gone.into_iter().rev().map(|key| (key.clone(), None)).collect();
        let wanted = desired.intents.iter().filter(|(key, intent)| self.has.get(*key) != Some(*intent));
        let wanted: Vec<_> = wanted.map(|(key, intent)| (key.clone(), Some(intent.clone()))).collect();
        self.refused.clear();
        self.perform(gone, observer).await?;
        self.withheld = desired.withheld.iter().filter(|key| !self.refused.contains_key(*key)).cloned().collect();
        self.perform(wanted, observer).await
    }

    async fn perform(&mut self, changes: Vec<Change>, observer: &dyn Observer) -> Result<(), CallError> {
        let owner = &self.owner;
        let calls = stream::iter(changes).map(|change| async move {
            let answer = perform(owner, &change).await;
            (change, answer)
        });
        let mut answers = calls.buffered(IN_FLIGHT);
        let (mut done, mut refused) = (Vec::new(), Vec::new());
        while let Some((change, answer)) = answers.next().await {
            observer.called(answer.is_ok());
            match answer {
                Ok(()) => done.push(change),
                Err(error) if is_end(&error) => return Err(error),
                Err(error) => refused.push((change.0, error)),
            }
        }
        drop(answers);
        for (key, intent) in done {
            match intent {
                Some(intent) => drop(self.has.insert(key, intent)),
                None => drop(self.has.remove(&key)),
            }
        }
        self.refused.extend(refused);
        Ok(())
    }

    /// Has the agent withdraw what was there before the session and is not desired, once; why it cannot yet.
    async fn end_replay(&mut self, desired: &Desired) -> Result<Option<String>, CallError> {
        if self.replayed {
            return Ok(None);
        }
        if let Some(reason) = &desired.incomplete {
            return Ok(Some(reason.clone()));
        }
        // The agent has it as it was asked for before, and would take it for something that nobody asks for.
        if let Some((key, error)) = self.refused.iter().find(|(key, _)| self.held.may_have(key)) {
            return Ok(Some(format!("{key} stays as it was: {error}")));
        }
        match self.owner.end_of_replay(desired.confirm_removals).await {
            Ok(removed) => {
                info!(asked = self.has.len(), removed = removed.len(), "the agent has what is desired");
                Ok(None)
            }
            Err(error) if is_end(&error) => Err(error),
            Err(error) => Ok(Some(error.to_string())),
        }
    }
}

impl Held {
    /// Whether the agent had this before the session. It tells only of peers and prefixes.
    fn may_have(&self, key: &IntentKey) -> bool {
        match key {
            IntentKey::Peer(peer) => self.names.contains(&peer.to_string()),
            IntentKey::Prefix(_, prefix) => self.names.contains(&prefix.to_string()),
            IntentKey::Bgp | IntentKey::Bfd(_) | IntentKey::Ospf(_) => self.any,
        }
    }
}

async fn perform(owner: &Owner, (key, intent): &Change) -> Result<(), CallError> {
    match intent {
        Some(intent) => owner.put(intent).await,
        None => match owner.remove(key).await {
            // It went by itself, or is somebody else's by now.
            Err(error) if matches!(error.code(), Code::NotFound | Code::PermissionDenied) => Ok(()),
            removed => removed,
        },
    }
}

/// Whether there is no point in going on in this session.
fn is_end(error: &CallError) -> bool {
    matches!(error.code(), Code::Unauthenticated | Code::Unavailable | Code::Unknown | Code::Cancelled)
        || error.is(Reason::SessionSuperseded)
        || error.is(Reason::NoSession)
}
