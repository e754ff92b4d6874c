//! What FRR has refused, so that it is not sent again before it changes.

use std::collections::{BTreeMap, BTreeSet};

use novaroute_core::intent::IntentKey;

use crate::config::{Context, ForeignLine, LineText};
use crate::daemon::Daemon;
use crate::own;
use crate::plan::{Batch, Leaf, Op, Plan};
use crate::rules::LineKind;

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

/// How often a line that FRR took and did not keep is sent again. A daemon that is starting may lose one (mgmtd of FRR 10
/// does while staticd connects to it); one that is lost each time is not understood, and sending it might hurt.
const FURTHER_ATTEMPTS_MAX: u32 = 3;

/// The lines that FRR refused and that are still wanted.
#[derive(Debug, Clone, Default)]
pub struct Refusals {
    known: BTreeMap<Key, Refusal>,
    /// In the order of the last plan, so that the first reason of an intent is the cause of the others.
    order: Vec<Key>,
    /// How often each line that FRR did not keep was sent in vain, as long as it is wanted and missing.
    lost: BTreeMap<Key, u32>,
    /// What was not own in the last plan.
    foreign: Vec<ForeignLine>,
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

    /// Remembers a line that FRR took without a word and does not show.
    pub fn record_lost(&mut self, refusal: Refusal) {
        let key = (refusal.daemon, refusal.context.clone(), refusal.line.clone());
        *self.lost.entry(key).or_default() += 1;
        self.record(refusal);
    }

    /// Lets lines that FRR did not keep be sent again, a few times; tells whether there are any.
    pub fn try_lost_again(&mut self) -> bool {
        let before = self.known.len();
        let Self { known, order, lost, foreign: _ } = self;
        let again = |key: &Key| lost.get(key).is_some_and(|attempts| *attempts <= FURTHER_ATTEMPTS_MAX);
        known.retain(|key, _| !again(key));
        order.retain(|key| !again(key));
        known.len() < before
    }

    /// Takes out of `plan` what is known to be refused, and forgets what the plan does not ask for any more.
    ///
    /// A context that could not be entered takes its leaves with it. Whoever wants a refused line now is told, whether
    /// or not it was among those who wanted it when it was sent. Only give it plans for all daemons: what is not in
    /// the plan counts as not wanted. Where a daemon's foreign lines have changed, what it refused is forgotten: one of
    /// them may have stood against it.
    #[must_use]
    pub fn filter(&mut self, mut plan: Plan) -> Plan {
        self.lost.retain(|key, _| asks_for(&plan, key));
        for daemon in changed_daemons(&self.foreign, &plan.foreign) {
            self.forget(daemon);
        }
        self.foreign.clone_from(&plan.foreign);
        self.forget_missing_neighbors(&plan);
        let mut wanted = Vec::new();
        plan.batches.retain_mut(|batch| keep(batch, &self.known, &mut wanted));
        let mut known = std::mem::take(&mut self.known);
        self.order.clear();
        for (key, sources) in wanted {
            if let Some(refusal) = known.remove(&key) {
                self.known.insert(key.clone(), Refusal { sources: BTreeSet::new(), ..refusal });
                self.order.push(key.clone());
            }
            if let Some(refusal) = self.known.get_mut(&key) {
                refusal.sources.extend(sources);
            }
        }
        plan
    }

    /// A neighbor that has to be made was missing when the lines about it were refused: somebody removed it meanwhile.
    fn forget_missing_neighbors(&mut self, plan: &Plan) {
        let made = |batch: &Batch, leaf: &Leaf| {
            let key = (batch.daemon, batch.context.clone(), Some(leaf.text.clone()));
            leaf.kind == LineKind::NeighborRemoteAs && leaf.op == Op::Add && !self.known.contains_key(&key)
        };
        let leaves = plan.batches.iter().flat_map(|batch| batch.leaves.iter().map(move |leaf| (batch, leaf)));
        let made = leaves.filter(|(batch, leaf)| made(batch, leaf));
        let made: BTreeSet<_> = made.filter_map(|(_, leaf)| own::neighbor_in(leaf.text.reveal())).collect();
        self.known.retain(|(_, _, line), _| {
            line.as_ref().and_then(|line| own::neighbor_in(line.reveal())).is_none_or(|about| !made.contains(about))
        });
    }

    /// Forgets what one daemon refused: it was restarted, or an operator asks for another attempt.
    pub fn forget(&mut self, daemon: Daemon) {
        self.known.retain(|(of, _, _), _| *of != daemon);
        self.lost.retain(|(of, _, _), _| *of != daemon);
        self.order.retain(|(of, _, _)| *of != daemon);
    }

