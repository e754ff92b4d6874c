//! BGP as the suites look at it: the lines of a neighbor in FRR, what a peer holds, and what an UPDATE withdraws.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use anyhow::{Context, Result, ensure};
use novaroute_lab::capture::{BgpMessage, Capture};
use novaroute_lab::topology::{DAEMONS, Tor, add_tor};
use novaroute_lab::{Daemon, Router, wait_for};
use serde_json::Value;

use crate::agent::Client;
use crate::config::LB;
use crate::executed::Executions;
use crate::scene::{Scene, TIMEOUT};
use crate::tor::{TOR_AS, neighbor};
use crate::{request, v1};

/// Both families, for [`v1::BgpPeer::address_families`].
pub const BOTH_FAMILIES: [i32; 2] = [v1::AddressFamily::Ipv4Unicast as i32, v1::AddressFamily::Ipv6Unicast as i32];

/// A peer with both families and short timers.
#[must_use]
pub fn peer(address: impl Into<IpAddr>, remote_as: u32) -> v1::BgpPeer {
    v1::BgpPeer {
        neighbor_address: address.into().to_string(),
        remote_as,
        keepalive: 3,
        hold_time: 9,
        address_families: BOTH_FAMILIES.to_vec(),
        ..Default::default()
    }
}

/// A second router of the rack, `tor2`, with its daemons running and nothing configured.
///
/// # Errors
/// As [`add_tor`] and [`Router::start`].
pub async fn second_tor(scene: &Scene) -> Result<Tor> {
    let tor = add_tor(&scene.lab, &scene.node, 2, scene.node.release()).await?;
    tor.router.start(&DAEMONS).await?;
    Ok(tor)
}

/// Has a router originate prefixes of both families by hand.
///
/// # Errors
/// bgpd refused a line.
pub async fn originate(router: &Router, local_as: u32, ipv4: &str, ipv6: &str) -> Result<()> {
    let lines = [
        format!("router bgp {local_as}"),
        "address-family ipv4 unicast".to_owned(),
        format!("network {ipv4}"),
        "exit-address-family".to_owned(),
        "address-family ipv6 unicast".to_owned(),
        format!("network {ipv6}"),
    ];
    router.configure(Daemon::Bgpd, &lines).await
}

/// What a running configuration says of a neighbor, without `neighbor ADDRESS`; lines of a family begin with
/// `ipv4 ` or `ipv6 `.
#[must_use]
pub fn neighbor_lines(running: &str, neighbor: impl Display) -> BTreeSet<String> {
    let start = format!("neighbor {neighbor} ");
    let mut family = "";
    let mut lines = BTreeSet::new();
    for line in running.lines().map(str::trim) {
        match line {
            "address-family ipv4 unicast" => family = "ipv4 ",
            "address-family ipv6 unicast" => family = "ipv6 ",
            "exit-address-family" => family = "",
            _ => lines.extend(line.strip_prefix(&start).map(|rest| format!("{family}{rest}"))),
        }
    }
    lines
}

/// Waits until the node's bgpd runs exactly `expected` for a neighbor; lines as [`neighbor_lines`] gives them.
///
/// # Errors
/// After 15 s, with what differs.
pub async fn wait_neighbor_lines(scene: &Scene, neighbor: impl Display, expected: &BTreeSet<String>) -> Result<()> {
    wait_for(&format!("the lines of neighbor {neighbor}"), TIMEOUT, async || {
        let lines = neighbor_lines(&scene.running(Daemon::Bgpd).await?, &neighbor);
        let missing: Vec<_> = expected.difference(&lines).collect();
        let surplus: Vec<_> = lines.difference(expected).collect();
        ensure!(missing.is_empty() && surplus.is_empty(), "missing {missing:?}, too many {surplus:?}");
        Ok(Some(()))
    })
    .await
}

/// Waits until a router has a path to `prefix` from `peer` that `holds` accepts, and returns it.
///
/// # Errors
/// After 15 s, with the paths that are there.
pub async fn wait_path(router: &Router, prefix: &str, peer: IpAddr, holds: impl Fn(&Value) -> bool) -> Result<Value> {
    let what = format!("the path of {} to {prefix} from {peer}", router.name());
    let peer = peer.to_string();
    wait_for(&what, TIMEOUT, async || {
        let paths = router.bgp_paths(prefix).await?;
        let path = paths.iter().find(|path| path["peer"]["peerId"] == peer.as_str() && holds(path));
        Ok(Some(path.cloned().with_context(|| Value::from(paths.clone()).to_string())?))
    })
    .await
}

/// Waits until what `router` says of its neighbor holds, and returns it.
///
/// # Errors
/// After 15 s, with what it said last.
pub async fn wait_neighbor(
    router: &Router,
    address: IpAddr,
    what: &str,
    holds: impl Fn(&Value) -> bool,
) -> Result<Value> {
    wait_for(&format!("{}'s neighbor {address}: {what}", router.name()), TIMEOUT, async || {
        let said = neighbor(router, address).await?;
        ensure!(holds(&said), "{said}");
        Ok(Some(said))
    })
    .await
}

