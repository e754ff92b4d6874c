//! Who holds what: one slot per key, copied only when it is written while somebody still reads it.

mod drains;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::ops::Bound;
use std::sync::Arc;

use crate::bfd::{BfdKey, Hop};
use crate::drain::Drains;
use crate::intent::{Intent, IntentKey, Kind};
use crate::name::OwnerName;
use crate::peer::PeerKey;
use crate::state::{IntentState, IntentStatus, Reason};

/// An intent with its owner and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Who asked for it.
    pub owner: OwnerName,
    /// What was asked for.
    pub intent: Intent,
    /// Where it is; see [`crate::live::effective_status`] for what was seen since.
    pub status: IntentStatus,
    /// The revision at which the intent was last changed; an outcome of an older round says nothing about it.
    pub revision: u64,
    /// Since when FRR has run it as it is, in nanoseconds since 1970-01-01 UTC; 0: it does not.
    pub programmed_at_ns: i64,
    /// The epoch of the owner's session in which the intent was last asked for; 0: none, or in an earlier life of the
    /// agent.
    pub claimed: u64,
    /// Kept from an earlier life of the agent for an owner whose session can lapse, and not claimed again yet.
    pub stale: bool,
}

impl Entry {
    /// Whether nothing more important is to say of it than that its owner has not come back for it.
    pub(crate) fn shows_stale(&self) -> bool {
        let on_its_way = match self.status.state {
            IntentState::Pending => self.status.cause.is_none(),
            IntentState::Programmed | IntentState::Advertised | IntentState::Stale => true,
            IntentState::Refused | IntentState::Overridden => false,
        };
        self.stale && on_its_way
    }
}

/// The intents of one key: at most one by right, and at most one that overrides it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Slot {
    base: Option<Arc<Entry>>,
    over: Option<Arc<Entry>>,
}

/// Which place of a slot an intent takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The holder's.
    Base,
    /// That of an owner who overrides the holder.
    Over,
}

impl Slot {
    /// The intent that counts.
    #[must_use]
    pub fn live(&self) -> Option<&Arc<Entry>> {
        self.over.as_ref().or(self.base.as_ref())
    }

    /// The intent that waits under an overriding one.
    #[must_use]
    pub fn overridden(&self) -> Option<&Arc<Entry>> {
        self.over.as_ref().and(self.base.as_ref())
    }

    /// Both, the live one first.
    pub fn entries(&self) -> impl Iterator<Item = &Arc<Entry>> {
        self.over.iter().chain(self.base.iter())
    }

    /// The place that `owner` holds.
    #[must_use]
    pub fn place_of(&self, owner: &OwnerName) -> Option<Place> {
        let holds = |entry: &Option<Arc<Entry>>| entry.as_ref().is_some_and(|entry| entry.owner == *owner);
        match (holds(&self.over), holds(&self.base)) {
            (true, _) => Some(Place::Over),
            (false, true) => Some(Place::Base),
            (false, false) => None,
        }
    }

    /// The entry at `place`.
    #[must_use]
    pub fn at(&self, place: Place) -> Option<&Arc<Entry>> {
        match place {
            Place::Base => self.base.as_ref(),
            Place::Over => self.over.as_ref(),
        }
    }

    /// The place of the intent that counts.
    fn live_place(&self) -> Place {
        if self.over.is_some() { Place::Over } else { Place::Base }
    }

    fn at_mut(&mut self, place: Place) -> &mut Option<Arc<Entry>> {
        match place {
            Place::Base => &mut self.base,
            Place::Over => &mut self.over,
        }
    }

    /// Gives the waiting intent the state that its place means.
    fn settle(&mut self) {
        let holder = self.over.as_ref().map(|over| over.owner.clone());
        let Some(base) = self.base.as_mut() else { return };
        let was_overridden = base.status.state == IntentState::Overridden;
        match holder {
            Some(holder) => {
                let detail = format!("owner {holder} overrides this");
                let status = IntentStatus::because(IntentState::Overridden, Reason::OverriddenByOwner, detail);
                let base = Arc::make_mut(base);
                (base.status, base.programmed_at_ns) = (status, 0);
            }
            None if was_overridden => Arc::make_mut(base).status = IntentStatus::of(IntentState::Pending),
            None => {}
        }
    }
}

/// An immutable picture of the store; cheap to clone and to keep.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    slots: Arc<BTreeMap<IntentKey, Slot>>,
    held: Arc<BTreeMap<OwnerName, BTreeMap<Kind, u32>>>,
    drains: Arc<Drains>,
    revision: u64,
}

impl Snapshot {
    /// Grows by one with each change of what is wanted; status changes do not count.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The slot of a key.
    #[must_use]
    pub fn slot(&self, key: &IntentKey) -> Option<&Slot> {
        self.slots.get(key)
    }

