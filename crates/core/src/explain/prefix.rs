//! Whether a prefix is announced by BGP, to whom, and if not, why.

use std::collections::BTreeMap;

use super::facts::{Found, Line, Neighbor, OwnPath, Running, TableEntry};
use super::wanted::line_step;
use super::{Asked, Explanation, Step, StepName, Verdict, why_not};
use crate::bgp::PrefixAttributes;
use crate::exchange::ExportPolicy;
use crate::intent::{Intent, IntentKey, Protocol};
use crate::live::SessionState;
use crate::peer::{Peer, PeerKey};
use crate::prefix::Prefix;
use crate::state::IntentState;
use crate::store::Entry;

/// What was found of a prefix that BGP announces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrefixFacts {
    /// Its lines.
    pub lines: Found<Vec<Line>>,
    /// The lines of the policy on what goes out to peers.
    pub outbound: Found<Vec<Line>>,
    /// Its entry in the table.
    pub table: Found<TableEntry>,
    /// The sessions, by peer; a peer that bgpd does not have is not there.
    pub neighbors: Found<BTreeMap<PeerKey, Neighbor>>,
}

/// Explains a prefix of BGP.
#[must_use]
pub fn prefix(asked: &Asked<'_>, prefix: Prefix, facts: &PrefixFacts) -> Explanation {
    let key = IntentKey::Prefix(Protocol::Bgp, prefix);
    let entry = asked.entry(&key);
    let mut steps: Vec<Step> = asked.first_steps(&key, &format!("novaroutectl advertise --prefix {prefix}")).into();
    steps.extend(asked.drain_step(&key));
    steps.push(asked.instance_step());
    steps.push(line_step(entry, &facts.lines));
    steps.push(table_step(entry, &facts.table));
    steps.push(outbound_step(entry, &facts.outbound));
    let peers = peers(asked);
    if peers.is_empty() {
        let none = Step::new(StepName::Peer, Verdict::Failed, "this node has no BGP peer");
        steps.push(none.next("novaroutectl apply-peer --neighbor ADDRESS --remote-as AS"));
    }
    let sent_to = facts.table.as_ref().ok().map(|table| &table.sent_to);
    let is_sent = |peer: &Peer| sent_to.is_some_and(|sent_to| sent_to.contains(&peer.key));
    let is_best = facts.table.as_ref().is_ok_and(|table| table.own == OwnPath::Best);
    let attributes = entry.and_then(|entry| match &entry.intent {
        Intent::Prefix(advertisement) => Some(&advertisement.attributes),
        _ => None,
    });
    for (entry, peer) in &peers {
        let standing = Standing { prefix, attributes, entry, is_best, is_sent: is_sent(peer) };
        steps.push(standing.step(peer, &facts.neighbors));
    }
    let reached: Vec<String> = peers
        .iter()
        .filter(|(_, peer)| entry.is_some() && is_sent(peer))
        .map(|(_, peer)| peer.key.to_string())
        .collect();
    conclude(prefix, peers.len(), &reached, steps)
}

fn conclude(prefix: Prefix, peers: usize, reached: &[String], steps: Vec<Step>) -> Explanation {
    let answer = match reached {
        [] => format!("{prefix} is not announced by BGP: {}", why_not(&steps)),
        some if some.len() == peers => format!("{prefix} is announced by BGP to every peer: {}", some.join(", ")),
        some => {
            let not_sent = |step: &&Step| step.name == StepName::Peer && step.verdict != Verdict::Ok;
            let others: Vec<String> =
                steps.iter().filter(not_sent).map(|step| format!("{} ({})", step.about, step.evidence)).collect();
            format!("{prefix} is announced by BGP to {}; not to {}", some.join(", "), others.join(", "))
        }
    };
    Explanation { in_effect: !reached.is_empty(), answer, steps }
}

fn peers<'a>(asked: &Asked<'a>) -> Vec<(&'a Entry, &'a Peer)> {
    let live = asked.snapshot.slots().filter_map(|(_, slot)| slot.live());
    let peer = |entry: &'a Entry| match &entry.intent {
        Intent::Peer(peer) => Some((entry, peer)),
        _ => None,
    };
    live.filter_map(|entry| peer(entry)).collect()
}

fn table_step(entry: Option<&Entry>, table: &Found<TableEntry>) -> Step {
    let name = StepName::Table;
    let table = match table {
        Ok(table) => table,
        Err(why) => return Step::unknown(name, why),
    };
    let best = match table.best.as_str() {
        "" => String::new(),
        best => format!(": {best}"),
    };
    match (table.own, entry) {
        (OwnPath::Absent, None) => {
            Step::new(name, Verdict::NotApplicable, format!("this node has no path of its own in bgpd's table{best}"))
        }
        (_, None) => Step::new(name, Verdict::Failed, "bgpd originates it although nobody asks for it")
            .next("look for a line in FRR's configuration that is not the agent's: novaroutectl status -o wide"),
        (OwnPath::Absent, Some(_)) => {
            Step::new(name, Verdict::Waiting, format!("bgpd's table has no path of this node{best}"))
                .next("look at the steps before: without its line there is no path")
        }
        (OwnPath::Invalid, Some(_)) => Step::new(
            name,
            Verdict::Failed,
            "the own path is not valid: the import check found no route for the prefix",
        )
        .next("look for who turns the import check on in FRR's configuration: the agent turns it off"),
        (OwnPath::NotBest, Some(_)) if best.is_empty() => {
            Step::new(name, Verdict::Waiting, "the own path is valid, and the best one is not chosen yet")
        }
        (OwnPath::NotBest, Some(_)) => {
            Step::new(name, Verdict::Failed, format!("the own path is valid, but another one is preferred{best}"))
                .next("find out who else announces the prefix, and why it is preferred")
        }
        (OwnPath::Best, Some(_)) => Step::new(name, Verdict::Ok, "the own path is valid and the best"),
    }
}

