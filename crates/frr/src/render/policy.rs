//! Route-maps with the attributes of prefixes, one per set of them.

use std::collections::BTreeSet;
use std::fmt::{Display, Write};
use std::net::IpAddr;

use novaroute_core::bgp::{Community, Origin, PrefixAttributes};
use novaroute_core::community::ExtendedKind;
use sha2::{Digest, Sha256};

use super::class::FOR_THE_RECEIVER;
use super::{Block, Sources};
use crate::own;

/// Hexadecimal digits of the hash in the name of a map.
const HASH_DIGITS: usize = 16;

/// The number of the first entry of a policy; the others follow.
pub(super) const FIRST_ENTRY: u32 = 10;

pub(super) fn joined<T: Display>(values: impl IntoIterator<Item = T>) -> String {
    values.into_iter().map(|value| value.to_string()).collect::<Vec<_>>().join(" ")
}

/// The body of the map that gives an own prefix its attributes; what the tag says is left to the outbound policy.
pub(super) fn attribute_lines(attributes: &PrefixAttributes, tag: u32) -> Vec<String> {
    let PrefixAttributes {
        local_preference,
        med,
        communities,
        next_hop,
        large_communities,
        extended_communities,
        as_path_prepend: _,
        origin,
        peers: _,
    } = attributes;
    let mut lines = Vec::new();
    let at_once: BTreeSet<&Community> =
        communities.iter().filter(|community| !FOR_THE_RECEIVER.contains(community)).collect();
    if !at_once.is_empty() {
        lines.push(format!("set community {}", joined(at_once)));
    }
    if !large_communities.is_empty() {
        lines.push(format!("set large-community {}", joined(large_communities)));
    }
    for kind in ExtendedKind::ALL {
        let values: Vec<_> = extended_communities.iter().filter(|c| c.kind() == kind).map(|c| c.value()).collect();
        if !values.is_empty() {
            lines.push(format!("set extcommunity {} {}", kind.as_str(), values.join(" ")));
        }
    }
    lines.extend(local_preference.map(|value| format!("set local-preference {value}")));
    lines.extend(med.map(|value| format!("set metric {value}")));
    lines.extend(next_hop.map(|address| match address {
        IpAddr::V4(v4) => format!("set ip next-hop {v4}"),
        IpAddr::V6(v6) => format!("set ipv6 next-hop global {v6}"),
    }));
    lines.extend(origin_word(*origin).map(|word| format!("set origin {word}")));
    lines.push(format!("set tag {tag}"));
    lines
}

/// FRR's word for an origin that it would not give a route by itself.
fn origin_word(origin: Origin) -> Option<&'static str> {
    match origin {
        Origin::Igp => None,
        Origin::Egp => Some("egp"),
        Origin::Incomplete => Some("incomplete"),
    }
}

/// The name of something in FRR, made from what it says: so it is never edited, what says something else is something
/// else, and nothing waits for FRR's timer for changed route-maps.
pub(super) fn content_name(prefix: &str, content: &str) -> String {
    let mut name = String::from(prefix);
    for byte in Sha256::digest(content).iter().take(HASH_DIGITS / 2) {
        // Writing to a String cannot fail.
        let _ = write!(name, "{byte:02x}");
    }
    name
}

/// The name of the map with such a body.
pub(super) fn attributes_name(lines: &[String]) -> String {
    content_name(own::ATTRIBUTES_PREFIX, &lines.join("\n"))
}

/// The map that gives own prefixes their attributes.
pub(super) fn of_attributes(block: &mut Block<'_>, name: &str, lines: &[String], sources: &Sources) {
    let mut map = block.open(format!("route-map {name} permit 10"), sources);
    lines.iter().for_each(|line| map.line(line, sources));
}
