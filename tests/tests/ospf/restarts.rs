//! Prefixes that are asked for after a restart of zebra: OSPF's daemons do not all ask the new one for routes.

use anyhow::{Result, ensure};
use novaroute_e2e::agent::Client;
use novaroute_e2e::config::LB;
use novaroute_e2e::ospf::{Version, wait_lsas_of_node};
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::{Daemon, FrrRelease, on_each_frr, request, v1, wait_for};
use serde_json::json;

use super::adjacent;

/// The first is announced before zebra is restarted, the others are asked for after that.
const IPV4: [&str; 3] = ["10.66.0.1/32", "10.66.0.2/32", "10.66.0.3/32"];
/// As [`IPV4`].
const IPV6: [&str; 3] = ["fd66::1/128", "fd66::2/128", "fd66::3/128"];

on_each_frr! {
    /// A prefix that comes later is announced beside the one that was there before, and so is the next one; one that is
    /// withdrawn goes.
    async fn ospfd_hears_of_what_comes_after_a_restart_of_zebra(release) {
        let (scene, mut client) = restarted(release, IPV4[0], Version::V2).await?;
        ask(&mut client, IPV4[1]).await?;
        wait_lsas_of_node(&scene, Version::V2, &IPV4[..2]).await?;
        scene.prefix_state(IPV4[1], "advertised").await?;
        ask(&mut client, IPV4[2]).await?;
        wait_lsas_of_node(&scene, Version::V2, &IPV4).await?;
        client.withdraw_prefix(request::withdraw(LB, IPV4[0], v1::Protocol::Ospf)).await?;
        wait_lsas_of_node(&scene, Version::V2, &IPV4[1..]).await?;
        let running = scene.running(Daemon::Ospfd).await?;
        for kind in ["connected", "kernel", "static"] {
            ensure!(running.contains(&format!("redistribute {kind} route-map NR-OSPF")), "{running}");
        }
        Ok(())
    }

    /// The agent was not there to see zebra go: that ospfd was given no route tells.
    async fn an_agent_that_comes_after_the_restart_of_zebra_finds_out(release) {
        let mut scene = Scene::new(release).await?;
        let mut client = adjacent(&scene).await?;
        ask(&mut client, IPV4[0]).await?;
        wait_lsas_of_node(&scene, Version::V2, &IPV4[..1]).await?;
        scene.agent.kill().await?;
        scene.node.kill(Daemon::Zebra).await?;
        scene.node.start(&[Daemon::Zebra]).await?;
        scene.agent.respawn()?;
        scene.agent.wait_ready().await?;
        ask(&mut scene.agent.client().await?, IPV4[1]).await?;
        wait_lsas_of_node(&scene, Version::V2, &IPV4[..2]).await
    }

    /// As with ospfd on FRR 10, whose ospf6d asks again when the list of what it redistributes changes. That of FRR 8
    /// cannot be helped: the status says what can be done, and doing it helps.
    async fn ospf6d_hears_of_it_too_or_the_status_says_why_not(release) {
        let (scene, mut client) = restarted(release, IPV6[0], Version::V3).await?;
        ask(&mut client, IPV6[1]).await?;
        if release == FrrRelease::Distribution {
            wait_for("the way out in the status", TIMEOUT, async || {
                let rows = scene.agent.status().await?.prefixes;
                let told = rows.iter().any(|row| row.prefix == IPV6[1] && row.reason.contains("before it is restarted too"));
                ensure!(told, "{rows:?}");
                Ok(Some(()))
            })
            .await?;
            // Not asked to end: it would flush its LSAs, and a neighbour that has not forgotten them ignores the new ones.
            scene.node.kill(Daemon::Ospf6d).await?;
            scene.node.start(&[Daemon::Ospf6d]).await?;
        }
        wait_lsas_of_node(&scene, Version::V3, &IPV6[..2]).await?;
        let row = scene.prefix_state(IPV6[1], "advertised").await?;
        ensure!(row.reason.is_empty(), "{row:?}");
        Ok(())
    }

    /// Where ospf6d cannot be helped, the log says what can be done, and doing it helps.
    async fn ospf6d_withdraws_what_goes_after_a_restart_of_zebra(release) {
        let (scene, mut client) = restarted(release, IPV6[0], Version::V3).await?;
        client.withdraw_prefix(request::withdraw(LB, IPV6[0], v1::Protocol::Ospf)).await?;
        if release == FrrRelease::Distribution {
            wait_for("the way out in the log", TIMEOUT, async || {
                Ok(scene.agent.log().contains("restart ospf6d too").then_some(()))
            })
            .await?;
            scene.node.kill(Daemon::Ospf6d).await?;
            scene.node.start(&[Daemon::Ospf6d]).await?;
        }
        wait_lsas_of_node(&scene, Version::V3, &[]).await
    }
}

/// A node that announced a prefix when its zebra was killed, and started again.
async fn restarted(release: FrrRelease, prefix: &str, version: Version) -> Result<(Scene, Client)> {
    // While the agent waits for claims, what is announced too many may be somebody's.
    let scene = Scene::with(release, |config| config["adoption_grace"] = json!("0s")).await?;
    let mut client = adjacent(&scene).await?;
    ask(&mut client, prefix).await?;
    wait_lsas_of_node(&scene, version, &[prefix]).await?;
    scene.node.kill(Daemon::Zebra).await?;
    scene.node.start(&[Daemon::Zebra]).await?;
    wait_for("the restart of zebra to be noticed", TIMEOUT, async || {
        let clients = scene.node.vty(Daemon::Zebra, "show zebra client summary").await?;
        ensure!(clients.contains("ospf6 "), "{clients}");
        Ok(Some(()))
    })
    .await?;
    scene.agent.wait_ready().await?;
    Ok((scene, client))
}

async fn ask(client: &mut Client, prefix: &str) -> Result<()> {
    client.advertise_prefix(request::advertise_ospf(LB, prefix)).await?;
    Ok(())
}
