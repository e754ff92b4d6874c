//! The only place that changes what is wanted: decide, commit, record.
//!
//! [`Engine::decide`] changes nothing and [`Engine::commit`] cannot fail, so a caller may write its journal in
//! between. Cloning an engine costs a few reference counts: a group of changes is committed on a clone, and the
//! clone takes the engine's place once the journal has the group.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::bgp::BgpInstance;
use crate::event::{Event, EventType};
use crate::intent::{Change, Intent, IntentKey, Kind, Target};
use crate::name::OwnerName;
use crate::policy::{Policy, check_permission, evaluate};
use crate::rejection::{Rejection, RejectionClass};
use crate::state::{IntentState, IntentStatus, Reason};
use crate::store::{Entry, Place, Slot, Snapshot, Store};

/// Decides and holds what is wanted.
#[derive(Debug, Clone, Default)]
pub struct Engine {
    policies: Arc<BTreeMap<OwnerName, Policy>>,
    sessions: Arc<BTreeSet<OwnerName>>,
    store: Store,
}

/// A change that was accepted and is not yet made. It is valid for the engine that decided it, until that
/// engine commits anything.
#[derive(Debug, Clone)]
pub struct Decision {
    owner: OwnerName,
    steps: Vec<Step>,
}

#[derive(Debug, Clone)]
enum Step {
    OpenSession,
    CloseSession,
    Put(Place, Intent),
    /// What FRR refused is asked for once more.
    AskAgain(Place, IntentKey),
    Remove(Place, IntentKey),
}

