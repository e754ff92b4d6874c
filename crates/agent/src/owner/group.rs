//! What the owner task takes as one group, worked out on a draft.

use std::collections::{BTreeMap, BTreeSet};

use novaroute_core::batch::Outcome;
use novaroute_core::bgp::BgpInstance;
use novaroute_core::drain::DrainScope;
use novaroute_core::engine::{Applied, Decision, Engine, Recorded};
use novaroute_core::event::Event;
use novaroute_core::intent::{Change, Intent, IntentKey, Target};
use novaroute_core::name::OwnerName;
use novaroute_core::policy::Policy;
use novaroute_core::rejection::Rejection;
use novaroute_core::session::{ConnectionId, Origin, SessionTerms};
use novaroute_core::store::Snapshot;
use tracing::{info, warn};

use super::{Accepted, Demand, Reply};
use crate::journal::Record;

/// A change that waits for the journal.
pub(super) struct Waiting {
    pub(super) reply: Reply,
    pub(super) decided: Decided,
}

/// What a change found and left when it was made on the draft.
pub(super) struct Decided {
    previous_bgp: Option<BgpInstance>,
    session: Option<SessionTerms>,
    removed: Vec<IntentKey>,
    drained: Option<DrainScope>,
    changed: bool,
    batch: Option<Outcome>,
}

impl Decided {
    pub(super) fn accepted(self, snapshot: Snapshot) -> Accepted {
        let Self { previous_bgp, session, removed, drained, changed, batch } = self;
        Accepted { snapshot, previous_bgp, session, removed, drained, changed, batch }
    }

    /// What was decided about a batch.
    pub(super) fn batch(&self) -> Option<&Outcome> {
        self.batch.as_ref()
    }
}

/// What a group does, collected on a draft before any of it counts.
pub(super) struct Group {
    pub(super) draft: Engine,
    pub(super) journaled: Vec<Record>,
    pub(super) waiting: Vec<Waiting>,
    pub(super) events: Vec<Event>,
    /// What does not wait for the journal.
    unjournaled: Vec<Unjournaled>,
}

/// What is taken in between the changes, and holds whatever becomes of them.
pub(super) enum Unjournaled {
    Record(Recorded),
    Reload { policies: BTreeMap<OwnerName, Policy>, intents: Vec<Intent> },
    Disconnected { connection: ConnectionId, now_ms: u64 },
}

impl Group {
    pub(super) fn on(draft: Engine) -> Self {
        Self { draft, journaled: Vec::new(), waiting: Vec::new(), events: Vec::new(), unjournaled: Vec::new() }
    }

    /// The same group on an engine that has seen none of it, as if nobody had asked for a change.
    pub(super) fn without_changes(self, engine: Engine) -> Self {
        let mut group = Self::on(engine);
        self.unjournaled.into_iter().for_each(|taken| group.take(taken));
        group
    }

    pub(super) fn submit(
        &mut self,
        owner: &OwnerName,
        demand: Demand,
        origin: &Origin,
        reply: Reply,
    ) -> Result<(), (Rejection, Reply)> {
        match self.decide(owner, demand, origin) {
            Ok(decided) => self.waiting.push(Waiting { reply, decided }),
            Err(rejection) => return Err((rejection, reply)),
        }
        Ok(())
    }

    /// Decides a change and makes it on the draft.
    pub(super) fn decide(&mut self, owner: &OwnerName, demand: Demand, origin: &Origin) -> Result<Decided, Rejection> {
        let (drained, ends) = match &demand {
            Demand::Change(change) => (change.drained(owner), matches!(change, Change::Undrain(_))),
            Demand::Session(_) | Demand::Batch(_) | Demand::Settle(_) => (None, false),
        };
        let decision = match demand {
            Demand::Batch(batch) => {
                let applied = self.draft.apply_batch(owner, batch, origin)?;
                return Ok(self.decided_by(owner, applied));
            }
            Demand::Settle(settlement) => {
                let applied = self.draft.settle(owner, &settlement, origin)?;
                return Ok(self.decided_by(owner, applied));
            }
            Demand::Change(change) => self.draft.decide_from(owner, change, origin),
            Demand::Session(call) => self.draft.decide_session(owner, &call, origin),
        }?;
        let previous_bgp = self.draft.bgp_instance();
        let (changed, removed) = (decision.changes_intents(), decision.removed().cloned().collect());
        self.make(owner, decision);
        let session = self.draft.sessions().get(owner).map(|session| session.terms().clone());
        // The end of a drain that was not there concerns no prefix.
        let drained = drained.filter(|_| changed || !ends);
        Ok(Decided { previous_bgp, session, removed, drained, changed, batch: None })
    }

