//! How things are, told as the events that led there: what a subscriber wants to know before it follows the news.
//!
//! A picture is made in no time and told bit by bit: it keeps what it tells of by reference, so that a reader who takes
//! its time costs no more than a reader who does not.

use std::ops::Bound;
use std::sync::Arc;

use crate::engine::status_event;
use crate::event::{Event, EventType};
use crate::intent::{IntentKey, Protocol};
use crate::live::{Live, Tracker};
use crate::prefix::Prefix;
use crate::state::{IntentState, Reason};
use crate::store::{Entry, Slot, Snapshot};

/// What is wanted and what FRR does, at one moment.
#[derive(Debug, Clone, Default)]
pub struct Picture {
    /// What is wanted, and where each intent is.
    pub snapshot: Snapshot,
    /// What FRR does.
    pub live: Arc<Live>,
}

impl Picture {
    /// Tells it: FRR's daemons, BFD sessions, peers and OSPF neighbours that are up, then the prefixes that are
    /// advertised, then the intents that are programmed, refused or overridden.
    #[must_use]
    pub fn tell(self) -> Telling {
        // The many prefixes come one by one later.
        let few = Live { advertised: Arc::default(), advertised_at_ns: Arc::default(), ..(*self.live).clone() };
        let first = Tracker::default().observe(&self.snapshot, &few);
        Telling { picture: self, next: first.into_iter().rev().collect(), prefixes: Some(None), intents: Some(None) }
    }
}

/// A picture that is being told.
#[derive(Debug)]
pub struct Telling {
    picture: Picture,
    /// What comes next, the last first.
    next: Vec<Event>,
    /// The prefix that was told last, while there are more.
    prefixes: Option<Option<(Protocol, Prefix)>>,
    /// The key that was told last, while there are more.
    intents: Option<Option<IntentKey>>,
}

impl Iterator for Telling {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        self.next.pop().or_else(|| self.prefix()).or_else(|| self.intent())
    }
}

impl Telling {
    fn prefix(&mut self) -> Option<Event> {
        let after = self.prefixes?.map_or(Bound::Unbounded, Bound::Excluded);
        self.prefixes = self.picture.live.advertised.range((after, Bound::Unbounded)).next().map(|(key, _)| Some(*key));
        let (protocol, prefix) = self.prefixes??;
        let entry = self.picture.snapshot.live(&IntentKey::Prefix(protocol, prefix));
        Some(Event::prefix_advertised((protocol, prefix), entry.map(|entry| &entry.owner)))
    }

    fn intent(&mut self) -> Option<Event> {
        while let Some(after) = self.intents.take() {
            let (key, slot) = self.picture.snapshot.next_slot(after.as_ref())?;
            self.intents = Some(Some(key.clone()));
            self.next = told_of(key, slot);
            if let Some(event) = self.next.pop() {
                return Some(event);
            }
        }
        None
    }
}

/// Where the intents of a key are, the live one last.
fn told_of(key: &IntentKey, slot: &Slot) -> Vec<Event> {
    let by = slot.live().map(|live| &live.owner);
    let overridden = slot.overridden().map(|base| {
        let by = by.map(ToString::to_string).unwrap_or_default();
        Event::new(EventType::IntentOverridden, format!("{key} of owner {} is taken over by owner {by}", base.owner))
            .of(&base.owner)
            .about(key)
            .because(Reason::OverriddenByOwner)
            .with("by", by)
    });
    let arrived = |live: &Arc<Entry>| status_event(&live.owner, key, IntentState::Pending, &live.status);
    overridden.into_iter().chain(slot.live().and_then(arrived)).collect()
}

#[cfg(test)]
mod tests;
