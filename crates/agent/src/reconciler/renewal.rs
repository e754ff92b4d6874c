//! After a restart of zebra: the daemons are made to tell it again what they had told the last one, and to ask it again
//! for what they had asked it for.

mod needs;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use novaroute_core::peer::PeerKey;
use novaroute_core::prefix::Family;
use novaroute_frr::renewal::{self, Clients};
use novaroute_frr::{Daemon, Plan};
use tokio::time::{Instant, sleep, sleep_until};
use tracing::{debug, info, warn};

use super::Loop;
use crate::frr::{Frr, Running};

/// Time between two looks whether bgpd has connected to the new zebra: FRR 8 tries every 10 s.
const POLL: Duration = Duration::from_millis(200);
/// Time between two looks for what got lost otherwise.
const LOOK: Duration = Duration::from_secs(1);
/// How long bfdd may take to have the session of a peer.
const BFD_PATIENCE: Duration = Duration::from_secs(2);
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

/// What there is to be done. zebra may also have been restarted before the agent came.
#[derive(Debug, Default)]
pub(super) struct Renewal {
    /// The number of connections to zebra that were seen last.
    zebra: Option<u64>,
    /// bgpd's routes are to be given to zebra again.
    routes: bool,
    /// Whether bgpd has given this zebra routes is to be seen.
    routes_in_doubt: bool,
    /// ospf6d is to ask for routes again.
    ospf6d_asks: bool,
    /// Attempts to have bgpd's BFD sessions back that are left.
    bfd_attempts: u32,
    /// The daemons of OSPF that may be made to ask this zebra again.
    ospf: BTreeSet<Daemon>,
    /// Since when each daemon has done something else than it was given.
    out_of_step: BTreeMap<Daemon, Instant>,
    /// When to look next.
    at: Option<Instant>,
}

impl Renewal {
    /// Takes in how often zebra was connected to; `None`: it does not answer.
    pub(super) fn on_zebra(&mut self, connections: Option<u64>) {
        if connections.is_none() || self.zebra == connections {
            return;
        }
        let another = self.zebra.is_some();
        *self = Self {
            zebra: connections,
            routes: another,
            routes_in_doubt: !another,
            ospf6d_asks: another,
            // A peer that is not there may have no session, and an agent that starts has nothing to send for that.
            bfd_attempts: if another { BFD_ATTEMPTS_MAX } else { 0 },
            ospf: OSPF.map(|(daemon, ..)| daemon).into(),
            out_of_step: BTreeMap::new(),
            at: Some(Instant::now()),
        };
    }

    /// Waits for the next look; for ever before there is a zebra.
    pub(super) async fn due(&self) {
        match self.at {
            Some(at) => sleep_until(at).await,
            None => std::future::pending().await,
        }
    }

    /// Takes in whether a daemon does now what it was given; whether it has not for too long.
    fn is_out_of_step(&mut self, daemon: Daemon, now: bool, patience: Duration) -> bool {
        if !now {
            self.out_of_step.remove(&daemon);
            return false;
        }
        self.out_of_step.entry(daemon).or_insert_with(Instant::now).elapsed() >= patience
    }
}

/// A daemon of OSPF that announces something else than it was given, and zebra's name for it.
struct OutOfStep {
    daemon: Daemon,
    client: &'static str,
    step: needs::Step,
}

impl OutOfStep {
    /// Whether asking zebra again helps: what is missing may be so for another reason where zebra was asked.
    fn is_cured_by_asking(&self, clients: &Clients) -> bool {
        clients.get(self.client).is_some_and(|client| self.step.keeps || !client.is_given)
    }
}

/// What counts of a difference. What is announced and was not asked for may be an owner's who has not claimed it yet, while
/// there is time for that. ospfd goes through what it announces whenever the list changes, so that what it keeps is
/// somebody else's.
fn counted(daemon: Daemon, step: needs::Step, adopting: bool) -> needs::Step {
    needs::Step { keeps: step.keeps && !adopting && daemon != Daemon::Ospfd, ..step }
}

impl<F: Frr> Loop<F> {
    /// Does what is needed and can be done now.
    pub(super) async fn renew(&mut self) {
        let (lost, out_of_step) = (self.lost_bfd_sessions(), self.out_of_step());
        let Renewal { routes, ospf6d_asks, .. } = self.renewal;
        let doubt = self.renewal.routes_in_doubt && needs::has_learned(&self.parts.live.borrow());
        if routes || doubt || ospf6d_asks || !lost.is_empty() || !out_of_step.is_empty() {
            let clients = self.parts.frr.zebra_clients().await;
            let bgpd = clients.get("bgp");
            if bgpd.is_some_and(|bgpd| routes || doubt && !bgpd.has_given) {
                self.renew_routes().await;
            }
            self.renewal.routes_in_doubt &= !doubt || bgpd.is_none();
            if !lost.is_empty() && bgpd.is_some() && clients.contains_key("bfd") {
                self.renew_bfd_sessions(&lost).await;
            }
            if ospf6d_asks && clients.contains_key("ospf6") {
                self.have_ospf6d_ask().await;
            }
            for OutOfStep { daemon, .. } in out_of_step.into_iter().filter(|one| one.is_cured_by_asking(&clients)) {
                self.renew_redistribution(daemon).await;
            }
        }
        let pause = if self.renewal.routes || self.renewal.ospf6d_asks { POLL } else { LOOK };
        self.renewal.at = Some(Instant::now() + pause);
    }

