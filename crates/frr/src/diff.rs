//! The way from the running configuration to the desired one, slot by slot.

mod intent_of;
mod ops;
mod unclaimed;

use std::collections::BTreeSet;

use novaroute_core::intent::IntentKey;

use crate::config::{Config, Context, ForeignLine, Line, LineText, Slot, Slots};
use crate::daemon::Daemon;
use crate::own::{self, Own};
use crate::plan::{Held, Op, Plan};
use crate::rules::{self, Change, LineKind, Matched, Scope};

use ops::{Ops, Planned};
use unclaimed::Unclaimed;

/// Whether own lines that nobody wants are taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removals<'a> {
    /// They are.
    Apply,
    /// As long as some running object comes from none of these intents, not all owners have spoken yet: such objects
    /// stay, with what they may use, and are listed in [`Plan::held`]. An object of one of these intents is its
    /// owner's to take back, and what an owner changes in an intent is applied all the same. An intent that waits for
    /// another one is not one of them, lest what runs for it went before that one is claimed.
    Hold(&'a BTreeSet<IntentKey>),
}

/// What has to be sent so that `running` becomes `desired`; lines that are not own are left alone.
///
/// Daemons that are not part of both are left out: what they run is not known, or nothing is known to be wanted.
#[must_use]
pub fn diff(running: &Config, desired: &Config, removals: Removals<'_>) -> Plan {
    let daemons = running.daemons().intersection(desired.daemons()).copied().collect();
    let own = Own::new(running, desired);
    let unclaimed = Unclaimed::new(running, desired, &own, removals);
    let mut diff = Diff { running, desired, own, unclaimed, daemons, ops: Ops::default() };
    diff.additions();
    diff.leftovers();
    diff.ops.into_plan()
}

struct Diff<'a> {
    running: &'a Config,
    desired: &'a Config,
    own: Own<'a>,
    unclaimed: Unclaimed<'a>,
    daemons: BTreeSet<Daemon>,
    ops: Ops,
}

impl<'a> Diff<'a> {
    /// Adds and changes: each desired line that does not run.
    fn additions(&mut self) {
        for (daemon, context, slots) in self.desired.contexts() {
            if !self.daemons.contains(&daemon) {
                continue;
            }
            for (slot, line) in slots {
                self.addition(daemon, context, slot, line);
            }
        }
    }

    fn addition(&mut self, daemon: Daemon, context: &Context, slot: &Slot, line: &Line) {
        let rule = line.rule;
        let old = self.running.get(daemon, context, slot);
        if old.is_some_and(|old| old.text == line.text) {
            return;
        }
        if let Some(old) = old.filter(|old| self.unclaimed.keeps_policy(slot, old)) {
            self.ops.hold(Held { daemon, context: context.clone(), text: old.text.clone(), intent: None });
            return;
        }
        if let Some(old) = old.filter(|_| rule.change == Change::DeleteFirst) {
            let undo = LineText::plain(rule.undo(old.text.reveal(), &slot.id));
            self.ops.push(Planned::new(daemon, context, rule, rule.add, Op::Remove, undo, &line.sources));
        }
        let op = if old.is_some() { Op::Replace } else { Op::Add };
        if rule.opens() {
            let inside = context.child(line.text.reveal());
            self.ops.push(Planned::opening(daemon, &inside, rule, &line.sources));
        } else {
            self.ops.push(Planned::new(daemon, context, rule, rule.add, op, line.text.clone(), &line.sources));
        }
        if slot.kind == LineKind::NeighborRemoteAs && op == Op::Add {
            self.shut_until_complete(daemon, context, &slot.id, line);
        }
    }

    /// A new neighbor's session may come up as soon as its first family is activated, and would be torn down by the
    /// activation of the second.
    fn shut_until_complete(&mut self, daemon: Daemon, router: &Context, neighbor: &str, remote_as: &Line) {
        let of_neighbor = |kind| Slot { kind, id: neighbor.to_owned() };
        let active = of_neighbor(LineKind::NeighborActivate);
        let stays_shut = self.desired.get(daemon, router, &of_neighbor(LineKind::NeighborShutdown)).is_some();
        let of_router = |at: &Context| at.split_last().is_some_and(|(outer, _)| outer == *router);
        let families = self.desired.contexts().filter(|(of, at, _)| *of == daemon && of_router(at));
        let shut = format!("neighbor {neighbor} shutdown");
        let Some(Matched { rule, id, .. }) = rules::classify(daemon, router, &shut) else { return };
        if !stays_shut && families.filter(|(_, _, slots)| slots.contains_key(&active)).count() > 1 {
            let undo = rule.undo(&shut, &id);
            for (order, op, text) in [(rule.add, Op::Add, shut), (rule.remove, Op::Remove, undo)] {
                let text = LineText::plain(text);
                self.ops.push(Planned::new(daemon, router, rule, order, op, text, &remote_as.sources));
            }
        }
    }

    /// Takes back: each own running line that is not desired, unless it goes with what it belongs to.
    fn leftovers(&mut self) {
        let lost = self.lost_objects();
        let running = self.running;
        for (daemon, context, slots) in running.contexts() {
            if !self.daemons.contains(&daemon) {
                continue;
            }
            for (slot, line) in slots {
                if !self.own.has(daemon, context, slot, line) {
                    self.ops.foreign(daemon, context, line.text.to_string());
                } else if self.desired.get(daemon, context, slot).is_none() && !lost.take(daemon, context, slot) {
                    self.leftover(daemon, context, slot, line);
                }
            }
        }
        self.unknown_lines();
    }