fn outbound_step(entry: Option<&Entry>, lines: &Found<Vec<Line>>) -> Step {
    let name = StepName::OutboundPolicy;
    let lines = match lines {
        _ if entry.is_none() => return Step::new(name, Verdict::NotApplicable, "only what owners ask for goes out"),
        Ok(lines) => lines,
        Err(why) => return Step::unknown(name, why),
    };
    match lines.iter().find(|line| line.running != Running::Same) {
        Some(line) => Step::new(name, Verdict::Failed, format!("{} does not have '{}'", line.daemon, line.wanted))
            .next(
                "wait: the agent puts it in place; novaroutectl events --types drift-repaired tells who else edits FRR",
            ),
        None if lines.is_empty() => Step::new(name, Verdict::Waiting, "there is none before there is a BGP instance"),
        None => Step::new(name, Verdict::Ok, "it lets out what carries the agent's tag, as the own path does"),
    }
}

/// What is known of the prefix when it comes to a peer.
struct Standing<'a> {
    prefix: Prefix,
    /// What its owner asked for.
    attributes: Option<&'a PrefixAttributes>,
    /// The peer's.
    entry: &'a Entry,
    is_best: bool,
    is_sent: bool,
}

impl Standing<'_> {
    fn step(&self, peer: &Peer, neighbors: &Found<BTreeMap<PeerKey, Neighbor>>) -> Step {
        let (verdict, evidence) = self.judge(peer, neighbors);
        let step = Step::new(StepName::Peer, verdict, evidence).about(peer.key);
        match verdict {
            Verdict::Ok => step,
            _ if !peer.families.contains(&self.prefix.family()) => step
                .next("novaroutectl apply-peer with this family in --address-families, where the peer should get it"),
            _ => step.next(format!("novaroutectl explain peer {}", peer.key)),
        }
    }

    fn judge(&self, peer: &Peer, neighbors: &Found<BTreeMap<PeerKey, Neighbor>>) -> (Verdict, String) {
        let family = self.prefix.family();
        if !peer.families.contains(&family) {
            return (
                Verdict::NotApplicable,
                format!("{family} is not exchanged with it: its owner did not ask for it"),
            );
        }
        if let Some(why) = self.kept_from(peer) {
            return (Verdict::NotApplicable, why.to_owned());
        }
        if let (IntentState::Refused | IntentState::Pending, Some(cause)) =
            (self.entry.status.state, &self.entry.status.cause)
        {
            return (Verdict::Failed, format!("the peer is {}: {}", self.entry.status.state, cause.detail));
        }
        let neighbor = match neighbors.as_ref().map(|neighbors| neighbors.get(&peer.key)) {
            Err(why) => return (Verdict::Unknown, why.clone()),
            Ok(None) => return (Verdict::Waiting, "bgpd does not have the peer yet".to_owned()),
            Ok(Some(neighbor)) => neighbor,
        };
        if neighbor.live.state != SessionState::Established {
            return (Verdict::Failed, not_established(neighbor));
        }
        if !neighbor.exchanged.contains(&family) {
            return (
                Verdict::Failed,
                format!("the session is up, but {family} is not exchanged: the peer did not activate it"),
            );
        }
        match (self.is_sent, self.is_best) {
            (true, _) => (Verdict::Ok, "the session is up and the prefix was sent".to_owned()),
            (false, true) => (Verdict::Waiting, "the session is up and the prefix was not sent yet".to_owned()),
            (false, false) => (Verdict::Waiting, "the session is up; there is no best own path to send".to_owned()),
        }
    }

    /// Why the peer is not meant to have the prefix, by what owners have asked for.
    fn kept_from(&self, peer: &Peer) -> Option<&'static str> {
        let PrefixAttributes { peers, communities, large_communities, .. } = self.attributes?;
        if !peers.is_empty() && !peers.contains(&peer.key) {
            return Some("the prefix is for other peers only, as its owner asked");
        }
        match &peer.exchange.export {
            ExportPolicy::OwnWith(some, large)
                if some.is_disjoint(communities) && large.is_disjoint(large_communities) =>
            {
                Some("it is sent prefixes with certain communities only, and this one has none of them")
            }
            ExportPolicy::Own | ExportPolicy::OwnWith(..) | ExportPolicy::Transit => None,
        }
    }
}

/// The state of a session that is not up, and why.
pub(super) fn not_established(neighbor: &Neighbor) -> String {
    let state = neighbor.live.state.as_str();
    match neighbor.live.last_reset.as_str() {
        "" => format!("the session is {state}"),
        reason => format!("the session is {state} ({reason})"),
    }
}

#[cfg(test)]
mod tests;