impl Decision {
    /// Whether committing it changes what the journal must hold. Asking again for what is there does not.
    #[must_use]
    pub fn changes_intents(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Put(..) | Step::Remove(..)))
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

    /// What is wanted, as it is now.
    #[must_use]
    pub fn snapshot(&self) -> &Snapshot {
        self.store.snapshot()
    }

    /// Owners with an open session.
    #[must_use]
    pub fn sessions(&self) -> &Arc<BTreeSet<OwnerName>> {
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
        let steps = match change {
            Change::Register { .. } => vec![Step::OpenSession],
            Change::Deregister { withdraw_all } => self.closing_steps(owner, withdraw_all),
            Change::Put(intent) => self.decide_put(owner, intent)?,
            Change::Remove(target) => self.decide_remove(owner, &target)?,
        };
        Ok(Decision { owner: owner.clone(), steps })
    }

    /// Makes a decided change and tells what happened by it.
    pub fn commit(&mut self, decision: Decision) -> Vec<Event> {
        let Decision { owner, steps } = decision;
        steps.into_iter().flat_map(|step| self.take(&owner, step)).collect()
    }

    /// Takes in what a round of the reconciler found out.
    pub fn record(&mut self, recorded: &Recorded) -> Vec<Event> {
        let mut events = Vec::new();
        for (key, status) in &recorded.statuses {
            let Some(former) = self.store.set_status(key, status, recorded.revision) else { continue };
            let Some(live) = self.snapshot().live(key) else { continue };
            let sent = recorded.sent.contains(key);
            events.extend(status_event(&live.owner, key, former.state, status));
            if let (Intent::Bgp(instance), IntentState::Programmed, true) = (&live.intent, status.state, sent) {
                events.push(bgp_config_changed(&live.owner, *instance));
            }
        }
        events
    }

    fn policy(&self, owner: &OwnerName) -> Policy {
        self.policies.get(owner).cloned().unwrap_or_default()
    }

    fn closing_steps(&self, owner: &OwnerName, withdraw_all: bool) -> Vec<Step> {
        let held = self.snapshot().slots().filter(|_| withdraw_all);
        let removals = held.filter_map(|(key, slot)| Some(Step::Remove(slot.place_of(owner)?, key.clone())));
        removals.chain([Step::CloseSession]).collect()
    }

    fn decide_put(&self, owner: &OwnerName, intent: Intent) -> Result<Vec<Step>, Rejection> {
        let policy = self.policy(owner);
        let key = intent.key();
        check_permission(&policy, key.kind())?;
        evaluate(&policy, &intent)?;
        let slot = self.snapshot().slot(&key);
        let place = match slot {
            None => Place::Base,
            Some(slot) => match slot.place_of(owner) {
                Some(place) => place,
                None => match takes_over(&policy, owner, slot, &intent)? {
                    Some(place) => place,
                    None => return Ok(Vec::new()),
                },
            },
        };
        let former = slot.and_then(|slot| slot.at(place)).filter(|entry| entry.owner == *owner);
        match former {
            Some(entry) if entry.intent == intent && is_refused_by_frr(entry) => Ok(vec![Step::AskAgain(place, key)]),
            Some(entry) if entry.intent == intent => Ok(Vec::new()),
            Some(_) => Ok(vec![Step::Put(place, intent)]),
            None => {
                self.check_limit(owner, &policy, key.kind())?;
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

    fn decide_remove(&self, owner: &OwnerName, target: &Target) -> Result<Vec<Step>, Rejection> {
        check_permission(&self.policy(owner), target.kind())?;
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
            Target::BfdSessionsTo(peer) => {
                let of_peer = |key: &IntentKey| matches!(key, IntentKey::Bfd(bfd) if bfd.peer == *peer);
                self.snapshot().slots().filter(|(key, _)| of_peer(key)).collect()
            }
        }
    }

    fn take(&mut self, owner: &OwnerName, step: Step) -> Vec<Event> {
        match step {
            Step::OpenSession => {
                Arc::make_mut(&mut self.sessions).insert(owner.clone());
                vec![Event::new(EventType::OwnerRegistered, format!("owner {owner} registered")).of(owner)]
            }
            Step::CloseSession => {
                Arc::make_mut(&mut self.sessions).remove(owner);
                vec![Event::new(EventType::OwnerDeregistered, format!("owner {owner} deregistered")).of(owner)]
            }
            Step::Put(place, intent) => {
                let key = intent.key();
                let covers = place == Place::Over && self.snapshot().slot(&key).is_some_and(|s| s.at(place).is_none());
                self.store.put(owner, intent, place);
                if covers { self.override_event(&key, "taken over by", owner) } else { Vec::new() }
            }
            Step::AskAgain(place, key) => {
                self.store.ask_again(&key, place);
                Vec::new()
            }
            Step::Remove(place, key) => {
                self.store.remove(&key, place);
                if place == Place::Over { self.override_event(&key, "given back by", owner) } else { Vec::new() }
            }
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

fn is_refused_by_frr(entry: &Entry) -> bool {
    entry.status.cause.as_ref().is_some_and(|cause| cause.reason == Reason::FrrRefused)
}

/// Where the intent of an owner goes that holds no place of an occupied slot; `None`: nothing to do.
fn takes_over(policy: &Policy, owner: &OwnerName, slot: &Slot, intent: &Intent) -> Result<Option<Place>, Rejection> {
    // What the configuration file says of the node holds whatever clients said before it was there.
    let may_override = policy.can_override || owner.is_config();
    if may_override && slot.at(Place::Over).is_none() {
        return Ok(Some(Place::Over));
    }
    // Whoever overrides holds the instance even where it is the same: the holder below may change or remove its own.
    let same_instance = matches!(intent, Intent::Bgp(_)) && slot.live().is_some_and(|live| live.intent == *intent);
    if same_instance {
        return Ok(None);
    }
    let class = match intent {
        Intent::Bgp(_) => RejectionClass::FailedPrecondition,
        _ => RejectionClass::AlreadyExists,
    };
    Err(held_by_another(class, &intent.key(), slot))
}

fn held_by_another(class: RejectionClass, key: &IntentKey, slot: &Slot) -> Rejection {
    let holder = slot.live().map_or_else(String::new, |live| live.owner.to_string());
    let reason = match class {
        RejectionClass::FailedPrecondition => Reason::BgpInstanceHeld,
        _ => Reason::HeldByAnother,
    };
    Rejection::new(class, reason, format!("{key} is held by owner {holder}")).with("holder", holder).with("key", key)
}

fn status_event(owner: &OwnerName, key: &IntentKey, former: IntentState, status: &IntentStatus) -> Option<Event> {
    let (event_type, what) = match status.state {
        IntentState::Programmed if former != IntentState::Programmed => (EventType::IntentProgrammed, "programmed"),
        IntentState::Refused => (EventType::IntentRefused, "refused"),
        _ => return None,
    };
    let cause = status.cause.as_ref();
    let detail = cause.map_or_else(|| format!("{key} {what}"), |cause| format!("{key} {what}: {}", cause.detail));
    let mut event = Event::new(event_type, detail).of(owner).about(key);
    event.reason = cause.map(|cause| cause.reason);
    Some(event)
}

fn bgp_config_changed(owner: &OwnerName, instance: BgpInstance) -> Event {
    let BgpInstance { local_as, router_id } = instance;
    Event::new(EventType::BgpConfigChanged, format!("BGP runs with AS {local_as}, router id {router_id}"))
        .of(owner)
        .about(&IntentKey::Bgp)
        .with("local_as", local_as)
        .with("router_id", router_id)
}

/// The event of a request that permission or policy refused; `None` for other rejections.
#[must_use]
pub fn violation_event(owner: &OwnerName, rejection: &Rejection) -> Option<Event> {
    if rejection.class != RejectionClass::PermissionDenied {
        return None;
    }
    let mut event =
        Event::new(EventType::PolicyViolation, rejection.message.clone()).of(owner).because(rejection.reason);
    event.metadata.clone_from(&rejection.metadata);
    event.metadata.insert("reason", rejection.reason.to_string());
    Some(event)
}

#[cfg(test)]
mod tests;
