//! The router of the rack, configured by hand as a network operator would.

use std::net::IpAddr;

use anyhow::{Result, bail};
use novaroute_lab::topology::Tor;
use novaroute_lab::{Daemon, Router};
use serde_json::Value;

use crate::v1;

/// AS of the routers of the rack.
pub const TOR_AS: u32 = 65_100;
/// AS of the node.
pub const NODE_AS: u32 = 65_001;

/// Makes the router of the rack wait for the node to connect. Two bgpds whose timers run alike, as those on one machine do
/// after a reset, connect at the same instant, and FRR 8.4 may then take both connections down, again and again. Not for a
/// multihop session with BFD: FRR 10 learns its own address for that from a connection that it begins.
pub const LISTENS: &str = "passive";

/// The router of the rack as an eBGP peer of the node over IPv4, with both families and fast timers.
#[must_use]
pub fn ebgp_peer(tor: &Tor) -> v1::BgpPeer {
    v1::BgpPeer {
        neighbor_address: tor.ipv4.to_string(),
        remote_as: TOR_AS,
        keepalive: 3,
        hold_time: 9,
        address_families: vec![v1::AddressFamily::Ipv4Unicast.into(), v1::AddressFamily::Ipv6Unicast.into()],
        ..Default::default()
    }
}

/// Gives the router of the rack a BGP session to the node over `family`'s address with both families active.
///
/// The node connects, and the router of the rack only listens ([`LISTENS`]).
///
/// # Errors
/// FRR refused a line.
pub async fn bgp_session(tor: &Tor, local_as: u32, node: IpAddr, node_as: u32) -> Result<()> {
    bgp_session_with(tor, local_as, node, node_as, &[LISTENS]).await
}

/// As [`bgp_session`] with other lines for the neighbor, each as it stands after `neighbor ADDRESS`. It retries each second
/// where it may connect, so that a test waits for the agent and not for a timer of the other side.
///
/// # Errors
/// FRR refused a line.
pub async fn bgp_session_with(tor: &Tor, local_as: u32, node: IpAddr, node_as: u32, extra: &[&str]) -> Result<()> {
    let mut lines = vec![
        format!("router bgp {local_as}"),
        format!("bgp router-id {}", tor.ipv4),
        "no bgp ebgp-requires-policy".to_owned(),
        "no bgp default ipv4-unicast".to_owned(),
        "no bgp network import-check".to_owned(),
        format!("neighbor {node} remote-as {node_as}"),
        format!("neighbor {node} timers 3 9"),
        format!("neighbor {node} timers connect 1"),
    ];
    lines.extend(extra.iter().map(|line| format!("neighbor {node} {line}")));
    for family in ["ipv4", "ipv6"] {
        lines.push(format!("address-family {family} unicast"));
        lines.push(format!("neighbor {node} activate"));
        lines.push("exit-address-family".to_owned());
    }
    tor.router.configure(Daemon::Bgpd, &lines).await
}

/// Sessions of the node as the router of the rack counts them: how often it was established.
///
/// # Errors
/// The router has no such neighbor.
pub async fn times_established(router: &Router, node: IpAddr) -> Result<u64> {
    let neighbor = neighbor(router, node).await?;
    match neighbor["connectionsEstablished"].as_u64() {
        Some(times) => Ok(times),
        None => bail!("no connectionsEstablished in {neighbor}"),
    }
}

/// What the router of the rack says of its neighbor.
///
/// # Errors
/// bgpd does not answer.
pub async fn neighbor(router: &Router, node: IpAddr) -> Result<Value> {
    let all = router.show_json(Daemon::Bgpd, &format!("show bgp neighbors {node} json")).await?;
    Ok(all[node.to_string()].clone())
}
