//! The only place that changes what is wanted: decide, commit, record.
//!
//! [`Engine::decide`] changes nothing and [`Engine::commit`] cannot fail, so a caller may write its journal in
//! between. Cloning an engine costs a few reference counts: a group of changes is committed on a clone, and the
//! clone takes the engine's place once the journal has the group.

mod batch;
mod conflict;
mod drains;
mod owners;
mod pending;
mod sessions;
mod told;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::bgp::BgpInstance;
use crate::drain::{Drain, DrainScope};
use crate::event::{Event, EventType};
use crate::intent::{Change, Intent, IntentKey, Kind, Target};
use crate::name::OwnerName;
use crate::pending::{Pending, PendingChanges};
use crate::policy::{Policy, check_handoff, check_permission, evaluate};
use crate::rejection::{Rejection, RejectionClass};
use crate::session::{Lapse, Origin, Session, Sessions};
use crate::state::{IntentState, IntentStatus, Reason};
use crate::store::{Place, Slot, Snapshot, Store};
pub use batch::Applied;
use conflict::{held_by_another, is_refused_by_frr, takes_over};
pub use owners::OwnerReport;
pub use sessions::SWEEP_UNCONFIRMED_MAX;
use told::bgp_config_changed;
pub(crate) use told::status_event;
pub use told::violation_event;

/// Decides and holds what is wanted.
#[derive(Debug, Clone, Default)]
pub struct Engine {
    policies: Arc<BTreeMap<OwnerName, Policy>>,
    sessions: Sessions,
    pending: PendingChanges,
    store: Store,
}

/// A change that was accepted and is not yet made. It is valid for the engine that decided it, until that
/// engine commits anything.
#[derive(Debug, Clone)]
pub struct Decision {
    owner: OwnerName,
    steps: Vec<Step>,
    journaled: Vec<Change>,
}

#[derive(Debug, Clone)]
enum Step {
    OpenSession {
        session: Box<Session>,
        claim_all: bool,
    },
    ReopenSession(Box<Session>),
    RenewSession(Origin),
    CloseSession,
    ExpireSession(Lapse),
    Put(Place, Intent),
    Claim(Place, IntentKey),
    /// What FRR refused is asked for once more.
    AskAgain(Place, IntentKey),
    Remove(Place, IntentKey),
    SetDrain(DrainScope, Option<Drain>),
    OpenPending(Box<Pending>),
    ClosePending,
}

impl Step {
    fn changes_intents(&self) -> bool {
        matches!(self, Self::Put(..) | Self::Remove(..) | Self::SetDrain(..))
    }
}

impl Decision {
    /// Who asked for it, or whose session expired.
    #[must_use]
    pub fn owner(&self) -> &OwnerName {
        &self.owner
    }

    /// Whether committing it changes what is wanted. Asking again for what is there does not.
    #[must_use]
    pub fn changes_intents(&self) -> bool {
        self.steps.iter().any(Step::changes_intents)
    }

    /// What the journal must hold before this is committed: replayed, it leads to the same.
    #[must_use]
    pub fn journaled(&self) -> &[Change] {
        &self.journaled
    }

    /// The keys that it gives up.
    pub fn removed(&self) -> impl Iterator<Item = &IntentKey> {
        self.steps.iter().filter_map(|step| match step {
            Step::Remove(_, key) => Some(key),
            _ => None,
        })
    }
}

/// What a round of the reconciler found out; see [`Engine::record`].
#[derive(Debug, Clone, Default)]
pub struct Recorded {
    /// The revision of the snapshot that the round worked on.
    pub revision: u64,
    /// Where each intent is that the round can speak of.
    pub statuses: BTreeMap<IntentKey, IntentStatus>,
    /// The intents whose lines were sent in this round.
    pub sent: BTreeSet<IntentKey>,
    /// When this was found out, in nanoseconds since 1970-01-01 UTC.
    pub at_ns: i64,
}

impl Engine {
    /// An engine that holds nothing.
    #[must_use]
    pub fn new(policies: BTreeMap<OwnerName, Policy>) -> Self {
        Self { policies: Arc::new(policies), ..Self::default() }
    }

    /// Puts other policies in force. What is already held stays; the next change meets the new policy.
    pub fn set_policies(&mut self, policies: BTreeMap<OwnerName, Policy>) {
        self.policies = Arc::new(policies);
    }

    /// What each owner may ask for.
    #[must_use]
    pub fn policies(&self) -> &Arc<BTreeMap<OwnerName, Policy>> {
        &self.policies
    }

    /// What is wanted, as it is now.
    #[must_use]
    pub fn snapshot(&self) -> &Snapshot {
        self.store.snapshot()
    }

    /// The sessions of owners.
    #[must_use]
    pub fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    /// The node's BGP instance as it is wanted now.
    #[must_use]
    pub fn bgp_instance(&self) -> Option<BgpInstance> {
        match self.snapshot().live(&IntentKey::Bgp).map(|entry| &entry.intent) {
            Some(Intent::Bgp(instance)) => Some(*instance),
            _ => None,
        }
    }

