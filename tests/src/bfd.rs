//! BFD as the suites look at it: sessions in bfdd's own words, on the node and on the router of the rack.

use std::net::IpAddr;

use anyhow::{Context, Result, ensure};
use novaroute_lab::topology::Tor;
use novaroute_lab::{Daemon, Router, wait_for};
use serde_json::Value;

use crate::scene::{Scene, TIMEOUT};
use crate::v1;

/// Timers of the router of the rack, as it is configured in [`listen`]: faster than any that a test asks for, so that
/// it never slows a session down.
pub const TOR_INTERVAL_MS: u32 = 50;

/// Timers as bfdd prints them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timers {
    /// Required minimum receive interval.
    pub min_rx_ms: u32,
    /// Desired minimum transmit interval.
    pub min_tx_ms: u32,
    /// Detection multiplier.
    pub multiplier: u32,
}

impl Timers {
    /// These three.
    #[must_use]
    pub const fn new(min_rx_ms: u32, min_tx_ms: u32, multiplier: u32) -> Self {
        Self { min_rx_ms, min_tx_ms, multiplier }
    }

    /// A request for a session with these timers.
    #[must_use]
    pub fn request(self, peer: impl Into<IpAddr>) -> v1::EnableBfdRequest {
        v1::EnableBfdRequest {
            peer_address: peer.into().to_string(),
            min_rx_ms: self.min_rx_ms,
            min_tx_ms: self.min_tx_ms,
            detect_multiplier: self.multiplier,
            ..Default::default()
        }
    }

    /// A BGP peer protected by BFD with these timers.
    #[must_use]
    pub fn protecting(self, peer: v1::BgpPeer) -> v1::BgpPeer {
        v1::BgpPeer {
            bfd_enabled: true,
            bfd_min_rx_ms: self.min_rx_ms,
            bfd_min_tx_ms: self.min_tx_ms,
            bfd_detect_multiplier: self.multiplier,
            ..peer
        }
    }

    /// Those of a row of the agent's status.
    #[must_use]
    pub fn of_row(row: &v1::BfdSessionStatus) -> Self {
        Self::new(row.min_rx_ms, row.min_tx_ms, row.detect_multiplier)
    }

    /// Those that a session of bfdd's runs (`prefix` is empty) or was told by the other side (`remote-`).
    fn in_json(session: &Value, prefix: &str) -> Option<Self> {
        let number = |name: &str| u32::try_from(session[format!("{prefix}{name}")].as_u64()?).ok();
        Some(Self::new(number("receive-interval")?, number("transmit-interval")?, number("detect-multiplier")?))
    }
}

/// Has the router of the rack take part in BFD with each address of the node, as a network operator would.
///
/// `multihop`: sessions across routers (RFC 5883) in place of those on the link.
///
/// # Errors
/// bfdd refused a line.
pub async fn listen(tor: &Tor, multihop: bool) -> Result<()> {
    let ends: [(IpAddr, IpAddr); 2] =
        [(tor.node_ipv4.into(), tor.ipv4.into()), (tor.node_ipv6.into(), tor.ipv6.into())];
    let mut lines = vec!["bfd".to_owned()];
    for (node, own) in ends {
        let way = if multihop { "multihop local-address" } else { "local-address" };
        lines.push(format!("peer {node} {way} {own}"));
        lines.push(format!("receive-interval {TOR_INTERVAL_MS}"));
        lines.push(format!("transmit-interval {TOR_INTERVAL_MS}"));
        lines.push("exit".to_owned());
    }
    tor.router.configure(Daemon::Bfdd, &lines).await
}

/// The sessions that a router has to an address.
///
/// # Errors
/// bfdd does not answer.
pub async fn sessions_to(router: &Router, peer: IpAddr) -> Result<Vec<Value>> {
    let all = router.show_json(Daemon::Bfdd, "show bfd peers json").await?;
    let all = all.as_array().with_context(|| format!("no list of sessions: {all}"))?;
    Ok(all.iter().filter(|session| is_of(session, peer)).cloned().collect())
}

fn is_of(session: &Value, peer: IpAddr) -> bool {
    session["peer"].as_str().and_then(|text| text.parse().ok()) == Some(peer)
}

/// Waits until the one session of `node` to `tor` is up with exactly `timers`, and `tor` was told the same.
///
/// A second session to the address, in whatever state, fails this: two sessions between the same two addresses take
/// turns to bring each other down.
///
/// # Errors
/// After 15 s, with what both sides show.
pub async fn wait_session(node: &Router, tor: &Router, ends: (IpAddr, IpAddr), timers: Timers) -> Result<Value> {
    let (node_address, tor_address) = ends;
    wait_for(&format!("the BFD session to {tor_address} with {timers:?}"), TIMEOUT, async || {
        let (own, other) = (sessions_to(node, tor_address).await?, sessions_to(tor, node_address).await?);
        let ([own], [other]) = (own.as_slice(), other.as_slice()) else {
            anyhow::bail!("not one session at each end: {own:?}, {other:?}");
        };
        ensure!(own["status"] == "up" && other["status"] == "up", "{own}\n{other}");
        ensure!(Timers::in_json(own, "") == Some(timers), "the node runs other timers: {own}");
        ensure!(Timers::in_json(other, "remote-") == Some(timers), "the other side was told others: {other}");
        Ok(Some(own.clone()))
    })
    .await
}

/// Waits until a router has no session to an address.
///
/// # Errors
/// After 15 s, with the sessions that are there.
pub async fn wait_no_session(router: &Router, peer: IpAddr) -> Result<()> {
    wait_for(&format!("no BFD session of {} to {peer}", router.name()), TIMEOUT, async || {
        let left = sessions_to(router, peer).await?;
        ensure!(left.is_empty(), "{left:?}");
        Ok(Some(()))
    })
    .await
}

/// How often the sessions of a router to an address came up and went down, as bfdd counts.
///
/// # Errors
/// bfdd does not answer, or has no such session.
pub async fn ups_and_downs(router: &Router, peer: IpAddr) -> Result<(u64, u64)> {
    let all = router.show_json(Daemon::Bfdd, "show bfd peers counters json").await?;
    let mut found = all.as_array().into_iter().flatten().filter(|session| is_of(session, peer));
    let counters = found.next().with_context(|| format!("no session to {peer} in {all}"))?;
    let number = |name: &str| counters[name].as_u64().with_context(|| format!("no {name} in {counters}"));
    Ok((number("session-up")?, number("session-down")?))
}

/// The rows of the agent's status about sessions to an address.
///
/// # Errors
/// The agent does not answer.
pub async fn rows(scene: &Scene, peer: IpAddr) -> Result<Vec<v1::BfdSessionStatus>> {
    let status = scene.agent.status().await?;
    Ok(status.bfd_sessions.into_iter().filter(|row| row.peer_address == peer.to_string()).collect())
}

/// Waits until what the agent's status says of the sessions to an address holds, and returns the rows.
///
/// # Errors
/// After 15 s, with the rows as they were last.
pub async fn wait_rows(
    scene: &Scene,
    peer: IpAddr,
    what: &str,
    holds: impl Fn(&[v1::BfdSessionStatus]) -> bool,
) -> Result<Vec<v1::BfdSessionStatus>> {
    wait_for(&format!("the status of sessions to {peer}: {what}"), TIMEOUT, async || {
        let rows = rows(scene, peer).await?;
        ensure!(holds(&rows), "{rows:?}");
        Ok(Some(rows))
    })
    .await
}
