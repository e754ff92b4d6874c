//! The agent dies at every step of its work on a change, and the next one brings it to its end.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::IpAddr;
use std::process::Stdio;

use anyhow::{Context, Result, bail, ensure};
use novaroute_e2e::agent::Client;
use novaroute_e2e::bgp::{neighbor_lines, prefixes_from, updates_from, withdrawn};
use novaroute_e2e::binary::binary;
use novaroute_e2e::config::LB;
use novaroute_e2e::ospf::{Version, lines};
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::tor::times_established;
use novaroute_e2e::{Daemon, on_each_frr, request, v1, wait_for};

use tonic::{Code, Status};

use crate::work::{BGP_V4, BGP_V6, INTERFACE, at_work, ospf_interface};

/// The agent as it dies on demand.
const PROGRAM: &str = "novaroute-agent-fault-points";
/// The variable that says where.
const VARIABLE: &str = "NOVAROUTE_FAULT_POINT";
/// Passages at which each of these points is tried, beside the first.
const LATER: [(&str, &[u32]); 5] = [
    ("batch-before", &[2, 3]),
    ("context-entered", &[2, 3]),
    ("line-sent", &[2, 3, 4]),
    ("batch-after", &[2, 3]),
    ("record-before", &[2]),
];
/// Changes until a point is passed at the latest.
const CHANGES_MAX: u32 = 12;

on_each_frr! {
    /// Whatever was acknowledged is there afterwards, FRR runs what the agent says is wanted, the session does not
    /// notice, and the peer is sent no withdrawal but those that were asked for.
    async fn a_death_at_any_point_loses_nothing(release) {
        let (scene, _) = at_work(release, |_| {}).await?;
        let node: IpAddr = scene.tor.node_ipv4.into();
        let sessions = times_established(&scene.tor.router, node).await?;
        let capture = scene.node.capture(INTERFACE, "tcp port 179").await?;
        let mut ground = Ground::new(scene);
        for (point, passage) in deaths().await? {
            let died = ground.die_at(&point, passage).await;
            died.with_context(|| format!("{point}:{passage}\n{}", ground.scene.agent.log()))?;
        }
        let Ground { scene, wanted_away, .. } = ground;
        assert_eq!(times_established(&scene.tor.router, node).await?, sessions);
        for update in updates_from(&capture, node)? {
            let unwanted: Vec<String> = withdrawn(&update)?.difference(&wanted_away).cloned().collect();
            assert!(unwanted.is_empty(), "withdrawn without being asked: {unwanted:?}");
        }
        Ok(())
    }
}

/// What ships has no such points.
#[test]
fn the_agent_that_ships_does_not_know_the_variable() -> Result<()> {
    let holds = |name: &str| -> Result<bool> {
        let bytes = fs::read(binary(name)?)?;
        Ok(bytes.windows(VARIABLE.len()).any(|window| window == VARIABLE.as_bytes()))
    };
    ensure!(holds(PROGRAM)?, "this test does not find what it looks for");
    ensure!(!holds("novaroute-agent")?);
    Ok(())
}

/// Every point that the program has, with the passages at which to die.
async fn deaths() -> Result<Vec<(String, u32)>> {
    let mut command = tokio::process::Command::new(binary(PROGRAM)?);
    let output = command.env(VARIABLE, "?").stdin(Stdio::null()).output().await?;
    let said = String::from_utf8(output.stderr)?;
    let (_, names) = said.split_once("there are: ").with_context(|| format!("no list of points: {said:?}"))?;
    let later = |name: &str| LATER.iter().find(|(other, _)| *other == name).map_or(&[][..], |(_, passages)| passages);
    let each = names.split_whitespace().flat_map(|name| {
        let passages = [1].into_iter().chain(later(name).iter().copied());
        passages.map(|passage| (name.to_owned(), passage))
    });
    Ok(each.collect())
}

/// A change that a client asks for.
#[derive(Debug, Clone)]
enum Change {
    Advertise(String, String),
    Withdraw(String),
    Describe(String),
    Cost(u32),
}

