//! Routes and interfaces as zebra prints them (`zebra/zebra_vty.c`).

use std::net::IpAddr;

use novaroute_core::explain::facts::{Interface, Route};
use novaroute_core::name::InterfaceName;
use novaroute_core::prefix::{Family, Prefix};
use serde_json::Value;

use super::{ShowError, field, object};
use crate::context::ip_word;

/// What is asked about routes, for errors.
const ROUTE: &str = "show ip|ipv6 route PREFIX|ADDRESS json";

/// Asks zebra for the routes to exactly this prefix.
#[must_use]
pub fn route_command(prefix: &Prefix) -> String {
    format!("show {} route {prefix} json", ip_word(prefix.family()))
}

/// Asks zebra for the routes to this address: those to the longest prefix around it.
#[must_use]
pub fn route_to_command(address: IpAddr) -> String {
    format!("show {} route {address} json", ip_word(Family::of(address)))
}

/// The route that the node uses, from an answer to [`route_command`] or [`route_to_command`].
///
/// # Errors
/// [`ShowError`] when the text is no JSON object.
pub fn route(text: &str) -> Result<Option<Route>, ShowError> {
    let answer = object(ROUTE, text)?;
    let routes =
        field::all_members(&answer).flat_map(|(prefix, all)| field::all_elements(all).map(move |one| (prefix, one)));
    let used = routes.into_iter().find(|(_, route)| field::flag(route, "selected"));
    Ok(used.map(|(prefix, route)| read(prefix, route)))
}

fn read(prefix: &str, route: &Value) -> Route {
    let protocol = field::text(route, "protocol");
    let via = field::elements(route, "nexthops").map(next_hop).collect();
    let connected = field::elements(route, "nexthops").any(|next| field::flag(next, "directlyConnected"));
    Route { prefix: prefix.to_owned(), protocol: protocol.to_owned(), via, connected }
}

fn next_hop(next: &Value) -> String {
    match (field::text(next, "interfaceName"), field::text(next, "ip")) {
        ("", "") => "nowhere".to_owned(),
        (interface, "") => interface.to_owned(),
        (interface, address) => format!("{address} on {interface}"),
    }
}

/// What [`interface_command`] asks, for errors.
const INTERFACE: &str = "show interface INTERFACE json";

/// Asks zebra for one interface.
#[must_use]
pub fn interface_command(name: &InterfaceName) -> String {
    format!("show interface {name} json")
}

/// The interface, if there is one, from an answer to [`interface_command`].
///
/// # Errors
/// [`ShowError`] when the text is no JSON object.
pub fn interface(text: &str) -> Result<Option<Interface>, ShowError> {
    let answer = object(INTERFACE, text)?;
    let read = |value: &Value| {
        let is_up = |name| field::text(value, name) == "up";
        let addresses = field::elements(value, "ipAddresses").map(|address| field::text(address, "address").to_owned());
        Interface { up: is_up("administrativeStatus") && is_up("operationalStatus"), addresses: addresses.collect() }
    };
    Ok(field::all_members(&answer).find(|(_, value)| value.is_object()).map(|(_, value)| read(value)))
}

#[cfg(test)]
mod tests;
