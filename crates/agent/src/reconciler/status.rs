//! What a round found out, and where each intent is by it.

use std::collections::{BTreeMap, BTreeSet};

use novaroute_core::desired::Desired;
use novaroute_core::engine::Recorded;
use novaroute_core::intent::IntentKey;
use novaroute_core::live::Live;
use novaroute_core::reconcile::RoundEnd;
use novaroute_core::state::{IntentState, IntentStatus, Reason};
use novaroute_core::store::Snapshot;
use novaroute_frr::config::{Config, ForeignLine};
use novaroute_frr::plan::{Held, Op};
use novaroute_frr::refusals::Refusals;
use novaroute_frr::{Daemon, Plan};

use crate::events::now_ns;
use crate::frr::{Applied, Digests, Running};

/// What a round found out.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// What FRR should run.
    target: Config,
    /// The plan that is still to be sent.
    pub(super) left: Plan,
    /// Intents whose lines were sent.
    pub(super) sent: BTreeSet<IntentKey>,
    /// Something else is wanted by now; whether FRR shows what it was sent is for the next round to see.
    pub(super) superseded: bool,
    /// Daemons that did not answer, and why.
    missing: BTreeMap<Daemon, String>,
    /// The processes that each daemon's lines go to.
    processes: BTreeMap<Daemon, &'static str>,
    /// Daemons that broke off.
    pub(super) lost: BTreeMap<Daemon, String>,
    /// Own lines that nobody has claimed.
    pub(super) held: Vec<Held>,
    /// Lines that are not ours.
    pub(super) foreign: Vec<ForeignLine>,
    /// The processes that take what is wanted.
    pub(super) needed: BTreeSet<&'static str>,
    /// What the processes printed when they were read last.
    pub(super) digests: Digests,
}

impl Outcome {
    /// Takes in one comparison of FRR with what it should run.
    pub(super) fn compare(&mut self, running: &Running, target: Config, plan: &Plan) {
        let wanted: BTreeSet<Daemon> = target.contexts().map(|(daemon, ..)| daemon).collect();
        self.needed = wanted.iter().map(|daemon| daemon.process(running.dialect.version)).collect();
        self.digests.clone_from(&running.digests);
        let version = running.dialect.version;
        self.processes = Daemon::ALL.into_iter().map(|daemon| (daemon, daemon.process(version))).collect();
        self.missing = running.missing.iter().map(|(daemon, why)| (*daemon, why.clone())).collect();
        self.target = target;
        self.held.clone_from(&plan.held);
        self.foreign.clone_from(&plan.foreign);
        self.left = plan.clone();
    }

    /// Number of lines that FRR should run.
    pub(super) fn lines(&self) -> usize {
        self.target.len()
    }

    /// Takes in how it went to send a plan.
    pub(super) fn take(&mut self, plan: &Plan, applied: &Applied) {
        self.sent.extend(plan.intents().into_iter().cloned());
        self.lost.extend(applied.lost.iter().map(|(daemon, why)| (*daemon, why.clone())));
    }

    /// The daemons that have lines which nobody wants, as far as is known, and why. A daemon that was never there has
    /// none.
    pub(super) fn unswept(&self, refusals: &Refusals, live: &Live) -> BTreeMap<Daemon, String> {
        let running =
            |daemon: &Daemon| self.processes.get(daemon).is_some_and(|process| live.daemons.contains_key(*process));
        let silent = self.missing.iter().filter(|(daemon, _)| running(daemon)).chain(&self.lost);
        let mut unswept: BTreeMap<Daemon, String> = silent.map(|(daemon, why)| (*daemon, why.clone())).collect();
        for batch in &self.left.batches {
            if let Some(leaf) = batch.leaves.iter().find(|leaf| leaf.op == Op::Remove) {
                unswept.entry(batch.daemon).or_insert_with(|| format!("'{}' is still to be sent", leaf.text));
            }
        }
        for refusal in refusals.iter().filter(|refusal| refusal.sources.is_empty()) {
            unswept.entry(refusal.daemon).or_insert_with(|| refusal.reason.clone());
        }
        unswept
    }

