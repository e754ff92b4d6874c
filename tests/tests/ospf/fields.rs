//! The fields of an interface: as asked for, changed, cleared, gone.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use novaroute_e2e::config::LB;
use novaroute_e2e::executed::Executions;
use novaroute_e2e::ospf::{HELLO_S, Version, interface, lines, neighbors, on_link, speak, wait_full};
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::{Daemon, on_each_frr, request, v1, wait_for};

use super::{enable, wait_row};

/// What somebody typed on an interface that nobody asked the agent for.
const FOREIGN: [&str; 2] = ["area 0.0.0.9", "cost 77"];

on_each_frr! {
    /// Cost, timers and area are those asked for, seen from both sides; another cost leaves the adjacency alone; another
    /// area moves it.
    async fn fields_are_as_asked_and_change(release) {
        let scene = Scene::new(release).await?;
        let mut client = scene.agent.client().await?;
        let asked = |area: &str, cost| v1::EnableOspfRequest { cost, ..on_link(&scene, area) };
        for version in Version::BOTH {
            speak(&scene, version, "0.0.0.1").await?;
        }
        enable(&mut client, asked("1", 25)).await?;
        for version in Version::BOTH {
            // Hello, dead and area must agree on both sides (RFC 2328 §10.5).
            wait_full(&scene, version).await?;
            runs(&scene, version, "0.0.0.1", 25).await?;
        }
        the_neighbor_computes_with(&scene, 25).await?;

        enable(&mut client, asked("0.0.0.1", 40)).await?;
        for version in Version::BOTH {
            runs(&scene, version, "0.0.0.1", 40).await?;
            let states = neighbors(&scene, version).await?;
            ensure!(states.values().all(|state| state.starts_with("Full")), "{states:?}");
        }
        the_neighbor_computes_with(&scene, 40).await?;
        wait_row(&scene, "the new cost", |row| row.cost == 40 && row.neighbor_count == 2).await?;

        for version in Version::BOTH {
            speak(&scene, version, "4294967295").await?;
        }
        enable(&mut client, asked("4294967295", 40)).await?;
        for version in Version::BOTH {
            runs(&scene, version, "255.255.255.255", 40).await?;
            wait_full(&scene, version).await?;
        }
        wait_row(&scene, "the new area", |row| row.area_id == "255.255.255.255").await.map(drop)
    }

    /// An area is the same as a number and dotted: nothing is sent. Fields left out are cleared in FRR. DisableOSPF
    /// takes every line back and leaves what somebody typed on another interface.
    async fn cleared_and_disabled_is_gone(release) {
        let scene = Scene::new(release).await?;
        let mut client = scene.agent.client().await?;
        for version in Version::BOTH {
            let typed = FOREIGN.map(|line| format!("{} {line}", version.words()));
            scene.node.configure(version.daemon(), &["interface lo", &typed[0], &typed[1]]).await?;
        }
        enable(&mut client, v1::EnableOspfRequest { cost: 25, passive: true, ..on_link(&scene, "7") }).await?;
        wait_lines(&scene, &["area 0.0.0.7", "cost 25", "hello-interval 1", "dead-interval 4", "passive"]).await?;

        let log = Executions::start(&scene.node).await?;
        enable(&mut client, v1::EnableOspfRequest { cost: 25, passive: true, ..on_link(&scene, "0.0.0.7") }).await?;
        let bare = v1::EnableOspfRequest { hello_interval: 0, dead_interval: 0, ..on_link(&scene, "7") };
        enable(&mut client, bare).await?;
        wait_lines(&scene, &["area 0.0.0.7", "cost 10"]).await?;
        let sent = log.lines().await?;
        ensure!(!sent.iter().any(|sent| sent.line.contains(" area ")), "the area did not change: {sent:?}");

        client.disable_ospf(request::disable_ospf(LB, scene.tor.link.a().interface())).await?;
        wait_lines(&scene, &[]).await?;
        for version in Version::BOTH {
            wait_for("nothing of ours to be left", TIMEOUT, async || {
                let running = scene.running(version.daemon()).await?;
                ensure!(!running.contains("router ospf") && !running.contains("NR-"), "{running}");
                Ok(Some(()))
            })
            .await?;
            let typed = FOREIGN.map(|line| format!("{} {line}", version.words()));
            assert_eq!(BTreeSet::from_iter(lines(&scene, version, "lo").await?), typed.into());
        }
        ensure!(scene.agent.status().await?.ospf_interfaces.is_empty());
        Ok(())
    }
}

/// Waits until a daemon of the node runs the interface with these values and the suites' timers.
async fn runs(scene: &Scene, version: Version, area: &str, cost: u32) -> Result<()> {
    let names = match version {
        Version::V2 => ["area", "cost", "timerDeadSecs"],
        Version::V3 => ["areaId", "cost", "timerIntervalsConfigDead"],
    };
    wait_for(&format!("area {area} and cost {cost} ({version:?})"), TIMEOUT, async || {
        let seen = interface(scene, version).await?;
        // FRR 10 tells the kind of an area beside its number.
        let in_area = seen[names[0]].as_str().is_some_and(|text| text.split(' ').next() == Some(area));
        ensure!(in_area && seen[names[1]] == cost && seen[names[2]] == novaroute_e2e::ospf::DEAD_S, "{seen}");
        let hello = if version == Version::V2 { &seen["timerMsecs"] } else { &seen["timerIntervalsConfigHello"] };
        ensure!(hello == if version == Version::V2 { HELLO_S * 1000 } else { HELLO_S }, "{seen}");
        Ok(Some(()))
    })
    .await
}

/// Waits until the node's router LSA, as the neighbour has it, gives the link this cost.
async fn the_neighbor_computes_with(scene: &Scene, cost: u32) -> Result<()> {
    let router_id = wait_full(scene, Version::V2).await?;
    wait_for(&format!("the cost {cost} in the neighbour's database"), TIMEOUT, async || {
        let command = format!("show ip ospf database router {router_id}");
        let text = scene.tor.router.vty(Daemon::Ospfd, &command).await?;
        let metrics: Vec<_> =
            text.lines().filter_map(|line| line.split_once("Metric: ")).map(|(_, m)| m.trim()).collect();
        ensure!(metrics == [cost.to_string()], "{metrics:?}");
        Ok(Some(()))
    })
    .await
}

/// Waits until both daemons run exactly these lines on the node's link, but that ospfd prints a dead interval, once
/// set, whatever it is.
async fn wait_lines(scene: &Scene, wanted: &[&str]) -> Result<()> {
    wait_for(&format!("the lines {wanted:?}"), TIMEOUT, async || {
        for version in Version::BOTH {
            let mut seen = lines(scene, version, scene.tor.link.a().interface()).await?;
            let default = format!("{} dead-interval 40", version.words());
            seen.retain(|line| version == Version::V3 || *line != default);
            seen.sort();
            let mut wanted: Vec<_> = wanted.iter().map(|line| format!("{} {line}", version.words())).collect();
            wanted.sort();
            ensure!(seen == wanted, "{seen:?}");
        }
        Ok(Some(()))
    })
    .await
}
