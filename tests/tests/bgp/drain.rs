//! Drain and Undrain: what peers see of it, and that it outlives the agent.

use std::net::IpAddr;

use anyhow::ensure;
use novaroute_e2e::bgp::{peer, second_tor, updates_from, wait_neighbor, wait_own_prefixes, wait_path, withdraws};
use novaroute_e2e::config::{ADMIN, LB};
use novaroute_e2e::ctl::Ctl;
use novaroute_e2e::events::Events;
use novaroute_e2e::scene::Scene;
use novaroute_e2e::tor::{NODE_AS, bgp_session};
use novaroute_e2e::{on_each_frr, request, v1};
use serde_json::Value;

const OWN: &str = "10.66.0.1/32";
const OF_ADMIN: &str = "10.66.0.2/32";

/// Whether a path carries GRACEFUL_SHUTDOWN.
fn is_marked(path: &Value) -> bool {
    path["community"]["string"]
        .as_str()
        .is_some_and(|communities| communities.split(' ').any(|word| word == "graceful-shutdown"))
}

on_each_frr! {
    /// The owner's prefix is marked, for an external peer by the community and for an internal one by LOCAL_PREF 0 as well,
    /// without a withdrawal; then withdrawn, also when the agent is killed meanwhile; then announced as before. Another
    /// owner's prefix and all sessions stay as they are.
    async fn a_drain_marks_then_withdraws_and_outlives_the_agent(release) {
        let (mut scene, mut client) = Scene::with_bgp(release).await?;
        let second = second_tor(&scene).await?;
        bgp_session(&second, NODE_AS, second.node_ipv4.into(), NODE_AS).await?;
        client.apply_peer(request::apply_peer(LB, peer(second.ipv4, NODE_AS))).await?;
        scene.established(second.ipv4.into()).await?;
        client.advertise_prefix(request::advertise(LB, OWN)).await?;
        client.advertise_prefix(request::advertise(ADMIN, OF_ADMIN)).await?;
        let (node, inside) = (IpAddr::from(scene.tor.node_ipv4), second.node_ipv4.into());
        wait_path(&scene.tor.router, OWN, node, |path| !is_marked(path)).await?;
        wait_path(&second.router, OWN, inside, |path| !is_marked(path)).await?;
        wait_own_prefixes(&scene.tor, &[OWN, OF_ADMIN]).await?;
        let mut events = Events::open(&mut client, "", &["DRAIN_STARTED", "DRAIN_ENDED", "PEER_DOWN"]).await?;
        let capture = scene.tor.router.capture("node", "tcp port 179").await?;

        let marks = v1::DrainRequest { delay_s: Some(3600), wait: v1::Wait::Advertised.into(), ..request::drain(LB) };
        assert_eq!(client.drain(marks.clone()).await?.into_inner().prefixes, 1);
        wait_path(&scene.tor.router, OWN, node, is_marked).await?;
        wait_path(&second.router, OWN, inside, |path| is_marked(path) && path["locPrf"] == 0).await?;
        wait_path(&scene.tor.router, OF_ADMIN, node, |path| !is_marked(path)).await?;
        let started = events.expect_that("the start", |event| event.owner == LB).await?;
        assert_eq!(started.r#type(), v1::EventType::DrainStarted);
        for update in updates_from(&capture, node)? {
            ensure!(!withdraws(&update)?, "a withdrawal: {update:?}");
        }

        let now = v1::DrainRequest { delay_s: Some(0), ..marks };
        assert_eq!(client.drain(now).await?.into_inner().prefixes, 1);
        wait_own_prefixes(&scene.tor, &[OF_ADMIN]).await?;
        let row = scene.prefix_state(OWN, "pending").await?;
        ensure!(row.reason.starts_with("DRAINED"), "{row:?}");
        let drains = scene.agent.status().await?.drains;
        ensure!(drains.len() == 1 && drains[0].phase == "withdrawn" && drains[0].of_owner == LB, "{drains:?}");

        scene.agent.kill().await?;
        scene.agent.respawn()?;
        scene.agent.wait_ready().await?;
        let row = scene.prefix_state(OWN, "pending").await?;
        ensure!(row.reason.starts_with("DRAINED"), "{row:?}");
        wait_own_prefixes(&scene.tor, &[OF_ADMIN]).await?;

        let mut client = scene.agent.client().await?;
        let mut events = Events::open(&mut client, "", &["DRAIN_ENDED", "PEER_DOWN"]).await?;
        let ends = v1::UndrainRequest { wait: v1::Wait::Advertised.into(), ..request::undrain(LB) };
        assert_eq!(client.undrain(ends.clone()).await?.into_inner().prefixes, 1);
        wait_path(&scene.tor.router, OWN, node, |path| !is_marked(path)).await?;
        let ended = events.expect_that("the end", |event| event.owner == LB).await?;
        assert_eq!(ended.r#type(), v1::EventType::DrainEnded);
        client.undrain(ends).await?;
        Ok(())
    }

    /// A node is drained by an owner that may override, from the command line; what is left after the delay is nothing.
    async fn a_node_is_drained_and_comes_back(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        client.advertise_prefix(request::advertise(LB, OWN)).await?;
        client.advertise_prefix(request::advertise(ADMIN, OF_ADMIN)).await?;
        wait_own_prefixes(&scene.tor, &[OWN, OF_ADMIN]).await?;
        let refused = Ctl::new(&scene.agent, LB).run("drain --node").await?;
        ensure!(refused.done().is_err());
        let admin = Ctl::new(&scene.agent, ADMIN);
        admin.run("drain --node --delay-s 1").await?.done()?;
        wait_own_prefixes(&scene.tor, &[]).await?;
        let shown = admin.run("status").await?.done()?;
        ensure!(shown.stdout.contains("drained: the node by admin, 2 prefixes withdrawn"), "{}", shown.stdout);
        admin.run("undrain --node --wait=advertised").await?.done()?;
        wait_own_prefixes(&scene.tor, &[OWN, OF_ADMIN]).await?;

        let node = IpAddr::from(scene.tor.node_ipv4);
        admin.run("drain --node --delay-s 0 --shut-sessions --shutdown-message moving").await?.done()?;
        let told = |said: &Value| said["bgpState"] != "Established" && said.to_string().contains("moving");
        wait_neighbor(&scene.tor.router, node, "the end and its message", told).await?;
        admin.run("undrain --node").await?.done()?;
        scene.established(scene.tor.ipv4.into()).await?;
        wait_own_prefixes(&scene.tor, &[OWN, OF_ADMIN]).await?;
        Ok(())
    }
}
