//! The rows of GetStatus.

use novaroute_api::v1;
use novaroute_core::bfd::{BfdKey, BfdSession, Hop};
use novaroute_core::intent::Protocol;
use novaroute_core::live::{BfdLive, BfdState, OspfLive, PeerLive, SessionState};
use novaroute_core::name::InterfaceName;
use novaroute_core::ospf::OspfInterface;
use novaroute_core::peer::{Peer, PeerKey};
use novaroute_core::prefix::Prefix;
use novaroute_core::state::{Cause, IntentState};

use super::Row;

pub(super) fn peer_row(row: &Row<'_>, peer: &Peer) -> v1::PeerStatus {
    v1::PeerStatus {
        remote_as: peer.remote_as.get(),
        bfd_enabled: peer.bfd.is_some(),
        bfd_status: bfd_word(row, peer),
        description: peer.description.as_ref().map(ToString::to_string).unwrap_or_default(),
        ..unclaimed_peer_row(row, peer.key)
    }
}

/// A peer of which only the key is known.
pub(super) fn unclaimed_peer_row(row: &Row<'_>, key: PeerKey) -> v1::PeerStatus {
    // An overridden peer is not the one that FRR runs.
    let overridden = row.status.state == IntentState::Overridden;
    let live = row.live.peers.get(&key).filter(|_| !overridden).cloned().unwrap_or_default();
    let PeerLive {
        state,
        uptime_s,
        prefixes_received,
        prefixes_sent,
        last_reset,
        flaps,
        remote_address,
        graceful_restart,
    } = live;
    let interface = match key {
        PeerKey::Address(_) => None,
        PeerKey::Interface(interface) => Some(interface.get()),
    };
    v1::PeerStatus {
        neighbor_address: key.to_string(),
        state: state.as_str().to_owned(),
        peer_state: peer_state(state).into(),
        owner: row.owner(),
        prefixes_received,
        prefixes_sent,
        uptime: uptime_s.map(uptime_text).unwrap_or_default(),
        last_reset_reason: last_reset,
        flap_count: flaps,
        gr_negotiated: graceful_restart,
        intent_state: row.state(),
        reason: row.reason(),
        interface_name: interface.map(|name| name.to_string()).unwrap_or_default(),
        remote_address: remote_address.map(|address| address.to_string()).unwrap_or_default(),
        ..Default::default()
    }
}

fn bfd_word(row: &Row<'_>, peer: &Peer) -> String {
    if peer.bfd.is_none() {
        return String::new();
    }
    let seen = row.live.bfd_to(peer.key).map_or(BfdState::Down, |(_, bfd)| bfd.state);
    seen.as_str().to_owned()
}

fn peer_state(state: SessionState) -> v1::PeerState {
    match state {
        SessionState::Idle => v1::PeerState::Idle,
        SessionState::Connect => v1::PeerState::Connect,
        SessionState::Active => v1::PeerState::Active,
        SessionState::OpenSent => v1::PeerState::OpenSent,
        SessionState::OpenConfirm => v1::PeerState::OpenConfirm,
        SessionState::Established => v1::PeerState::Established,
    }
}

pub(super) fn prefix_row(row: &Row<'_>, wire: v1::Protocol, protocol: Protocol, prefix: Prefix) -> v1::PrefixStatus {
    let sent_to = row.live.advertised.get(&(protocol, prefix)).into_iter().flatten();
    let is_advertised = row.status.state == IntentState::Advertised;
    let advertised_at = row.live.advertised_at_ns.get(&(protocol, prefix)).copied().filter(|_| is_advertised);
    v1::PrefixStatus {
        prefix: prefix.to_string(),
        protocol: wire.into(),
        owner: row.owner(),
        state: row.state(),
        reason: row.reason(),
        sent_to: sent_to.map(ToString::to_string).collect(),
        programmed_at: row.programmed_at_ns,
        advertised_at: advertised_at.unwrap_or_default(),
    }
}

/// A session that an owner asked for by itself.
pub(super) fn bfd_row(row: &Row<'_>, session: &BfdSession) -> v1::BfdSessionStatus {
    let seen = row.live.bfd_of(&session.key).next().map(|(_, bfd)| bfd);
    let timers = session.timers;
    let mut status = bfd_status(row, &session.key, seen);
    if seen.is_none() {
        status.min_rx_ms = timers.min_rx_ms();
        status.min_tx_ms = timers.min_tx_ms();
        status.detect_multiplier = timers.detect_multiplier().into();
    }
    status
}

/// The session that a peer asks for; it belongs to the peer's owner. `timers_from` says whose timers it runs, where
/// they are not the peer's own.
pub(super) fn bfd_of_peer_row(row: &Row<'_>, peer: &Peer, timers_from: Option<Cause>) -> Option<v1::BfdSessionStatus> {
    peer.bfd?;
    let (key, bfd) = row.live.bfd_to(peer.key)?;
    let mut status = bfd_status(row, key, Some(bfd));
    if status.reason.is_empty() {
        status.reason = timers_from.map(|cause| cause.to_string()).unwrap_or_default();
    }
    Some(status)
}

pub(super) fn unclaimed_bfd_row(row: &Row<'_>, key: &BfdKey) -> v1::BfdSessionStatus {
    bfd_status(row, key, row.live.bfd_of(key).next().map(|(_, bfd)| bfd))
}

fn bfd_status(row: &Row<'_>, key: &BfdKey, seen: Option<&BfdLive>) -> v1::BfdSessionStatus {
    let BfdLive { state, uptime_s, min_rx_ms, min_tx_ms, detect_multiplier, .. } = seen.cloned().unwrap_or_default();
    v1::BfdSessionStatus {
        peer_address: key.peer.to_string(),
        state: state.as_str().to_owned(),
        owner: row.owner(),
        min_rx_ms,
        min_tx_ms,
        detect_multiplier,
        uptime: uptime_s.map(uptime_text).unwrap_or_default(),
        reason: row.reason(),
        intent_state: row.state(),
        interface_name: key.interface.as_ref().map(ToString::to_string).unwrap_or_default(),
        multihop: key.hop == Hop::Multi,
    }
}

pub(super) fn ospf_row(row: &Row<'_>, ospf: &OspfInterface) -> v1::OspfInterfaceStatus {
    v1::OspfInterfaceStatus {
        area_id: ospf.area.to_string(),
        cost: u16::from(ospf.cost).into(),
        ..unclaimed_ospf_row(row, &ospf.interface)
    }
}

pub(super) fn unclaimed_ospf_row(row: &Row<'_>, interface: &InterfaceName) -> v1::OspfInterfaceStatus {
    let seen = row.live.ospf.get(interface);
    let neighbors = seen.map_or(0, |ospf| ospf.neighbors_up().count());
    v1::OspfInterfaceStatus {
        interface_name: interface.to_string(),
        state: seen.map_or_else(|| "Down".to_owned(), |OspfLive { state, .. }| state.clone()),
        owner: row.owner(),
        neighbor_count: u32::try_from(neighbors).unwrap_or(u32::MAX),
        reason: row.reason(),
        intent_state: row.state(),
        ..Default::default()
    }
}

/// Seconds as FRR shows them: `01:02:03`, and from a day on `1d02h03m`.
pub(super) fn uptime_text(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match days {
        0 => format!("{hours:02}:{minutes:02}:{:02}", seconds % 60),
        _ => format!("{days}d{hours:02}h{minutes:02}m"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uptimes() {
        assert_eq!(uptime_text(0), "00:00:00");
        assert_eq!(uptime_text(3_723), "01:02:03");
        assert_eq!(uptime_text(93_780), "1d02h03m");
    }
}
