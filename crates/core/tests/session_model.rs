//! Sessions against a model that anyone can follow: who holds what at which time, after leases, drops, restarts and
//! sweeps in any order.
#![expect(clippy::unwrap_used, reason = "a test says by a panic what went wrong")]

use std::collections::BTreeMap;

use novaroute_core::bgp::PrefixAttributes;
use novaroute_core::engine::{Engine, SWEEP_UNCONFIRMED_MAX};
use novaroute_core::intent::{Advertisement, Change, Intent, IntentKey, Protocol, Target};
use novaroute_core::name::{OwnerName, SessionId};
use novaroute_core::session::{ConnectionId, Lease, Origin, Registration, SessionCall};
use novaroute_core::state::Reason;
use proptest::prelude::*;

const OWNERS: [&str; 2] = ["a", "b"];
const GRACE_MS: u64 = 3_000;
/// More than a sweep takes unconfirmed.
const PREFIXES: u8 = 14;

#[derive(Debug, Clone)]
enum Operation {
    Register { owner: usize, lease_s: u32, bound: bool, connection: u64, reassert: bool },
    Renew { owner: usize, session: u64, connection: u64 },
    Put { owner: usize, prefixes: u8, session: Option<u64> },
    Deregister { owner: usize, withdraw_all: bool },
    EndOfReplay { owner: usize, confirmed: bool },
    Disconnect { connection: u64 },
    Advance { ms: u64 },
    Restart,
}

fn operation() -> impl Strategy<Value = Operation> {
    use Operation::{Advance, Deregister, Disconnect, EndOfReplay, Put, Register, Renew, Restart};
    let owner = || 0..OWNERS.len();
    let lease = || prop_oneof![Just(0u32), 1u32..6];
    prop_oneof![
        3 => (owner(), lease(), any::<bool>(), 0u64..4, any::<bool>())
            .prop_map(|(owner, lease_s, bound, connection, reassert)| Register { owner, lease_s, bound, connection, reassert }),
        2 => (owner(), 1u64..6, 0u64..4)
            .prop_map(|(owner, session, connection)| Renew { owner, session, connection }),
        4 => (owner(), 1..=PREFIXES, proptest::option::weighted(0.3, 1u64..6))
            .prop_map(|(owner, prefixes, session)| Put { owner, prefixes, session }),
        1 => (owner(), any::<bool>()).prop_map(|(owner, withdraw_all)| Deregister { owner, withdraw_all }),
        2 => (owner(), any::<bool>()).prop_map(|(owner, confirmed)| EndOfReplay { owner, confirmed }),
        2 => (0u64..4).prop_map(|connection| Disconnect { connection }),
        3 => (1u64..5_000).prop_map(|ms| Advance { ms }),
        1 => Just(Restart),
    ]
}

/// One owner: its prefixes, each with the epoch in which it was last asked for, and its last session.
#[derive(Debug, Clone, Default)]
struct Owner {
    held: BTreeMap<u8, u64>,
    epoch: u64,
    open: bool,
    lease_s: u32,
    bound: bool,
    connections: Vec<u64>,
    lease_ends: Option<u64>,
    dropped_at: Option<u64>,
    opened_here: bool,
}

impl Owner {
    fn is_there(&mut self, connection: u64, now: u64) {
        self.lease_ends = (self.lease_s > 0).then(|| now + u64::from(self.lease_s) * 1000);
        if self.bound {
            self.dropped_at = None;
            self.connections.retain(|known| *known != connection);
            self.connections.push(connection);
        }
    }

    fn lapse(&self) -> Option<u64> {
        [self.lease_ends, self.dropped_at].into_iter().flatten().min().filter(|_| self.open)
    }

    fn check(&self, session: u64) -> Result<(), Reason> {
        match self.open {
            false => Err(Reason::NoSession),
            true if session != self.epoch => Err(Reason::SessionSuperseded),
            true => Ok(()),
        }
    }

    fn end_replay(&mut self, confirmed: bool) -> Result<(), Reason> {
        if !self.open || !self.opened_here {
            return Err(Reason::NoSession);
        }
        let unclaimed = self.held.values().filter(|claimed| **claimed != self.epoch).count();
        if unclaimed > SWEEP_UNCONFIRMED_MAX && unclaimed * 2 > self.held.len() && !confirmed {
            return Err(Reason::SweepTooLarge);
        }
        self.held.retain(|_, claimed| *claimed == self.epoch);
        Ok(())
    }
}

