//! From a message of the live log to what it says of a session. Messages are told apart by their uid, which is the
//! same in FRR 8.4 and 10; of the words only those are read that name the session and the reason.

use std::net::IpAddr;

use novaroute_core::bfd::{BfdKey, Hop};
use novaroute_core::live::Push;
use novaroute_core::name::InterfaceName;
use novaroute_core::peer::PeerKey;

use crate::live_log::Message;

/// Enters the live log, from the enable node.
pub const MONITOR: &str = "terminal monitor";

/// Has bfdd log, from the enable node on, when sessions come up and go down. bgpd, ospfd and ospf6d are told by lines of
/// their configuration; FRR before 10.4 has none for bfdd.
pub const BFD_DEBUG: &str = "debug bfd peer";
/// Asks bfdd what it logs.
pub const BFD_DEBUGGING: &str = "show debugging";

/// Whether bfdd logs sessions, from an answer to [`BFD_DEBUGGING`] (`bfdd/bfdd_vty.c`).
#[must_use]
pub fn bfdd_logs_sessions(text: &str) -> bool {
    text.contains("Peer events debugging is on")
}

/// `bgpd/bgp_fsm.c`
const BGP_UP: &str = "N9HHH-F8H1M";
/// `bgpd/bgp_fsm.c`
const BGP_DOWN: &str = "PXVXG-TFNNT";
/// `bgpd/bgp_debug.c`, without and with data.
const BGP_NOTIFICATION: [&str; 2] = ["HZN6M-XRM1G", "H7QV4-WR3ZD"];
/// `bfdd/bfd.c`
const BFD_UP: &str = "J1C6V-VMRW5";
/// `bfdd/bfd.c`
const BFD_DOWN: &str = "SEY1D-NT8EQ";
/// `bfdd/bfd.c`: a session is new, or is gone.
const BFD_SESSIONS: [&str; 2] = ["PSB4R-8T1TJ", "NW21R-MRYNT"];
/// `ospfd/ospf_nsm.c`
const OSPF_NEIGHBOR: &str = "Y05P2-YJVXY";
/// `ospf6d/ospf6_neighbor.c`
const OSPF6_NEIGHBOR: &str = "GHN28-AMRE7";

/// Packets that ospfd and ospf6d do not take, each with what stands before the name of the interface
/// (`ospfd/ospf_packet.c`, `ospf6d/ospf6_message.c`).
const PACKETS_REFUSED: [(&str, &str); 8] = [
    // Another hello interval, dead interval, network mask, area, subnet and MTU.
    ("YMNZB-QCM62", " on "),
    ("XQA13-4ED8B", " on "),
    ("X978W-FEJC8", " on "),
    ("Y9FH4-5CVMQ", "interface "),
    ("N1BZQ-Y9DV0", "interface "),
    ("XZZ9Y-NNTMQ", "larger than ["),
    ("W4KEJ-609X6", "I/F "),
    ("K06N4-3MXJ2", "I/F "),
];

/// The interface that a message is about which tells of a packet that was not taken, in words for people.
#[must_use]
pub fn packet_refused_on(message: &Message) -> Option<InterfaceName> {
    let (_, before) = PACKETS_REFUSED.iter().find(|(uid, _)| *uid == message.uid)?;
    let (_, name) = message.text.split_once(before)?;
    let end = name.find([':', ' ', ']']).unwrap_or(name.len());
    name[..end].parse().ok()
}

/// What a message says. `None`: nothing that matters here. A message that should matter and cannot be read asks for a
/// look: the words may be worded anew in the next version.
#[must_use]
pub fn parse(message: &Message) -> Option<Push> {
    let text = message.text.as_str();
    let push = match message.uid.as_str() {
        BGP_UP => peer_up(text),
        BGP_DOWN => peer_down(text),
        uid if BGP_NOTIFICATION.contains(&uid) => notification(text),
        BFD_UP => bfd_up(text),
        BFD_DOWN => bfd_down(text),
        OSPF_NEIGHBOR => ospf_neighbor(text),
        OSPF6_NEIGHBOR => ospf6_neighbor(text),
        uid if BFD_SESSIONS.contains(&uid) => Some(Push::Look),
        _ => return None,
    };
    Some(push.unwrap_or(Push::Look))
}

