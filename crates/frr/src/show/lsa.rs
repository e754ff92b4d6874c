//! What ospfd's and ospf6d's LSAs have in common.

use std::collections::BTreeMap;

use novaroute_core::live::OspfLive;
use novaroute_core::name::InterfaceName;

/// Seconds after which an LSA is out of the database (`MaxAge`, RFC 2328 §B). A withdrawn LSA is given this age
/// and stays in the database until every neighbor has acknowledged its going.
const MAX_AGE_S: u32 = 3600;

/// Whether an LSA of that age in seconds still stands for what it says.
pub(super) fn is_alive(age_s: u32) -> bool {
    age_s < MAX_AGE_S
}

/// OSPF interfaces by name.
pub(super) type Interfaces = BTreeMap<InterfaceName, OspfLive>;

/// Enters an interface's own state; what is no interface name is left out.
pub(super) fn put_state(interfaces: &mut Interfaces, name: &str, state: &str) {
    if let Ok(name) = name.parse::<InterfaceName>() {
        interfaces.entry(name).or_default().state = state.to_owned();
    }
}

/// Enters a neighbor under its interface; what is no interface name is left out.
pub(super) fn put_neighbor(interfaces: &mut Interfaces, interface: &str, neighbor: String, state: &str) {
    if let Ok(name) = interface.parse::<InterfaceName>() {
        interfaces.entry(name).or_default().neighbors.insert(neighbor, state.to_owned());
    }
}
