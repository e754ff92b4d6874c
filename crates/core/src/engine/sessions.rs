//! What the engine does with sessions: opening, renewing, fencing, expiring, and the sweep at the end of a replay.

use std::collections::BTreeMap;

use super::{Decision, Engine, Step};
use crate::event::{Event, EventType};
use crate::intent::{Change, IntentKey, Protocol, Target};
use crate::name::{OwnerName, SessionId};
use crate::rejection::{Rejection, RejectionClass};
use crate::session::{ConnectionId, Lapse, Origin, Registration, Session, SessionCall, SessionTerms};
use crate::state::Reason;
use crate::store::{Place, Slot, Snapshot};

/// So many intents go at the end of a replay whatever part of all they are; more only if they are at most half of what
/// the owner holds, or if it confirms.
pub const SWEEP_UNCONFIRMED_MAX: usize = 10;

impl Engine {
    /// The agent comes up on what a journal held, at this time: all clocks start afresh, nothing is claimed yet, and
    /// what is held by owners whose session can lapse is stale until they claim it.
    pub fn begin_again(&mut self) {
        let sessions = self.sessions.clone();
        self.store.begin_again(|owner| sessions.get(owner).is_some_and(|session| session.terms().can_lapse()));
    }

    /// Decides a call about a session that is open already. The owner is authenticated.
    ///
    /// # Errors
    /// FAILED_PRECONDITION: the session was replaced, there is none, or the sweep is too large.
    pub fn decide_session(
        &self,
        owner: &OwnerName,
        call: &SessionCall,
        origin: &Origin,
    ) -> Result<Decision, Rejection> {
        let session = self.session_named(owner, origin.session.as_ref())?;
        let decision = |steps, journaled| Decision { owner: owner.clone(), steps, journaled };
        match call {
            SessionCall::Renew { session: named } => {
                self.session_named(owner, Some(named))?;
                Ok(decision(vec![Step::RenewSession(origin.clone())], Vec::new()))
            }
            SessionCall::EndOfReplay { session: named, confirm_removals } => {
                self.session_named(owner, named.as_ref())?;
                if !session.knows_its_claims() {
                    return Err(opened_before_the_start(owner));
                }
                let (steps, journaled) = self.sweep(owner, *confirm_removals)?;
                self.check_pending(owner, &steps)?;
                Ok(decision(steps, journaled))
            }
        }
    }

    /// What happens to the owners whose grace clock has run out: all that they hold goes.
    #[must_use]
    pub fn decide_expiries(&self, now_ms: u64, grace_ms: u64) -> Vec<Decision> {
        let expired = self.sessions.expired(now_ms, grace_ms);
        let decision = |(owner, lapse): (OwnerName, Lapse)| {
            let (forget, forgotten) = self.forgetting_steps(&owner).unzip();
            let mut steps: Vec<_> = [Step::ExpireSession(lapse)].into_iter().chain(forget).collect();
            steps.extend(self.closing_steps(&owner, true).into_iter().filter(Step::changes_intents));
            let journaled = forgotten.into_iter().chain([Change::Deregister { withdraw_all: true }]).collect();
            Decision { owner, steps, journaled }
        };
        expired.into_iter().map(decision).collect()
    }

    /// A connection dropped. Returns the owners whose session lapsed by it.
    pub fn on_disconnect(&mut self, connection: ConnectionId, now_ms: u64) -> Vec<OwnerName> {
        self.sessions.on_disconnect(connection, now_ms)
    }

    /// Refuses a call that names a session which is not the owner's open one. A registration may name one that ended:
    /// it opens the next.
    pub(super) fn check_session(&self, owner: &OwnerName, change: &Change, origin: &Origin) -> Result<(), Rejection> {
        match self.check_named_session(owner, origin) {
            Err(rejection) if rejection.reason == Reason::NoSession && matches!(change, Change::Register(_)) => Ok(()),
            checked => checked,
        }
    }

