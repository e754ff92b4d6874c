//! BGP peers.

mod settings;

use std::{
    collections::BTreeSet,
    net::IpAddr,
    num::{NonZeroU8, NonZeroU32},
};

use novaroute_core::{
    bgp::Asn,
    intent::{Change, Intent, IntentKey, Target},
    invalid::Invalid,
    peer::{GracefulRestart, MAX_PREFIX_DEFAULT, Peer, PeerKey, PeerTimers, PeerType},
    prefix::Family,
    secret::Password,
};

use super::{Fields, Refused, bfd, exchange, request};
use crate::v1;

request!(ApplyPeerRequest, |fields, message| match &message.peer {
    Some(message) => peer(fields, message).map(|peer| Change::Put(Intent::Peer(peer))),
    None => Err(fields.refuse("peer", "is not set: it must name a peer")),
});

request!(RemovePeerRequest, |fields, message| {
    let key = key(fields, "", [&message.neighbor_address, &message.interface_name])?;
    Ok(Change::Remove(Target::Key(IntentKey::Peer(key))))
});

fn peer(fields: &mut Fields, message: &v1::BgpPeer) -> Result<Peer, Refused> {
    let key = key(fields, "peer.", [&message.neighbor_address, &message.interface_name]);
    let remote_as = fields.take("peer.remote_as", Asn::new(message.remote_as));
    let peer_type = fields.take("peer.peer_type", peer_type(message.peer_type));
    let timers = timers(fields, message.keepalive, message.hold_time);
    let description = fields.take("peer.description", set(&message.description).map(str::parse).transpose());
    let families = families(fields, &message.address_families);
    let source_address = source_address(fields, &message.source_address, key.ok());
    let ebgp_multihop = fields.take("peer.ebgp_multihop", multihop(message.ebgp_multihop, key.ok()));
    let password = fields.take("peer.password", set(&message.password).map(Password::new).transpose());
    let bfd_timers = bfd::timers(fields, PEER_BFD_FIELDS, bfd_values(message));
    let settings = settings::settings(fields, message);
    let graceful_restart = fields.take("peer.graceful_restart", graceful_restart(message.graceful_restart));
    let exchange = exchange::exchange(fields, message);
    Ok(Peer {
        key: key?,
        remote_as: remote_as?,
        peer_type: peer_type?,
        timers: timers?,
        bfd: Some(bfd_timers?).filter(|_| message.bfd_enabled),
        description: description?,
        families: families?,
        source_address: source_address?,
        ebgp_multihop: ebgp_multihop?,
        password: password?,
        max_prefix: max_prefix(message.max_prefix),
        graceful_restart: graceful_restart?,
        settings: settings?,
        exchange: exchange?,
    })
}

/// The key from `[neighbor_address, interface_name]`, of which one is set. `path` stands before the names.
pub(super) fn key(fields: &mut Fields, path: &str, [address, interface]: [&str; 2]) -> Result<PeerKey, Refused> {
    let (address_field, interface_field) = (format!("{path}neighbor_address"), format!("{path}interface_name"));
    match (set(address), set(interface)) {
        (Some(address), None) => fields.take(&address_field, address.parse().map(PeerKey::Address)),
        (None, None) => {
            Err(fields.refuse(address_field, format!("is not set: name the peer by it or by {interface_field}")))
        }
        (None, Some(interface)) => fields.take(&interface_field, interface.parse().map(PeerKey::Interface)),
        (Some(address), Some(_)) => {
            let text =
                format!("is set beside {address_field} {address}: a peer is known by one of them, leave one out");
            Err(fields.refuse(interface_field, text))
        }
    }
}

/// The own address of the session to a peer that has one too.
fn source_address(fields: &mut Fields, text: &str, key: Option<PeerKey>) -> Result<Option<IpAddr>, Refused> {
    const FIELD: &str = "peer.source_address";
    match key {
        Some(PeerKey::Interface(_)) if !text.is_empty() => {
            let expected = "empty: a session on an interface runs between its link-local addresses";
            fields.take(FIELD, Err(Invalid::new(text, expected)))
        }
        key => bfd::source_address(fields, FIELD, text, key.and_then(PeerKey::address)),
    }
}

const PEER_BFD_FIELDS: [&str; 3] = ["peer.bfd_min_rx_ms", "peer.bfd_min_tx_ms", "peer.bfd_detect_multiplier"];