/// `%ADJCHANGE: neighbor 10.0.0.2(name) in vrf default Up`
fn peer_up(text: &str) -> Option<Push> {
    let (peer, _) = neighbor(text)?;
    Some(Push::PeerUp(peer))
}

/// `%ADJCHANGE: neighbor 10.0.0.2(name) in vrf default Down Hold Timer expired`
fn peer_down(text: &str) -> Option<Push> {
    let (peer, rest) = neighbor(text)?;
    let (_, reason) = rest.split_once(" in vrf default Down ")?;
    Some(Push::PeerDown { peer, reason: reason.trim().to_owned() })
}

/// `%NOTIFICATION(Hard Reset): received from neighbor 10.0.0.2 6/4 (Cease/Administrative Reset) 0 bytes`
fn notification(text: &str) -> Option<Push> {
    let (peer, rest) = neighbor(text)?;
    let (_, rest) = rest.split_once('(')?;
    let (reason, _) = rest.split_once(')')?;
    Some(Push::Notification { peer, reason: reason.to_owned() })
}

/// The address behind the word `neighbor`, and what follows it. Sessions of other VRFs are not this node's.
fn neighbor(text: &str) -> Option<(PeerKey, &str)> {
    let (_, rest) = text.split_once("neighbor ")?;
    let end = rest.find(['(', ' '])?;
    let other_vrf = rest.split_once(" in vrf ").is_some_and(|(_, vrf)| !vrf.starts_with("default "));
    let peer = rest[..end].parse().ok().filter(|_| !other_vrf)?;
    Some((peer, &rest[end..]))
}

/// `state-change: [mhop:no peer:10.0.0.2 local:10.0.0.1 vrf:default ifname:eth0] down -> up`
fn bfd_up(text: &str) -> Option<Push> {
    Some(Push::BfdUp(bfd_session(text)?))
}

/// `state-change: [mhop:no peer:10.0.0.2 local:10.0.0.1 vrf:default ifname:eth0] up -> down reason:neighbor-down`
fn bfd_down(text: &str) -> Option<Push> {
    let session = bfd_session(text)?;
    let reason = text.split_once("reason:").map_or("", |(_, reason)| reason.trim());
    Some(Push::BfdDown { session, reason: reason.to_owned() })
}

fn bfd_session(text: &str) -> Option<BfdKey> {
    let (_, inside) = text.split_once('[')?;
    let (inside, _) = inside.split_once(']')?;
    let value = |name: &str| inside.split(' ').find_map(|word| word.strip_prefix(name)?.strip_prefix(':'));
    if !matches!(value("vrf"), None | Some("default")) {
        return None;
    }
    let peer: IpAddr = value("peer")?.parse().ok()?;
    let interface = value("ifname").map(str::parse::<InterfaceName>).transpose().ok()?;
    let hop = if value("mhop")? == "yes" { Hop::Multi } else { Hop::Single };
    Some(BfdKey { peer, interface, hop })
}

/// `AdjChg: Nbr 2.2.2.2, NbrIP 10.0.0.2 (default) on eth0:10.0.0.1: Init -> 2-Way (2-WayReceived)`
fn ospf_neighbor(text: &str) -> Option<Push> {
    let (router_id, rest) = text.split_once("Nbr ")?.1.split_once(", NbrIP ")?;
    let (address, rest) = rest.split_once(" (default) on ")?;
    let (interface, rest) = rest.split_once(':')?;
    neighbor_state(interface, format!("ospf {router_id} {address}"), rest)
}

/// `AdjChg: Nbr 2.2.2.2(default) on 2.2.2.2%eth0: Down -> Init (HelloReceived)`
fn ospf6_neighbor(text: &str) -> Option<Push> {
    let (router_id, rest) = text.split_once("Nbr ")?.1.split_once("(default) on ")?;
    let (name, rest) = rest.split_once(": ")?;
    let (_, interface) = name.split_once('%')?;
    neighbor_state(interface, format!("ospf3 {router_id}"), rest)
}

/// `… Init -> 2-Way (2-WayReceived)`
fn neighbor_state(interface: &str, neighbor: String, rest: &str) -> Option<Push> {
    let (_, state) = rest.split_once(" -> ")?;
    let state = state.split(' ').next()?.to_owned();
    Some(Push::OspfNeighbor { interface: interface.parse().ok()?, neighbor, state })
}

#[cfg(test)]
mod tests;
