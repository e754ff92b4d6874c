//! Changes that wait to be confirmed: what they keep an owner from, and how they count or go back.

use std::collections::BTreeSet;

use super::{Applied, Engine, Step};
use crate::event::{Event, EventType};
use crate::intent::{Change, IntentKey, Target};
use crate::name::{ChangeId, OwnerName};
use crate::pending::{ConfirmWithin, Pending, PendingChanges, PendingStep, PendingTerms, Settlement};
use crate::rejection::{Rejection, RejectionClass};
use crate::session::Origin;
use crate::state::Reason;

impl Engine {
    /// The changes that wait to be confirmed.
    #[must_use]
    pub fn pending(&self) -> &PendingChanges {
        &self.pending
    }

    /// Lets the change of an authenticated owner that waits count, or go back.
    ///
    /// # Errors
    /// FAILED_PRECONDITION: no such change waits, or the session of the call is over.
    pub fn settle(&mut self, owner: &OwnerName, call: &Settlement, origin: &Origin) -> Result<Applied, Rejection> {
        self.check_named_session(owner, origin)?;
        let waiting = self.pending.get(owner).map(|pending| &pending.terms.id);
        match (waiting, &call.change) {
            (None, _) => return Err(none_waits(owner)),
            (Some(waiting), Some(named)) if waiting != named => return Err(another_waits(owner, waiting, named)),
            _ => {}
        }
        Ok(if call.roll_back { self.roll_back(owner, None) } else { self.confirm(owner) })
    }

    /// Takes back the change of an owner whose time to confirm is over.
    pub fn run_out(&mut self, owner: &OwnerName) -> Applied {
        self.roll_back(owner, Some(Reason::ConfirmRanOut))
    }

    fn confirm(&mut self, owner: &OwnerName) -> Applied {
        let Some(Pending { terms, .. }) = self.pending.take(owner) else { return Applied::default() };
        let text = format!("change {} of owner {owner} is confirmed", terms.id);
        let event = Event::new(EventType::ChangeConfirmed, text).of(owner).with("change_id", &terms.id);
        settled(terms.id, vec![event])
    }

    /// What the owner may ask for by now is not looked at: it held this before.
    fn roll_back(&mut self, owner: &OwnerName, because: Option<Reason>) -> Applied {
        let Some(Pending { terms, .. }) = self.pending.take(owner) else { return Applied::default() };
        let PendingTerms { id, within, undo } = terms;
        let mut applied = settled(id.clone(), Vec::new());
        let policy = self.policy(owner).permissive();
        let (mut restored, mut lost) = (0_usize, Vec::new());
        for change in undo {
            match self.decide_under(&policy, owner, change) {
                Ok(decision) => {
                    restored += usize::from(decision.changes_intents());
                    applied.removed.extend(decision.removed().cloned());
                    for change in decision.journaled() {
                        applied.journaled.push(change.clone());
                        if let Change::Put(intent) = change {
                            applied.outcome.restored.push(intent.clone());
                        }
                    }
                    applied.events.extend(self.commit(decision));
                }
                // Another owner has taken the key meanwhile.
                Err(rejection) => lost.push(rejection.message),
            }
        }
        let why = match because {
            Some(_) => format!("was not confirmed within {} s", within.seconds()),
            None => "is taken back".to_owned(),
        };
        let but = if lost.is_empty() { String::new() } else { format!(", but not all of it: {}", lost.join("; ")) };
        let text = format!("change {id} of owner {owner} {why}: {restored} intents are as they were before{but}");
        let event = Event::new(EventType::ChangeRolledBack, text).of(owner).with("change_id", &id);
        let mut event = event.with("restored", restored).with("lost", lost.len());
        event.reason = because;
        applied.events.push(event);
        applied
    }

