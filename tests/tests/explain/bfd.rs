//! BFD sessions.

use anyhow::ensure;
use novaroute_e2e::bfd::listen;
use novaroute_e2e::config::LB;
use novaroute_e2e::explain::{bfd, check, explain, wait_in_effect, wait_step};
use novaroute_e2e::scene::Scene;
use novaroute_e2e::v1::Verdict;
use novaroute_e2e::{Daemon, on_each_frr, request, v1};
use novaroute_lab::Signal;

on_each_frr! {
    /// A session from nobody's to one that is up, and the ways in which it ends.
    async fn a_session_of_its_own(release) {
        let scene = Scene::new(release).await?;
        let (client, tor) = (&mut scene.agent.client().await?, &bfd(scene.tor.ipv4));
        let answer = explain(client, tor).await?;
        check(&answer, "holder", Verdict::Failed, "nobody asks for it")?;
        let session = |address: String| v1::EnableBfdRequest { peer_address: address, min_rx_ms: 150, ..Default::default() };
        client.enable_bfd(request::enable_bfd(LB, session(scene.tor.ipv4.to_string()))).await?;
        let answer = wait_step(client, tor, "session", Verdict::Failed, "the BFD session is down").await?;
        check(&answer, "line", Verdict::Ok, "bfd / peer 10.0.1.2")?;
        check(&answer, "route", Verdict::Ok, "over tor1")?;
        check(&answer, "timers", Verdict::Ok, "150 ms to receive, 300 ms to send, multiplier 3, as was asked for")?;
        listen(&scene.tor, false).await?;
        wait_in_effect(client, tor).await?;

        scene.tor.link.go_silent().await?;
        let answer = wait_step(client, tor, "session", Verdict::Failed, "detection time").await?;
        ensure!(answer.answer.contains("detection time"), "{answer:#?}");
        scene.tor.link.speak().await?;
        wait_in_effect(client, tor).await?;
        client.enable_bfd(request::enable_bfd(LB, session("10.9.9.9".into()))).await?;
        wait_step(client, &bfd("10.9.9.9"), "route", Verdict::Failed, "no route to 10.9.9.9").await?;
        scene.node.signal(Daemon::Bfdd, Signal::STOP)?;
        let answer = explain(client, tor).await?;
        scene.node.signal(Daemon::Bfdd, Signal::CONT)?;
        check(&answer, "session", Verdict::Unknown, "bfdd: no answer within 1 s")?;
        check(&answer, "holder", Verdict::Ok, "owner novaedge asks for it")
    }
}
