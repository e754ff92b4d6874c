//! The orderly end: prefixes first, so that peers hear of it, then BFD, OSPF and at last the peers.

mod left;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use novaroute_core::desired::Desired;
use novaroute_frr::{Daemon, Removals, diff, render};
use tokio::time::{Instant, timeout, timeout_at};
use tracing::{info, warn};

use super::Loop;
use crate::frr::{Frr, Running};
use left::Left;

/// How often a stage is tried; what FRR refuses each time stays.
const ATTEMPTS: usize = 3;
/// A daemon that missed so many reads is not asked again: each costs the time that a daemon may take to answer. The
/// first may only have found that a connection was closed.
const MISSES_MAX: usize = 2;
/// How long peers may take to be told of the withdrawal before their sessions end.
const TELL_PEERS: Duration = Duration::from_secs(1);

/// What the withdrawal has found out about FRR.
#[derive(Debug, Default)]
struct Withdrawal {
    /// Reads that each process has missed.
    misses: BTreeMap<String, usize>,
    /// The processes that what was wanted needs.
    needed: BTreeSet<&'static str>,
    /// What was still there at the last look.
    left: Left,
}

impl<F: Frr> Loop<F> {
    /// Takes everything back that is ours, until `deadline`.
    pub async fn withdraw_all(mut self, deadline: Instant) {
        info!("withdrawing everything");
        let mut withdrawal = Withdrawal::default();
        let in_time = timeout_at(deadline, self.withdraw_stages(&mut withdrawal)).await.is_ok();
        match (in_time, withdrawal.left) {
            (true, left) if left.is_nothing() => info!("everything is withdrawn"),
            (true, left) => warn!("not everything is withdrawn: {left}"),
            (false, left) if left.is_nothing() => warn!("the withdrawal took too long; what is left stays in FRR"),
            (false, left) => warn!("the withdrawal took too long; when FRR was looked at last, {left}"),
        }
    }

    async fn withdraw_stages(&mut self, withdrawal: &mut Withdrawal) {
        let wanted = Desired::of(&self.parts.view.borrow().snapshot);
        withdrawal.needed = self.parts.seen.borrow().needed.clone();
        let prefixes = without_prefixes(wanted);
        self.withdraw_to(&prefixes, withdrawal).await;
        self.until_nothing_is_advertised().await;
        let bfd = without_bfd(prefixes);
        self.withdraw_to(&bfd, withdrawal).await;
        let ospf = without_ospf(bfd);
        self.withdraw_to(&ospf, withdrawal).await;
        self.withdraw_to(&Desired::default(), withdrawal).await;
    }

    /// Sends what leads to `desired`, and again what a daemon was too busy to take.
    async fn withdraw_to(&mut self, desired: &Desired, withdrawal: &mut Withdrawal) {
        for attempt in 0..=ATTEMPTS {
            let running = match self.parts.frr.running(&withdrawal.absent(self.absent())).await {
                Ok(running) => running,
                Err(reason) => {
                    withdrawal.left = Left::all(reason);
                    return;
                }
            };
            let target = render(desired, running.dialect);
            let plan = diff(&running.config, &target, Removals::Apply);
            let again = withdrawal.look(&running);
            withdrawal.left.plan = plan;
            if withdrawal.left.plan.is_empty() && !again {
                return;
            }
            if attempt < ATTEMPTS && !withdrawal.left.plan.is_empty() {
                self.send(&withdrawal.left.plan, &running).await;
            }
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

impl Withdrawal {
    /// The processes that are not asked: those that are known not to answer, and those that have not.
    fn absent(&self, mut known: BTreeSet<String>) -> BTreeSet<String> {
        let silent = self.misses.iter().filter(|(_, misses)| **misses >= MISSES_MAX);
        known.extend(silent.map(|(process, _)| process.clone()));
        known
    }

    /// Takes in which daemons were not read; `true`: one of them is worth another attempt.
    fn look(&mut self, running: &Running) -> bool {
        let process = |daemon: &Daemon| daemon.process(running.dialect.version);
        let missing = running.missing.iter().filter(|(daemon, _)| self.needed.contains(process(daemon)));
        self.left = Left::unreached(missing.map(|(daemon, why)| (*daemon, why.clone())).collect());
        let mut again = false;
        for daemon in running.missing.keys() {
            let misses = self.misses.entry(process(daemon).to_owned()).or_default();
            *misses += 1;
            again |= *misses < MISSES_MAX && self.needed.contains(process(daemon));
        }
        again
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
