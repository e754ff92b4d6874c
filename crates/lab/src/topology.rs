//! Ready-made labs: a node with one or two top-of-rack routers, daemons running, nothing configured.
//!
//! Link `n` (from 1) has `10.0.n.0/24` and `fd00:n::/64` (`n` in hexadecimal); the node has `.1` and `::1`, the router of
//! the rack `.2` and `::2`.

use std::net::{Ipv4Addr, Ipv6Addr};

use anyhow::Result;

use crate::{Daemon, FrrRelease, Lab, Link, Router};

/// Daemons that run on each router; mgmtd too where the release has it.
pub const DAEMONS: [Daemon; 6] =
    [Daemon::Zebra, Daemon::Staticd, Daemon::Bfdd, Daemon::Bgpd, Daemon::Ospfd, Daemon::Ospf6d];

/// A router of the rack and its link to the node.
#[derive(Clone, Debug)]
pub struct Tor {
    /// The router itself.
    pub router: Router,
    /// The link; its end `a` is the node's.
    pub link: Link,
    /// The node's IPv4 address on the link.
    pub node_ipv4: Ipv4Addr,
    /// The node's IPv6 address on the link.
    pub node_ipv6: Ipv6Addr,
    /// The router's IPv4 address on the link.
    pub ipv4: Ipv4Addr,
    /// The router's IPv6 address on the link.
    pub ipv6: Ipv6Addr,
}

/// `node` with one link to `tor1`.
#[derive(Debug)]
pub struct NodeAndTor {
    /// Holds everything: dropping it ends the lab.
    pub lab: Lab,
    /// The node.
    pub node: Router,
    /// The router of the rack.
    pub tor: Tor,
}

/// `node` with a link to each of `tor1` and `tor2`.
#[derive(Debug)]
pub struct NodeAndTwoTors {
    /// Holds everything: dropping it ends the lab.
    pub lab: Lab,
    /// The node.
    pub node: Router,
    /// `tor1` and `tor2`.
    pub tors: [Tor; 2],
}

/// Makes `node` and `tor1`, both of `release`, and starts [`DAEMONS`] on both.
///
/// # Errors
/// As the methods of [`Lab`] and [`Router::start`].
pub async fn node_and_tor(release: FrrRelease) -> Result<NodeAndTor> {
    let lab = Lab::new("node-and-tor")?;
    let node = lab.router("node", release).await?;
    let tor = add_tor(&lab, &node, 1, release).await?;
    tokio::try_join!(node.start(&DAEMONS), tor.router.start(&DAEMONS))?;
    Ok(NodeAndTor { lab, node, tor })
}

/// Makes `node`, `tor1` and `tor2`, all of `release`, and starts [`DAEMONS`] on all three.
///
/// # Errors
/// As the methods of [`Lab`] and [`Router::start`].
pub async fn node_and_two_tors(release: FrrRelease) -> Result<NodeAndTwoTors> {
    let lab = Lab::new("node-and-two-tors")?;
    let node = lab.router("node", release).await?;
    let tor1 = add_tor(&lab, &node, 1, release).await?;
    let tor2 = add_tor(&lab, &node, 2, release).await?;
    tokio::try_join!(node.start(&DAEMONS), tor1.router.start(&DAEMONS), tor2.router.start(&DAEMONS))?;
    Ok(NodeAndTwoTors { lab, node, tors: [tor1, tor2] })
}

/// Makes `tor<number>` and its link to the node; its daemons are not started.
///
/// # Errors
/// As [`Lab::router`] and [`Lab::link`].
pub async fn add_tor(lab: &Lab, node: &Router, number: u8, release: FrrRelease) -> Result<Tor> {
    let router = lab.router(&format!("tor{number}"), release).await?;
    let ipv4 = |host| Ipv4Addr::new(10, 0, number, host);
    let ipv6 = |host| Ipv6Addr::new(0xfd00, number.into(), 0, 0, 0, 0, 0, host);
    let addresses = |host: u8| [format!("{}/24", ipv4(host)), format!("{}/64", ipv6(host.into()))];
    let [of_node, of_tor] = [addresses(1), addresses(2)];
    let link = lab
        .link(node, &router, &of_node.each_ref().map(String::as_str), &of_tor.each_ref().map(String::as_str))
        .await?;
    Ok(Tor { router, link, node_ipv4: ipv4(1), node_ipv6: ipv6(1), ipv4: ipv4(2), ipv6: ipv6(2) })
}
