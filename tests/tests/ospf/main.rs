//! OSPF and OSPFv3: interfaces with their fields, neighbours, and prefixes as the router of the rack learns them.

mod fields;
mod neighbors;
mod prefixes;
mod restarts;
mod settings;

use anyhow::{Result, ensure};
use novaroute_e2e::agent::Client;
use novaroute_e2e::config::LB;
use novaroute_e2e::ospf::{Version, on_link, speak, wait_full};
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::{request, v1, wait_for};

/// Has the node and the router of the rack speak both versions on their link.
async fn adjacent(scene: &Scene) -> Result<Client> {
    let mut client = scene.agent.client().await?;
    for version in Version::BOTH {
        speak(scene, version, "0").await?;
    }
    enable(&mut client, on_link(scene, "0")).await?;
    for version in Version::BOTH {
        wait_full(scene, version).await?;
    }
    Ok(client)
}

async fn enable(client: &mut Client, interface: v1::EnableOspfRequest) -> Result<()> {
    client.enable_ospf(request::enable_ospf(LB, interface)).await?;
    Ok(())
}

/// Waits until the agent's row of the node's link holds, and returns it.
async fn wait_row(
    scene: &Scene,
    what: &str,
    holds: impl Fn(&v1::OspfInterfaceStatus) -> bool,
) -> Result<v1::OspfInterfaceStatus> {
    wait_for(&format!("the status of the interface: {what}"), TIMEOUT, async || {
        let rows = scene.agent.status().await?.ospf_interfaces;
        ensure!(rows.len() == 1 && holds(&rows[0]), "{rows:?}");
        Ok(rows.into_iter().next())
    })
    .await
}
