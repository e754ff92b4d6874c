//! What was acknowledged, as a map that anyone can follow.

use std::collections::{BTreeMap, BTreeSet};

use novaroute_core::intent::{Change, Intent, IntentKey, Target};
use novaroute_core::name::OwnerName;
use novaroute_core::store::{Place, Snapshot};

use crate::clients;

/// An intent with the one who asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Holding {
    pub(crate) owner: OwnerName,
    pub(crate) intent: Intent,
}

/// The holder's intent and that of one who overrides it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Places {
    base: Option<Holding>,
    over: Option<Holding>,
}

impl Places {
    fn live(&self) -> Option<&Holding> {
        self.over.as_ref().or(self.base.as_ref())
    }

    fn of(&mut self, owner: &OwnerName) -> Option<&mut Option<Holding>> {
        let holds = |place: &Option<Holding>| place.as_ref().is_some_and(|holding| holding.owner == *owner);
        match (holds(&self.over), holds(&self.base)) {
            (true, _) => Some(&mut self.over),
            (false, true) => Some(&mut self.base),
            (false, false) => None,
        }
    }
}

/// Everything that owners were promised.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Model(BTreeMap<IntentKey, Places>);

impl Model {
    /// Takes in a change that was acknowledged; `false`: another owner holds what it names, and nothing is changed.
    pub(crate) fn acknowledge(&mut self, owner: &OwnerName, change: &Change) -> bool {
        match change {
            Change::Put(intent) => return self.put(owner, intent),
            Change::Remove(Target::Key(key)) => self.remove(owner, |named| named == key),
            Change::Remove(Target::BfdSessionsTo(peer)) => {
                self.remove(owner, |named| matches!(named, IntentKey::Bfd(bfd) if bfd.peer == *peer));
            }
            Change::Deregister { withdraw_all: true } => self.remove(owner, |_| true),
            // What is promised stays promised, whether or not it is drained.
            Change::Deregister { withdraw_all: false }
            | Change::Register(_)
            | Change::Reopen(_)
            | Change::Drain(..)
            | Change::DrainDue(_)
            | Change::Undrain(_)
            | Change::Pending(_) => {}
        }
        true
    }

    fn put(&mut self, owner: &OwnerName, intent: &Intent) -> bool {
        let places = self.0.entry(intent.key()).or_default();
        let same_instance =
            matches!(intent, Intent::Bgp(_)) && places.live().is_some_and(|live| live.intent == *intent);
        let holding = Holding { owner: owner.clone(), intent: intent.clone() };
        if let Some(place) = places.of(owner) {
            *place = Some(holding);
        } else if places.live().is_none() {
            places.base = Some(holding);
        } else if places.over.is_none() && clients::may_override(owner) {
            places.over = Some(holding);
        } else {
            return same_instance;
        }
        true
    }

    fn remove(&mut self, owner: &OwnerName, named: impl Fn(&IntentKey) -> bool) {
        for places in self.0.iter_mut().filter(|(key, _)| named(key)).map(|(_, places)| places) {
            if let Some(place) = places.of(owner) {
                *place = None;
            }
        }
        self.0.retain(|_, places| places.live().is_some());
    }

    /// What counts of each key.
    pub(crate) fn live(&self) -> impl Iterator<Item = &Intent> {
        self.0.values().filter_map(Places::live).map(|holding| &holding.intent)
    }

    /// The keys of which an owner holds a place.
    pub(crate) fn held_by<'a>(&'a self, owner: &'a OwnerName) -> impl Iterator<Item = IntentKey> + 'a {
        let holds = |places: &Places| [&places.over, &places.base].into_iter().flatten().any(|h| h.owner == *owner);
        self.0.iter().filter(move |(_, places)| holds(places)).map(|(key, _)| key.clone())
    }

    /// All that is held, as requests that would lead here.
    pub(crate) fn holdings(&self) -> Vec<Holding> {
        let places = self.0.values().flat_map(|places| [&places.base, &places.over]);
        places.flatten().cloned().collect()
    }

    /// The same without the difference that a restart may level: whoever overrode an intent that is gone holds the key
    /// like anyone else.
    pub(crate) fn restarted(mut self) -> Self {
        for places in self.0.values_mut().filter(|places| places.base.is_none()) {
            places.base = places.over.take();
        }
        self
    }

    /// The keys of which another map says something else, with what either says.
    pub(crate) fn differences(&self, other: &Self) -> String {
        let keys: BTreeSet<&IntentKey> = self.0.keys().chain(other.0.keys()).collect();
        let differing = keys.into_iter().filter(|key| self.0.get(key) != other.0.get(key));
        differing.map(|key| format!("{key}: {:?} and not {:?}\n", self.0.get(key), other.0.get(key))).collect()
    }

    /// What an agent says.
    pub(crate) fn of(snapshot: &Snapshot) -> Self {
        let holding = |slot: &novaroute_core::store::Slot, place| {
            slot.at(place).map(|entry| Holding { owner: entry.owner.clone(), intent: entry.intent.clone() })
        };
        let places = |slot| Places { base: holding(slot, Place::Base), over: holding(slot, Place::Over) };
        Self(snapshot.slots().map(|(key, slot)| (key.clone(), places(slot))).collect())
    }
}
