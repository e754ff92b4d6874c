//! The orderly end: prefixes first, so that peers hear of it, then BFD, OSPF and at last the peers.

use std::time::Duration;

use novaroute_core::desired::{Desired, compose};
use novaroute_frr::{Removals, diff, render};
use tokio::time::timeout;
use tracing::{info, warn};

use super::Loop;
use crate::frr::Frr;

/// How often a stage is tried; what FRR refuses each time stays.
const ATTEMPTS: usize = 3;
/// How long peers may take to be told of the withdrawal before their sessions end.
const TELL_PEERS: Duration = Duration::from_secs(1);

impl<F: Frr> Loop<F> {
    /// Takes everything back that is ours, within `limit`.
    pub async fn withdraw_all(mut self, limit: Duration) {
        info!("withdrawing everything");
        match timeout(limit, self.withdraw_stages()).await {
            Ok(()) => info!("everything is withdrawn"),
            Err(_) => warn!(seconds = limit.as_secs(), "the withdrawal took too long; the rest stays in FRR"),
        }
    }

    async fn withdraw_stages(&mut self) {
        let wanted = compose(self.parts.view.borrow().snapshot.live_intents());
        let prefixes = without_prefixes(wanted);
        self.withdraw_to(&prefixes).await;
        self.until_nothing_is_advertised().await;
        let bfd = without_bfd(prefixes);
        self.withdraw_to(&bfd).await;
        let ospf = without_ospf(bfd);
        self.withdraw_to(&ospf).await;
        self.withdraw_to(&Desired::default()).await;
    }

    /// Sends what leads to `desired`, and again what a daemon was too busy to take.
    async fn withdraw_to(&mut self, desired: &Desired) {
        for _ in 0..ATTEMPTS {
            let running = match self.parts.frr.running(&self.absent()).await {
                Ok(running) => running,
                Err(reason) => {
                    warn!(reason, "FRR cannot be read: nothing to withdraw from");
                    return;
                }
            };
            let target = render(desired, running.dialect);
            let plan = diff(&running.config, &target, Removals::Apply);
            if plan.is_empty() {
                return;
            }
            self.send(&plan, &running).await;
        }
    }

    /// bgpd sends what it was given a moment later; a session that ended before could not carry it.
    async fn until_nothing_is_advertised(&mut self) {
        let told = self.parts.live.wait_for(|live| live.advertised.is_empty());
        if timeout(TELL_PEERS, told).await.is_err() {
            warn!("not every peer was seen to be told of the withdrawal");
        }
    }
}

fn without_prefixes(mut desired: Desired) -> Desired {
    desired.ospf_prefixes.clear();
    if let Some(bgp) = &mut desired.bgp {
        bgp.prefixes.clear();
    }
    desired
}

/// Without BFD altogether: a peer's own session goes before the peer does, so that its end is no failure.
fn without_bfd(mut desired: Desired) -> Desired {
    desired.bfd.clear();
    if let Some(bgp) = &mut desired.bgp {
        bgp.peers.values_mut().for_each(|peer| peer.bfd = None);
    }
    desired
}

fn without_ospf(mut desired: Desired) -> Desired {
    desired.ospf.clear();
    desired
}
