//! The rights and limits of an owner.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use novaroute_core::bgp::Asn;
use novaroute_core::intent::Kind;
use novaroute_core::invalid::Invalid;
use novaroute_core::name::OwnerName;
use novaroute_core::policy::{Policy, PrefixType};
use novaroute_core::prefix::Family;

use super::cursor::{Cursor, Table};

const PREFIX_KEYS: &[&str] = &["type", "allowed_cidrs", "allow_default_route", "min_length", "max_length"];
const FAMILY_KEYS: &[&str] = &["ipv4", "ipv6"];
/// The owner that may override others and have transit peers unless its configuration says otherwise.
const ADMIN: &str = "admin";
/// Highest limit that can be set.
const LIMIT_MAX: u32 = 1_000_000;

/// Reads the policy out of an owner's table.
pub(super) fn read(table: &Table<'_>, name: Option<&OwnerName>) -> Policy {
    let is_admin = name.is_some_and(|name| name.as_str() == ADMIN);
    let default = Policy { can_override: is_admin, allow_transit: is_admin, ..Policy::default() };
    let limit = |key| table.get(key).and_then(|cursor| cursor.count(LIMIT_MAX));
    let mut policy = Policy {
        permissions: table.get("permissions").and_then(|c| set(&c, kind)).unwrap_or(default.permissions),
        can_override: table.get("can_override").and_then(|c| c.flag()).unwrap_or(default.can_override),
        allow_transit: table.get("allow_transit").and_then(|c| c.flag()).unwrap_or(default.allow_transit),
        max_prefixes: limit("max_prefixes"),
        max_peers: limit("max_peers"),
        allowed_communities: table.get("allowed_communities").and_then(|c| set(&c, Cursor::parse)),
        allowed_interfaces: table.get("allowed_interfaces").and_then(|c| set(&c, Cursor::parse)),
        allowed_peers: table
            .get("allowed_peers")
            .and_then(|c| set(&c, Cursor::parse))
            .map(in_order)
            .unwrap_or_default(),
        allowed_remote_as: table.get("allowed_remote_as").and_then(|c| set(&c, asn)),
        ..Policy::default()
    };
    if let Some(prefixes) = table.get("allowed_prefixes").and_then(|cursor| cursor.table(PREFIX_KEYS)) {
        read_prefixes(&prefixes, &mut policy);
    }
    policy
}

fn read_prefixes(table: &Table<'_>, policy: &mut Policy) {
    let types = [PrefixType::HostOnly, PrefixType::Subnet, PrefixType::Any].map(|kind| (kind.as_str(), kind));
    policy.prefix_type = table.get("type").and_then(|c| c.choice(&types)).unwrap_or_default();
    policy.allowed_cidrs =
        table.get("allowed_cidrs").and_then(|c| items(&c, Cursor::parse)).map(in_order).unwrap_or_default();
    policy.lengths = lengths(table);
    let Some(cursor) = table.get("allow_default_route") else { return };
    policy.allow_default_route = cursor.flag().unwrap_or_default();
    if policy.allow_default_route && policy.prefix_type != PrefixType::Any {
        let kind = policy.prefix_type.as_str();
        cursor.fail(format!("has no effect with the type {kind}; leave it out, or use the type any"));
    }
}

/// The shortest and longest length of each family that has one of the two.
fn lengths(table: &Table<'_>) -> BTreeMap<Family, RangeInclusive<u8>> {
    let bound = |key: &str| table.get(key).and_then(|cursor| cursor.table(FAMILY_KEYS));
    let (shortest, longest) = (bound("min_length"), bound("max_length"));
    let mut lengths = BTreeMap::new();
    for (family, key) in Family::ALL.into_iter().zip(FAMILY_KEYS) {
        let get = |bound: &Option<Table<'_>>| bound.as_ref().and_then(|table| length(table.get(key)?, family));
        let (least, most) = (get(&shortest), get(&longest));
        if least.is_none() && most.is_none() {
            continue;
        }
        let range = least.unwrap_or(0)..=most.unwrap_or(family.host_length());
        if range.is_empty() {
            let (least, most) = range.into_inner();
            table.fail(format!(
                "min_length.{key} {least} is more than max_length.{key} {most}; no prefix would be allowed"
            ));
        } else {
            lengths.insert(family, range);
        }
    }
    lengths
}

fn length(cursor: Cursor<'_>, family: Family) -> Option<u8> {
    let number = cursor.number()?;
    let longest = family.host_length();
    let length = u8::try_from(number).ok().filter(|length| *length <= longest);
    if length.is_none() {
        cursor.fail(Invalid::number(number, format!("a length from 0 to {longest}")));
    }
    length
}

/// The items of a list, each once. `None` when anything is wrong with it: half a restriction is none.
fn items<'a, T: Ord>(cursor: &Cursor<'a>, read: impl Fn(&Cursor<'a>) -> Option<T>) -> Option<BTreeSet<T>> {
    let mut seen = BTreeSet::new();
    let mut complete = true;
    for item in cursor.list()? {
        match read(&item) {
            None => complete = false,
            Some(value) => {
                if !seen.insert(value) {
                    item.fail("is in the list twice; keep one of the two");
                }
            }
        }
    }
    complete.then_some(seen)
}

/// As [`items`], and not empty: an empty list could be meant as "nothing" and as "no restriction".
pub(super) fn set<'a, T: Ord>(cursor: &Cursor<'a>, read: impl Fn(&Cursor<'a>) -> Option<T>) -> Option<BTreeSet<T>> {
    let set = items(cursor, read)?;
    if set.is_empty() {
        cursor.fail("is an empty list; name what is allowed, or leave the key out for no restriction");
    }
    Some(set)
}

fn in_order<T>(set: BTreeSet<T>) -> Vec<T> {
    set.into_iter().collect()
}

fn kind(cursor: &Cursor<'_>) -> Option<Kind> {
    cursor.choice(&Kind::ALL.map(|kind| (kind.as_str(), kind)))
}

fn asn(cursor: &Cursor<'_>) -> Option<Asn> {
    cursor.number().and_then(|number| cursor.check(Asn::new(number)))
}