#[derive(Debug, Default)]
struct Model {
    owners: [Owner; OWNERS.len()],
    now: u64,
}

impl Model {
    fn apply(&mut self, operation: &Operation) -> Result<(), Reason> {
        let now = self.now;
        match *operation {
            Operation::Register { owner, lease_s, bound, connection, reassert } => {
                let Owner { held, epoch, .. } = std::mem::take(&mut self.owners[owner]);
                let mut next = Owner { held, epoch: epoch + 1, open: true, lease_s, bound, ..Owner::default() };
                next.opened_here = true;
                next.is_there(connection, now);
                if reassert {
                    next.held.values_mut().for_each(|claimed| *claimed = next.epoch);
                }
                self.owners[owner] = next;
                Ok(())
            }
            Operation::Renew { owner, session, connection } => {
                self.owners[owner].check(session)?;
                self.owners[owner].is_there(connection, now);
                Ok(())
            }
            Operation::Put { owner, prefixes, session } => {
                let owner = &mut self.owners[owner];
                session.map_or(Ok(()), |session| owner.check(session))?;
                owner.held.extend((0..prefixes).map(|prefix| (prefix, owner.epoch)));
                Ok(())
            }
            Operation::Deregister { owner, withdraw_all } => {
                self.owners[owner].open = false;
                self.owners[owner].held.retain(|_, _| !withdraw_all);
                Ok(())
            }
            Operation::EndOfReplay { owner, confirmed } => self.owners[owner].end_replay(confirmed),
            Operation::Disconnect { connection } => {
                for owner in self.owners.iter_mut().filter(|owner| owner.open && owner.bound) {
                    let before = owner.connections.len();
                    owner.connections.retain(|known| *known != connection);
                    if owner.connections.is_empty() && before > 0 {
                        owner.dropped_at = Some(now);
                    }
                }
                Ok(())
            }
            Operation::Advance { ms } => {
                self.now += ms;
                for owner in &mut self.owners {
                    if owner.lapse().is_some_and(|at| at + GRACE_MS <= self.now) {
                        owner.open = false;
                        owner.held.clear();
                    }
                }
                Ok(())
            }
            Operation::Restart => {
                self.now = 0;
                for owner in &mut self.owners {
                    owner.opened_here = false;
                    owner.connections.clear();
                    owner.held.values_mut().for_each(|claimed| *claimed = 0);
                    owner.lease_ends = (owner.lease_s > 0).then(|| u64::from(owner.lease_s) * 1000);
                    owner.dropped_at = (owner.bound && owner.lease_s == 0).then_some(0);
                }
                Ok(())
            }
        }
    }
}

/// The engine with its journal and the time.
#[derive(Debug, Default)]
struct Agent {
    engine: Engine,
    journal: Vec<(OwnerName, Change)>,
    now: u64,
}

fn name(owner: usize) -> OwnerName {
    OWNERS[owner].parse().unwrap()
}

/// Each owner's prefixes are its own.
fn intent(owner: usize, prefix: u8) -> Intent {
    let prefix = format!("10.{owner}.0.{prefix}/32").parse().unwrap();
    Intent::Prefix(Advertisement { protocol: Protocol::Bgp, prefix, attributes: PrefixAttributes::default() })
}

impl Agent {
    fn change(&mut self, owner: usize, change: Change, origin: &Origin) -> Result<(), Reason> {
        let decision = self.engine.decide_from(&name(owner), change, origin).map_err(|refused| refused.reason)?;
        self.make(decision);
        Ok(())
    }

    fn call(&mut self, owner: usize, call: &SessionCall, origin: &Origin) -> Result<(), Reason> {
        let decision = self.engine.decide_session(&name(owner), call, origin).map_err(|refused| refused.reason)?;
        self.make(decision);
        Ok(())
    }

    fn make(&mut self, decision: novaroute_core::engine::Decision) {
        let owner = decision.owner().clone();
        self.journal.extend(decision.journaled().iter().map(|change| (owner.clone(), change.clone())));
        self.engine.commit(decision);
    }

