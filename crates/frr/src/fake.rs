//! An in-memory FRR: it executes plans, prints what it runs, refuses what it is told to refuse, and can die.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::config::{Config, Context, Slot};
use crate::daemon::Daemon;
use crate::own;
use crate::plan::{Batch, Leaf, Plan};
use crate::refusals::Refusal;
use crate::rules::{self, LineKind};

/// What became of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Executed {
    /// Lines that were executed, those that lead to a context not counted.
    pub lines: usize,
    /// Lines that were refused.
    pub refused: Vec<Refusal>,
    /// Whether the connection broke before the end.
    pub broken: bool,
}

/// An FRR without processes.
#[derive(Debug, Clone, Default)]
pub struct FakeFrr {
    running: Config,
    refuse: BTreeSet<String>,
    breaks_after: Option<usize>,
}

impl FakeFrr {
    /// One whose daemons all run, with nothing configured.
    #[must_use]
    pub fn new() -> Self {
        let mut frr = Self::default();
        Daemon::ALL.into_iter().for_each(|daemon| frr.running.add_daemon(daemon));
        frr
    }

    /// From now on refuses every line with this text.
    pub fn refuse(&mut self, line: impl Into<String>) {
        self.refuse.insert(line.into());
    }

    /// Takes all lines again.
    pub fn refuse_nothing(&mut self) {
        self.refuse.clear();
    }

    /// Breaks the connection after so many more lines, once.
    pub fn break_after(&mut self, lines: usize) {
        self.breaks_after = Some(lines);
    }

    /// A daemon dies and comes back with nothing.
    pub fn restart(&mut self, daemon: Daemon) {
        self.running.remove_inside(daemon, &Context::top());
    }

    /// An operator types a line.
    pub fn type_line(&mut self, daemon: Daemon, context: &Context, line: &str) {
        self.enter(daemon, context);
        self.execute_line(daemon, context, line);
    }

    /// An operator takes back a line that no rule knows.
    pub fn forget_line(&mut self, daemon: Daemon, context: &Context, line: &str) {
        self.running.forget(daemon, context, line);
    }

    /// What all daemons run.
    #[must_use]
    pub fn running(&self) -> &Config {
        &self.running
    }

    /// What a daemon prints for `show running-config`.
    #[must_use]
    pub fn print(&self, daemon: Daemon) -> String {
        let mut out = String::from("frr version 10.3\nfrr defaults traditional\n!\nhostname fake\n!\n");
        let mut shown: Vec<String> = Vec::new();
        for (_, context, slots) in self.running.contexts().filter(|(of, _, _)| *of == daemon) {
            print_path(context, &mut shown, &mut out);
            for line in slots.values().filter(|line| !line.rule.opens() || !self.has_inside(daemon, context, line)) {
                let depth = context.path().len();
                // Writing to a String cannot fail.
                let _ = writeln!(out, "{:depth$}{}", "", line.text.reveal());
            }
            for line in self.running.unknown().iter().filter(|line| line.daemon == daemon && line.context == *context) {
                let depth = context.path().len();
                let _ = writeln!(out, "{:depth$}{}", "", line.text);
            }
        }
        out
    }

    fn has_inside(&self, daemon: Daemon, context: &Context, line: &crate::config::Line) -> bool {
        let inside = context.child(line.text.reveal());
        self.running.contexts().any(|(of, at, _)| of == daemon && at.is_inside(&inside))
    }

    /// Executes a plan as the edge would send it.
    pub fn execute(&mut self, plan: &Plan) -> Executed {
        let mut executed = Executed::default();
        for batch in &plan.batches {
            self.execute_batch(batch, &mut executed);
            if executed.broken {
                break;
            }
        }
        executed
    }

