//! BGP peers and own prefixes as bgpd prints them (`bgpd/bgp_vty.c`, `bgpd/bgp_route.c`).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use novaroute_core::explain::facts::{Neighbor, Notification, OwnPath, TableEntry};
use novaroute_core::live::{PeerLive, SessionState};
use novaroute_core::peer::PeerKey;
use novaroute_core::prefix::{Family, Prefix};
use serde_json::Value;

use super::{ShowError, field, object};
use crate::context::family_word;

/// Asks bgpd for all peers of the default instance. Some 4 KB for each peer: the summary is shorter, but it lacks
/// the reason of the last reset and has no line for a peer without an active family.
pub const NEIGHBORS: &str = "show bgp neighbors json";

/// Asks bgpd for one peer; the answer is one to [`NEIGHBORS`] with that peer alone.
#[must_use]
pub fn neighbor_command(peer: PeerKey) -> String {
    format!("show bgp neighbors {peer} json")
}

/// What [`prefix_command`] asks, for errors.
const PREFIX: &str = "show bgp ipv4|ipv6 unicast PREFIX json";

/// Asks bgpd for the paths of one prefix and the peers that it was sent to.
#[must_use]
pub fn prefix_command(prefix: &Prefix) -> String {
    format!("show bgp {} unicast {prefix} json", family_word(prefix.family()))
}

/// The prefixes by whose names the members of one field of an answer go.
pub(crate) fn named_prefixes(command: &'static str, text: &str, name: &str) -> Result<BTreeSet<Prefix>, ShowError> {
    let answer = object(command, text)?;
    Ok(field::members(&answer, name).filter_map(|(name, _)| name.parse().ok()).collect())
}

/// Whether bgpd's table has no path to a prefix, not even one on its way out, from an answer to [`prefix_command`].
///
/// # Errors
/// [`ShowError`] when the text is no JSON object.
pub fn has_no_path(text: &str) -> Result<bool, ShowError> {
    Ok(field::elements(&object(PREFIX, text)?, "paths").next().is_none())
}

/// The peers in an answer to [`NEIGHBORS`]. A neighbor that is known by a link-local address is no [`PeerKey`] and is left
/// out.
///
/// # Errors
/// [`ShowError`] when the text is no JSON object.
pub fn peers(text: &str) -> Result<BTreeMap<PeerKey, PeerLive>, ShowError> {
    let answer = object(NEIGHBORS, text)?;
    let neighbors = field::all_members(&answer).filter(|(_, value)| value.is_object());
    Ok(neighbors.filter_map(|(name, value)| Some((name.parse().ok()?, peer(value)))).collect())
}

/// As [`peers`], with what explains why a session is not up or does not carry a prefix.
///
/// # Errors
/// [`ShowError`] when the text is no JSON object.
pub fn neighbors(text: &str) -> Result<BTreeMap<PeerKey, Neighbor>, ShowError> {
    let answer = object(NEIGHBORS, text)?;
    let neighbors = field::all_members(&answer).filter(|(_, value)| value.is_object());
    Ok(neighbors.filter_map(|(name, value)| Some((name.parse().ok()?, neighbor(value)))).collect())
}

fn neighbor(value: &Value) -> Neighbor {
    let live = peer(value);
    let capabilities = value.get("neighborCapabilities").and_then(|all| all.get("multiprotocolExtensions"));
    let both = |family: &Family| {
        let capability = capabilities.and_then(|all| all.get(family_key(*family)));
        capability.is_some_and(|capability| field::flag(capability, "advertisedAndReceived"))
    };
    let up = live.state == SessionState::Established;
    let seconds = |name| field::long(value, name).unwrap_or_default() / 1000;
    let local = Some(field::text(value, "hostLocal")).filter(|local| *local != "Unknown");
    Neighbor {
        live,
        exchanged: Family::ALL.into_iter().filter(|family| up && both(family)).collect(),
        notification: notification(value),
        reset_ago_s: seconds("lastResetTimerMsecs"),
        local: local.unwrap_or_default().to_owned(),
        hold_s: seconds("bgpTimerHoldTimeMsecs"),
        keepalive_s: seconds("bgpTimerKeepAliveIntervalMsecs"),
    }
}

/// The NOTIFICATION that the last session ended by, if it did.
fn notification(value: &Value) -> Option<Notification> {
    let by_peer = match field::text(value, "lastResetDueTo") {
        "BGP Notification received" => true,
        "BGP Notification send" => false,
        _ => return None,
    };
    let bad_peer_as = field::text(value, "lastNotificationReason").ends_with("/Bad Peer AS");
    Some(Notification { by_peer, bad_peer_as })
}

/// A family as the keys of bgpd's JSON have it.
fn family_key(family: Family) -> &'static str {
    match family {
        Family::Ipv4 => "ipv4Unicast",
        Family::Ipv6 => "ipv6Unicast",
    }
}