    /// Whether the round has to be tried again. What is wanted of ospf6d is not known where it did not answer: one that
    /// is there, as the observer sees it, may have been restarted just now.
    pub(super) fn end(&self, live: &Live) -> RoundEnd {
        let missing_and_wanted = self.target.contexts().any(|(daemon, ..)| self.missing.contains_key(&daemon));
        let is_there = |process: &&str| live.daemons.get(*process).is_some_and(|daemon| daemon.connected);
        let missing_and_there = self.missing.keys().any(|daemon| self.processes.get(daemon).is_some_and(is_there));
        if missing_and_wanted || missing_and_there || !self.lost.is_empty() || !self.left.is_empty() {
            return RoundEnd::Retry;
        }
        RoundEnd::Settled
    }

    /// Where each live intent is.
    pub(super) fn recorded(&self, snapshot: &Snapshot, desired: &Desired, refusals: &Refusals) -> Recorded {
        let lines = daemons_by_intent(&self.target);
        let waiting: BTreeSet<&IntentKey> = self.left.intents();
        let refused = refused_intents(refusals);
        let status = |key: &IntentKey| {
            if let Some(blocked) = desired.blocked.get(key) {
                return blocked.clone();
            }
            let daemons = lines.get(key).cloned().unwrap_or_default();
            if let Some(why) = daemons.iter().find_map(|daemon| self.unreachable(*daemon)) {
                return unavailable(why);
            }
            if let Some(words) = refused.get(key) {
                return IntentStatus::because(IntentState::Refused, Reason::FrrRefused, *words);
            }
            if daemons.is_empty() {
                return unavailable("no daemon of this FRR takes it: start ospf6d for IPv6 prefixes of OSPF");
            }
            let state = if waiting.contains(key) { IntentState::Pending } else { IntentState::Programmed };
            IntentStatus::of(state)
        };
        let live = snapshot.slots().filter(|(_, slot)| slot.live().is_some());
        let statuses = live.map(|(key, _)| (key.clone(), status(key))).collect();
        Recorded { revision: snapshot.revision(), statuses, sent: self.sent.clone(), at_ns: now_ns() }
    }

    fn unreachable(&self, daemon: Daemon) -> Option<&str> {
        self.missing.get(&daemon).or_else(|| self.lost.get(&daemon)).map(String::as_str)
    }
}

/// Every intent waits: FRR cannot be read at all.
pub(super) fn unreachable(snapshot: &Snapshot, desired: &Desired, why: &str) -> Recorded {
    let status = |key: &IntentKey| desired.blocked.get(key).cloned().unwrap_or_else(|| unavailable(why));
    let live = snapshot.slots().filter(|(_, slot)| slot.live().is_some());
    let statuses = live.map(|(key, _)| (key.clone(), status(key))).collect();
    Recorded { revision: snapshot.revision(), statuses, sent: BTreeSet::new(), at_ns: now_ns() }
}

fn unavailable(why: &str) -> IntentStatus {
    IntentStatus::because(IntentState::Pending, Reason::DaemonUnavailable, why)
}

/// The daemons in which each intent has a line.
fn daemons_by_intent(target: &Config) -> BTreeMap<&IntentKey, BTreeSet<Daemon>> {
    let mut daemons: BTreeMap<&IntentKey, BTreeSet<Daemon>> = BTreeMap::new();
    for (daemon, _, slots) in target.contexts() {
        for key in slots.values().flat_map(|line| &line.sources) {
            daemons.entry(key).or_default().insert(daemon);
        }
    }
    daemons
}

/// FRR's words by intent; the first refusal of an intent is the cause of the others.
fn refused_intents(refusals: &Refusals) -> BTreeMap<&IntentKey, &str> {
    let mut refused = BTreeMap::new();
    for refusal in refusals.iter() {
        for key in &refusal.sources {
            refused.entry(key).or_insert(refusal.reason.as_str());
        }
    }
    refused
}

#[cfg(test)]
mod tests {
    use novaroute_core::live::DaemonLive;

    use super::*;

    #[test]
    fn a_daemon_that_is_there_and_did_not_answer_is_asked_again() {
        let silent = Outcome {
            missing: [(Daemon::Ospf6d, "broken pipe".to_owned())].into(),
            processes: [(Daemon::Ospf6d, "ospf6d")].into(),
            ..Outcome::default()
        };
        let live = |connected| {
            let daemon = DaemonLive { connected, ..DaemonLive::default() };
            Live { daemons: [("ospf6d".to_owned(), daemon)].into(), ..Live::default() }
        };
        assert_eq!(silent.end(&live(true)), RoundEnd::Retry);
        assert_eq!(silent.end(&live(false)), RoundEnd::Settled, "nothing is wanted of one that is not there");
        assert_eq!(silent.end(&Live::default()), RoundEnd::Settled);
    }
}