    fn execute_batch(&mut self, batch: &Batch, executed: &mut Executed) {
        let refusal = |line| Refusal {
            daemon: batch.daemon,
            context: batch.context.clone(),
            line,
            reason: "% refused".to_owned(),
            sources: batch.leaves.iter().flat_map(|leaf| leaf.sources.clone()).chain(batch.sources.clone()).collect(),
        };
        if batch.context.path().iter().any(|line| self.refuse.contains(line)) {
            executed.refused.push(refusal(None));
            return;
        }
        if batch.creates && !self.take_one(executed) {
            return;
        }
        self.enter(batch.daemon, &batch.context);
        for leaf in &batch.leaves {
            if !self.take_one(executed) {
                return;
            }
            if self.refuse.contains(leaf.text.reveal()) || self.misses_neighbor(&batch.context, leaf) {
                executed.refused.push(Refusal { sources: leaf.sources.clone(), ..refusal(Some(leaf.text.clone())) });
            } else {
                self.execute_line(batch.daemon, &batch.context, leaf.text.reveal());
            }
        }
    }

    /// bgpd refuses every line about a neighbor that it does not know (`bgpd/bgp_vty.c`, `peer_and_group_lookup_vty`).
    fn misses_neighbor(&self, context: &Context, leaf: &Leaf) -> bool {
        let about = leaf.kind.is_of_neighbor() && leaf.kind != LineKind::NeighborRemoteAs;
        let Some(neighbor) = own::neighbor_in(leaf.text.reveal()).filter(|_| about) else { return false };
        let (router, founding) = own::founding(context, neighbor);
        self.running.get(Daemon::Bgpd, &router, &founding).is_none()
    }

    /// Counts a line; false when the connection breaks before it.
    fn take_one(&mut self, executed: &mut Executed) -> bool {
        match &mut self.breaks_after {
            Some(0) => {
                self.breaks_after = None;
                executed.broken = true;
                return false;
            }
            Some(left) => *left -= 1,
            None => {}
        }
        executed.lines += 1;
        true
    }

    fn enter(&mut self, daemon: Daemon, context: &Context) {
        let mut at = Context::top();
        for line in context.path() {
            at = at.child(self.running.insert(daemon, &at, line, &BTreeSet::new()));
        }
    }

    fn execute_line(&mut self, daemon: Daemon, context: &Context, text: &str) {
        let slots = self.running.slots(daemon, context).into_iter().flatten();
        let mut undone = slots.filter(|(slot, line)| line.rule.undo(line.text.reveal(), &slot.id) == text);
        match undone.next().map(|(slot, line)| (slot.clone(), line.clone())) {
            Some((slot, line)) => {
                self.running.remove(daemon, context, &slot);
                self.running.remove_inside(daemon, &context.child(line.text.reveal()));
                self.remove_with(daemon, &slot);
            }
            None if takes_back(daemon, context, text) => {}
            None => drop(self.running.insert(daemon, context, text, &BTreeSet::new())),
        }
    }

    /// What FRR removes along with a line.
    fn remove_with(&mut self, daemon: Daemon, removed: &Slot) {
        if removed.kind != LineKind::NeighborRemoteAs {
            return;
        }
        let of_neighbor = |slot: &Slot| slot.kind.is_of_neighbor() && own::neighbor_of(slot) == removed.id;
        let all = self.running.contexts().flat_map(|(_, context, slots)| slots.keys().map(move |slot| (context, slot)));
        let gone: Vec<(Context, Slot)> =
            all.filter(|(_, slot)| of_neighbor(slot)).map(|(context, slot)| (context.clone(), slot.clone())).collect();
        for (context, slot) in gone {
            self.running.remove(daemon, &context, &slot);
        }
    }
}

/// Whether a line only takes something back. The others that begin with `no` say something by themselves.
fn takes_back(daemon: Daemon, context: &Context, text: &str) -> bool {
    let says = rules::classify(daemon, context, text).is_some_and(|matched| matched.rule.pattern.starts_with("no "));
    text.starts_with("no ") && !says
}

/// Prints the lines that lead to a context and were not printed before.
fn print_path(context: &Context, shown: &mut Vec<String>, out: &mut String) {
    let path = context.path();
    let common = shown.iter().zip(path).take_while(|(a, b)| a == b).count();
    for (depth, line) in path.iter().enumerate().skip(common) {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{:depth$}{line}", "");
    }
    *shown = path.to_vec();
}