    /// What was decided about many changes, which the draft has taken in already.
    fn decided_by(&mut self, owner: &OwnerName, mut applied: Applied) -> Decided {
        let (removed, batch) = (std::mem::take(&mut applied.removed), Some(std::mem::take(&mut applied.outcome)));
        let changed = self.take_applied(owner, applied);
        Decided { previous_bgp: None, session: None, removed, drained: None, changed, batch }
    }

    /// Keeps what the draft has taken in already; `true` if the journal has something to say of it.
    fn take_applied(&mut self, owner: &OwnerName, applied: Applied) -> bool {
        let changed = !applied.journaled.is_empty();
        self.events.extend(applied.events);
        self.journaled.push((owner.clone(), applied.journaled, self.draft.snapshot().revision()));
        changed
    }

    /// Takes back the changes that nobody confirmed in time.
    pub(super) fn run_out(&mut self, now_ms: u64) {
        for owner in self.draft.pending().over(now_ms) {
            info!(%owner, "its change was not confirmed in time: what it held before comes back");
            let applied = self.draft.run_out(&owner);
            self.take_applied(&owner, applied);
        }
    }

    /// Withdraws what is held by the owners who did not come back in time, and what was drained for long enough.
    pub(super) fn expire(&mut self, now_ms: u64, grace_ms: u64) {
        for decision in self.draft.decide_drains(now_ms) {
            let owner = decision.owner().clone();
            info!(by = %owner, "the delay of a drain is over: what it marked is withdrawn");
            self.make(&owner, decision);
        }
        for decision in self.draft.decide_expiries(now_ms, grace_ms) {
            let owner = decision.owner().clone();
            info!(%owner, intents = decision.removed().count(), "the owner did not come back: its intents go");
            self.make(&owner, decision);
        }
    }

    fn make(&mut self, owner: &OwnerName, decision: Decision) {
        let journaled = decision.journaled().to_vec();
        self.events.extend(self.draft.commit(decision));
        let revision = self.draft.snapshot().revision();
        self.journaled.push((owner.clone(), journaled, revision));
    }

    pub(super) fn take(&mut self, taken: Unjournaled) {
        match &taken {
            Unjournaled::Record(recorded) => self.events.extend(self.draft.record(recorded)),
            Unjournaled::Reload { policies, intents } => {
                self.draft.set_policies(policies.clone());
                self.events.extend(declare(&mut self.draft, intents.clone()));
            }
            Unjournaled::Disconnected { connection, now_ms } => {
                for owner in self.draft.on_disconnect(*connection, *now_ms) {
                    info!(%owner, "the connection of the owner's session was lost: its grace begins");
                }
            }
        }
        self.unjournaled.push(taken);
    }
}

/// Makes `intents` what the configuration file declares: what it no longer declares goes. The file itself is the
/// journal of this.
pub fn declare(engine: &mut Engine, intents: Vec<Intent>) -> Vec<Event> {
    let owner = OwnerName::config();
    let wanted: BTreeSet<IntentKey> = intents.iter().map(Intent::key).collect();
    let held = engine.snapshot().entries().filter(|(_, entry)| entry.owner == owner).map(|(key, _)| key.clone());
    let gone: Vec<_> = held.filter(|key| !wanted.contains(key)).collect();
    let removals = gone.into_iter().map(|key| Change::Remove(Target::Key(key)));
    let mut events = Vec::new();
    for change in removals.chain(intents.into_iter().map(Change::Put)) {
        match engine.decide(&owner, change) {
            Ok(decision) => events.extend(engine.commit(decision)),
            Err(rejection) => warn!(%rejection, "an intent of the configuration file is not in force"),
        }
    }
    events
}