    /// Refuses a call that names a session which is not the owner's open one.
    pub(super) fn check_named_session(&self, owner: &OwnerName, origin: &Origin) -> Result<(), Rejection> {
        match &origin.session {
            Some(named) => self.session_named(owner, Some(named)).map(drop),
            None => Ok(()),
        }
    }

    fn session_named(&self, owner: &OwnerName, named: Option<&SessionId>) -> Result<&Session, Rejection> {
        let session = self.sessions.get(owner).ok_or_else(|| no_session(owner))?;
        match named {
            Some(named) if *named != session.terms().id => Err(superseded(owner, session.terms())),
            _ => Ok(session),
        }
    }

    pub(super) fn opening_steps(
        &self,
        owner: &OwnerName,
        registration: Registration,
        origin: &Origin,
    ) -> (Vec<Step>, Vec<Change>) {
        let Registration { reassert_intents, lease, instance, bind_to_connection } = registration;
        let epoch = self.sessions.epoch(owner).saturating_add(1);
        let id = origin.new_session.clone().unwrap_or_else(|| SessionId::of_epoch(epoch));
        let terms = SessionTerms { id, epoch, lease, instance, bound: bind_to_connection };
        let session = Box::new(Session::opened(terms.clone(), origin));
        (vec![Step::OpenSession { session, claim_all: reassert_intents }], vec![Change::Reopen(terms)])
    }

    pub(super) fn open_session(&mut self, owner: &OwnerName, session: Session, claim_all: bool) -> Vec<Event> {
        let SessionTerms { epoch, lease, instance, bound, .. } = session.terms().clone();
        self.sessions.put(owner, session);
        if claim_all {
            self.store.claim_all(owner, epoch);
        }
        let event = Event::new(EventType::OwnerRegistered, format!("owner {owner} registered")).of(owner);
        let mut event = event.with("epoch", epoch);
        if let Some(instance) = instance {
            event = event.with("instance", instance);
        }
        if let Some(lease) = lease {
            event = event.with("lease_s", lease.seconds());
        }
        vec![if bound { event.with("bound", true) } else { event }]
    }

    pub(super) fn expire_session(&mut self, owner: &OwnerName, lapse: Lapse) -> Vec<Event> {
        let held = self.snapshot().entries().filter(|(_, entry)| entry.owner == *owner).count();
        let detail = format!("owner {owner} did not come back after {lapse}: {held} intents are withdrawn");
        let event = Event::new(EventType::OwnerExpired, detail).of(owner).because(lapse.reason());
        let mut event = event.with("withdrawn", held).with("epoch", self.sessions.epoch(owner));
        if let Some(instance) = self.sessions.get(owner).and_then(|session| session.terms().instance.clone()) {
            event = event.with("instance", instance);
        }
        self.sessions.close(owner);
        vec![event]
    }

    /// Removes what the owner holds and did not ask for in its open session.
    fn sweep(&self, owner: &OwnerName, confirmed: bool) -> Result<(Vec<Step>, Vec<Change>), Rejection> {
        let epoch = self.sessions.epoch(owner);
        let held = || self.snapshot().slots().filter_map(|(key, slot)| Some((key, slot.place_of(owner)?, slot)));
        let unclaimed =
            |(_, place, slot): &(&IntentKey, Place, &Slot)| slot.at(*place).is_some_and(|entry| entry.claimed != epoch);
        let swept: BTreeMap<_, _> = held().filter(unclaimed).map(|(key, place, _)| (key.clone(), place)).collect();
        check_sweep(self.snapshot(), &Sweep { owner, swept: &swept, confirmed, by: "the end of the replay" }, false)?;
        let journaled = swept.keys().map(|key| Change::Remove(Target::Key(key.clone()))).collect();
        Ok((swept.into_iter().map(|(key, place)| Step::Remove(place, key)).collect(), journaled))
    }
}

/// What is to go in one step because its owner did not name it.
pub(super) struct Sweep<'a> {
    pub(super) owner: &'a OwnerName,
    pub(super) swept: &'a BTreeMap<IntentKey, Place>,
    /// The owner has said that it means it.
    pub(super) confirmed: bool,
    /// What it goes by, for people.
    pub(super) by: &'static str,
}

