//! Does the node run what the model says, does the agent say so, and does the router of the rack see it?

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use novaroute_lab::Daemon;
use serde_json::Value;

use super::model::Model;
use crate::bgp::{neighbor_lines, prefixes_from};
use crate::config::LB;
use crate::ospf::{Version, externals, lines};
use crate::scene::Scene;

/// The daemons that hold something of the agent's.
const WRITTEN: [Daemon; 4] = [Daemon::Bgpd, Daemon::Bfdd, Daemon::Ospfd, Daemon::Ospf6d];
/// Begins the names of what a hand adds beside what is the agent's.
pub(super) const FOREIGN: &str = "BY-HAND";
/// What the lines that depend on the model begin with.
const VARIABLE: [&str; 7] =
    ["network ", "ip ospf cost ", "ipv6 ospf6 cost ", "ip prefix-list ", "ipv6 prefix-list ", "route-map ", "set "];

/// The lines of the node's configuration that do not depend on the model, with how often each is there.
pub(super) type Fixed = BTreeMap<String, usize>;

/// Reads the lines that do not depend on the model.
pub(super) async fn fixed(scene: &Scene) -> Result<Fixed> {
    let mut fixed = Fixed::new();
    for daemon in WRITTEN {
        let running = scene.running(daemon).await?;
        let kept = running.lines().map(str::trim).filter(|line| is_fixed(line));
        for line in kept {
            *fixed.entry(format!("{daemon}: {line}")).or_default() += 1;
        }
    }
    Ok(fixed)
}

fn is_fixed(line: &str) -> bool {
    let moves = matches!(line, "!" | "exit" | "end" | "exit-address-family" | "");
    let head = line.starts_with("Building") || line.starts_with("Current") || line.starts_with("frr ");
    let variable = VARIABLE.iter().any(|start| line.starts_with(start)) || line.contains(" description ");
    !moves && !head && !variable && !line.starts_with("on-match") && !line.contains(FOREIGN)
}

/// Fails where something differs from the model.
pub(super) async fn check(scene: &Scene, model: &Model, expected: &Fixed) -> Result<()> {
    let now = fixed(scene).await?;
    let differs = |a: &Fixed, b: &Fixed| {
        a.iter().filter(|(line, n)| b.get(*line) != Some(n)).map(|(l, _)| l.clone()).collect::<Vec<_>>()
    };
    ensure!(
        now == *expected,
        "the node's lines: missing {:?}, too many {:?}",
        differs(expected, &now),
        differs(&now, expected)
    );
    node(scene, model).await.context("the node's configuration")?;
    agent(scene, model).await.context("the agent's status")?;
    tor(scene, model).await.context("the router of the rack")
}

async fn node(scene: &Scene, model: &Model) -> Result<()> {
    let running = scene.running(Daemon::Bgpd).await?;
    let networks = running.lines().filter_map(|line| line.trim().strip_prefix("network ")?.split(' ').next());
    let networks: BTreeSet<&str> = networks.collect();
    ensure!(networks == model.bgp.keys().copied().collect(), "networks {networks:?}");
    let of_peer = neighbor_lines(&running, scene.tor.ipv4);
    let described = of_peer.iter().find_map(|line| line.strip_prefix("description ")).unwrap_or_default();
    ensure!(described == model.description, "the peer is called {described:?}");
    for version in Version::BOTH {
        let of_link = lines(scene, version, scene.tor.link.a().interface()).await?;
        let start = format!("{} cost ", version.words());
        let cost = of_link.iter().find_map(|line| line.strip_prefix(&start));
        ensure!(cost == Some(&model.cost.to_string()), "{version:?}: cost {cost:?} in {of_link:?}");
    }
    let routes = if scene.node.is_running(Daemon::Mgmtd) { Daemon::Mgmtd } else { Daemon::Staticd };
    let running = scene.running(routes).await?;
    let statics = running.lines().filter_map(|line| line.trim().split_once(" route ")?.1.split(' ').next());
    let statics: BTreeSet<&str> = statics.collect();
    ensure!(model.ospf.keys().all(|prefix| statics.contains(prefix)), "routes for OSPF {statics:?}");
    ensure!(statics.len() == model.ospf.len(), "routes for OSPF {statics:?}");
    Ok(())
}

async fn agent(scene: &Scene, model: &Model) -> Result<()> {
    let status = scene.agent.status().await?;
    let wanted: BTreeSet<&str> = model.bgp.keys().chain(model.ospf.keys()).copied().collect();
    let shown: BTreeSet<&str> = status.prefixes.iter().map(|row| row.prefix.as_str()).collect();
    ensure!(shown == wanted && status.prefixes.len() == wanted.len(), "prefixes {shown:?}");
    let wrong: Vec<_> = status.prefixes.iter().filter(|row| row.state != "advertised" || row.owner != LB).collect();
    ensure!(wrong.is_empty(), "{wrong:?}");
    let [peer] = status.peers.as_slice() else { anyhow::bail!("{:?}", status.peers) };
    let good = peer.intent_state == "programmed" && peer.state == "Established" && peer.bfd_status == "up";
    ensure!(good && peer.description == model.description, "{peer:?}");
    let [ospf] = status.ospf_interfaces.as_slice() else { anyhow::bail!("{:?}", status.ospf_interfaces) };
    ensure!(ospf.intent_state == "programmed" && ospf.cost == model.cost, "{ospf:?}");
    let (code, body) = scene.agent.get("/readyz").await?;
    ensure!(code == 200, "/readyz: {code} {body}");
    Ok(())
}

async fn tor(scene: &Scene, model: &Model) -> Result<()> {
    let (tor, node) = (&scene.tor.router, scene.tor.node_ipv4.into());
    let mut learned = prefixes_from(tor, "ipv4", node).await?;
    learned.append(&mut prefixes_from(tor, "ipv6", node).await?);
    ensure!(learned.iter().map(String::as_str).eq(model.bgp.keys().copied()), "BGP {learned:?}");
    for (prefix, community) in &model.bgp {
        let paths = tor.bgp_paths(prefix).await?;
        let shown = paths.first().and_then(|path| path["community"]["string"].as_str()).unwrap_or_default();
        ensure!(
            shown == *community,
            "{prefix} with community {shown:?}, not {community:?}: {}",
            Value::from(paths.clone())
        );
    }
    let mut external = BTreeSet::new();
    for version in Version::BOTH {
        external.extend(externals(scene, version).await?.into_keys());
    }
    ensure!(external.iter().map(String::as_str).eq(model.ospf.keys().copied()), "OSPF {external:?}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_model_changes_is_not_fixed() {
        for line in ["network 10.66.0.1/32 route-map NR-1", "neighbor 10.0.1.2 description a b", "!", "ip ospf cost 7"]
        {
            assert!(!is_fixed(line), "{line}");
        }
        for line in ["neighbor 10.0.1.2 remote-as 65100", "router bgp 65001", "ip ospf area 0"] {
            assert!(is_fixed(line), "{line}");
        }
    }
}
