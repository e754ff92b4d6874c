//! Many changes in one step: what goes because it is not named, then what is taken back, then what is asked for. Only
//! the limits of an owner depend on the order of the items.

use std::collections::BTreeMap;

use super::sessions::{Sweep, check_sweep};
use super::{Engine, Step};
use crate::batch::{Batch, Item, ItemOutcome, Mode, Named, Outcome};
use crate::event::Event;
use crate::intent::{Change, IntentKey, Protocol, Target};
use crate::name::OwnerName;
use crate::rejection::{Rejection, RejectionClass};
use crate::session::Origin;
use crate::state::Reason;
use crate::store::Place;

/// What a batch has done to an engine.
#[derive(Debug, Clone, Default)]
pub struct Applied {
    /// What was decided about each item, and about what they do not name.
    pub outcome: Outcome,
    /// What the journal must hold in one piece: replayed, it leads to the same.
    pub journaled: Vec<Change>,
    /// What happened.
    pub events: Vec<Event>,
    /// The keys that were given up, those that were named among them.
    pub removed: Vec<IntentKey>,
}

impl Engine {
    /// Decides many changes of an authenticated owner and makes them, one after the other, so that each meets those
    /// before it. Where nothing is done, the engine is as it was.
    ///
    /// # Errors
    /// The session of the call is over, or too much would go because it is not named. Items that are not accepted are
    /// no error: the outcome has them.
    pub fn apply_batch(&mut self, owner: &OwnerName, batch: Batch, origin: &Origin) -> Result<Applied, Rejection> {
        self.check_named_session(owner, origin)?;
        let mode = batch.mode;
        let (named, repeated) = named(&batch.items);
        let readable = batch.items.iter().all(|item| item.target.is_some());
        let unnamed = match mode {
            Mode::Merge => BTreeMap::new(),
            Mode::Replace => self.unnamed(owner, &named),
        };
        let kept = if readable { 0 } else { unnamed.len() };
        let swept = if readable { unnamed } else { BTreeMap::new() };
        self.check_replacement(owner, &swept, &batch)?;
        let removals: Vec<_> = swept.iter().map(|(key, place)| Step::Remove(*place, key.clone())).collect();
        self.check_pending(owner, &removals)?;

        let before = (batch.atomic || batch.confirm.is_some()).then(|| self.clone());
        let mut applied = Applied::default();
        applied.journaled.extend(swept.keys().map(|key| Change::Remove(Target::Key(key.clone()))));
        applied.outcome = Outcome { removed: swept.keys().cloned().collect(), kept, done: true, ..Outcome::default() };
        applied.removed.clone_from(&applied.outcome.removed);
        for step in removals {
            applied.events.extend(self.take(owner, step));
        }
        applied.outcome.items = self.take_items(owner, batch.items, mode, &repeated, &mut applied);
        let Some(before) = before else { return Ok(applied) };
        if batch.atomic && applied.outcome.items.iter().any(is_bad) {
            *self = before;
            let items = std::mem::take(&mut applied.outcome.items);
            return Ok(Applied { outcome: Outcome { items, ..Outcome::default() }, ..Applied::default() });
        }
        // A change that changes nothing has nothing to go back to.
        if let (Some(confirm), false) = (batch.confirm, applied.journaled.is_empty()) {
            self.await_confirmation(owner, confirm, &before, origin.now_ms, &mut applied);
        }
        Ok(applied)
    }

    fn take_items(
        &mut self,
        owner: &OwnerName,
        items: Vec<Item>,
        mode: Mode,
        repeated: &[bool],
        applied: &mut Applied,
    ) -> Vec<ItemOutcome> {
        let mut outcomes = vec![ItemOutcome::Unreadable; items.len()];
        let is_removal = |item: &Item| matches!(item.change, Some(Change::Remove(_)));
        let (removals, puts): (Vec<_>, Vec<_>) = items.into_iter().enumerate().partition(|(_, item)| is_removal(item));
        for (at, item) in removals.into_iter().chain(puts) {
            outcomes[at] = match item.change {
                None => ItemOutcome::Unreadable,
                Some(_) if repeated[at] => ItemOutcome::Refused(named_twice(item.target.as_ref())),
                Some(change) => self.take_item(owner, change, mode, applied),
            };
        }
        outcomes
    }

    fn take_item(&mut self, owner: &OwnerName, change: Change, mode: Mode, applied: &mut Applied) -> ItemOutcome {
        if let (Mode::Replace, Change::Remove(target)) = (mode, &change) {
            return ItemOutcome::Refused(removal_in_a_replacement(target));
        }
        match self.decide(owner, change) {
            Err(rejection) => ItemOutcome::Refused(rejection),
            Ok(decision) => {
                let changed = decision.changes_intents();
                applied.removed.extend(decision.removed().cloned());
                applied.journaled.extend(decision.journaled().iter().cloned());
                applied.events.extend(self.commit(decision));
                if changed { ItemOutcome::Changed } else { ItemOutcome::Unchanged }
            }
        }
    }

    /// What the owner holds and no item names.
    fn unnamed(&self, owner: &OwnerName, named: &Named) -> BTreeMap<IntentKey, Place> {
        let held = self.snapshot().slots().filter_map(|(key, slot)| Some((key, slot.place_of(owner)?)));
        held.filter(|(key, _)| !named.has(key)).map(|(key, place)| (key.clone(), place)).collect()
    }

    fn check_replacement(
        &self,
        owner: &OwnerName,
        swept: &BTreeMap<IntentKey, Place>,
        batch: &Batch,
    ) -> Result<(), Rejection> {
        let is_bgp = |item: &Item| match &item.target {
            Some(Target::Key(key)) => matches!(key, IntentKey::Peer(_) | IntentKey::Prefix(Protocol::Bgp, _)),
            _ => false,
        };
        let sweep = Sweep { owner, swept, confirmed: batch.confirm_removals, by: "the replacement" };
        check_sweep(self.snapshot(), &sweep, batch.items.iter().any(is_bgp))
    }
}

fn is_bad(outcome: &ItemOutcome) -> bool {
    matches!(outcome, ItemOutcome::Refused(_) | ItemOutcome::Unreadable)
}

/// What is named, and which items name something again.
fn named(items: &[Item]) -> (Named, Vec<bool>) {
    let mut named = Named::default();
    let repeated = items.iter().map(|item| item.target.as_ref().is_some_and(|target| !named.add(target))).collect();
    (named, repeated)
}

fn named_twice(target: Option<&Target>) -> Rejection {
    let target = target.map(ToString::to_string).unwrap_or_default();
    let text = format!("{target} is named by an item before this one: name it once, the order of items means nothing");
    Rejection::new(RejectionClass::InvalidArgument, Reason::NamedTwice, text).with("key", target)
}

fn removal_in_a_replacement(target: &Target) -> Rejection {
    let text = format!(
        "{target} is to be removed in a replacement, which removes what it does not name: leave the item out, or merge"
    );
    Rejection::new(RejectionClass::InvalidArgument, Reason::InvalidField, text)
}

#[cfg(test)]
mod tests;
