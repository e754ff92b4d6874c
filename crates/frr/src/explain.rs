//! What FRR's running configuration has of the lines that an intent needs.

use novaroute_core::explain::facts::{Line as Fact, Running};
use novaroute_core::intent::IntentKey;

use crate::config::{Config, Context, Line, Slot};
use crate::daemon::Daemon;
use crate::own;

/// The lines that `key` has in `target`, the one that tells most first, and what is in their places.
#[must_use]
pub fn lines(target: &Config, running: &Config, key: &IntentKey) -> Vec<Fact> {
    let of_key = |_: &Context, line: &Line| line.sources.contains(key);
    let mut lines = facts(target, running, of_key);
    // What others need as well, such as a route-map, is less telling than what names the intent.
    let name = match key {
        IntentKey::Bgp => "router bgp".to_owned(),
        IntentKey::Peer(address) => format!("neighbor {address}"),
        IntentKey::Prefix(_, prefix) => prefix.to_string(),
        IntentKey::Bfd(session) => format!("peer {}", session.peer),
        IntentKey::Ospf(interface) => format!("interface {interface}"),
    };
    lines.sort_by_key(|fact| !fact.wanted.contains(&name));
    lines
}

/// The lines of the policy on what goes out to BGP peers.
#[must_use]
pub fn outbound(target: &Config, running: &Config) -> Vec<Fact> {
    let name = format!("route-map {} ", own::MAP_OUT);
    facts(target, running, |context, line| {
        let opened = context.path().first().map_or(line.text.reveal(), String::as_str);
        opened.starts_with(&name)
    })
}

fn facts(target: &Config, running: &Config, counts: impl Fn(&Context, &Line) -> bool) -> Vec<Fact> {
    let mut facts = Vec::new();
    for (daemon, context, slots) in target.contexts() {
        for (slot, line) in slots.iter().filter(|(_, line)| counts(context, line)) {
            facts.push(fact(running, daemon, context, slot, line));
        }
    }
    facts
}

fn fact(running: &Config, daemon: Daemon, context: &Context, slot: &Slot, line: &Line) -> Fact {
    let there = match running.get(daemon, context, slot) {
        None => Running::Missing,
        Some(other) if other.text == line.text => Running::Same,
        Some(other) => Running::Other(other.text.to_string()),
    };
    let text = line.text.to_string();
    let path = context.path().iter().map(String::as_str).chain([text.as_str()]);
    Fact { daemon: daemon.to_string(), wanted: path.collect::<Vec<_>>().join(" / "), running: there }
}
