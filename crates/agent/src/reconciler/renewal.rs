//! After a restart of zebra: bgpd is made to give it the routes again that it had given the last one.

use std::time::Duration;

use novaroute_frr::renewal;
use tokio::time::{Instant, sleep_until};
use tracing::{debug, info};

use super::Loop;
use crate::frr::Frr;

/// Time between two looks whether bgpd has connected to the new zebra: FRR 8 tries every 10 s.
const POLL: Duration = Duration::from_millis(200);

/// Whether the routes have to be given again.
#[derive(Debug, Default)]
pub(super) struct Renewal {
    /// The number of connections to zebra that were seen last.
    zebra: Option<u64>,
    /// When to try next.
    at: Option<Instant>,
}

impl Renewal {
    /// Takes in how often zebra was connected to; `None`: it does not answer.
    pub(super) fn on_zebra(&mut self, connections: Option<u64>) {
        let Some(now) = connections else { return };
        // The first one is the zebra that was there when the agent came.
        if self.zebra.is_some_and(|before| before != now) {
            self.at = Some(Instant::now());
        }
        self.zebra = Some(now);
    }

    /// Waits for the next attempt; for ever when there is nothing to do.
    pub(super) async fn due(&self) {
        match self.at {
            Some(at) => sleep_until(at).await,
            None => std::future::pending().await,
        }
    }
}

impl<F: Frr> Loop<F> {
    /// Does it once bgpd is connected to zebra.
    pub(super) async fn renew_routes(&mut self) {
        self.renewal.at = Some(Instant::now() + POLL);
        if !self.parts.frr.zebra_serves_bgpd().await {
            return;
        }
        let Ok(running) = self.read().await else { return };
        let plan = renewal::plan(&running.config);
        debug!("to have bgpd give zebra its routes again:\n{plan}");
        let applied = self.parts.frr.apply(&plan, running.dialect.version).await;
        if !applied.lost.is_empty() {
            return;
        }
        self.renewal.at = None;
        info!(lines = plan.len(), "zebra was restarted: bgpd was asked to give it its routes again");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_another_zebra_than_before_is_to_be_told() {
        let mut renewal = Renewal::default();
        for (connections, pending) in
            [(None, false), (Some(1), false), (Some(1), false), (None, false), (Some(2), true)]
        {
            renewal.on_zebra(connections);
            assert_eq!(renewal.at.is_some(), pending, "{connections:?}");
        }
    }
}
