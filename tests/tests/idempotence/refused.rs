//! What FRR refuses.

use anyhow::ensure;
use novaroute_e2e::bgp::peer;
use novaroute_e2e::config::LB;
use novaroute_e2e::executed::Executions;
use novaroute_e2e::scene::Scene;
use novaroute_e2e::tor::TOR_AS;
use novaroute_e2e::{on_each_frr, request};

use super::sent;

on_each_frr! {
    /// A peer at an address of the node itself: refused, in FRR's words. What was asked for with it and after it is
    /// programmed, and the refused line is not sent again with each change.
    async fn a_refused_intent_holds_up_no_other(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        let itself = scene.tor.node_ipv4;
        let executions = Executions::start(&scene.node).await?;
        client.apply_peer(request::apply_peer(LB, peer(itself, TOR_AS))).await?;
        client.apply_peer(request::apply_peer(LB, peer([10, 9, 9, 9], TOR_AS))).await?;
        client.advertise_prefix(request::advertise(LB, "10.66.0.1/32")).await?;
        let refused = scene.peer_intent_state(itself.into(), "refused").await?;
        ensure!(refused.reason.starts_with("FRR_REFUSED"), "{refused:?}");
        ensure!(refused.reason.contains("local system as neighbor"), "not in FRR's words: {refused:?}");
        scene.peer_intent_state([10, 9, 9, 9].into(), "programmed").await?;
        scene.prefix_state("10.66.0.1/32", "advertised").await?;
        scene.peer_intent_state(scene.tor.ipv4.into(), "programmed").await?;

        let before = sent(&executions).await?.len();
        client.advertise_prefix(request::advertise(LB, "10.66.0.2/32")).await?;
        scene.prefix_state("10.66.0.2/32", "advertised").await?;
        let after = sent(&executions).await?.split_off(before);
        ensure!(after.iter().all(|line| !line.contains("neighbor")), "{after:#?}");

        client.remove_peer(request::remove_peer(LB, itself)).await?;
        client.advertise_prefix(request::advertise(LB, "10.66.0.3/32")).await?;
        scene.prefix_state("10.66.0.3/32", "advertised").await?;
        let peers = scene.agent.status().await?.peers;
        ensure!(peers.iter().all(|row| row.intent_state == "programmed") && peers.len() == 2, "{peers:?}");
        Ok(())
    }
}
