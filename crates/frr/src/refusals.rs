//! What FRR has refused, so that it is not sent again before it changes.

use std::collections::{BTreeMap, BTreeSet};

use novaroute_core::intent::IntentKey;

use crate::config::{Context, LineText};
use crate::daemon::Daemon;
use crate::plan::{Batch, Plan};

/// A line that FRR refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Who refused it.
    pub daemon: Daemon,
    /// Where.
    pub context: Context,
    /// The line; `None` when the context could not be entered.
    pub line: Option<LineText>,
    /// FRR's words, as they came.
    pub reason: String,
    /// The intents that want the line.
    pub sources: BTreeSet<IntentKey>,
}

type Key = (Daemon, Context, Option<LineText>);

/// The lines that FRR refused and that are still wanted.
#[derive(Debug, Clone, Default)]
pub struct Refusals {
    known: BTreeMap<Key, Refusal>,
    /// In the order of the last plan, so that the first reason of an intent is the cause of the others.
    order: Vec<Key>,
}

impl Refusals {
    /// Remembers a refusal.
    pub fn record(&mut self, refusal: Refusal) {
        let key = (refusal.daemon, refusal.context.clone(), refusal.line.clone());
        if !self.order.contains(&key) {
            self.order.push(key.clone());
        }
        self.known.insert(key, refusal);
    }

    /// Takes out of `plan` what is known to be refused, and forgets what the plan does not ask for any more.
    ///
    /// A context that could not be entered takes its leaves with it. Only give it plans for all daemons: what is
    /// not in the plan counts as not wanted.
    #[must_use]
    pub fn filter(&mut self, mut plan: Plan) -> Plan {
        let mut seen = Vec::new();
        let known = &self.known;
        plan.batches.retain_mut(|batch| keep(batch, known, &mut seen));
        self.known.retain(|key, _| seen.contains(key));
        self.order = seen;
        plan
    }

    /// Forgets what one daemon refused: it was restarted, or an operator asks for another attempt.
    pub fn forget(&mut self, daemon: Daemon) {
        self.known.retain(|(of, _, _), _| *of != daemon);
        self.order.retain(|(of, _, _)| *of != daemon);
    }

    /// The refusals that stand, the cause of an intent's trouble before what follows from it.
    pub fn iter(&self) -> impl Iterator<Item = &Refusal> {
        self.order.iter().filter_map(|key| self.known.get(key))
    }

    /// Whether nothing is refused.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Why an intent is not what FRR runs.
    #[must_use]
    pub fn of(&self, intent: &IntentKey) -> Option<&Refusal> {
        self.iter().find(|refusal| refusal.sources.contains(intent))
    }
}

/// Drops the known lines of a batch; whether anything is left of it.
fn keep(batch: &mut Batch, known: &BTreeMap<Key, Refusal>, seen: &mut Vec<Key>) -> bool {
    let whole = (batch.daemon, batch.context.clone(), None);
    if known.contains_key(&whole) {
        // The same context may come in several batches of a plan.
        if !seen.contains(&whole) {
            seen.push(whole);
        }
        return false;
    }
    batch.leaves.retain(|leaf| {
        let key = (batch.daemon, batch.context.clone(), Some(leaf.text.clone()));
        let refused = known.contains_key(&key);
        if refused {
            seen.push(key);
        }
        !refused
    });
    batch.creates || !batch.leaves.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Leaf, Op};
    use crate::rules::{Effect, LineKind};

    fn plan(lines: &[&str]) -> Plan {
        let leaf = |text: &&str| Leaf {
            text: LineText::plain(*text),
            op: Op::Add,
            kind: LineKind::Network,
            effect: Effect::None,
            sources: BTreeSet::from([IntentKey::Bgp]),
        };
        let batch = Batch {
            daemon: Daemon::Bgpd,
            context: Context::top(),
            sources: BTreeSet::new(),
            creates: false,
            leaves: lines.iter().map(leaf).collect(),
        };
        Plan { batches: vec![batch], ..Plan::default() }
    }

    fn refusal(line: Option<&str>) -> Refusal {
        Refusal {
            daemon: Daemon::Bgpd,
            context: Context::top(),
            line: line.map(LineText::plain),
            reason: "% no".into(),
            sources: BTreeSet::from([IntentKey::Bgp]),
        }
    }

    #[test]
    fn a_refused_line_is_not_sent_again_until_it_changes() {
        let mut refusals = Refusals::default();
        refusals.record(refusal(Some("a")));
        assert_eq!(refusals.filter(plan(&["a", "b"])).len(), 1);
        assert_eq!(refusals.of(&IntentKey::Bgp).unwrap().reason, "% no");
        assert_eq!(refusals.filter(plan(&["a2"])).len(), 1);
        assert!(refusals.is_empty(), "the line is not wanted any more");
        assert_eq!(refusals.filter(plan(&["a"])).len(), 1);
    }

    #[test]
    fn a_refused_context_takes_its_leaves_with_it() {
        let mut refusals = Refusals::default();
        refusals.record(refusal(None));
        assert!(refusals.filter(plan(&["a", "b"])).is_empty());
        refusals.forget(Daemon::Bgpd);
        assert_eq!(refusals.filter(plan(&["a", "b"])).len(), 2);
    }
}
