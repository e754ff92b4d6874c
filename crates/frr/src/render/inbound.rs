//! The inbound policies of peers: that of all peers, and others where not everything is taken in.

use std::collections::{BTreeMap, BTreeSet};

use novaroute_core::desired::DesiredBgp;
use novaroute_core::exchange::{Accepted, ExportPolicy, ImportPolicy, PrefixRange};
use novaroute_core::intent::IntentKey;
use novaroute_core::peer::PeerKey;
use novaroute_core::prefix::Family;

use super::{Block, Sources, policy};
use crate::context::ip_word;
use crate::own;

/// The inbound policies in use.
#[derive(Debug, Default)]
pub(super) struct Inbound {
    names: BTreeMap<PeerKey, String>,
    maps: BTreeMap<String, Map>,
}

/// A route-map and the prefix-lists that it looks into.
#[derive(Debug, Default)]
struct Map {
    entries: Vec<Entry>,
    lists: BTreeSet<String>,
    sources: Sources,
}

#[derive(Debug)]
struct Entry {
    permits: bool,
    lines: Vec<String>,
}

impl Inbound {
    pub(super) fn new(bgp: &DesiredBgp) -> Self {
        let mut inbound = Self::default();
        let marks = bgp.peers.values().any(|peer| peer.exchange.export == ExportPolicy::Transit);
        for peer in bgp.peers.values() {
            if marks || peer.exchange.import != ImportPolicy::default() {
                inbound.add(peer.key, map(&peer.exchange.import, marks));
            }
        }
        inbound
    }

    fn add(&mut self, peer: PeerKey, map: Map) {
        let text = |entry: &Entry| format!("{}\n{}", entry.permits, entry.lines.join("\n"));
        let name =
            policy::content_name(own::MAP_IN_PREFIX, &map.entries.iter().map(text).collect::<Vec<_>>().join("\n\n"));
        self.maps.entry(name.clone()).or_insert(map).sources.insert(IntentKey::Peer(peer));
        self.names.insert(peer, name);
    }

    /// The name of a peer's map.
    pub(super) fn name(&self, peer: PeerKey) -> &str {
        self.names.get(&peer).map_or(own::MAP_IN, String::as_str)
    }

    /// Lists and maps, under names that are made from what they say: none is ever edited. `sources` are the intents
    /// behind the policy of all peers.
    pub(super) fn render(&self, block: &mut Block<'_>, sources: &Sources) {
        block.open(format!("route-map {} permit {}", own::MAP_IN, policy::FIRST_ENTRY), sources);
        for (name, Map { entries, lists, sources }) in &self.maps {
            lists.iter().for_each(|line| block.line(line, sources));
            for (number, Entry { permits, lines }) in (policy::FIRST_ENTRY..).zip(entries) {
                let word = if *permits { "permit" } else { "deny" };
                let mut entry = block.open(format!("route-map {name} {word} {number}"), sources);
                lines.iter().for_each(|line| entry.line(line, sources));
            }
        }
    }
}

/// What a policy says. Where some peer is sent what others have sent, all that comes in gets a tag: so it is told from
/// what somebody typed into bgpd by hand.
fn map(import: &ImportPolicy, marks: bool) -> Map {
    let mark = marks.then(|| format!("set tag {}", own::LEARNED_TAG));
    let mut map = Map::default();
    if import.refuse_default_route {
        for (family, prefix) in Family::ALL.into_iter().zip(["0.0.0.0/0", "::/0"]) {
            let list = list(&mut map.lists, family, &[prefix.to_owned()]);
            map.entries.push(Entry { permits: false, lines: vec![list] });
        }
    }
    let permits =
        |lines: Option<String>| Entry { permits: true, lines: lines.into_iter().chain(mark.clone()).collect() };
    match &import.accepted {
        Accepted::All => map.entries.push(permits(None)),
        Accepted::Listed(ranges) => {
            for family in Family::ALL {
                let of_family = |range: &&PrefixRange| range.prefix().family() == family;
                let texts: Vec<_> = ranges.iter().filter(of_family).map(ToString::to_string).collect();
                if !texts.is_empty() {
                    let list = list(&mut map.lists, family, &texts);
                    map.entries.push(permits(Some(list)));
                }
            }
        }
        Accepted::Nothing => map.entries.push(Entry { permits: false, lines: Vec::new() }),
    }
    map
}

/// Adds a prefix-list, and gives the line that looks into it. All of its entries permit, so that their order says nothing.
fn list(lists: &mut BTreeSet<String>, family: Family, texts: &[String]) -> String {
    let word = ip_word(family);
    let name = policy::content_name(own::PREFIX_LIST_PREFIX, &texts.join("\n"));
    lists.extend(texts.iter().map(|text| format!("{word} prefix-list {name} permit {text}")));
    format!("match {word} address prefix-list {name}")
}