    /// The slot of a key together with the store's own copy of the key.
    #[must_use]
    pub fn key_and_slot(&self, key: &IntentKey) -> Option<(&IntentKey, &Slot)> {
        self.slots.get_key_value(key)
    }

    /// The live intent of a key.
    #[must_use]
    pub fn live(&self, key: &IntentKey) -> Option<&Arc<Entry>> {
        self.slot(key).and_then(Slot::live)
    }

    /// All slots in key order.
    pub fn slots(&self) -> impl Iterator<Item = (&IntentKey, &Slot)> {
        self.slots.iter()
    }

    /// The first slot after a key, in key order; `None` asks for the first of all.
    #[must_use]
    pub fn next_slot(&self, after: Option<&IntentKey>) -> Option<(&IntentKey, &Slot)> {
        self.slots_after(after).next()
    }

    /// The slots after a key, in key order; `None` asks for all.
    pub fn slots_after(&self, after: Option<&IntentKey>) -> impl Iterator<Item = (&IntentKey, &Slot)> {
        self.slots.range((after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded))
    }

    /// All entries in key order, overridden ones too.
    pub fn entries(&self) -> impl Iterator<Item = (&IntentKey, &Arc<Entry>)> {
        self.slots.iter().flat_map(|(key, slot)| slot.entries().map(move |entry| (key, entry)))
    }

    /// The live intents in key order.
    pub fn live_intents(&self) -> impl Iterator<Item = &Intent> {
        self.slots.values().filter_map(Slot::live).map(|entry| &entry.intent)
    }

    /// The live explicit BFD sessions to an address, in key order.
    pub fn bfd_sessions_to(&self, peer: IpAddr) -> impl Iterator<Item = (&BfdKey, &Arc<Entry>)> + Clone {
        self.bfd_slots_to(peer).map_while(|(key, slot)| match key {
            IntentKey::Bfd(bfd) => Some((bfd, slot.live()?)),
            _ => None,
        })
    }

    /// The slots of explicit BFD sessions to an address, in key order.
    pub(crate) fn bfd_slots_to(&self, peer: IpAddr) -> impl Iterator<Item = (&IntentKey, &Slot)> + Clone {
        let first = IntentKey::Bfd(BfdKey { peer, interface: None, hop: Hop::Single });
        self.slots.range(first..).take_while(move |(key, _)| matches!(key, IntentKey::Bfd(bfd) if bfd.peer == peer))
    }

    /// The live explicit BFD sessions to a peer, in key order.
    pub fn bfd_sessions_of(&self, peer: PeerKey) -> impl Iterator<Item = (&BfdKey, &Arc<Entry>)> + Clone {
        let from = peer.address().unwrap_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED));
        let first = IntentKey::Bfd(BfdKey { peer: from, interface: None, hop: Hop::Single });
        let sessions = self.slots.range(first..).map_while(move |(key, slot)| match key {
            IntentKey::Bfd(bfd) if peer.address().is_none_or(|address| bfd.peer == address) => Some((bfd, slot)),
            _ => None,
        });
        sessions.filter(move |(bfd, _)| peer.is_of_session(bfd)).filter_map(|(bfd, slot)| Some((bfd, slot.live()?)))
    }

    /// How many intents of a kind an owner holds, overridden ones too.
    #[must_use]
    pub fn held(&self, owner: &OwnerName, kind: Kind) -> u32 {
        self.held.get(owner).and_then(|kinds| kinds.get(&kind)).copied().unwrap_or(0)
    }

    /// The owners that hold anything.
    pub fn holders(&self) -> impl Iterator<Item = &OwnerName> {
        self.held.keys()
    }
}

/// The store: a snapshot that can be written.
#[derive(Debug, Clone, Default)]
pub struct Store {
    current: Snapshot,
}

impl Store {
    /// The picture as it is now.
    #[must_use]
    pub fn snapshot(&self) -> &Snapshot {
        &self.current
    }

    /// Puts an intent in its place and returns the one that was there.
    pub fn put(&mut self, owner: &OwnerName, intent: Intent, place: Place) -> Option<Arc<Entry>> {
        let key = intent.key();
        self.current.revision += 1;
        let status = IntentStatus::of(IntentState::Pending);
        let revision = self.current.revision;
        let entry =
            Entry { owner: owner.clone(), intent, status, revision, programmed_at_ns: 0, claimed: 0, stale: false };
        let entry = Arc::new(entry);
        let slot = Arc::make_mut(&mut self.current.slots).entry(key.clone()).or_default();
        let former = slot.at_mut(place).replace(entry);
        slot.settle();
        if let Some(former) = &former {
            self.count(&former.owner, key.kind(), -1);
        }
        self.count(owner, key.kind(), 1);
        former
    }