    /// The peers without a BFD session for too long, while there is any use in asking for it.
    fn lost_bfd_sessions(&mut self) -> BTreeSet<PeerKey> {
        let lost = needs::lost_bfd_sessions(&self.parts.view.borrow().snapshot, &self.parts.live.borrow());
        let is_late = self.renewal.is_out_of_step(Daemon::Bgpd, !lost.is_empty(), BFD_PATIENCE);
        if is_late && self.renewal.bfd_attempts > 0 { lost } else { BTreeSet::new() }
    }

    /// The daemons of OSPF that have announced something else than they were given for too long.
    fn out_of_step(&mut self) -> Vec<OutOfStep> {
        let mut found = Vec::new();
        let adopting = self.schedule.adopting(self.now());
        for (daemon, family, client, patience) in OSPF {
            let step = needs::ospf_step(&self.parts.view.borrow().snapshot, &self.parts.live.borrow(), family);
            let step = counted(daemon, step, adopting);
            let is_late = self.renewal.is_out_of_step(daemon, step.misses || step.keeps, patience);
            if is_late && self.renewal.ospf.contains(&daemon) {
                found.push(OutOfStep { daemon, client, step });
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

    async fn renew_bfd_sessions(&mut self, lost: &BTreeSet<PeerKey>) {
        let Ok(running) = self.read().await else { return };
        let plan = renewal::bfd_sessions(&running.config, lost);
        if self.renewed(&plan, &running).await {
            self.renewal.bfd_attempts -= 1;
            info!(peers = ?lost, "bgpd was made to ask for BFD sessions again that were lost");
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
        if daemon == Daemon::Ospf6d {
            // Else what nobody asked for here may be what somebody asked for in FRR.
            let own_only = renewal::redistributes_own_only(&running.config, daemon);
            let hears = running.dialect.version.ospf6d_hears_a_new_zebra();
            if own_only && !hears {
                warn!("zebra was restarted: restart ospf6d too, which announces something else than it was given");
            }
            if !own_only || !hears {
                self.renewal.ospf.remove(&daemon);
                return;
            }
        }
        let [end, begin] = renewal::redistribution(&running.config, daemon);
        let ended = self.renewed(&end, &running).await;
        sleep(LSA_PAUSE).await;
        // Also where an answer is missing: what is not there is put back by the next round otherwise, too early.
        if self.renewed(&begin, &running).await && ended {
            self.renewal.ospf.remove(&daemon);
            info!(%daemon, "zebra was restarted: routes were asked for again, and none announced for 1.2 s");
        }
    }

    /// Sends lines that change nothing for long; whether all daemons answered.
    async fn renewed(&mut self, plan: &Plan, running: &Running) -> bool {
        debug!("after a restart of zebra:\n{plan}");
        self.parts.frr.apply(plan, running.dialect.version).await.lost.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_another_zebra_than_the_first_is_given_the_routes_unseen() {
        let mut renewal = Renewal::default();
        for (connections, routes, in_doubt) in
            [(None, false, false), (Some(1), false, true), (None, false, true), (Some(2), true, false)]
        {
            renewal.on_zebra(connections);
            assert_eq!((renewal.routes, renewal.routes_in_doubt), (routes, in_doubt), "{connections:?}");
            assert_eq!(renewal.bfd_attempts > 0, routes, "an agent that starts sends nothing: {connections:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_out_of_step_is_given_time() {
        let mut renewal = Renewal::default();
        let patience = Duration::from_secs(2);
        for (waited, now, out_of_step) in
            [(0, true, false), (1, true, false), (1, false, false), (1, true, false), (2, true, true)]
        {
            tokio::time::advance(Duration::from_secs(waited)).await;
            assert_eq!(renewal.is_out_of_step(Daemon::Ospfd, now, patience), out_of_step);
        }
    }

    #[test]
    fn what_nobody_has_claimed_yet_is_no_prefix_too_many() {
        let step = needs::Step { misses: true, keeps: true };
        for (daemon, adopting, keeps) in
            [(Daemon::Ospfd, false, false), (Daemon::Ospf6d, false, true), (Daemon::Ospf6d, true, false)]
        {
            let expected = needs::Step { misses: true, keeps };
            assert_eq!(counted(daemon, step, adopting), expected, "{daemon}, adopting: {adopting}");
        }
    }

    #[test]
    fn what_is_missing_where_zebra_was_asked_has_another_reason() {
        let client = |is_given| Clients::from([("ospf".to_owned(), renewal::Client { has_given: false, is_given })]);
        for (misses, keeps, is_given, cured) in
            [(true, false, false, true), (true, false, true, false), (false, true, true, true)]
        {
            let step = needs::Step { misses, keeps };
            let one = OutOfStep { daemon: Daemon::Ospfd, client: "ospf", step };
            assert_eq!(one.is_cured_by_asking(&client(is_given)), cured, "{step:?}");
            assert!(!one.is_cured_by_asking(&Clients::new()), "it is not connected yet");
        }
    }
}