    fn leftover(&mut self, daemon: Daemon, context: &Context, slot: &Slot, line: &Line) {
        if self.is_setting_of_foreign_instance(daemon, context, slot) {
            return;
        }
        let rule = line.rule;
        let sources = self.sources_of_object(daemon, context, slot);
        let of_others = sources.is_empty() || slot.kind == LineKind::OspfRouterId;
        if of_others && !self.unclaimed.lets_go(context, slot, line) {
            let intent = intent_of::line(context, slot, line);
            self.ops.hold(Held { daemon, context: context.clone(), text: line.text.clone(), intent });
        } else if !rule.opens() || self.may_go(daemon, context, line) {
            let undo = LineText::plain(rule.undo(line.text.reveal(), &slot.id));
            self.ops.push(Planned::new(daemon, context, rule, rule.remove, Op::Remove, undo, &sources));
        }
    }

    /// The objects that go as a whole, with everything in them.
    fn lost_objects(&self) -> Lost {
        let mut lost = Lost::default();
        for (daemon, context, slots) in self.running.contexts().filter(|(d, _, _)| self.daemons.contains(d)) {
            for (slot, line) in slots {
                self.add_lost(&mut lost, daemon, context, slot, line);
            }
        }
        lost
    }

    fn add_lost(&self, lost: &mut Lost, daemon: Daemon, context: &Context, slot: &Slot, line: &Line) {
        let rule = line.rule;
        let desired = self.desired.get(daemon, context, slot);
        let replaced = desired.is_some_and(|new| new.text != line.text) && rule.change == Change::DeleteFirst;
        let unwanted = desired.is_none()
            && self.own.has(daemon, context, slot, line)
            && self.unclaimed.lets_go(context, slot, line)
            && self.may_go(daemon, context, line);
        if rule.opens() && (replaced || unwanted) {
            lost.contexts.insert((daemon, context.child(line.text.reveal())));
        }
        if slot.kind == LineKind::NeighborRemoteAs && unwanted {
            lost.neighbors.insert(slot.id.clone());
        }
    }

    /// An instance or process stays as long as it holds anything that is not own, or that nobody has claimed.
    fn may_go(&self, daemon: Daemon, context: &Context, line: &Line) -> bool {
        let inside = context.child(line.text.reveal());
        let foreign = |(of, at, slots): (Daemon, &Context, &Slots)| {
            of == daemon
                && at.is_inside(&inside)
                && slots
                    .iter()
                    .any(|(slot, line)| !self.own.has(daemon, at, slot, line) || self.unclaimed.has(at, slot, line))
        };
        let unknown = |line: &ForeignLine| line.daemon == daemon && line.context.is_inside(&inside);
        !self.running.contexts().any(foreign) && !self.running.unknown().iter().any(unknown)
    }

    /// The intents behind the object that a line belongs to, when the object stays.
    fn sources_of_object(&self, daemon: Daemon, context: &Context, slot: &Slot) -> BTreeSet<IntentKey> {
        if slot.kind.is_of_neighbor() {
            let (router, founding) = own::founding(context, own::neighbor_of(slot));
            return self.desired.sources(daemon, &router, &founding);
        }
        let area = Slot { kind: LineKind::OspfArea, id: String::new() };
        if let Some(line) = self.desired.get(daemon, context, &area) {
            return line.sources.clone();
        }
        // What they are there for is not what they stand in.
        use LineKind as K;
        if matches!(slot.kind, K::Network | K::OspfRedistribute | K::OspfDefaultRoute | K::BgpGracefulRestartPreserve) {
            return BTreeSet::new();
        }
        let Some((outer, line)) = context.split_last() else { return BTreeSet::new() };
        let opening = rules::classify(daemon, &outer, line).map(|m| Slot { kind: m.rule.kind, id: m.id });
        opening.map(|slot| self.desired.sources(daemon, &outer, &slot)).unwrap_or_default()
    }

    fn unknown_lines(&mut self) {
        let known = |line: &&ForeignLine| self.daemons.contains(&line.daemon);
        for line in self.running.unknown().iter().filter(known) {
            self.ops.foreign(line.daemon, &line.context, line.text.clone());
        }
    }

    /// A setting of an instance that is not wanted any more, but stays because of what others have in it.
    fn is_setting_of_foreign_instance(&self, daemon: Daemon, context: &Context, slot: &Slot) -> bool {
        let instance = matches!(Scope::of(context), Some(Scope::RouterBgp | Scope::RouterOspf));
        let announces = matches!(slot.kind, LineKind::OspfRedistribute | LineKind::OspfDefaultRoute);
        let setting = !slot.kind.is_of_neighbor() && !announces;
        instance && setting && self.desired.slots(daemon, context).is_none()
    }
}

/// What goes without a line of its own.
#[derive(Default)]
struct Lost {
    contexts: BTreeSet<(Daemon, Context)>,
    neighbors: BTreeSet<String>,
}

impl Lost {
    /// Whether a line goes with the object that it belongs to.
    fn take(&self, daemon: Daemon, context: &Context, slot: &Slot) -> bool {
        let with_context = context.ancestors().any(|outer| self.contexts.contains(&(daemon, outer)));
        let with_neighbor = slot.kind.is_of_neighbor()
            && slot.kind != LineKind::NeighborRemoteAs
            && self.neighbors.contains(own::neighbor_of(slot));
        with_context || with_neighbor
    }
}

#[cfg(test)]
mod tests;