    /// Permission, policy and conflict of one change, in this order. The owner is authenticated already.
    ///
    /// # Errors
    /// A [`Rejection`]; nothing was changed.
    pub fn decide(&self, owner: &OwnerName, change: Change) -> Result<Decision, Rejection> {
        self.decide_from(owner, change, &Origin::default())
    }

    /// As [`Engine::decide`], for a call that says which session it belongs to and where it comes from. A call of a
    /// session that was replaced is refused before anything else is looked at.
    ///
    /// # Errors
    /// A [`Rejection`]; nothing was changed.
    pub fn decide_from(&self, owner: &OwnerName, change: Change, origin: &Origin) -> Result<Decision, Rejection> {
        self.check_session(owner, &change, origin)?;
        let (steps, journaled) = match change {
            Change::Register(registration) => self.opening_steps(owner, registration, origin),
            Change::Reopen(terms) => {
                let session = Session::restored(terms.clone(), origin.now_ms);
                (vec![Step::ReopenSession(Box::new(session))], vec![Change::Reopen(terms)])
            }
            Change::Deregister { withdraw_all } => {
                let steps = self.closing_steps(owner, withdraw_all);
                let counts = self.sessions.get(owner).is_some() || steps.iter().any(Step::changes_intents);
                let journaled = counts.then_some(Change::Deregister { withdraw_all });
                (steps, journaled.into_iter().collect())
            }
            Change::Drain(scope, terms) => self.draining_steps(owner, scope, terms, origin)?,
            Change::DrainDue(scope) => self.advancing_steps(scope, origin.now_ms),
            Change::Undrain(scope) => self.undraining_steps(owner, scope)?,
            Change::Put(_) | Change::Remove(_) => return self.decide_under(&self.policy(owner), owner, change),
            Change::Pending(step) => self.pending_steps(owner, step, origin.now_ms),
        };
        self.check_pending(owner, &steps)?;
        Ok(Decision { owner: owner.clone(), steps, journaled })
    }

    /// Decides a change of an intent under a policy.
    fn decide_under(&self, policy: &Policy, owner: &OwnerName, change: Change) -> Result<Decision, Rejection> {
        let steps = match &change {
            Change::Put(intent) => self.decide_put(policy, owner, intent.clone())?,
            Change::Remove(target) => self.decide_remove(policy, owner, target)?,
            _ => Vec::new(),
        };
        self.check_pending(owner, &steps)?;
        let journaled = steps.iter().any(Step::changes_intents).then_some(change);
        Ok(Decision { owner: owner.clone(), steps, journaled: journaled.into_iter().collect() })
    }

    /// Makes a decided change and tells what happened by it.
    pub fn commit(&mut self, decision: Decision) -> Vec<Event> {
        let Decision { owner, steps, journaled: _ } = decision;
        steps.into_iter().flat_map(|step| self.take(&owner, step)).collect()
    }

    /// Takes in what a round of the reconciler found out.
    pub fn record(&mut self, recorded: &Recorded) -> Vec<Event> {
        let mut events = Vec::new();
        for (key, status) in &recorded.statuses {
            let Some(former) = self.store.set_status(key, status, recorded.revision, recorded.at_ns) else { continue };
            let Some(live) = self.snapshot().live(key) else { continue };
            let sent = recorded.sent.contains(key);
            events.extend(status_event(&live.owner, key, former.state, status));
            if let (Intent::Bgp(instance), IntentState::Programmed, true) = (&live.intent, status.state, sent) {
                events.push(bgp_config_changed(&live.owner, *instance));
            }
        }
        events
    }

    /// Whether an owner may end the agent and leave FRR to the next one. The owner is authenticated already.
    ///
    /// # Errors
    /// PERMISSION_DENIED naming the rule.
    pub fn decide_handoff(&self, owner: &OwnerName) -> Result<(), Rejection> {
        check_handoff(&self.policy(owner), owner)
    }

    fn policy(&self, owner: &OwnerName) -> Policy {
        Policy::of(owner, &self.policies)
    }

    fn closing_steps(&self, owner: &OwnerName, withdraw_all: bool) -> Vec<Step> {
        let held = self.snapshot().slots().filter(|_| withdraw_all);
        let removals = held.filter_map(|(key, slot)| Some(Step::Remove(slot.place_of(owner)?, key.clone())));
        removals.chain([Step::CloseSession]).collect()
    }

