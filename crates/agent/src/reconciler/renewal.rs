//! After a restart of zebra: the daemons are made to tell it again what they had told the last one, and to ask it again
//! for what they had asked it for.

mod needs;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use novaroute_core::live::{DaemonLive, Unregistered};
use novaroute_core::prefix::Family;
use novaroute_frr::{Daemon, Plan, renewal};
use tokio::time::{Instant, sleep, sleep_until};
use tracing::{debug, info, warn};

use super::Loop;
use crate::frr::{Frr, Running};

/// Time between two looks whether bgpd has connected to the new zebra: FRR 8 tries every 10 s.
const POLL: Duration = Duration::from_millis(200);
/// Time between two looks for what got lost otherwise.
const LOOK: Duration = Duration::from_secs(1);
/// The daemons that do not register again by themselves in all cases.
const CLIENTS: [&str; 3] = ["bgpd", "ospfd", "ospf6d"];
/// How often bgpd is made to ask for a BFD session again. One that does not come then has another reason.
const BFD_ATTEMPTS_MAX: u32 = 10;
/// OSPF's daemons: the family of their prefixes, zebra's name for them, and how long they may announce something else than
/// they are given. ospf6d takes a change of the list into account after 5 s (`OSPF_MIN_LS_INTERVAL`).
const OSPF: [(Daemon, Family, &str, Duration); 2] = [
    (Daemon::Ospfd, Family::Ipv4, "ospf", Duration::from_secs(2)),
    (Daemon::Ospf6d, Family::Ipv6, "ospf6", Duration::from_secs(7)),
];
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
    /// ospf6d is to ask for routes again.
    ospf6d_asks: bool,
    /// Attempts to have bgpd's BFD sessions back.
    bfd_attempts: u32,
    /// Since when each daemon of OSPF has announced something else than it was given.
    out_of_step: BTreeMap<Daemon, Instant>,
    /// When to look next.
    at: Option<Instant>,
}

impl Renewal {
    /// Takes in which daemons answer.
    pub(super) fn on_daemons(&mut self, daemons: &BTreeMap<String, DaemonLive>) {
        if self.unregistered.observe(daemons, &CLIENTS) {
            let unregistered = std::mem::take(&mut self.unregistered);
            let ospf6d_asks = unregistered.contains("ospf6d");
            *self = Self { unregistered, routes: true, ospf6d_asks, at: Some(Instant::now()), ..Self::default() };
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
        let pause = if self.routes || self.ospf6d_asks { POLL } else { LOOK };
        (self.routes || !self.unregistered.is_empty()).then(|| Instant::now() + pause)
    }

    /// Takes in whether a daemon of OSPF announces what it was given; whether it has not for too long.
    fn is_out_of_step(&mut self, daemon: Daemon, now: bool, patience: Duration) -> bool {
        if !now {
            self.out_of_step.remove(&daemon);
            return false;
        }
        self.out_of_step.entry(daemon).or_insert_with(Instant::now).elapsed() >= patience
    }
}

impl<F: Frr> Loop<F> {
    /// Does what is needed and can be done now.
    pub(super) async fn renew(&mut self) {
        let lost = self.lost_bfd_sessions();
        let out_of_step = self.out_of_step();
        let Renewal { routes, ospf6d_asks, .. } = self.renewal;
        if routes || ospf6d_asks || !lost.is_empty() || !out_of_step.is_empty() {
            let clients = self.parts.frr.zebra_clients().await;
            let serves = |names: &[&str]| names.iter().all(|name| clients.contains(*name));
            if routes && serves(&["bgp"]) {
                self.renew_routes().await;
            }
            if !lost.is_empty() && serves(&["bgp", "bfd"]) {
                self.renew_bfd_sessions(&lost).await;
            }
            if ospf6d_asks && serves(&["ospf6"]) {
                self.have_ospf6d_ask().await;
            }
            for (daemon, client) in out_of_step {
                if serves(&[client]) {
                    self.renew_redistribution(daemon).await;
                }
            }
        }
        self.renewal.at = self.renewal.next();
    }

    fn lost_bfd_sessions(&self) -> BTreeSet<IpAddr> {
        if !self.renewal.unregistered.contains("bgpd") {
            return BTreeSet::new();
        }
        needs::lost_bfd_sessions(&self.parts.view.borrow().snapshot, &self.parts.live.borrow())
    }

    /// The daemons of OSPF that announce something else than they were given for too long, with zebra's names for them.
    fn out_of_step(&mut self) -> Vec<(Daemon, &'static str)> {
        let mut found = Vec::new();
        for (daemon, family, client, patience) in OSPF {
            let is_deaf = self.renewal.unregistered.contains(&daemon.to_string());
            let now = is_deaf && {
                let (view, live) = (self.parts.view.borrow(), self.parts.live.borrow());
                needs::announces_otherwise(&view.snapshot, &live, family)
            };
            if self.renewal.is_out_of_step(daemon, now, patience) {
                found.push((daemon, client));
            }
        }
        found
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

    /// What is withdrawn from then on is heard of; what comes too where ospf6d hears of a new zebra at all.
    async fn have_ospf6d_ask(&mut self) {
        let Ok(running) = self.read().await else { return };
        let plan = renewal::change_of_ospf6d_map(&running.config);
        if self.renewed(&plan, &running).await {
            self.renewal.ospf6d_asks = false;
        }
    }

    /// Takes all prefixes away that a daemon announces, for as long as neighbours need to hear of them again: without it
    /// it would never announce what comes later, or never withdraw what has gone.
    async fn renew_redistribution(&mut self, daemon: Daemon) {
        let Ok(running) = self.read().await else { return };
        // Whose routes those are that nobody asked for is not known otherwise.
        let may = renewal::redistributes_own_only(&running.config, daemon) || daemon == Daemon::Ospfd;
        let can = daemon == Daemon::Ospfd || running.dialect.version.ospf6d_hears_a_new_zebra();
        if !may || !can {
            warn!(%daemon, "zebra was restarted: restart {daemon} too, which announces something else than it was given");
            self.renewal.unregistered.registered(&daemon.to_string());
            return;
        }
        let [end, begin] = renewal::redistribution(&running.config, daemon);
        let ended = self.renewed(&end, &running).await;
        sleep(LSA_PAUSE).await;
        // Also where an answer is missing: what is not there is put back by the next round otherwise, too early.
        if self.renewed(&begin, &running).await && ended {
            self.renewal.unregistered.registered(&daemon.to_string());
            info!(%daemon, "zebra was restarted: routes were asked for again, and none announced for 1.2 s");
        }
    }

    /// Sends lines that change nothing for long; whether all daemons answered.
    async fn renewed(&mut self, plan: &Plan, running: &Running) -> bool {
        debug!("after a restart of zebra:\n{plan}");
        self.parts.frr.apply(plan, running.dialect.version).await.lost.is_empty()
    }
}