    /// Empties a place and returns what was there; an intent that waited below becomes live again.
    pub fn remove(&mut self, key: &IntentKey, place: Place) -> Option<Arc<Entry>> {
        let slots = Arc::make_mut(&mut self.current.slots);
        let slot = slots.get_mut(key)?;
        let former = slot.at_mut(place).take()?;
        self.current.revision += 1;
        slot.settle();
        // The one that came back is a change of what is wanted, as if it had just been asked for.
        if let (Place::Over, Some(base)) = (place, slot.base.as_mut()) {
            Arc::make_mut(base).revision = self.current.revision;
        }
        if slot.live().is_none() {
            slots.remove(key);
        }
        self.count(&former.owner, key.kind(), -1);
        Some(former)
    }

    /// Counts the live intent of a key as changed although it says what it said: it is pending once more.
    pub fn ask_again(&mut self, key: &IntentKey, place: Place) {
        let slot = Arc::make_mut(&mut self.current.slots).get_mut(key);
        let Some(entry) = slot.and_then(|slot| slot.at_mut(place).as_mut()) else { return };
        self.current.revision += 1;
        let entry = Arc::make_mut(entry);
        entry.revision = self.current.revision;
        entry.status = IntentStatus::of(IntentState::Pending);
    }

    /// Records where the live intent of a key is since `now_ns`, unless it was changed after `revision`. Returns the
    /// former status when it was another one.
    pub fn set_status(
        &mut self,
        key: &IntentKey,
        status: &IntentStatus,
        revision: u64,
        now_ns: i64,
    ) -> Option<IntentStatus> {
        let live = self.current.slots.get(key).and_then(Slot::live)?;
        if live.revision > revision || live.status == *status {
            return None;
        }
        let slot = Arc::make_mut(&mut self.current.slots).get_mut(key)?;
        let entry = Arc::make_mut(slot.at_mut(slot.live_place()).as_mut()?);
        entry.programmed_at_ns = match (entry.status.state, status.state) {
            (IntentState::Programmed, IntentState::Programmed) => entry.programmed_at_ns,
            (_, IntentState::Programmed) => now_ns,
            _ => 0,
        };
        Some(std::mem::replace(&mut entry.status, status.clone()))
    }

    /// The intent at a place was asked for in the session `epoch` of its owner.
    pub fn claim(&mut self, key: &IntentKey, place: Place, epoch: u64) {
        let slot = Arc::make_mut(&mut self.current.slots).get_mut(key);
        if let Some(entry) = slot.and_then(|slot| slot.at_mut(place).as_mut()) {
            let entry = Arc::make_mut(entry);
            (entry.claimed, entry.stale) = (epoch, false);
        }
    }

    /// All that an owner holds was asked for in its session `epoch`.
    pub fn claim_all(&mut self, owner: &OwnerName, epoch: u64) {
        self.update(|entry| entry.owner == *owner, |entry| (entry.claimed, entry.stale) = (epoch, false));
    }

    /// The owner has nothing more to say about what it holds.
    pub fn leave_as_is(&mut self, owner: &OwnerName) {
        self.update(|entry| entry.owner == *owner && entry.stale, |entry| entry.stale = false);
    }

    /// The agent comes up: nothing is claimed, and what is held by the owners whose session can lapse is stale.
    pub fn begin_again(&mut self, can_lapse: impl Fn(&OwnerName) -> bool) {
        self.update(|_| true, |entry| (entry.claimed, entry.stale) = (0, can_lapse(&entry.owner)));
    }

    /// Changes what is known about claims; what is wanted stays the same, so the revision does too.
    fn update(&mut self, concerned: impl Fn(&Entry) -> bool, change: impl Fn(&mut Entry)) {
        if !self.current.entries().any(|(_, entry)| concerned(entry)) {
            return;
        }
        for slot in Arc::make_mut(&mut self.current.slots).values_mut() {
            let places = [slot.over.as_mut(), slot.base.as_mut()];
            places
                .into_iter()
                .flatten()
                .filter(|entry| concerned(entry))
                .for_each(|entry| change(Arc::make_mut(entry)));
        }
    }

    fn count(&mut self, owner: &OwnerName, kind: Kind, by: i32) {
        let held = Arc::make_mut(&mut self.current.held);
        let kinds = held.entry(owner.clone()).or_default();
        let number = kinds.entry(kind).or_default();
        *number = number.saturating_add_signed(by);
        kinds.retain(|_, number| *number > 0);
        if kinds.is_empty() {
            held.remove(owner);
        }
    }
}

#[cfg(test)]
mod tests;
