//! Route-maps: the constant ones of every peer, and one per set of attributes.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::net::IpAddr;

use novaroute_core::bgp::{Community, PrefixAttributes};
use sha2::{Digest, Sha256};

use super::{Block, Sources};
use crate::own;

/// Hexadecimal digits of the hash in the name of a map of attributes.
const HASH_DIGITS: usize = 16;

/// The communities (RFC 1997) that ask the receiver of a route not to send it on. bgpd heeds them itself when a route
/// has them before the outbound policy, and would not announce the prefix at all; so it is there that they are added.
const FOR_THE_RECEIVER: [Community; 3] = [Community::NO_EXPORT, Community::NO_ADVERTISE, Community::LOCAL_AS];

/// The number of the first entry of the outbound policy; those that add communities follow.
const FIRST_ENTRY: u32 = 10;

/// Which of [`FOR_THE_RECEIVER`] are in a set, as bits; added to a number, it tells the eight cases apart.
fn receiver_bits(communities: &BTreeSet<Community>) -> u32 {
    let asked = FOR_THE_RECEIVER.iter().enumerate().filter(|(_, community)| communities.contains(community));
    asked.map(|(bit, _)| 1 << bit).sum()
}

fn set_community(communities: &BTreeSet<Community>) -> String {
    let list: Vec<_> = communities.iter().map(ToString::to_string).collect();
    format!("set community {}", list.join(" "))
}

/// The inbound and the outbound policy of every peer: all comes in, only own prefixes go out.
pub(super) fn of_peers(block: &mut Block<'_>, sources: &Sources) {
    block.open(format!("route-map {} permit {FIRST_ENTRY}", own::MAP_IN), sources);
    for bits in 0..1 << FOR_THE_RECEIVER.len() {
        let mut entry = block.open(format!("route-map {} permit {}", own::MAP_OUT, FIRST_ENTRY + bits), sources);
        entry.line(format!("match tag {}", own::TAG + bits), sources);
        let added = FOR_THE_RECEIVER.into_iter().enumerate().filter(|(bit, _)| bits & (1 << bit) != 0);
        let added: BTreeSet<Community> = added.map(|(_, community)| community).collect();
        if !added.is_empty() {
            entry.line(format!("{} additive", set_community(&added)), sources);
        }
    }
}

/// The body of the map that gives an own prefix its attributes.
fn attribute_lines(attributes: &PrefixAttributes) -> Vec<String> {
    let PrefixAttributes { local_preference, med, communities, next_hop } = attributes;
    let mut lines = Vec::new();
    let at_once: BTreeSet<Community> =
        communities.iter().copied().filter(|community| !FOR_THE_RECEIVER.contains(community)).collect();
    if !at_once.is_empty() {
        lines.push(set_community(&at_once));
    }
    lines.extend(local_preference.map(|value| format!("set local-preference {value}")));
    lines.extend(med.map(|value| format!("set metric {value}")));
    lines.extend(next_hop.map(|address| match address {
        IpAddr::V4(v4) => format!("set ip next-hop {v4}"),
        IpAddr::V6(v6) => format!("set ipv6 next-hop global {v6}"),
    }));
    lines.push(format!("set tag {}", own::TAG + receiver_bits(communities)));
    lines
}

/// The name of the map for these attributes. It is made from what the map says, so a map is never edited: a
/// prefix with other attributes uses another map, and nothing waits for FRR's timer for changed route-maps.
pub(super) fn attributes_name(attributes: &PrefixAttributes) -> String {
    let hash = Sha256::digest(attribute_lines(attributes).join("\n"));
    let mut name = String::from(own::ATTRIBUTES_PREFIX);
    for byte in hash.iter().take(HASH_DIGITS / 2) {
        // Writing to a String cannot fail.
        let _ = write!(name, "{byte:02x}");
    }
    name
}

/// The map that gives an own prefix its attributes.
pub(super) fn of_attributes(block: &mut Block<'_>, name: &str, attributes: &PrefixAttributes, sources: &Sources) {
    let mut map = block.open(format!("route-map {name} permit 10"), sources);
    for line in attribute_lines(attributes) {
        map.line(line, sources);
    }
}
