//! OSPFv3 interfaces, neighbors and external LSAs as ospf6d prints them (`ospf6d/ospf6_interface.c`,
//! `ospf6d/ospf6_neighbor.c`, `ospf6d/ospf6d.c`).

use std::collections::{BTreeMap, BTreeSet};

use novaroute_core::live::OspfLive;
use novaroute_core::name::InterfaceName;
use novaroute_core::prefix::Prefix;

use super::lsa::{Interfaces, is_alive, put_neighbor, put_state};
use super::{ShowError, field, object};

/// Asks ospf6d for all interfaces of the node, also those that it does not run on.
pub const INTERFACES: &str = "show ipv6 ospf6 interface json";
/// Asks ospf6d for its neighbors.
pub const NEIGHBORS: &str = "show ipv6 ospf6 neighbor json";
/// Asks ospf6d for the AS-external LSAs that are its own.
pub const EXTERNAL_LSAS: &str = "show ipv6 ospf6 database as-external self-originated json";

/// The interfaces that ospf6d runs on, from answers to [`INTERFACES`] and [`NEIGHBORS`]. Neighbors are called
/// `ospf3 ROUTER-ID`: that is all which tells them apart on a link (RFC 5340 §4.2.1).
///
/// # Errors
/// [`ShowError`] when either text is no JSON object.
pub fn interfaces(interfaces: &str, neighbors: &str) -> Result<BTreeMap<InterfaceName, OspfLive>, ShowError> {
    let mut seen = Interfaces::new();
    let answer = object(INTERFACES, interfaces)?;
    for (name, value) in field::all_members(&answer).filter(|(_, value)| field::flag(value, "attachedToArea")) {
        put_state(&mut seen, name, field::text(value, "ospf6InterfaceState"));
    }
    let answer = object(NEIGHBORS, neighbors)?;
    for neighbor in field::elements(&answer, "neighbors") {
        let name = format!("ospf3 {}", field::text(neighbor, "neighborId"));
        put_neighbor(&mut seen, field::text(neighbor, "interfaceName"), name, field::text(neighbor, "state"));
    }
    Ok(seen)
}

/// The prefixes that ospf6d originates as AS-external LSAs, from an answer to [`EXTERNAL_LSAS`]. LSAs that are
/// being withdrawn are left out.
///
/// # Errors
/// [`ShowError`] when the text is no JSON object.
pub fn external_lsas(text: &str) -> Result<BTreeSet<Prefix>, ShowError> {
    let answer = object(EXTERNAL_LSAS, text)?;
    let lsas = field::elements(&answer, "asScopedLinkStateDb").flat_map(|scope| field::elements(scope, "lsa"));
    let alive = lsas.filter(|lsa| is_alive(field::number(lsa, "age")));
    Ok(alive.filter_map(|lsa| prefix(field::text(lsa, "payload"))).collect())
}

/// The default route is printed without its length.
fn prefix(payload: &str) -> Option<Prefix> {
    if payload == "::" { "::/0" } else { payload }.parse().ok()
}

#[cfg(test)]
mod tests;