    /// What the journal says of changes that wait.
    pub(super) fn pending_steps(&self, owner: &OwnerName, step: PendingStep, now_ms: u64) -> (Vec<Step>, Vec<Change>) {
        match step {
            PendingStep::Opened(terms) => {
                let journaled = Change::Pending(PendingStep::Opened(terms.clone()));
                (vec![Step::OpenPending(Box::new(Pending::opened(terms, now_ms)))], vec![journaled])
            }
            PendingStep::Settled(id) => {
                let waits = self.pending.get(owner).is_some_and(|pending| pending.terms.id == id);
                let steps = waits.then_some(Step::ClosePending).into_iter().collect();
                (steps, vec![Change::Pending(PendingStep::Settled(id))])
            }
        }
    }

    /// The steps that let a change of the owner that waits be forgotten: all that it holds goes.
    pub(super) fn forgetting_steps(&self, owner: &OwnerName) -> Option<(Step, Change)> {
        let id = self.pending.get(owner)?.terms.id.clone();
        Some((Step::ClosePending, Change::Pending(PendingStep::Settled(id))))
    }

    /// Refuses another change while one waits: it could not be told any more what was before.
    pub(super) fn check_pending(&self, owner: &OwnerName, steps: &[Step]) -> Result<(), Rejection> {
        match self.pending.get(owner) {
            Some(pending) if steps.iter().any(|step| matches!(step, Step::Put(..) | Step::Remove(..))) => {
                Err(change_pending(owner, &pending.terms.id))
            }
            _ => Ok(()),
        }
    }

    /// Has what was applied wait to be confirmed: `self` is after it, `before` the engine before.
    pub(super) fn await_confirmation(
        &mut self,
        owner: &OwnerName,
        (id, within): (ChangeId, ConfirmWithin),
        before: &Self,
        now_ms: u64,
        applied: &mut Applied,
    ) {
        let put = applied.journaled.iter().filter_map(|change| match change {
            Change::Put(intent) => Some(intent.key()),
            _ => None,
        });
        let touched: BTreeSet<IntentKey> = put.chain(applied.removed.iter().cloned()).collect();
        let former = |key: IntentKey| {
            let slot = before.snapshot().slot(&key);
            let entry = slot.and_then(|slot| slot.at(slot.place_of(owner)?));
            entry.map_or(Change::Remove(Target::Key(key)), |entry| Change::Put(entry.intent.clone()))
        };
        let terms = PendingTerms { id: id.clone(), within, undo: touched.into_iter().map(former).collect() };
        self.pending.put(owner, Pending::opened(terms.clone(), now_ms));
        applied.journaled.push(Change::Pending(PendingStep::Opened(terms)));
        applied.outcome.pending = Some(id);
    }
}

/// A change that waits no longer. In the journal this comes before what goes back, which it would keep out.
fn settled(id: ChangeId, events: Vec<Event>) -> Applied {
    let mut applied = Applied { events, ..Applied::default() };
    applied.journaled.push(Change::Pending(PendingStep::Settled(id.clone())));
    applied.outcome.pending = Some(id);
    applied
}

fn change_pending(owner: &OwnerName, id: &ChangeId) -> Rejection {
    let text = format!(
        "change {id} of owner {owner} waits to be confirmed, and nothing else is changed meanwhile: confirm it or roll it back"
    );
    Rejection::new(RejectionClass::FailedPrecondition, Reason::ChangePending, text).with("change_id", id)
}

fn none_waits(owner: &OwnerName) -> Rejection {
    let text = format!(
        "no change of owner {owner} waits to be confirmed: there was none, it was confirmed, or it went back when its time was over"
    );
    Rejection::new(RejectionClass::FailedPrecondition, Reason::NoPendingChange, text)
}

fn another_waits(owner: &OwnerName, waiting: &ChangeId, named: &ChangeId) -> Rejection {
    let text =
        format!("change {named} of owner {owner} does not wait to be confirmed, change {waiting} does: name that one");
    Rejection::new(RejectionClass::FailedPrecondition, Reason::NoPendingChange, text).with("change_id", waiting)
}

#[cfg(test)]
mod tests;
