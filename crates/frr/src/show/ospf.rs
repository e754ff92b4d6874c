//! OSPFv2 interfaces, neighbors and external LSAs as ospfd prints them (`ospfd/ospf_vty.c`).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use novaroute_core::live::OspfLive;
use novaroute_core::name::InterfaceName;
use novaroute_core::prefix::Prefix;
use serde_json::Value;

use super::lsa::{Interfaces, is_alive, put_neighbor, put_state};
use super::{ShowError, field, object};

/// Asks ospfd for the interfaces it runs on.
pub const INTERFACES: &str = "show ip ospf interface json";
/// Asks ospfd for its neighbors.
pub const NEIGHBORS: &str = "show ip ospf neighbor json";
/// Asks ospfd for the AS-external LSAs that are its own.
pub const EXTERNAL_LSAS: &str = "show ip ospf database external self-originate json";

/// The interfaces that ospfd runs on, from answers to [`INTERFACES`] and [`NEIGHBORS`]. Neighbors are called
/// `ospf ROUTER-ID ADDRESS`; their state is FRR's word without the role (`Full`, not `Full/DR`).
///
/// # Errors
/// [`ShowError`] when either text is no JSON object.
pub fn interfaces(interfaces: &str, neighbors: &str) -> Result<BTreeMap<InterfaceName, OspfLive>, ShowError> {
    let mut seen = Interfaces::new();
    let answer = object(INTERFACES, interfaces)?;
    for (name, value) in field::members(&answer, "interfaces") {
        put_state(&mut seen, name, field::text(value, "state"));
    }
    let answer = object(NEIGHBORS, neighbors)?;
    for (router_id, adjacencies) in field::members(&answer, "neighbors") {
        for adjacency in field::all_elements(adjacencies) {
            put_adjacency(&mut seen, router_id, adjacency);
        }
    }
    Ok(seen)
}

/// A router has one entry for each link that it shares with this one.
fn put_adjacency(seen: &mut Interfaces, router_id: &str, adjacency: &Value) {
    // The field is called so, but it holds "name:address", with the address of this node.
    let interface = field::text(adjacency, "ifaceName").split(':').next().unwrap_or_default();
    let neighbor = format!("ospf {router_id} {}", field::text(adjacency, "ifaceAddress"));
    let state = field::text(adjacency, "nbrState").split('/').next().unwrap_or_default();
    put_neighbor(seen, interface, neighbor, state);
}

/// The prefixes that ospfd originates as AS-external LSAs, from an answer to [`EXTERNAL_LSAS`]. LSAs that are
/// being withdrawn are left out.
///
/// # Errors
/// [`ShowError`] when the text is no JSON object.
pub fn external_lsas(text: &str) -> Result<BTreeSet<Prefix>, ShowError> {
    let answer = object(EXTERNAL_LSAS, text)?;
    // FRR 8.4 prints an object by link-state id, FRR 10 an array.
    let frr8 = field::members(&answer, "AS External Link States").map(|(_, lsa)| lsa);
    let frr10 = field::elements(&answer, "asExternalLinkStates");
    Ok(frr8.chain(frr10).filter_map(lsa_prefix).collect())
}

/// The link-state id may have host bits set: so are prefixes told apart that have the same address and different
/// lengths (RFC 2328 §E). [`Prefix`] clears them.
fn lsa_prefix(lsa: &Value) -> Option<Prefix> {
    let address: IpAddr = field::text(lsa, "linkStateId").parse().ok()?;
    let length = u8::try_from(field::long(lsa, "networkMask")?).ok()?;
    let prefix = Prefix::new(address, length).ok()?;
    is_alive(field::number(lsa, "lsaAge")).then_some(prefix)
}

#[cfg(test)]
mod tests;