/// How often `router` has seen its session to `address` come up; waits until it is, for the other end may be ahead.
///
/// # Errors
/// It is not up within 15 s.
pub async fn sessions_so_far(router: &Router, address: IpAddr) -> Result<u64> {
    let said = wait_neighbor(router, address, "the session", |said| said["bgpState"] == "Established").await?;
    said["connectionsEstablished"].as_u64().with_context(|| format!("no connectionsEstablished in {said}"))
}

/// The prefixes of a family that a router has learned from a neighbor.
///
/// # Errors
/// bgpd does not answer.
pub async fn prefixes_from(router: &Router, family: &str, peer: IpAddr) -> Result<BTreeSet<String>> {
    let peer = peer.to_string();
    let table = router.show_json(Daemon::Bgpd, &format!("show bgp {family} unicast json")).await?;
    let routes = table["routes"].as_object().context("no routes in the table")?;
    let from_peer = |paths: &Value| {
        let paths = paths.as_array().into_iter().flatten();
        paths.into_iter().any(|path| path["peerId"] == peer.as_str())
    };
    Ok(routes.iter().filter(|(_, paths)| from_peer(paths)).map(|(prefix, _)| prefix.clone()).collect())
}

/// Waits until a router has learned exactly these prefixes, of both families, from a neighbor.
///
/// # Errors
/// After 15 s, with what it has.
pub async fn wait_prefixes_from(router: &Router, peer: IpAddr, expected: &[&str]) -> Result<()> {
    let expected: BTreeSet<String> = expected.iter().map(|prefix| (*prefix).to_owned()).collect();
    wait_for(&format!("{} to have {expected:?} from {peer}", router.name()), TIMEOUT, async || {
        let mut learned = prefixes_from(router, "ipv4", peer).await?;
        learned.append(&mut prefixes_from(router, "ipv6", peer).await?);
        ensure!(learned == expected, "it has {learned:?}");
        Ok(Some(()))
    })
    .await
}

/// Waits until a router of the rack has learned exactly these prefixes, of both families, from the node.
///
/// # Errors
/// After 15 s, with what it has.
pub async fn wait_own_prefixes(tor: &Tor, expected: &[&str]) -> Result<()> {
    wait_prefixes_from(&tor.router, tor.node_ipv4.into(), expected).await
}

/// Has a router of the rack change its side of the session with the node: `words` go behind `neighbor ADDRESS`, and `no` in
/// front of it.
///
/// # Errors
/// bgpd refused a line.
pub async fn configure_neighbor_at(tor: &Tor, words: &[&str]) -> Result<()> {
    let node = tor.node_ipv4;
    let lines = words.iter().map(|words| match words.strip_prefix("no ") {
        Some(words) => format!("no neighbor {node} {words}"),
        None => format!("neighbor {node} {words}"),
    });
    let lines: Vec<_> = std::iter::once(format!("router bgp {TOR_AS}")).chain(lines).collect();
    tor.router.configure(Daemon::Bgpd, &lines).await
}

/// Has `again` ask for what is there already, and shows that FRR is sent a marker that is asked for after it, and
/// nothing else.
///
/// # Errors
/// Another line was sent.
pub async fn sends_nothing(
    scene: &Scene,
    client: &mut Client,
    again: impl AsyncFnOnce(&mut Client) -> Result<()>,
) -> Result<()> {
    // Another prefix that shares the marker's attributes comes first: the marker is then a line and no route-map.
    client.advertise_prefix(request::advertise(LB, "10.66.255.1/32")).await?;
    scene.tor.router.wait_bgp_route("10.66.255.1/32", TIMEOUT).await?;
    let log = Executions::start(&scene.node).await?;
    again(client).await?;
    client.advertise_prefix(request::advertise(LB, "10.66.255.2/32")).await?;
    scene.tor.router.wait_bgp_route("10.66.255.2/32", TIMEOUT).await?;
    let lines = changes(&log).await?;
    ensure!(matches!(&lines[..], [marker] if marker.starts_with("network 10.66.255.2/32 ")), "{lines:?}");
    Ok(())
}

/// What FRR was told to change, without the lines that only lead to where a change stands.
async fn changes(log: &Executions) -> Result<Vec<String>> {
    let leads =
        |line: &str| line == "bfd" || ["router ", "address-family "].iter().any(|start| line.starts_with(start));
    Ok(log.lines().await?.into_iter().map(|executed| executed.line).filter(|line| !leads(line)).collect())
}

/// UPDATEs of a neighbor in a capture.
///
/// # Errors
/// The capture cannot be read.
pub fn updates_from(capture: &Capture, neighbor: IpAddr) -> Result<Vec<BgpMessage>> {
    let mut updates = capture.updates()?;
    updates.retain(|update| update.source.ip() == neighbor);
    Ok(updates)
}

