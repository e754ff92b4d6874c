//! Route-maps: the constant ones of every peer, and one per set of attributes.

use std::fmt::Write;
use std::net::IpAddr;

use novaroute_core::bgp::PrefixAttributes;
use sha2::{Digest, Sha256};

use super::{Block, Sources};
use crate::own;

/// Hexadecimal digits of the hash in the name of a map of attributes.
const HASH_DIGITS: usize = 16;

/// The inbound and the outbound policy of every peer: all comes in, only own prefixes go out.
pub(super) fn of_peers(block: &mut Block<'_>, sources: &Sources) {
    block.open(format!("route-map {} permit 10", own::MAP_IN), sources);
    block
        .open(format!("route-map {} permit 10", own::MAP_OUT), sources)
        .line(format!("match tag {}", own::TAG), sources);
}

/// The body of the map that gives an own prefix its attributes.
fn attribute_lines(attributes: &PrefixAttributes) -> Vec<String> {
    let PrefixAttributes { local_preference, med, communities, next_hop } = attributes;
    let mut lines = Vec::new();
    if !communities.is_empty() {
        let list: Vec<_> = communities.iter().map(ToString::to_string).collect();
        lines.push(format!("set community {}", list.join(" ")));
    }
    lines.extend(local_preference.map(|value| format!("set local-preference {value}")));
    lines.extend(med.map(|value| format!("set metric {value}")));
    lines.extend(next_hop.map(|address| match address {
        IpAddr::V4(v4) => format!("set ip next-hop {v4}"),
        IpAddr::V6(v6) => format!("set ipv6 next-hop global {v6}"),
    }));
    lines.push(format!("set tag {}", own::TAG));
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
pub(super) fn of_attributes(block: &mut Block<'_>, attributes: &PrefixAttributes, sources: &Sources) {
    let mut map = block.open(format!("route-map {} permit 10", attributes_name(attributes)), sources);
    for line in attribute_lines(attributes) {
        map.line(line, sources);
    }
}
