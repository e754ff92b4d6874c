//! What happens to the daemons, and what operators do to them.

use std::collections::BTreeSet;

use novaroute_core::desired::compose;
use novaroute_frr::config::{Config, Context, Line, Slot};
use novaroute_frr::rules::LineKind;
use novaroute_frr::{Daemon, render};
use tracing::debug;

use crate::agent::Agent;
use crate::node::{DIALECT, Node};
use crate::rng::Rng;

/// Lines of operators: where, and what.
pub(crate) const FOREIGN: [(Daemon, &[&str], &str); 7] = [
    (Daemon::Staticd, &[], "ip route 198.51.100.0/24 192.0.2.1"),
    (Daemon::Bgpd, &[], "route-map OPERATOR permit 10"),
    (Daemon::Bgpd, &["route-map OPERATOR permit 10"], "set metric 5"),
    (Daemon::Bgpd, &["router bgp 65100 vrf red"], "neighbor 192.0.2.7 remote-as 65200"),
    (Daemon::Bfdd, &["bfd"], "peer 192.0.2.9"),
    (Daemon::Ospfd, &["interface lan0"], "ip ospf cost 7"),
    (Daemon::Ospf6d, &[], "ipv6 prefix-list OPERATOR permit fd77::/64"),
];

/// Where a line of an operator stands.
pub(crate) fn context(path: &[&str]) -> Context {
    path.iter().fold(Context::top(), |outer, line| outer.child(*line))
}

/// Something goes wrong, or right again.
pub(crate) fn strike(rng: &mut Rng, node: &mut Node, agent: &Agent, foreign: &mut BTreeSet<usize>) {
    let daemon = rng.pick(&Daemon::ALL);
    let before = node.summary();
    match rng.below(11) {
        0 => restart(rng, node, agent, foreign, daemon),
        1 => hang(rng, node, agent, daemon),
        2 | 3 => recover(rng, node, agent),
        4 | 5 => take_away(rng, node),
        6 => change(rng, node),
        7 => add_foreign(rng, node, foreign),
        8 => shut_a_neighbor(rng, node),
        9 => refuse(rng, node),
        _ => relent(rng, node),
    }
    debug!(before, after = node.summary(), "something happens");
}

fn restart(rng: &mut Rng, node: &mut Node, agent: &Agent, foreign: &mut BTreeSet<usize>, daemon: Daemon) {
    node.frr.restart(daemon);
    node.reconnecting.insert(daemon);
    foreign.retain(|line| FOREIGN[*line].0 != daemon);
    if rng.percent(60) {
        agent.observe(daemon, true);
    }
}

fn hang(rng: &mut Rng, node: &mut Node, agent: &Agent, daemon: Daemon) {
    node.hung.insert(daemon);
    if rng.percent(40) {
        agent.observe(daemon, false);
    }
}

/// The daemons that hang go on where they were.
pub(crate) fn recover(rng: &mut Rng, node: &mut Node, agent: &Agent) {
    for daemon in std::mem::take(&mut node.hung) {
        if rng.percent(50) {
            node.reconnecting.insert(daemon);
        }
        agent.observe(daemon, true);
    }
}

fn running_lines(config: &Config, kinds: &[LineKind]) -> Vec<(Daemon, Context, Slot, Line)> {
    let mut lines = Vec::new();
    for (daemon, context, slots) in config.contexts() {
        let known = slots.iter().filter(|(slot, _)| kinds.contains(&slot.kind));
        lines.extend(known.map(|(slot, line)| (daemon, context.clone(), slot.clone(), line.clone())));
    }
    lines.retain(|(daemon, at, _, line)| {
        !FOREIGN.iter().any(|(of, path, text)| of == daemon && context(path) == *at && *text == line.text.reveal())
    });
    lines
}

/// An operator removes an own line; not one by which the agent knows what is its own.
fn take_away(rng: &mut Rng, node: &mut Node) {
    let kinds = [
        LineKind::RouterBgp,
        LineKind::Network,
        LineKind::NeighborRemoteAs,
        LineKind::NeighborDescription,
        LineKind::NeighborActivate,
        LineKind::NeighborTimersConnect,
        LineKind::BgpRouterId,
        LineKind::MatchTag,
        LineKind::SetTag,
        LineKind::StaticRoute,
        LineKind::PrefixList,
        LineKind::OspfArea,
        LineKind::OspfRedistribute,
        LineKind::BfdPeer,
        LineKind::BfdProfile,
    ];
    let lines = running_lines(node.frr.running(), &kinds);
    if !lines.is_empty() {
        let (daemon, context, slot, line) = rng.pick(&lines);
        node.frr.type_line(daemon, &context, &line.rule.undo(line.text.reveal(), &slot.id));
    }
}

/// An operator gives an own line another value.
fn change(rng: &mut Rng, node: &mut Node) {
    let kinds = [
        LineKind::SetMetric,
        LineKind::OspfCost,
        LineKind::NeighborDescription,
        LineKind::NeighborTimersConnect,
        LineKind::BfdDetectMultiplier,
    ];
    let lines = running_lines(node.frr.running(), &kinds);
    if !lines.is_empty() {
        let (daemon, context, _, line) = rng.pick(&lines);
        let (words, _) = line.text.reveal().rsplit_once(' ').unwrap();
        node.frr.type_line(daemon, &context, &format!("{words} 77"));
    }
}

fn shut_a_neighbor(rng: &mut Rng, node: &mut Node) {
    let lines = running_lines(node.frr.running(), &[LineKind::NeighborRemoteAs]);
    if !lines.is_empty() {
        let (daemon, context, slot, _) = rng.pick(&lines);
        node.frr.type_line(daemon, &context, &format!("neighbor {} shutdown", slot.id));
    }
}

fn add_foreign(rng: &mut Rng, node: &mut Node, foreign: &mut BTreeSet<usize>) {
    let line = rng.below(FOREIGN.len());
    let (daemon, path, text) = FOREIGN[line];
    node.frr.type_line(daemon, &context(path), text);
    foreign.insert(line);
    // Whoever types a line inside a route-map has made the route-map.
    if line == 2 {
        foreign.insert(1);
    }
}

/// FRR refuses, or forgets, one of the lines that are wanted; not one by which the agent knows what is its own.
fn refuse(rng: &mut Rng, node: &mut Node) {
    let target = render(&compose(node.watch.model.live()), DIALECT);
    let marks = |slot: &Slot| match slot.kind {
        LineKind::NeighborRouteMapIn | LineKind::NeighborRouteMapOut | LineKind::BfdPeerProfile => true,
        LineKind::RouteMap => !slot.id.starts_with("NR-A-"),
        _ => false,
    };
    let lines = target.contexts().flat_map(|(_, _, slots)| slots).filter(|(slot, _)| !marks(slot));
    let lines: Vec<(String, bool)> =
        lines.map(|(_, line)| (line.text.reveal().to_owned(), line.rule.opens())).collect();
    if lines.is_empty() {
        return;
    }
    let (line, opens) = rng.pick(&lines);
    if !opens && rng.percent(50) {
        node.swallowed.insert(line);
    } else {
        let mut refused = node.refused.clone();
        refused.insert(line);
        node.refuse(refused);
    }
}

/// FRR takes again what it refused.
pub(crate) fn relent(rng: &mut Rng, node: &mut Node) {
    node.relented |= !node.refused.is_empty() || !node.swallowed.is_empty();
    if rng.percent(50) {
        node.refuse(BTreeSet::new());
    } else {
        node.swallowed.clear();
    }
}