fn peer(value: &Value) -> PeerLive {
    let state = session_state(field::text(value, "bgpState"));
    let established = state == SessionState::Established;
    let flaps = field::number(value, "connectionsDropped");
    let families = || field::members(value, "addressFamilyInfo").map(|(_, family)| family);
    let sum = |name| families().fold(0, |sum: u32, family| sum.saturating_add(field::number(family, name)));
    PeerLive {
        state,
        uptime_s: field::long(value, "bgpTimerUpMsec").filter(|_| established).map(|ms| ms / 1000),
        prefixes_received: sum("acceptedPrefixCounter"),
        prefixes_sent: sum("sentPrefixCounter"),
        // A session that came up at once still has the reason for which a new peer waits.
        last_reset: if established && flaps == 0 { String::new() } else { last_reset(value) },
        flaps,
        remote_address: remote_address(value),
        graceful_restart: established && keeps_routes(value),
    }
}

/// Where the session goes; of an unnumbered peer, what its router advertisements have told.
fn remote_address(value: &Value) -> Option<IpAddr> {
    let told = [field::text(value, "hostForeign"), field::text(value, "bgpNeighborAddr")];
    told.into_iter().find_map(|text| text.parse().ok())
}

/// The own side said that it restarts gracefully, and the other side that it helps (RFC 4724). A `*` marks a mode that
/// comes from the instance.
fn keeps_routes(value: &Value) -> bool {
    let Some(info) = value.get("gracefulRestartInfo") else { return false };
    let mode = |name| field::text(info, name).trim_end_matches('*');
    mode("localGrMode") == "Restart" && matches!(mode("remoteGrMode"), "Restart" | "Helper")
}

/// FRR's `Clearing` and `Deleted` are ways out of a session: there is none any more.
fn session_state(word: &str) -> SessionState {
    match word {
        "Connect" => SessionState::Connect,
        "Active" => SessionState::Active,
        "OpenSent" => SessionState::OpenSent,
        "OpenConfirm" => SessionState::OpenConfirm,
        "Established" => SessionState::Established,
        _ => SessionState::Idle,
    }
}

/// The cause, and the NOTIFICATION that said it if there was one (RFC 4271 §4.5).
fn last_reset(value: &Value) -> String {
    let cause = field::text(value, "lastResetDueTo");
    match field::text(value, "lastNotificationReason") {
        "" => cause.to_owned(),
        notification => format!("{cause}: {notification}"),
    }
}

/// What the table has for a prefix and who was sent the own path, from an answer to [`prefix_command`].
///
/// bgpd's `advertisedTo` belongs to the prefix, not to a path: it names those who were sent the best path, whoever
/// that came from. So it counts only when the own path is the best.
///
/// # Errors
/// [`ShowError`] when the text is no JSON object.
pub fn table_entry(text: &str) -> Result<TableEntry, ShowError> {
    let answer = object(PREFIX, text)?;
    // Paths of this node, and no others, are `sourced`: neither an empty AS path nor the next hop would tell.
    // A `removed` path is printed until bgpd has worked through its queue.
    let is_own = |path: &&Value| field::flag(path, "sourced") && !field::flag(path, "removed");
    let own_paths = field::elements(&answer, "paths").filter(is_own);
    let own = own_paths.map(own_path).max().unwrap_or_default();
    Ok(match own {
        OwnPath::Best => TableEntry { own, best: String::new(), sent_to: receivers(&answer) },
        OwnPath::Absent | OwnPath::Invalid | OwnPath::NotBest => {
            let best = field::elements(&answer, "paths").find(|path| is_best(path)).map(origin).unwrap_or_default();
            TableEntry { own, best, sent_to: BTreeSet::new() }
        }
    })
}

/// Where a path comes from, and why FRR prefers it.
fn origin(path: &Value) -> String {
    let peer = path.get("peer").map_or("", |peer| field::text(peer, "peerId"));
    let reason = path.get("bestpath").map_or("", |best| field::text(best, "selectionReason"));
    let from = if peer.is_empty() { "the best path".to_owned() } else { format!("the best path is from {peer}") };
    if reason.is_empty() { from } else { format!("{from} ({reason})") }
}

fn own_path(path: &Value) -> OwnPath {
    if !field::flag(path, "valid") {
        return OwnPath::Invalid;
    }
    if is_best(path) { OwnPath::Best } else { OwnPath::NotBest }
}

fn is_best(path: &Value) -> bool {
    path.get("bestpath").is_some_and(|best| field::flag(best, "overall"))
}

fn receivers(answer: &Value) -> BTreeSet<PeerKey> {
    field::members(answer, "advertisedTo").filter_map(|(name, _)| name.parse().ok()).collect()
}

#[cfg(test)]
mod tests;