    fn apply(&mut self, operation: &Operation) -> Result<(), Reason> {
        let now_ms = self.now;
        let from = |connection| Origin { connection: Some(ConnectionId(connection)), now_ms, ..Origin::default() };
        match *operation {
            Operation::Register { owner, lease_s, bound, connection, reassert } => {
                let registration = Registration {
                    reassert_intents: reassert,
                    lease: Lease::new(lease_s).unwrap(),
                    instance: None,
                    bind_to_connection: bound,
                };
                self.change(owner, Change::Register(registration), &from(connection))
            }
            Operation::Renew { owner, session, connection } => {
                self.call(owner, &SessionCall::Renew { session: SessionId::of_epoch(session) }, &from(connection))
            }
            Operation::Put { owner, prefixes, session } => {
                let origin = Origin { session: session.map(SessionId::of_epoch), ..from(9) };
                (0..prefixes).try_for_each(|prefix| self.change(owner, Change::Put(intent(owner, prefix)), &origin))
            }
            Operation::Deregister { owner, withdraw_all } => {
                self.change(owner, Change::Deregister { withdraw_all }, &Origin::default())
            }
            Operation::EndOfReplay { owner, confirmed } => {
                let call = SessionCall::EndOfReplay { session: None, confirm_removals: confirmed };
                self.call(owner, &call, &Origin::default())
            }
            Operation::Disconnect { connection } => {
                self.engine.on_disconnect(ConnectionId(connection), now_ms);
                Ok(())
            }
            Operation::Advance { ms } => {
                self.now += ms;
                for expiry in self.engine.decide_expiries(self.now, GRACE_MS) {
                    self.make(expiry);
                }
                Ok(())
            }
            Operation::Restart => {
                (self.engine, self.now) = (Engine::default(), 0);
                for (owner, change) in &self.journal {
                    let decision = self.engine.decide(owner, change.clone()).unwrap();
                    self.engine.commit(decision);
                }
                self.engine.begin_again();
                Ok(())
            }
        }
    }

    fn held(&self, owner: usize) -> Vec<IntentKey> {
        let entries = self.engine.snapshot().entries().filter(|(_, entry)| entry.owner == name(owner));
        entries.map(|(key, _)| key.clone()).collect()
    }
}

proptest! {
    #[test]
    fn who_holds_what_is_what_the_model_says(operations in prop::collection::vec(operation(), 0..60)) {
        let (mut agent, mut model) = (Agent::default(), Model::default());
        for operation in &operations {
            prop_assert_eq!(agent.apply(operation), model.apply(operation), "{:?}", operation);
            for (number, owner) in model.owners.iter().enumerate() {
                let mut held: Vec<_> = owner.held.keys().map(|prefix| intent(number, *prefix).key()).collect();
                held.sort();
                prop_assert_eq!(agent.held(number), held, "{} after {:?}", OWNERS[number], operation);
                prop_assert_eq!(agent.engine.sessions().epoch(&name(number)), owner.epoch);
                prop_assert_eq!(agent.engine.sessions().get(&name(number)).is_some(), owner.open);
            }
        }
    }

    /// Nobody loses a route but by an own word, a lapse that lasted the whole grace, or a sweep of its own.
    #[test]
    fn an_owner_that_renews_in_time_keeps_everything(
        gaps in prop::collection::vec((0u64..2_000 + GRACE_MS, any::<bool>()), 1..40)
    ) {
        let mut agent = Agent::default();
        let register = Operation::Register { owner: 0, lease_s: 2, bound: true, connection: 1, reassert: false };
        agent.apply(&register).unwrap();
        agent.apply(&Operation::Put { owner: 0, prefixes: 3, session: None }).unwrap();
        for (ms, restart) in gaps {
            if restart {
                agent.apply(&Operation::Restart).unwrap();
            }
            agent.apply(&Operation::Advance { ms }).unwrap();
            agent.apply(&Operation::Renew { owner: 0, session: 1, connection: ms }).unwrap();
            prop_assert_eq!(agent.held(0).len(), 3);
        }
        agent.apply(&Operation::Advance { ms: 2_000 + GRACE_MS }).unwrap();
        prop_assert_eq!(agent.held(0).len(), 0);
    }

    /// What has no place in the journal is not lost with the agent.
    #[test]
    fn a_removal_stays_removed_after_a_restart(prefix in 0u8..3) {
        let mut agent = Agent::default();
        agent.apply(&Operation::Put { owner: 0, prefixes: 3, session: None }).unwrap();
        agent.change(0, Change::Remove(Target::Key(intent(0, prefix).key())), &Origin::default()).unwrap();
        agent.apply(&Operation::Restart).unwrap();
        prop_assert_eq!(agent.held(0).len(), 2);
    }
}