    fn decide_put(&self, policy: &Policy, owner: &OwnerName, intent: Intent) -> Result<Vec<Step>, Rejection> {
        let key = intent.key();
        check_permission(policy, key.kind())?;
        evaluate(policy, &intent)?;
        let slot = self.snapshot().slot(&key);
        let place = match slot {
            None => Place::Base,
            Some(slot) => match slot.place_of(owner) {
                Some(place) => place,
                None => match takes_over(policy, owner, slot, &intent)? {
                    Some(place) => place,
                    None => return Ok(Vec::new()),
                },
            },
        };
        let former = slot.and_then(|slot| slot.at(place)).filter(|entry| entry.owner == *owner);
        match former {
            Some(entry) if entry.intent == intent => {
                let claimed = !entry.stale && entry.claimed == self.sessions.epoch(owner);
                let again = is_refused_by_frr(entry).then(|| Step::AskAgain(place, key.clone()));
                let claim = (!claimed).then_some(Step::Claim(place, key));
                Ok(again.into_iter().chain(claim).collect())
            }
            Some(_) => Ok(vec![Step::Put(place, intent)]),
            None => {
                self.check_limit(owner, policy, key.kind())?;
                Ok(vec![Step::Put(place, intent)])
            }
        }
    }

    fn check_limit(&self, owner: &OwnerName, policy: &Policy, kind: Kind) -> Result<(), Rejection> {
        let held = self.snapshot().held(owner, kind);
        match policy.limit(kind) {
            Some(limit) if held >= limit => Err(Rejection::new(
                RejectionClass::ResourceExhausted,
                Reason::LimitReached,
                format!("owner {owner} holds {held} {kind}, its limit is {limit}: withdraw some, or raise max_{kind}"),
            )
            .with("limit", limit)
            .with("held", held)),
            _ => Ok(()),
        }
    }

    fn decide_remove(&self, policy: &Policy, owner: &OwnerName, target: &Target) -> Result<Vec<Step>, Rejection> {
        check_permission(policy, target.kind())?;
        let named = self.named(target);
        let held = named.iter().filter_map(|(key, slot)| Some(Step::Remove(slot.place_of(owner)?, (*key).clone())));
        let steps: Vec<_> = held.collect();
        match named.first() {
            _ if !steps.is_empty() => Ok(steps),
            None => Err(Rejection::new(
                RejectionClass::NotFound,
                Reason::NotHeld,
                format!("owner {owner} holds no {target}"),
            )),
            Some((key, slot)) => Err(held_by_another(RejectionClass::PermissionDenied, key, slot)),
        }
    }

    fn named(&self, target: &Target) -> Vec<(&IntentKey, &Slot)> {
        match target {
            Target::Key(key) => self.snapshot().key_and_slot(key).into_iter().collect(),
            Target::BfdSessionsTo(peer) => self.snapshot().bfd_slots_to(*peer).collect(),
        }
    }

    fn take(&mut self, owner: &OwnerName, step: Step) -> Vec<Event> {
        match step {
            Step::OpenSession { session, claim_all } => self.open_session(owner, *session, claim_all),
            Step::ReopenSession(session) => {
                self.sessions.put(owner, *session);
                Vec::new()
            }
            Step::RenewSession(origin) => {
                self.sessions.renew(owner, &origin);
                Vec::new()
            }
            Step::CloseSession => {
                self.sessions.close(owner);
                self.store.leave_as_is(owner);
                vec![Event::new(EventType::OwnerDeregistered, format!("owner {owner} deregistered")).of(owner)]
            }
            Step::ExpireSession(lapse) => self.expire_session(owner, lapse),
            Step::Claim(place, key) => {
                self.store.claim(&key, place, self.sessions.epoch(owner));
                Vec::new()
            }
            Step::Put(place, intent) => {
                let key = intent.key();
                let covers = place == Place::Over && self.snapshot().slot(&key).is_some_and(|s| s.at(place).is_none());
                self.store.put(owner, intent, place);
                self.store.claim(&key, place, self.sessions.epoch(owner));
                if covers { self.override_event(&key, "taken over by", owner) } else { Vec::new() }
            }
            Step::OpenPending(pending) => {
                self.pending.put(owner, *pending);
                Vec::new()
            }
            Step::ClosePending => {
                self.pending.take(owner);
                Vec::new()
            }
            Step::AskAgain(place, key) => {
                self.store.ask_again(&key, place);
                Vec::new()
            }
            Step::Remove(place, key) => {
                self.store.remove(&key, place);
                if place == Place::Over { self.override_event(&key, "given back by", owner) } else { Vec::new() }
            }
            Step::SetDrain(scope, drain) => self.set_drain(owner, &scope, drain),
        }
    }

    /// Tells the holder of the base place that it was covered or uncovered.
    fn override_event(&self, key: &IntentKey, what: &str, by: &OwnerName) -> Vec<Event> {
        let base = self.snapshot().slot(key).and_then(|slot| slot.at(Place::Base));
        let event = base.map(|base| {
            Event::new(EventType::IntentOverridden, format!("{key} of owner {} {what} owner {by}", base.owner))
                .of(&base.owner)
                .about(key)
                .because(Reason::OverriddenByOwner)
                .with("by", by)
        });
        event.into_iter().collect()
    }
}

#[cfg(test)]
mod tests;
