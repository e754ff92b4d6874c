//! Collects the lines of a plan and puts them into order.

use std::collections::BTreeSet;

use novaroute_core::intent::IntentKey;

use crate::config::{Context, ForeignLine, LineText};
use crate::daemon::Daemon;
use crate::own;
use crate::plan::{Batch, Held, Leaf, Op, Plan};
use crate::rules::{Effect, Order, Rule};

/// A line on its way into a plan.
pub(super) struct Planned {
    order: Order,
    daemon: Daemon,
    context: Context,
    sources: BTreeSet<IntentKey>,
    /// `None` for the line that opens the context.
    leaf: Option<Leaf>,
}

impl Planned {
    pub(super) fn new(
        daemon: Daemon,
        context: &Context,
        rule: &Rule,
        order: Order,
        op: Op,
        text: LineText,
        sources: &BTreeSet<IntentKey>,
    ) -> Self {
        let effect = if op == Op::Remove { rule.undo_effect } else { rule.effect };
        let leaf = Leaf { text, op, kind: rule.kind, effect, sources: sources.clone() };
        Self { order, daemon, context: context.clone(), sources: BTreeSet::new(), leaf: Some(leaf) }
    }

    /// Going into a context that does not exist yet.
    pub(super) fn opening(daemon: Daemon, inside: &Context, rule: &Rule, sources: &BTreeSet<IntentKey>) -> Self {
        Self { order: rule.add, daemon, context: inside.clone(), sources: sources.clone(), leaf: None }
    }
}

#[derive(Default)]
pub(super) struct Ops {
    planned: Vec<Planned>,
    held: Vec<Held>,
    foreign: Vec<ForeignLine>,
}

impl Ops {
    pub(super) fn push(&mut self, planned: Planned) {
        self.planned.push(planned);
    }

    pub(super) fn hold(&mut self, held: Held) {
        self.held.push(held);
    }

    pub(super) fn foreign(&mut self, daemon: Daemon, context: &Context, text: String) {
        self.foreign.push(ForeignLine { daemon, context: context.clone(), text });
    }

    /// Lines of one phase and context become one batch. The sort is stable: a line that has to go before another
    /// one can come stays in front of it.
    pub(super) fn into_plan(mut self) -> Plan {
        self.planned.sort_by(|a, b| (a.order, a.daemon, &a.context).cmp(&(b.order, b.daemon, &b.context)));
        let mut batches: Vec<Batch> = Vec::new();
        for Planned { daemon, context, sources, leaf, .. } in self.planned {
            if batches.last().is_none_or(|last| last.daemon != daemon || last.context != context) {
                batches.push(Batch { daemon, context, sources: BTreeSet::new(), creates: false, leaves: Vec::new() });
            }
            let Some(batch) = batches.last_mut() else { continue };
            match leaf {
                Some(leaf) => batch.leaves.push(leaf),
                None => {
                    batch.creates = true;
                    batch.sources.extend(sources);
                }
            }
        }
        soften_new_objects(&mut batches);
        Plan { batches, held: self.held, foreign: self.foreign }
    }
}

/// A line about a neighbor that this plan adds, or in a context that it makes, finds no session to disturb.
fn soften_new_objects(batches: &mut [Batch]) {
    let mut neighbors: BTreeSet<String> = BTreeSet::new();
    let mut contexts: BTreeSet<(Daemon, Context)> = BTreeSet::new();
    for batch in batches {
        if batch.creates {
            contexts.insert((batch.daemon, batch.context.clone()));
        }
        let new_context = batch.context.ancestors().any(|outer| contexts.contains(&(batch.daemon, outer)));
        for leaf in &mut batch.leaves {
            use crate::rules::LineKind::NeighborRemoteAs;
            let neighbor = own::neighbor_in(leaf.text.reveal()).filter(|_| leaf.kind.is_of_neighbor());
            if let Some(neighbor) = neighbor.filter(|_| leaf.kind == NeighborRemoteAs && leaf.op == Op::Add) {
                neighbors.insert(neighbor.to_owned());
            }
            if new_context || neighbor.is_some_and(|neighbor| neighbors.contains(neighbor)) {
                leaf.effect = Effect::None;
            }
        }
    }
}
