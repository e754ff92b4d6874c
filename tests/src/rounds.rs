//! Rounds of random faults and changes, each held against a model: what is wanted is what the node runs, what the agent
//! says, and what the router of the rack sees.

mod check;
mod dice;
mod fault;
mod model;

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use novaroute_lab::topology::Tor;
use novaroute_lab::{Daemon, FrrRelease, wait_for};
use serde_json::json;

use check::{Fixed, check, fixed};
use dice::Dice;
use fault::Fault;
use model::{Change, Model};

use crate::ospf::{Version, speak, wait_full};
use crate::scene::Scene;
use crate::tor::{NODE_AS, TOR_AS, bgp_session_with};
use crate::v1;

/// Longest wait for a node that is at rest again. The longest chain is an adjacency of OSPF that begins anew.
const CONVERGED_MAX: Duration = Duration::from_secs(60);
/// Faults of one round at most.
const FAULTS_MAX: usize = 2;
/// Changes of one round at most, while its faults last and once more after them.
const CHANGES_MAX: usize = 3;
/// As in [`v1::BgpPeer::bfd_detect_multiplier`]: a busy machine is not what is tested here.
const BFD_MULTIPLIER: u32 = 10;

/// A node under random faults, and what is wanted of it.
#[derive(Debug)]
pub struct Rounds {
    scene: Scene,
    model: Model,
    fixed: Fixed,
    dice: Dice,
    seed: u64,
    only: String,
    done: usize,
}

/// What a round did and how long the node took to be at rest after it.
#[derive(Debug)]
pub struct Round {
    /// Its number, from 1.
    pub number: usize,
    /// What was done, in order.
    pub story: Vec<String>,
    /// From the end of the last fault to the moment when everything agreed with the model.
    pub settled: Duration,
}

impl Rounds {
    /// Brings up a node that has everything that the model begins with. Faults are those whose name has `only` in it.
    ///
    /// # Errors
    /// It does not come up.
    pub async fn new(release: FrrRelease, seed: u64, only: &str) -> Result<Self> {
        // Nothing was there before that somebody may still claim.
        let scene = Scene::with(release, |config| config["adoption_grace"] = json!("0s")).await?;
        configure_tor(&scene.tor).await?;
        for version in Version::BOTH {
            speak(&scene, version, "0").await?;
        }
        let model = Model::first();
        model.ask_for_all(&mut scene.agent.client().await?, &peer(&scene)).await?;
        scene.established(scene.tor.ipv4.into()).await?;
        for version in Version::BOTH {
            wait_full(&scene, version).await?;
        }
        let (dice, only) = (Dice::new(seed), only.to_owned());
        let mut rounds = Self { scene, model, fixed: Fixed::new(), dice, seed, only, done: 0 };
        rounds.fixed = fixed(&rounds.scene).await?;
        rounds.agrees().await.context("before the first round")?;
        Ok(rounds)
    }

    /// One round.
    ///
    /// # Errors
    /// The node, the agent or the router of the rack differs from the model: the seed, the round, its story, the
    /// difference and the agent's log.
    pub async fn round(&mut self) -> Result<Round> {
        self.done += 1;
        let mut story = Vec::new();
        let told = self.play(&mut story).await;
        let ended = Instant::now();
        let agreed = match told {
            Ok(()) => self.agrees().await,
            Err(failure) => Err(failure),
        };
        if let Err(differs) = agreed {
            let (seed, number, release) = (self.seed, self.done, self.scene.node.release());
            let story = story.join("; ");
            let (shown, log) = (self.shown().await, tail(&self.scene.agent.log()));
            bail!(
                "round {number} of seed {seed} on FRR ({release}): {story}\n{differs:#}\n{shown}\nthe agent's log:\n{log}"
            );
        }
        Ok(Round { number: self.done, story, settled: ended.elapsed() })
    }

    /// Faults begin, clients ask for changes meanwhile, faults end, clients ask for more.
    async fn play(&mut self, story: &mut Vec<String>) -> Result<()> {
        let mut faults = Vec::new();
        for _ in 0..self.dice.below(FAULTS_MAX + 1) {
            let fault = Fault::roll(&mut self.dice, &self.only);
            if faults.iter().any(|other| fault.excludes(*other)) {
                continue;
            }
            story.push(format!("{fault:?} begins"));
            fault.begin(&mut self.scene, &self.model).await?;
            faults.push(fault);
        }
        let agent_is_gone = faults.contains(&Fault::AgentGone);
        if !agent_is_gone {
            self.changes(story).await?;
        }
        if !agent_is_gone && self.dice.coin() {
            for fault in &faults {
                fault.until_noticed(&self.scene).await?;
            }
            story.push("noticed".to_owned());
        }
        while !faults.is_empty() {
            let fault = faults.remove(self.dice.below(faults.len()));
            story.push(format!("{fault:?} ends"));
            fault.end(&mut self.scene).await?;
        }
        self.changes(story).await
    }

    async fn changes(&mut self, story: &mut Vec<String>) -> Result<()> {
        for _ in 0..self.dice.below(CHANGES_MAX + 1) {
            let change = self.model.change(&mut self.dice);
            story.push(format!("{change:?}"));
            self.ask(change).await?;
        }
        Ok(())
    }

    async fn ask(&mut self, change: Change) -> Result<()> {
        change.ask(&mut self.scene.agent.client().await?, &peer(&self.scene)).await?;
        self.model.take(change);
        Ok(())
    }

    /// What both routers say of what is between them.
    async fn shown(&self) -> String {
        const SHOWN: [(Daemon, &str); 8] = [
            (Daemon::Bgpd, "show bgp summary"),
            (Daemon::Bfdd, "show bfd peers brief"),
            (Daemon::Ospfd, "show ip ospf neighbor"),
            (Daemon::Ospf6d, "show ipv6 ospf6 neighbor"),
            (Daemon::Zebra, "show interface brief"),
            (Daemon::Zebra, "show ip route"),
            (Daemon::Ospf6d, "show ipv6 ospf6 database as-external"),
            (Daemon::Mgmtd, "show running-config"),
        ];
        let mut text = String::new();
        for (router, (daemon, command)) in
            [&self.scene.node, &self.scene.tor.router].into_iter().flat_map(|r| SHOWN.map(|shown| (r, shown)))
        {
            let answer = router.vty(daemon, command).await.unwrap_or_else(|failure| format!("{failure:#}"));
            text += &format!("--- {} of {}\n{}\n", command, router.name(), answer.trim());
        }
        text
    }

    async fn agrees(&self) -> Result<()> {
        wait_for(&format!("everything to be as {:?}", self.model), CONVERGED_MAX, async || {
            check(&self.scene, &self.model, &self.fixed).await.map(Some)
        })
        .await
    }
}

/// The peer of the node, but for its description.
fn peer(scene: &Scene) -> v1::BgpPeer {
    v1::BgpPeer { bfd_enabled: true, bfd_detect_multiplier: BFD_MULTIPLIER, ..scene.ebgp_peer() }
}

async fn configure_tor(tor: &Tor) -> Result<()> {
    let multiplier = format!("detect-multiplier {BFD_MULTIPLIER}");
    tor.router.configure(Daemon::Bfdd, &["bfd", &format!("peer {}", tor.node_ipv4), &multiplier]).await?;
    bgp_session_with(tor, TOR_AS, tor.node_ipv4.into(), NODE_AS, &["bfd"]).await
}

/// The end of a log: what led to a difference is rarely further back.
fn tail(log: &str) -> String {
    const LINES: usize = 400;
    let lines: Vec<&str> = log.lines().filter(|line| !line.contains("not seen daemon")).collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}