    /// Forgets what was refused of intents that are asked for again.
    pub fn forget_intents(&mut self, asked_again: impl Fn(&IntentKey) -> bool) {
        self.known.retain(|_, refusal| !refusal.sources.iter().any(&asked_again));
        self.order.retain(|key| self.known.contains_key(key));
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

/// Whether the plan has this line, or this context where there is no line.
fn asks_for(plan: &Plan, (daemon, context, line): &Key) -> bool {
    let mut batches = plan.batches.iter().filter(|batch| batch.daemon == *daemon && batch.context == *context);
    batches.any(|batch| line.as_ref().is_none_or(|line| batch.leaves.iter().any(|leaf| leaf.text == *line)))
}

/// The daemons that have a line in one of the two lists only.
fn changed_daemons(before: &[ForeignLine], now: &[ForeignLine]) -> BTreeSet<Daemon> {
    if before == now {
        return BTreeSet::new();
    }
    let (before, now): (BTreeSet<_>, BTreeSet<_>) = (before.iter().collect(), now.iter().collect());
    before.symmetric_difference(&now).map(|line| line.daemon).collect()
}

/// Drops the known lines of a batch, and lists them with those who want them; whether anything is left of it.
fn keep(batch: &mut Batch, known: &BTreeMap<Key, Refusal>, wanted: &mut Vec<(Key, BTreeSet<IntentKey>)>) -> bool {
    let whole = (batch.daemon, batch.context.clone(), None);
    if known.contains_key(&whole) {
        wanted.push((whole, batch.intents()));
        return false;
    }
    batch.leaves.retain(|leaf| {
        let key = (batch.daemon, batch.context.clone(), Some(leaf.text.clone()));
        let refused = known.contains_key(&key);
        if refused {
            wanted.push((key, leaf.sources.clone()));
        }
        !refused
    });
    batch.creates || !batch.leaves.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Effect;

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
    fn a_line_that_was_lost_is_sent_again_a_few_times() {
        let mut refusals = Refusals::default();
        for _ in 0..=FURTHER_ATTEMPTS_MAX {
            assert_eq!(refusals.filter(plan(&["a"])).len(), 1);
            refusals.record_lost(refusal(Some("a")));
            assert!(refusals.filter(plan(&["a"])).is_empty());
            refusals.try_lost_again();
        }
        refusals.record_lost(refusal(Some("a")));
        refusals.try_lost_again();
        assert!(refusals.filter(plan(&["a"])).is_empty(), "it is given up");
        // It is there now, and is missing once more later.
        assert!(refusals.filter(plan(&[])).is_empty());
        assert_eq!(refusals.filter(plan(&["a"])).len(), 1);
    }

    #[test]
    fn a_line_that_was_refused_is_not_among_the_lost() {
        let mut refusals = Refusals::default();
        refusals.record(refusal(Some("a")));
        refusals.try_lost_again();
        assert!(refusals.filter(plan(&["a"])).is_empty());
    }

    #[test]
    fn a_refused_context_takes_its_leaves_with_it() {
        let mut refusals = Refusals::default();
        refusals.record(refusal(None));
        assert!(refusals.filter(plan(&["a", "b"])).is_empty());
        refusals.forget(Daemon::Bgpd);
        assert_eq!(refusals.filter(plan(&["a", "b"])).len(), 2);
    }

    #[test]
    fn what_a_foreign_line_stood_against_is_sent_again_when_that_has_gone() {
        let with = |text: &str| {
            let line = ForeignLine { daemon: Daemon::Bgpd, context: Context::top(), text: text.to_owned() };
            Plan { foreign: vec![line], ..plan(&["a"]) }
        };
        let mut refusals = Refusals::default();
        assert_eq!(refusals.filter(with("typed")).len(), 1);
        refusals.record(refusal(Some("a")));
        assert!(refusals.filter(with("typed")).is_empty());
        assert_eq!(refusals.filter(with("other")).len(), 1);
        refusals.record(refusal(Some("a")));
        assert_eq!(refusals.filter(plan(&["a"])).len(), 1);
        let elsewhere = ForeignLine { daemon: Daemon::Bfdd, context: Context::top(), text: "typed".to_owned() };
        refusals.record(refusal(Some("a")));
        assert!(refusals.filter(Plan { foreign: vec![elsewhere], ..plan(&["a"]) }).is_empty());
    }

    #[test]
    fn what_is_asked_for_again_is_sent_again() {
        let mut refusals = Refusals::default();
        refusals.record(refusal(Some("a")));
        refusals.forget_intents(|key| *key != IntentKey::Bgp);
        assert!(refusals.filter(plan(&["a"])).is_empty());
        refusals.forget_intents(|key| *key == IntentKey::Bgp);
        assert_eq!(refusals.filter(plan(&["a"])).len(), 1);
        assert!(refusals.is_empty());
    }

    #[test]
    fn who_wants_a_refused_line_later_is_told_as_well() {
        let later = IntentKey::Peer("10.0.0.2".parse().unwrap());
        let mut refusals = Refusals::default();
        refusals.record(refusal(Some("a")));
        let mut asked = plan(&["a"]);
        asked.batches[0].leaves[0].sources.insert(later.clone());
        assert!(refusals.filter(asked).is_empty());
        assert!(refusals.of(&later).is_some() && refusals.of(&IntentKey::Bgp).is_some());
        assert!(refusals.filter(plan(&["a"])).is_empty());
        assert!(refusals.of(&later).is_none(), "it is not among those who want the line any more");
    }

    #[test]
    fn a_refused_context_that_comes_twice_in_a_plan_concerns_all_who_want_something_in_it() {
        let later = IntentKey::Peer("10.0.0.2".parse().unwrap());
        let mut refusals = Refusals::default();
        refusals.record(refusal(None));
        let mut asked = plan(&["a"]);
        asked.batches.extend(plan(&["b"]).batches);
        asked.batches[1].leaves[0].sources = BTreeSet::from([later.clone()]);
        assert!(refusals.filter(asked).is_empty());
        assert!(refusals.of(&later).is_some() && refusals.of(&IntentKey::Bgp).is_some());
        assert_eq!(refusals.iter().count(), 1);
    }
}
