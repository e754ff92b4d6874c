//! What the engine does with drains.

use super::{Decision, Engine, Step};
use crate::drain::{Drain, DrainScope, DrainTerms};
use crate::event::{Event, EventType};
use crate::intent::Change;
use crate::name::OwnerName;
use crate::policy::check_drain;
use crate::rejection::{Rejection, RejectionClass};
use crate::session::Origin;
use crate::state::Reason;

impl Engine {
    /// When the next phase of a drain begins, as things are; `None`: each is in its last one.
    #[must_use]
    pub fn next_drain_due(&self) -> Option<u64> {
        self.snapshot().drains().values().filter_map(|drain| drain.due_ms).min()
    }

    /// What happens to the drains whose phase is over: the next one begins.
    #[must_use]
    pub fn decide_drains(&self, now_ms: u64) -> Vec<Decision> {
        let due = self.snapshot().drains().iter().filter(|(_, drain)| drain.due_ms.is_some_and(|due| due <= now_ms));
        let decision = |(scope, drain): (&DrainScope, &Drain)| {
            let (steps, journaled) = self.advancing_steps(scope.clone(), now_ms);
            Decision { owner: drain.by.clone(), steps, journaled }
        };
        due.map(decision).collect()
    }

    pub(super) fn draining_steps(
        &self,
        owner: &OwnerName,
        scope: Option<DrainScope>,
        terms: DrainTerms,
        origin: &Origin,
    ) -> Result<(Vec<Step>, Vec<Change>), Rejection> {
        let scope = DrainScope::of(scope.as_ref(), owner);
        self.check_drain(owner, &scope)?;
        let former = self.snapshot().drains().get(&scope);
        if former.is_some_and(|former| former.terms == terms && former.by == *owner) {
            return Ok((Vec::new(), Vec::new()));
        }
        let drain = Drain::begin(owner.clone(), terms.clone(), former, origin.now_ms);
        Ok((vec![Step::SetDrain(scope.clone(), Some(drain))], vec![Change::Drain(Some(scope), terms)]))
    }

    pub(super) fn advancing_steps(&self, scope: DrainScope, now_ms: u64) -> (Vec<Step>, Vec<Change>) {
        let drain = self.snapshot().drains().get(&scope).filter(|drain| drain.goes_on());
        let step = drain.map(|drain| Step::SetDrain(scope.clone(), Some(drain.advanced(now_ms))));
        let journaled = step.is_some().then_some(Change::DrainDue(scope));
        (step.into_iter().collect(), journaled.into_iter().collect())
    }

    pub(super) fn undraining_steps(
        &self,
        owner: &OwnerName,
        scope: Option<DrainScope>,
    ) -> Result<(Vec<Step>, Vec<Change>), Rejection> {
        let scope = DrainScope::of(scope.as_ref(), owner);
        self.check_drain(owner, &scope)?;
        if !self.snapshot().drains().contains_key(&scope) {
            return Ok((Vec::new(), Vec::new()));
        }
        Ok((vec![Step::SetDrain(scope.clone(), None)], vec![Change::Undrain(Some(scope))]))
    }

    fn check_drain(&self, owner: &OwnerName, scope: &DrainScope) -> Result<(), Rejection> {
        check_drain(&self.policy(owner), owner, scope)?;
        match scope {
            DrainScope::Owner(drained) if !self.knows(drained) => Err(Rejection::new(
                RejectionClass::NotFound,
                Reason::NotHeld,
                format!("there is no owner {drained}: it is not configured and holds nothing"),
            )),
            DrainScope::Owner(_) | DrainScope::Node => Ok(()),
        }
    }

    fn knows(&self, owner: &OwnerName) -> bool {
        self.policies.contains_key(owner) || self.snapshot().holders().any(|holder| holder == owner)
    }

    /// The withdrawal is told prefix by prefix, when it has happened.
    pub(super) fn set_drain(&mut self, by: &OwnerName, scope: &DrainScope, drain: Option<Drain>) -> Vec<Event> {
        let begins = !self.snapshot().drains().contains_key(scope);
        let prefixes = self.snapshot().prefixes_in(scope).count();
        let event = match &drain {
            Some(drain) if begins => started(scope, drain, prefixes),
            Some(_) => None,
            None => {
                Some(Event::new(EventType::DrainEnded, format!("{scope} is no longer drained: {prefixes} prefixes")))
            }
        };
        self.store.set_drain(scope, drain);
        let told = event.map(|event| {
            let event = event.with("by", by).with("scope", scope).with("prefixes", prefixes);
            match scope {
                DrainScope::Owner(owner) => event.of(owner),
                DrainScope::Node => event,
            }
        });
        told.into_iter().collect()
    }
}

fn started(scope: &DrainScope, drain: &Drain, prefixes: usize) -> Option<Event> {
    let then = match drain.terms.withdraw_after {
        None => "they stay announced, marked with GRACEFUL_SHUTDOWN".to_owned(),
        Some(delay) if delay.seconds() == 0 => "they are withdrawn at once".to_owned(),
        Some(delay) => format!("they are marked with GRACEFUL_SHUTDOWN and withdrawn in {} s", delay.seconds()),
    };
    let event = Event::new(EventType::DrainStarted, format!("{scope} is drained: {prefixes} prefixes; {then}"));
    let event = event.with("phase", drain.phase);
    Some(match drain.terms.withdraw_after {
        Some(delay) => event.with("delay_s", delay.seconds()),
        None => event,
    })
}

#[cfg(test)]
mod tests;
