//! Adjacencies: with and without, up and down.

use anyhow::{Result, ensure};
use novaroute_e2e::config::LB;
use novaroute_e2e::events::Events;
use novaroute_e2e::ospf::{TOR_ROUTER_ID, Version, on_link, speak, wait_alone, wait_full};
use novaroute_e2e::scene::Scene;
use novaroute_e2e::v1::EventType;
use novaroute_e2e::{Daemon, on_each_frr, v1};

use super::{enable, wait_row};

on_each_frr! {
    /// No BGP anywhere. The neighbour comes up over IPv4, then over IPv6 too; the link is cut and comes back. Each
    /// adjacency is counted in the status and told as an event, once.
    async fn neighbors_come_and_go_without_bgp(release) {
        let scene = Scene::new(release).await?;
        let mut client = scene.agent.client().await?;
        let mut events = Events::open(&mut client, LB, &["OSPF_NEIGHBOR_UP", "OSPF_NEIGHBOR_DOWN"]).await?;
        speak(&scene, Version::V2, "0.0.0.0").await?;
        enable(&mut client, on_link(&scene, "0")).await?;
        wait_full(&scene, Version::V2).await?;
        // The neighbor is pushed, the state of the interface is looked at right after.
        let settled = |row: &v1::OspfInterfaceStatus| row.neighbor_count == 1 && row.state.contains("ospf3 ");
        let row = wait_row(&scene, "one neighbor, and a state in each version", settled).await?;
        ensure!(row.owner == LB && row.intent_state == "programmed" && row.area_id == "0.0.0.0", "{row:?}");
        ensure!(row.state.contains("ospf "), "{row:?}");
        ensure!(!scene.running(Daemon::Bgpd).await?.contains("router bgp"));

        speak(&scene, Version::V3, "0.0.0.0").await?;
        wait_full(&scene, Version::V3).await?;
        wait_row(&scene, "two neighbors", |row| row.neighbor_count == 2).await?;
        told(&scene, &mut events, EventType::OspfNeighborUp).await?;

        scene.tor.link.set_down().await?;
        wait_row(&scene, "no neighbor", |row| row.neighbor_count == 0).await?;
        told(&scene, &mut events, EventType::OspfNeighborDown).await?;
        scene.tor.link.set_up().await?;
        for version in Version::BOTH {
            wait_full(&scene, version).await?;
        }
        wait_row(&scene, "two neighbors again", |row| row.neighbor_count == 2).await?;
        told(&scene, &mut events, EventType::OspfNeighborUp).await
    }

    /// A passive interface says nothing, so the neighbour forgets the node; made active again, the adjacency is back.
    async fn a_passive_interface_has_no_neighbors(release) {
        let scene = Scene::new(release).await?;
        let mut client = scene.agent.client().await?;
        for version in Version::BOTH {
            speak(&scene, version, "0").await?;
        }
        for passive in [false, true, false] {
            enable(&mut client, v1::EnableOspfRequest { passive, ..on_link(&scene, "0") }).await?;
            for version in Version::BOTH {
                if passive { wait_alone(&scene, version).await? } else { wait_full(&scene, version).await.map(drop)? }
            }
            let neighbors = if passive { 0 } else { 2 };
            wait_row(&scene, "as many neighbors", |row| row.neighbor_count == neighbors).await?;
        }
        Ok(())
    }
}

/// Two events of a type, one for each version, and no more of any.
async fn told(scene: &Scene, events: &mut Events, wanted: EventType) -> Result<()> {
    for name in ["ospf ", "ospf3 "] {
        let of = |event: &v1::RouteEvent| {
            event.r#type() == wanted && event.metadata["neighbor"].starts_with(&format!("{name}{TOR_ROUTER_ID}"))
        };
        let event = events.expect_that(&format!("{wanted:?} of {name}"), of).await?;
        ensure!(event.metadata["interface"] == scene.tor.link.a().interface() && event.owner == LB, "{event:?}");
    }
    ensure!(events.seen().len() == 2, "{:?}", events.seen());
    events.forget();
    Ok(())
}