fn bfd_values(message: &v1::BgpPeer) -> [u32; 3] {
    [message.bfd_min_rx_ms, message.bfd_min_tx_ms, message.bfd_detect_multiplier]
}

/// The text, unless it is empty, which means "not set".
fn set(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

fn peer_type(number: i32) -> Result<Option<PeerType>, Invalid> {
    match v1::PeerType::try_from(number) {
        Ok(v1::PeerType::Unspecified) => Ok(None),
        Ok(v1::PeerType::External) => Ok(Some(PeerType::External)),
        Ok(v1::PeerType::Internal) => Ok(Some(PeerType::Internal)),
        Err(_) => Err(Invalid::new(
            &number.to_string(),
            "a peer type: PEER_TYPE_UNSPECIFIED (0), PEER_TYPE_EXTERNAL (1) or PEER_TYPE_INTERNAL (2)",
        )),
    }
}

fn graceful_restart(number: i32) -> Result<GracefulRestart, Invalid> {
    match v1::GracefulRestart::try_from(number) {
        Ok(v1::GracefulRestart::Unspecified | v1::GracefulRestart::Helper) => Ok(GracefulRestart::Helper),
        Ok(v1::GracefulRestart::Full) => Ok(GracefulRestart::Full),
        Ok(v1::GracefulRestart::Off) => Ok(GracefulRestart::Off),
        Err(_) => Err(Invalid::new(
            &number.to_string(),
            "a mode of graceful restart: GRACEFUL_RESTART_UNSPECIFIED (0), GRACEFUL_RESTART_HELPER (1), GRACEFUL_RESTART_FULL (2) or GRACEFUL_RESTART_OFF (3)",
        )),
    }
}

fn timers(fields: &mut Fields, keepalive: u32, hold: u32) -> Result<Option<PeerTimers>, Refused> {
    let half = |set: &str| format!("is not set while {set}: set both timers or neither");
    match (keepalive, hold) {
        (0, 0) => return Ok(None),
        (_, 0) => return Err(fields.refuse("peer.hold_time", half(&format!("peer.keepalive is {keepalive}")))),
        (0, _) => return Err(fields.refuse("peer.keepalive", half(&format!("peer.hold_time is {hold}")))),
        (..) => {}
    }
    // The ceiling of the keepalive follows from that of the hold time.
    let keepalive = fields.take("peer.keepalive", seconds(keepalive, "a keepalive from 1 to 21845 s"));
    let hold = fields.take("peer.hold_time", seconds(hold, "a hold time from 3 to 65535 s"));
    fields.take("peer.hold_time", PeerTimers::new(keepalive?, hold?)).map(Some)
}

fn seconds(value: u32, expected: &str) -> Result<u16, Invalid> {
    u16::try_from(value).map_err(|_| Invalid::number(value, expected))
}

fn families(fields: &mut Fields, numbers: &[i32]) -> Result<BTreeSet<Family>, Refused> {
    if numbers.is_empty() {
        return Ok([Family::Ipv4].into());
    }
    // All of them are looked at before the first refusal counts.
    let parsed: Vec<_> = numbers.iter().enumerate().map(|(at, number)| listed_family(fields, at, *number)).collect();
    parsed.into_iter().collect()
}

fn listed_family(fields: &mut Fields, at: usize, number: i32) -> Result<Family, Refused> {
    let family = match v1::AddressFamily::try_from(number) {
        Ok(v1::AddressFamily::Ipv4Unicast) => Ok(Family::Ipv4),
        Ok(v1::AddressFamily::Ipv6Unicast) => Ok(Family::Ipv6),
        Ok(v1::AddressFamily::Unspecified) | Err(_) => Err(Invalid::new(
            &number.to_string(),
            "an address family: ADDRESS_FAMILY_IPV4_UNICAST (1) or ADDRESS_FAMILY_IPV6_UNICAST (2)",
        )),
    };
    fields.take(&format!("peer.address_families[{at}]"), family)
}

fn multihop(hops: u32, key: Option<PeerKey>) -> Result<Option<NonZeroU8>, Invalid> {
    if hops > 0 && matches!(key, Some(PeerKey::Interface(_))) {
        return Err(Invalid::number(hops, "0: the peer is at the other end of the interface"));
    }
    let hops =
        u8::try_from(hops).map_err(|_| Invalid::number(hops, "a number of hops from 1 to 255, or 0 for none"))?;
    Ok(NonZeroU8::new(hops))
}

fn max_prefix(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap_or(MAX_PREFIX_DEFAULT)
}

#[cfg(test)]
mod tests;
