//! BFD sessions, and the timers that peers have of them.

use std::net::IpAddr;

use novaroute_core::{
    bfd::{BfdKey, BfdSession, BfdTimers, Hop},
    intent::{Change, Intent, IntentKey, Target},
    name::InterfaceName,
    prefix::{is_link_local_v6, parse_host_address, parse_source_address},
};

use super::{Fields, Refused, request};
use crate::v1;

const TIMER_FIELDS: [&str; 3] = ["min_rx_ms", "min_tx_ms", "detect_multiplier"];

request!(EnableBfdRequest, |fields, message| {
    let hop = if message.multihop { Hop::Multi } else { Hop::Single };
    let peer = fields.take("peer_address", parse_host_address(&message.peer_address));
    let interface = interface(fields, &message.interface_name, hop);
    let timers = timers(fields, TIMER_FIELDS, [message.min_rx_ms, message.min_tx_ms, message.detect_multiplier]);
    let local_address = local_address(fields, message, peer.ok());
    let key = BfdKey { peer: peer?, interface: interface?, hop };
    if is_link_local_v6(key.peer) && key.interface.is_none() {
        let text = format!("is not set, and {} means something on an interface only", key.peer);
        return Err(fields.refuse("interface_name", text));
    }
    Ok(Change::Put(Intent::Bfd(BfdSession { key, local_address: local_address?, timers: timers? })))
});

request!(DisableBfdRequest, |fields, message| {
    let hop = message.multihop.map(|multihop| if multihop { Hop::Multi } else { Hop::Single });
    let peer = fields.take("peer_address", parse_host_address(&message.peer_address));
    let interface = interface(fields, &message.interface_name, hop.unwrap_or(Hop::Single));
    let (peer, interface) = (peer?, interface?);
    Ok(Change::Remove(match (interface, hop) {
        (None, None) => Target::BfdSessionsTo(peer),
        (interface, hop) => Target::Key(IntentKey::Bfd(BfdKey { peer, interface, hop: hop.unwrap_or(Hop::Single) })),
    }))
});

/// Timers from `[min_rx_ms, min_tx_ms, detect_multiplier]`, where 0 picks the default.
pub(super) fn timers(fields: &mut Fields, names: [&str; 3], values: [u32; 3]) -> Result<BfdTimers, Refused> {
    let default = BfdTimers::default();
    let or = |value: u32, default: u32| if value == 0 { default } else { value };
    let min_rx_ms = fields.take(names[0], BfdTimers::interval_ms(or(values[0], default.min_rx_ms())));
    let min_tx_ms = fields.take(names[1], BfdTimers::interval_ms(or(values[1], default.min_tx_ms())));
    let multiplier = BfdTimers::multiplier(or(values[2], default.detect_multiplier().into()));
    let multiplier = fields.take(names[2], multiplier);
    fields.take(names[0], BfdTimers::new(min_rx_ms?, min_tx_ms?, multiplier?.into()))
}

/// The own address of a session to `of`, if the text names one.
pub(super) fn source_address(
    fields: &mut Fields,
    field: &str,
    text: &str,
    of: Option<IpAddr>,
) -> Result<Option<IpAddr>, Refused> {
    if text.is_empty() {
        return Ok(None);
    }
    fields.take(field, parse_source_address(text, of)).map(Some)
}

fn local_address(
    fields: &mut Fields,
    message: &v1::EnableBfdRequest,
    peer: Option<IpAddr>,
) -> Result<Option<IpAddr>, Refused> {
    if message.multihop && message.source_address.is_empty() {
        return Err(fields.refuse("source_address", "is not set: a multihop session needs its own address"));
    }
    let address = source_address(fields, "source_address", &message.source_address, peer)?;
    match address {
        // bfdd cannot change it in a session that there is, and has two sessions where BGP asks for another one.
        Some(address) if !message.multihop => {
            let text = format!(
                "{address} is set, and a session on a link has the link's address: leave it out, or set multihop"
            );
            Err(fields.refuse("source_address", text))
        }
        address => Ok(address),
    }
}

fn interface(fields: &mut Fields, text: &str, hop: Hop) -> Result<Option<InterfaceName>, Refused> {
    if text.is_empty() {
        return Ok(None);
    }
    let interface = fields.take("interface_name", text.parse())?;
    match hop {
        Hop::Single => Ok(Some(interface)),
        Hop::Multi => {
            let text = format!("{interface} is set, and a multihop session is tied to no interface: leave one out");
            Err(fields.refuse("interface_name", text))
        }
    }
}

#[cfg(test)]
mod tests;