/// Whether an UPDATE withdraws something.
///
/// # Errors
/// It is no UPDATE.
pub fn withdraws(update: &BgpMessage) -> Result<bool> {
    Ok(!withdrawn(update)?.is_empty())
}

/// The prefixes that an UPDATE withdraws: IPv4 in its own field (RFC 4271 §4.3), IPv6 in MP_UNREACH_NLRI (RFC 4760 §4).
///
/// # Errors
/// It is no UPDATE.
pub fn withdrawn(update: &BgpMessage) -> Result<BTreeSet<String>> {
    /// Length of the header of a message.
    const HEADER: usize = 19;
    let body = update.bytes.get(HEADER..).context("no header")?;
    let (ipv4, rest) = take_field(body)?;
    let (mut attributes, _) = take_field(rest)?;
    let mut found = prefixes_in(ipv4, |bytes| Ipv4Addr::from(bytes).into())?;
    while let [flags, kind, length @ ..] = attributes {
        /// The attribute's length has two bytes (RFC 4271 §4.3).
        const EXTENDED_LENGTH: u8 = 0x10;
        const MP_UNREACH_NLRI: u8 = 15;
        /// Address family and subsequent address family, before the prefixes.
        const FAMILY: usize = 3;
        let (value, next) = match length {
            _ if flags & EXTENDED_LENGTH != 0 => take_field(length)?,
            [short, rest @ ..] => rest.split_at_checked(usize::from(*short)).context("an attribute is cut off")?,
            [] => anyhow::bail!("an attribute has no length"),
        };
        if *kind == MP_UNREACH_NLRI {
            let ipv6 = value.get(FAMILY..).context("no family")?;
            found.append(&mut prefixes_in(ipv6, |bytes| Ipv6Addr::from(bytes).into())?);
        }
        attributes = next;
    }
    Ok(found)
}

/// Reads prefixes, each a length in bits and as many bytes as that takes (RFC 4271 §4.3), of addresses of `N` bytes.
fn prefixes_in<const N: usize>(mut bytes: &[u8], address: fn([u8; N]) -> IpAddr) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    while let [bits, rest @ ..] = bytes {
        let (own, next) = rest.split_at_checked(usize::from(bits.div_ceil(8))).context("a prefix is cut off")?;
        let mut whole = [0; N];
        whole.get_mut(..own.len()).context("a prefix is too long")?.copy_from_slice(own);
        found.insert(format!("{}/{bits}", address(whole)));
        bytes = next;
    }
    Ok(found)
}

/// Splits off a field whose length, in two bytes, stands before it.
fn take_field(bytes: &[u8]) -> Result<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk().context("a length is cut off")?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length))).context("a field is cut off")
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::time::Duration;

    use novaroute_lab::capture::MessageKind;

    use super::*;

    fn update(body: &[u8]) -> BgpMessage {
        let anyone = SocketAddr::from(([10, 0, 0, 1], 179));
        let bytes = [&[0; 19], body].concat();
        BgpMessage { time: Duration::ZERO, source: anyone, destination: anyone, kind: MessageKind::Update, bytes }
    }

    #[test]
    fn sees_withdrawals_of_both_families() {
        let ipv6 = [&[0, 0, 0, 9][..], &[0x80, 15, 6, 0, 2, 1, 16, 0xfd, 0x66]].concat();
        let extended = [&[0, 0, 0, 10][..], &[0x90, 15, 0, 6, 0, 2, 1, 16, 0xfd, 0x66]].concat();
        for (body, prefix) in
            [(&[0, 5, 32, 10, 66, 0, 1, 0, 0][..], "10.66.0.1/32"), (&ipv6, "fd66::/16"), (&extended, "fd66::/16")]
        {
            assert_eq!(withdrawn(&update(body)).unwrap(), [prefix.to_owned()].into(), "{body:?}");
        }
        let end_of_rib_ipv6 = [0, 0, 0, 6, 0x80, 15, 3, 0, 2, 1];
        let announcement = [0, 0, 0, 4, 0x40, 1, 1, 0, 24, 10, 66, 0];
        for body in [&[0, 0, 0, 0][..], &end_of_rib_ipv6, &announcement] {
            assert!(!withdraws(&update(body)).unwrap(), "{body:?}");
        }
        assert!(withdraws(&update(&[0, 9])).is_err());
    }

    #[test]
    fn lines_of_a_neighbor_know_their_family() {
        let running = "router bgp 1\n neighbor 10.0.0.2 remote-as 2\n neighbor 10.0.0.22 remote-as 3\n !\n \
                       address-family ipv6 unicast\n  neighbor 10.0.0.2 activate\n exit-address-family\nexit\n";
        let lines = neighbor_lines(running, IpAddr::from([10, 0, 0, 2]));
        assert_eq!(lines, ["remote-as 2", "ipv6 activate"].map(str::to_owned).into());
    }
}