/// Refuses a sweep that may be a mistake, unless it is confirmed. `bgp_comes`: peers or BGP prefixes are asked for in the
/// same step.
pub(super) fn check_sweep(snapshot: &Snapshot, sweep: &Sweep<'_>, bgp_comes: bool) -> Result<(), Rejection> {
    let Sweep { owner, swept, confirmed, .. } = sweep;
    let removed = swept.len();
    let all = || snapshot.slots().filter(|(_, slot)| slot.place_of(owner).is_some()).count();
    if !confirmed && removed > SWEEP_UNCONFIRMED_MAX && removed * 2 > all() {
        return Err(sweep_too_large(sweep, all()));
    }
    if !confirmed && leaves_bgp_without_instance(snapshot, swept, bgp_comes) {
        return Err(sweep_of_the_instance(sweep, all()));
    }
    Ok(())
}

/// Without the BGP instance nothing of BGP is left on the node, whoever holds it.
fn leaves_bgp_without_instance(snapshot: &Snapshot, swept: &BTreeMap<IntentKey, Place>, bgp_comes: bool) -> bool {
    let is_bgp = |key: &IntentKey| matches!(key, IntentKey::Peer(_) | IntentKey::Prefix(Protocol::Bgp, _));
    let instance_goes = swept.get(&IntentKey::Bgp).is_some_and(|place| {
        let slot = snapshot.slot(&IntentKey::Bgp);
        slot.is_some_and(|slot| slot.entries().count() == 1 && slot.at(*place).is_some())
    });
    instance_goes && (bgp_comes || snapshot.slots().any(|(key, _)| is_bgp(key) && !swept.contains_key(key)))
}

fn failed_precondition(reason: Reason, message: String) -> Rejection {
    Rejection::new(RejectionClass::FailedPrecondition, reason, message)
}

fn no_session(owner: &OwnerName) -> Rejection {
    let text =
        format!("owner {owner} has no open session: it never registered, deregistered or expired; register again");
    failed_precondition(Reason::NoSession, text)
}

fn opened_before_the_start(owner: &OwnerName) -> Rejection {
    let text = format!(
        "the session of owner {owner} was opened before the agent started, which does not know what was claimed in it: \
         register again and repeat what is wanted, then end the replay"
    );
    failed_precondition(Reason::NoSession, text)
}

fn superseded(owner: &OwnerName, by: &SessionTerms) -> Rejection {
    let whose = by.instance.as_ref().map(|instance| format!(" by {instance}")).unwrap_or_default();
    let text = format!(
        "this session of owner {owner} is over, session {} was opened{whose} meanwhile: stop, or register again to take over",
        by.epoch
    );
    let rejection = failed_precondition(Reason::SessionSuperseded, text).with("epoch", by.epoch);
    match &by.instance {
        Some(instance) => rejection.with("instance", instance),
        None => rejection,
    }
}

fn sweep_too_large(sweep: &Sweep<'_>, held: usize) -> Rejection {
    let Sweep { owner, swept, by, .. } = sweep;
    let removed = swept.len();
    let text = format!(
        "{by} would remove {removed} of the {held} intents of owner {owner}, more than half and more than \
         {SWEEP_UNCONFIRMED_MAX}: name what is still wanted, or set confirm_removals"
    );
    failed_precondition(Reason::SweepTooLarge, text).with("removals", removed).with("held", held)
}

fn sweep_of_the_instance(sweep: &Sweep<'_>, held: usize) -> Rejection {
    let Sweep { owner, swept, by, .. } = sweep;
    let text = format!(
        "{by} would remove the BGP instance that owner {owner} holds, and all peers and BGP prefixes of the node with \
         it: ask for it with ConfigureBGP to keep it, or set confirm_removals"
    );
    failed_precondition(Reason::SweepTooLarge, text).with("removals", swept.len()).with("held", held)
}

#[cfg(test)]
mod tests;