/// The node, and what was acknowledged.
struct Ground {
    scene: Scene,
    /// Prefixes with their communities.
    wanted: BTreeMap<String, String>,
    /// Prefixes that somebody asked to withdraw.
    wanted_away: BTreeSet<String>,
    description: String,
    cost: u32,
    number: u32,
}

impl Ground {
    fn new(scene: Scene) -> Self {
        let wanted = [BGP_V4, BGP_V6].map(|prefix| (prefix.to_owned(), String::new())).into();
        let description = "router of the rack".to_owned();
        Self { scene, wanted, wanted_away: BTreeSet::new(), description, cost: 10, number: 0 }
    }

    /// Changes of every kind, again and again; each announced prefix has attributes of its own, and with them a
    /// route-map.
    fn next(&mut self) -> Change {
        self.number += 1;
        let number = self.number;
        let own = |number: u32| format!("10.88.{}.{}/32", number / 200, number % 200 + 1);
        match number % 4 {
            1 => Change::Advertise(own(number), format!("65001:{number}")),
            2 => Change::Describe(format!("change {number}")),
            3 => Change::Cost(number),
            // Announced seven changes ago.
            _ if number > 8 => Change::Withdraw(own(number - 7)),
            _ => Change::Advertise(own(number), String::new()),
        }
    }

    /// An agent that dies at this passage of this point takes changes until it does; then one that does not takes over.
    async fn die_at(&mut self, point: &str, passage: u32) -> Result<()> {
        self.scene.agent.kill().await?;
        self.scene.agent.set_program(binary(PROGRAM)?, &[(VARIABLE, &format!("{point}:{passage}"))]);
        self.scene.agent.respawn()?;
        let unanswered = self.changes_until_dead().await?;
        let code = self.scene.agent.wait_exit().await?;
        ensure!(code.is_none(), "it ended by itself with {code:?}");
        self.scene.agent.set_program(binary("novaroute-agent")?, &[]);
        self.scene.agent.respawn()?;
        self.scene.agent.wait_ready().await?;
        if let Some(change) = unanswered {
            // It may have been accepted or not; asking again is what clients do.
            match self.ask(&mut self.scene.agent.client().await?, &change).await {
                Err(refused) if refused.code() != Code::NotFound => bail!("{change:?}: {refused}"),
                _ => {}
            }
            self.take(change);
        }
        self.all_is_there().await
    }

    /// The change that was asked for and not answered, if there is one.
    async fn changes_until_dead(&mut self) -> Result<Option<Change>> {
        for _ in 0..CHANGES_MAX {
            let change = self.next();
            if let Change::Withdraw(prefix) = &change {
                self.wanted_away.insert(prefix.clone());
            }
            // It may die in its first round, before it serves anybody.
            let Ok(mut client) = self.scene.agent.client().await else { return Ok(Some(change)) };
            if self.ask(&mut client, &change).await.is_err() {
                return Ok(Some(change));
            }
            self.take(change);
            if self.is_dead_or_done().await? {
                return Ok(None);
            }
        }
        bail!("it did not die in {CHANGES_MAX} changes")
    }

    /// Waits until everything is in FRR, or the agent has gone; tells whether it has.
    async fn is_dead_or_done(&self) -> Result<bool> {
        wait_for("the change to be in FRR, or the agent's death", TIMEOUT, async || {
            let Ok(mut client) = novaroute_api::client::connect(self.scene.agent.socket()).await else {
                return Ok(Some(true));
            };
            let Ok(status) = client.get_status(v1::GetStatusRequest::default()).await else { return Ok(Some(true)) };
            let status = status.into_inner();
            let mut states =
                status.prefixes.iter().map(|row| &row.state).chain(status.peers.iter().map(|row| &row.intent_state));
            Ok(states.all(|state| state != "pending").then_some(false))
        })
        .await
    }

