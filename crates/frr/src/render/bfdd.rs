//! bfdd: a profile per set of timers, and the sessions that owners asked for by themselves.

use novaroute_core::bfd::{BfdSession, BfdTimers, Hop};
use novaroute_core::desired::Desired;
use novaroute_core::intent::IntentKey;

use super::{Block, Sources, one};
use crate::config::Config;
use crate::daemon::Daemon;
use crate::own;

/// The name of the profile with these timers. It says what is in it, so a profile is never edited.
pub(super) fn profile_name(timers: BfdTimers) -> String {
    let (rx, tx, multiplier) = (timers.min_rx_ms(), timers.min_tx_ms(), timers.detect_multiplier());
    format!("{}{rx}-{tx}-{multiplier}", own::BFD_PROFILE_PREFIX)
}

pub(super) fn render(desired: &Desired, config: &mut Config) {
    let mut top = Block::top(config, Daemon::Bfdd);
    let mut bfd = top.open("bfd", &Sources::new());
    for peer in desired.bgp.iter().flat_map(|bgp| bgp.peers.values()) {
        if let Some(timers) = peer.bfd {
            profile(&mut bfd, timers, &one(IntentKey::Peer(peer.key)));
        }
    }
    for ospf in desired.ospf.values() {
        if let Some(timers) = ospf.settings.bfd {
            profile(&mut bfd, timers, &one(IntentKey::Ospf(ospf.interface)));
        }
    }
    for session in desired.bfd.values() {
        let sources = one(IntentKey::Bfd(session.key.clone()));
        profile(&mut bfd, session.timers, &sources);
        let line = format!("profile {}", profile_name(session.timers));
        bfd.open(peer_line(session), &sources).line(line, &sources);
    }
}

/// A profile; what equals bfdd's defaults is not printed, so not written.
fn profile(bfd: &mut Block<'_>, timers: BfdTimers, sources: &Sources) {
    let defaults = BfdTimers::default();
    let mut profile = bfd.open(format!("profile {}", profile_name(timers)), sources);
    for (word, value, default) in [
        ("receive-interval", timers.min_rx_ms(), defaults.min_rx_ms()),
        ("transmit-interval", timers.min_tx_ms(), defaults.min_tx_ms()),
        ("detect-multiplier", timers.detect_multiplier().into(), defaults.detect_multiplier().into()),
    ] {
        if value != default {
            profile.line(format!("{word} {value}"), sources);
        }
    }
}

fn peer_line(session: &BfdSession) -> String {
    let mut line = format!("peer {}", session.key.peer);
    match (session.key.hop, session.local_address) {
        (Hop::Multi, Some(local)) => line.push_str(&format!(" multihop local-address {local}")),
        // bfdd refuses this line and says what is missing.
        (Hop::Multi, None) => line.push_str(" multihop"),
        (Hop::Single, _) => {}
    }
    if let (Hop::Single, Some(interface)) = (session.key.hop, &session.key.interface) {
        line.push_str(&format!(" interface {interface}"));
    }
    line
}
