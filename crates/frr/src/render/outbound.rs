//! The outbound policies of peers: that of all peers, and others where a peer is sent something else.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::iter;

use novaroute_core::desired::DesiredBgp;
use novaroute_core::exchange::ExportPolicy;
use novaroute_core::intent::IntentKey;
use novaroute_core::peer::{Peer, PeerKey};

use super::class::{Class, Classes, FOR_THE_RECEIVER};
use super::{Block, Sources, policy};
use crate::own;

/// The outbound policies in use.
#[derive(Debug)]
pub(super) struct Outbound {
    names: BTreeMap<PeerKey, String>,
    maps: BTreeMap<String, Map>,
}

/// A route-map and the community lists that it looks into.
#[derive(Debug, Default)]
struct Map {
    entries: Vec<Entry>,
    lists: BTreeSet<String>,
}

/// An entry of a route-map.
#[derive(Debug)]
struct Entry {
    lines: Vec<String>,
    sources: Sources,
}

impl Outbound {
    /// `sources` are the intents behind the policy of all peers.
    pub(super) fn new(bgp: &DesiredBgp, classes: &Classes<'_>, sources: &Sources) -> Self {
        let plain = classes.all().filter(|(class, ..)| class.is_plain());
        let plain = plain.map(|(class, tag, _)| Entry { lines: lines(class, tag, None), sources: sources.clone() });
        let of_all = Map { entries: plain.collect(), lists: BTreeSet::new() };
        let mut outbound = Self { names: BTreeMap::new(), maps: BTreeMap::from([(own::MAP_OUT.to_owned(), of_all)]) };
        for peer in bgp.peers.values() {
            let special = classes.all().any(|(class, ..)| !class.is_plain() && class.is_for(peer.key));
            if special || peer.exchange.export != ExportPolicy::Own {
                outbound.add(peer.key, map(bgp, classes, peer));
            }
        }
        outbound
    }

    fn add(&mut self, peer: PeerKey, map: Map) {
        let text: Vec<_> = map.entries.iter().map(|entry| entry.lines.join("\n")).collect();
        let name = policy::content_name(own::MAP_OUT_PREFIX, &text.join("\n\n"));
        for entry in &mut self.maps.entry(name.clone()).or_insert(map).entries {
            entry.sources.insert(IntentKey::Peer(peer));
        }
        self.names.insert(peer, name);
    }

    /// The name of a peer's map.
    pub(super) fn name(&self, peer: PeerKey) -> &str {
        self.names.get(&peer).map_or(own::MAP_OUT, String::as_str)
    }

    pub(super) fn render(&self, block: &mut Block<'_>) {
        for (name, Map { entries, lists }) in &self.maps {
            for (number, Entry { lines, sources }) in (policy::FIRST_ENTRY..).zip(entries) {
                lists.iter().for_each(|line| block.line(line, sources));
                let mut entry = block.open(format!("route-map {name} permit {number}"), sources);
                lines.iter().for_each(|line| entry.line(line, sources));
            }
        }
    }
}

/// A peer's own map. It does not hand on to the map of all peers: should somebody delete that, FRR would let everything
/// pass.
fn map(bgp: &DesiredBgp, classes: &Classes<'_>, peer: &Peer) -> Map {
    let local_as = bgp.instance.local_as;
    let external = !peer.is_internal(local_as);
    let in_front = external.then(|| peer.settings.local_as.unwrap_or(local_as).to_string());
    let mut map = Map::default();
    for (class, tag, sources) in classes.all().filter(|(class, ..)| class.is_for(peer.key)) {
        let lines = lines(class, tag, in_front.as_deref());
        for condition in conditions(&peer.exchange.export, class, &mut map.lists) {
            let lines = lines.iter().cloned().chain(condition).collect();
            map.entries.push(Entry { lines, sources: sources.cloned().unwrap_or_default() });
        }
    }
    if peer.exchange.export == ExportPolicy::Transit {
        map.entries.push(Entry { lines: learned(external), sources: Sources::new() });
    }
    // Without an entry a map would let everything pass.
    if map.entries.is_empty() {
        map.entries.push(Entry { lines: vec![format!("match tag {}", own::NOBODY_TAG)], sources: Sources::new() });
    }
    map
}

/// What must hold beside the tag, one of these: nothing more, or that a route has one of the communities. Those that are
/// only added on the way out it does not have yet; the class tells them.
fn conditions(export: &ExportPolicy, class: Class<'_>, lists: &mut BTreeSet<String>) -> Vec<Option<String>> {
    let ExportPolicy::OwnWith(standard, large) = export else { return vec![None] };
    if class.added().iter().any(|community| standard.contains(community)) {
        return vec![None];
    }
    let at_once: Vec<_> = standard.iter().filter(|community| !FOR_THE_RECEIVER.contains(community)).collect();
    let conditions = [look_into(lists, "community", &at_once), look_into(lists, "large-community", large)];
    conditions.into_iter().flatten().map(Some).collect()
}

/// Adds a list of communities of which a route must have one, if there are any, and gives the line that looks into it.
fn look_into<T: Display>(
    lists: &mut BTreeSet<String>,
    kind: &str,
    communities: impl IntoIterator<Item = T>,
) -> Option<String> {
    let texts: Vec<_> = communities.into_iter().map(|community| community.to_string()).collect();
    if texts.is_empty() {
        return None;
    }
    let name = policy::content_name(own::COMMUNITY_LIST_PREFIX, &texts.join("\n"));
    lists.extend(texts.iter().map(|text| format!("bgp {kind}-list standard {name} permit {text}")));
    Some(format!("match {kind} {name}"))
}

/// Lets pass what other peers have sent. An external peer would otherwise be told their addresses as next hops, since its
/// next hops are left as owners ask for them.
fn learned(external: bool) -> Vec<String> {
    let mut lines = vec![format!("match tag {}", own::LEARNED_TAG)];
    if external {
        lines.extend(["ip", "ipv6"].map(|family| format!("set {family} next-hop peer-address")));
    }
    lines
}

/// Lets pass what is of a class; `in_front` is the AS that is put in front of a path that shall be longer.
fn lines(class: Class<'_>, tag: u32, in_front: Option<&str>) -> Vec<String> {
    let mut lines = vec![format!("match tag {tag}")];
    if let Some(local_as) = in_front.filter(|_| class.prepend() > 0) {
        let path: Vec<_> = iter::repeat_n(local_as, class.prepend()).collect();
        lines.push(format!("set as-path prepend {}", path.join(" ")));
    }
    let added = class.added();
    if !added.is_empty() {
        lines.push(format!("set community {} additive", policy::joined(added)));
    }
    lines
}