    async fn ask(&self, client: &mut Client, change: &Change) -> Result<(), Status> {
        match change {
            Change::Advertise(prefix, community) => {
                let communities = Some(community.clone()).filter(|text| !text.is_empty()).into_iter().collect();
                let attributes = v1::PrefixAttributes { communities, ..Default::default() };
                client.advertise_prefix(request::advertise_with(LB, prefix, attributes)).await.map(drop)
            }
            Change::Withdraw(prefix) => {
                client.withdraw_prefix(request::withdraw(LB, prefix, v1::Protocol::Bgp)).await.map(drop)
            }
            Change::Describe(description) => {
                let peer = v1::BgpPeer {
                    bfd_enabled: true,
                    bfd_detect_multiplier: 10,
                    description: description.clone(),
                    ..self.scene.ebgp_peer()
                };
                client.apply_peer(request::apply_peer(LB, peer)).await.map(drop)
            }
            Change::Cost(cost) => client.enable_ospf(request::enable_ospf(LB, ospf_interface(*cost))).await.map(drop),
        }
    }

    fn take(&mut self, change: Change) {
        match change {
            Change::Advertise(prefix, community) => drop(self.wanted.insert(prefix, community)),
            Change::Withdraw(prefix) => drop(self.wanted.remove(&prefix)),
            Change::Describe(description) => self.description = description,
            Change::Cost(cost) => self.cost = cost,
        }
    }

    async fn all_is_there(&self) -> Result<()> {
        wait_for("everything that was acknowledged, and nothing else", TIMEOUT, async || {
            self.agent_says_so().await.context("the agent's status")?;
            self.node_runs_it().await.context("the node's configuration")?;
            self.tor_has_it().await.context("the router of the rack")?;
            Ok(Some(()))
        })
        .await
    }

    async fn agent_says_so(&self) -> Result<()> {
        let status = self.scene.agent.status().await?;
        let rows = status.prefixes.iter().filter(|row| row.protocol() == v1::Protocol::Bgp);
        let shown: BTreeSet<&String> = rows.clone().map(|row| &row.prefix).collect();
        ensure!(shown == self.wanted.keys().collect(), "{shown:?}, not {:?}", self.wanted);
        let wrong: Vec<_> = rows.filter(|row| row.state != "advertised").collect();
        ensure!(wrong.is_empty(), "{wrong:?}");
        ensure!(status.peers.iter().all(|row| row.description == self.description), "{:?}", status.peers);
        ensure!(status.ospf_interfaces.iter().all(|row| row.cost == self.cost), "{:?}", status.ospf_interfaces);
        Ok(())
    }

    async fn node_runs_it(&self) -> Result<()> {
        let running = self.scene.running(Daemon::Bgpd).await?;
        let networks = running.lines().filter_map(|line| line.trim().strip_prefix("network ")?.split(' ').next());
        let networks: BTreeSet<&str> = networks.collect();
        ensure!(networks == self.wanted.keys().map(String::as_str).collect(), "{networks:?}");
        let set = |line: &str| {
            line.trim().strip_prefix("set community ").filter(|text| text.starts_with("65001:")).map(str::to_owned)
        };
        let communities: BTreeSet<String> = running.lines().filter_map(set).collect();
        let wanted = self.wanted.values().filter(|community| !community.is_empty()).cloned();
        ensure!(communities == wanted.collect(), "a route-map is missing or left over: {communities:?}");
        let of_peer = neighbor_lines(&running, self.scene.tor.ipv4);
        ensure!(of_peer.contains(&format!("description {}", self.description)), "{of_peer:?}");
        for version in Version::BOTH {
            let cost = format!("{} cost {}", version.words(), self.cost);
            let of_link = lines(&self.scene, version, INTERFACE).await?;
            ensure!(of_link.contains(&cost), "{of_link:?}");
        }
        Ok(())
    }

    async fn tor_has_it(&self) -> Result<()> {
        let node = self.scene.tor.node_ipv4.into();
        let mut learned = prefixes_from(&self.scene.tor.router, "ipv4", node).await?;
        learned.append(&mut prefixes_from(&self.scene.tor.router, "ipv6", node).await?);
        ensure!(learned.iter().eq(self.wanted.keys()), "{learned:?}");
        Ok(())
    }
}
