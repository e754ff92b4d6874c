//! Watching that nothing happens.

use std::cell::Cell;
use std::net::IpAddr;

use anyhow::{Result, ensure};
use novaroute_lab::capture::{Capture, MessageKind};
use novaroute_lab::{Daemon, FrrRelease, wait_for};

use crate::agent::Client;
use crate::config::LB;
use crate::executed::Executions;
use crate::scene::{Scene, TIMEOUT};
use crate::tor::times_established;
use crate::{request, v1};

/// Announced after what must go unseen: what came before it has come.
pub const MARKER: &str = "10.66.9.9/32";

/// Watches that nothing happens: no line in the node's FRR, no UPDATE and no new session at the router of the rack.
#[derive(Debug)]
pub struct Quiet {
    log: Executions,
    capture: Capture,
    sessions: u64,
}

impl Quiet {
    /// Watches from now on. [`LB`] may announce prefixes, and the node has a session with the router of the rack.
    ///
    /// # Errors
    /// FRR does not come to rest, or cannot be watched.
    pub async fn watch(scene: &Scene) -> Result<Self> {
        settle(scene).await?;
        let sessions = times_established(&scene.tor.router, scene.tor.node_ipv4.into()).await?;
        let log = Executions::start(&scene.node).await?;
        let capture = scene.node.capture(scene.tor.link.a().interface(), "tcp port 179").await?;
        Ok(Self { log, capture, sessions })
    }

    /// Fails if a daemon of the node executed a configuration line up to now.
    ///
    /// # Errors
    /// One did.
    pub async fn no_line(&self) -> Result<()> {
        let lines = self.log.lines().await?;
        ensure!(lines.is_empty(), "executed:\n{}", lines.iter().map(|line| format!("{line}\n")).collect::<String>());
        Ok(())
    }

    /// Fails unless the one UPDATE since the start is that of [`MARKER`], which is announced now.
    ///
    /// # Errors
    /// There is another, or another session.
    pub async fn no_update(self, scene: &Scene, client: &mut Client) -> Result<()> {
        client.advertise_prefix(request::advertise(LB, MARKER)).await?;
        scene.tor.router.wait_bgp_route(MARKER, TIMEOUT).await?;
        let node = IpAddr::from(scene.tor.node_ipv4);
        let sessions = times_established(&scene.tor.router, node).await?;
        ensure!(sessions == self.sessions, "established {sessions} times, {} of them before", self.sessions);
        let mut sent = self.capture.stop().await?;
        sent.retain(|message| message.source.ip() == node && message.kind == MessageKind::Update);
        ensure!(sent.len() == 1, "one UPDATE announces {MARKER}, what are the others? {sent:?}");
        Ok(())
    }
}

/// Waits until bgpd is done with what it was given. It looks at new route-maps 5 s after the last change (FRR
/// `bgpd/bgp_routemap.c`, `bgp route-map delay-timer`) and half a second later announces once more what it had
/// announced; a prefix that comes and goes after that tells when its queue is empty.
async fn settle(scene: &Scene) -> Result<()> {
    const PASSING: &str = "10.66.8.8/32";
    route_maps_are_processed(scene).await?;
    let mut client = scene.agent.client().await?;
    client.advertise_prefix(request::advertise(LB, PASSING)).await?;
    scene.tor.router.wait_bgp_route(PASSING, TIMEOUT).await?;
    client.withdraw_prefix(request::withdraw(LB, PASSING, v1::Protocol::Bgp)).await?;
    scene.tor.router.wait_bgp_no_route(PASSING, TIMEOUT).await
}

async fn route_maps_are_processed(scene: &Scene) -> Result<()> {
    let timers = match scene.node.release() {
        FrrRelease::Distribution => "show thread timers",
        FrrRelease::Next => "show event timers",
    };
    // Twice in a row: a timer that has run out is no longer listed, and may still be waiting for its turn.
    let idle = Cell::new(0);
    wait_for("bgpd to have processed its route-maps", TIMEOUT, async || {
        let text = scene.node.vty(Daemon::Bgpd, timers).await?;
        let waiting = ["bgp_route_map_update_timer", "bgp_announce_route_timer_expired"];
        let busy = !text.contains("Showing timers") || waiting.iter().any(|timer| text.contains(timer));
        idle.set(if busy { 0 } else { idle.get() + 1 });
        ensure!(idle.get() > 1, "{text}");
        Ok(Some(()))
    })
    .await
}
