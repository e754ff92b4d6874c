//! BFD sessions as bfdd prints them (`bfdd/bfdd_vty.c`).

use std::collections::BTreeMap;
use std::net::IpAddr;

use novaroute_core::bfd::{BfdKey, Hop};
use novaroute_core::live::{BfdLive, BfdState};
use novaroute_core::name::InterfaceName;
use serde_json::Value;

use super::{ShowError, array, field};

/// Asks bfdd for its sessions. bfdd knows this command in the enable node only.
pub const PEERS: &str = "show bfd peers json";

/// The sessions of the default VRF in an answer to [`PEERS`].
///
/// The key has the interface that bfdd prints. FRR 8.4 prints one for every session on a link, FRR 10.3 often none
/// for a session that bgpd asked for. Multihop sessions that differ in their own address only share a key; of
/// these the one in the higher state is told.
///
/// # Errors
/// [`ShowError`] when the text is no JSON array.
pub fn sessions(text: &str) -> Result<BTreeMap<BfdKey, BfdLive>, ShowError> {
    let mut sessions = BTreeMap::<BfdKey, BfdLive>::new();
    for (key, live) in field::all_elements(&array(PEERS, text)?).filter_map(session) {
        let seen = sessions.entry(key).or_insert_with(|| live.clone());
        if seen.state < live.state {
            *seen = live;
        }
    }
    Ok(sessions)
}

fn session(value: &Value) -> Option<(BfdKey, BfdLive)> {
    if !matches!(field::text(value, "vrf"), "" | "default") {
        return None;
    }
    let peer: IpAddr = field::text(value, "peer").parse().ok()?;
    let interface = match field::text(value, "interface") {
        "" => None,
        name => Some(name.parse::<InterfaceName>().ok()?),
    };
    let hop = if field::flag(value, "multihop") { Hop::Multi } else { Hop::Single };
    Some((BfdKey { peer, interface, hop }, live(value)))
}

fn live(value: &Value) -> BfdLive {
    let state = state(field::text(value, "status"));
    let uptime_s = field::long(value, "uptime").filter(|_| state == BfdState::Up);
    BfdLive {
        state,
        uptime_s,
        min_rx_ms: field::number(value, "receive-interval"),
        min_tx_ms: field::number(value, "transmit-interval"),
        detect_multiplier: field::number(value, "detect-multiplier"),
        diagnostic: if state == BfdState::Up { String::new() } else { diagnostic(value) },
    }
}

fn state(word: &str) -> BfdState {
    match word {
        "shutdown" => BfdState::AdminDown,
        "init" => BfdState::Init,
        "up" => BfdState::Up,
        _ => BfdState::Down,
    }
}

/// This side's diagnostic, and the other side's when it sent one (RFC 5880 §4.1). `ok` is FRR's word for none.
fn diagnostic(value: &Value) -> String {
    let words = |name| Some(field::text(value, name)).filter(|text| !matches!(*text, "" | "ok"));
    match (words("diagnostic"), words("remote-diagnostic")) {
        (None, None) => String::new(),
        (Some(own), None) => own.to_owned(),
        (None, Some(remote)) => format!("remote: {remote}"),
        (Some(own), Some(remote)) => format!("{own}; remote: {remote}"),
    }
}

#[cfg(test)]
mod tests;
