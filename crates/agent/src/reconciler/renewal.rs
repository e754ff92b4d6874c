//! After a restart of zebra: the daemons are made to tell it again what they had told the last one, and to ask it again
//! for what they had asked it for.

mod needs;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use novaroute_core::live::{DaemonLive, Unregistered};
use novaroute_frr::{Plan, renewal};
use tokio::time::{Instant, sleep, sleep_until};
use tracing::{debug, info};

use super::Loop;
use crate::events::now_ns;
use crate::frr::{Frr, Running};

/// Time between two looks whether bgpd has connected to the new zebra: FRR 8 tries every 10 s.
const POLL: Duration = Duration::from_millis(200);
/// Time between two looks for what got lost otherwise.
const LOOK: Duration = Duration::from_secs(1);
/// The daemons that do not register again by themselves in all cases.
const CLIENTS: [&str; 2] = ["bgpd", "ospfd"];
/// How often bgpd is made to ask for a BFD session again. One that does not come then has another reason.
const BFD_ATTEMPTS_MAX: u32 = 10;
/// Time between the end of redistribution and its new beginning: neighbours ignore what comes earlier (MinLSArrival is
/// 1 s, RFC 2328 appendix B), and hear of it 5 s later.
const LSA_PAUSE: Duration = Duration::from_millis(1200);

/// What there is to be done.
#[derive(Debug, Default)]
pub(super) struct Renewal {
    /// The daemons for which something may be to be done.
    unregistered: Unregistered,
    /// bgpd's routes are to be given to zebra again.
    routes: bool,
    /// Attempts to have bgpd's BFD sessions back.
    bfd_attempts: u32,
    /// When to look next.
    at: Option<Instant>,
}

impl Renewal {
    /// Takes in which daemons answer.
    pub(super) fn on_daemons(&mut self, daemons: &BTreeMap<String, DaemonLive>) {
        if self.unregistered.observe(daemons, &CLIENTS) {
            (self.routes, self.bfd_attempts) = (true, 0);
            self.at = Some(Instant::now());
        }
    }

    /// Waits for the next look; for ever when there is nothing to do.
    pub(super) async fn due(&self) {
        match self.at {
            Some(at) => sleep_until(at).await,
            None => std::future::pending().await,
        }
    }

    /// When to look again, now that everything was done that could be.
    fn next(&self) -> Option<Instant> {
        let pause = if self.routes { POLL } else { LOOK };
        (self.routes || !self.unregistered.is_empty()).then(|| Instant::now() + pause)
    }
}

impl<F: Frr> Loop<F> {
    /// Does what is needed and can be done now.
    pub(super) async fn renew(&mut self) {
        let lost = self.lost_bfd_sessions();
        let unheard = self.unregistered("ospfd") && self.misses_routes_of_ospfd();
        if self.renewal.routes || !lost.is_empty() || unheard {
            let clients = self.parts.frr.zebra_clients().await;
            let serves = |names: &[&str]| names.iter().all(|name| clients.contains(*name));
            if self.renewal.routes && serves(&["bgp"]) {
                self.renew_routes().await;
            }
            if !lost.is_empty() && serves(&["bgp", "bfd"]) {
                self.renew_bfd_sessions(&lost).await;
            }
            if unheard && serves(&["ospf"]) {
                self.renew_redistribution().await;
            }
        }
        self.renewal.at = self.renewal.next();
    }

    fn unregistered(&self, daemon: &str) -> bool {
        self.renewal.unregistered.contains(daemon)
    }

    fn lost_bfd_sessions(&self) -> BTreeSet<IpAddr> {
        if !self.unregistered("bgpd") {
            return BTreeSet::new();
        }
        needs::lost_bfd_sessions(&self.parts.view.borrow().snapshot, &self.parts.live.borrow())
    }

    fn misses_routes_of_ospfd(&self) -> bool {
        needs::misses_routes_of_ospfd(&self.parts.view.borrow().snapshot, &self.parts.live.borrow(), now_ns())
    }

    async fn renew_routes(&mut self) {
        let Ok(running) = self.read().await else { return };
        let plan = renewal::routes(&running.config);
        if self.renewed(&plan, &running).await {
            self.renewal.routes = false;
            info!(lines = plan.len(), "zebra was restarted: bgpd was asked to give it its routes again");
        }
    }

    async fn renew_bfd_sessions(&mut self, lost: &BTreeSet<IpAddr>) {
        let Ok(running) = self.read().await else { return };
        let plan = renewal::bfd_sessions(&running.config, lost);
        if self.renewed(&plan, &running).await {
            self.renewal.bfd_attempts += 1;
            info!(peers = ?lost, "zebra was restarted: bgpd was made to ask for its BFD sessions again");
        }
        if self.renewal.bfd_attempts >= BFD_ATTEMPTS_MAX {
            self.renewal.unregistered.registered("bgpd");
        }
    }

    /// Takes the prefixes away that ospfd announces, for as long as neighbours need to hear of them again: without it
    /// none that comes later would ever be announced.
    async fn renew_redistribution(&mut self) {
        let Ok(running) = self.read().await else { return };
        let [end, begin] = renewal::redistribution(&running.config);
        let ended = self.renewed(&end, &running).await;
        sleep(LSA_PAUSE).await;
        // Also where an answer is missing: what is not there is put back by the next round otherwise, too early.
        if self.renewed(&begin, &running).await && ended {
            self.renewal.unregistered.registered("ospfd");
            info!("zebra was restarted: ospfd was made to ask it for routes again, and announced none for 1.2 s");
        }
    }

    /// Sends lines that change nothing for long; whether all daemons answered.
    async fn renewed(&mut self, plan: &Plan, running: &Running) -> bool {
        debug!("after a restart of zebra:\n{plan}");
        self.parts.frr.apply(plan, running.dialect.version).await.lost.is_empty()
    }
}
