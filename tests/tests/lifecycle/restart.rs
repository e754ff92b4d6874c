//! The agent goes and comes back while FRR runs on.

use novaroute_e2e::agent::Client;
use novaroute_e2e::bgp::{updates_from, withdraws};
use novaroute_e2e::config::LB;
use novaroute_e2e::scene::TIMEOUT;
use novaroute_e2e::tor::times_established;
use novaroute_e2e::{on_each_frr, request};
use serde_json::json;

use crate::work::{INTERFACE, Quiet, at_work, everything_works};

on_each_frr! {
    /// kill -9, then a new agent: its journal and FRR agree, so nothing is sent and the peer sees nothing. What was
    /// asked for is still known to be its owner's.
    async fn a_crash_goes_unseen(release) {
        let (mut scene, _) = at_work(release, |_| {}).await?;
        let quiet = Quiet::watch(&scene).await?;
        scene.agent.kill().await?;
        scene.agent.respawn()?;
        scene.agent.wait_ready().await?;
        everything_works(&scene).await?;
        let status = scene.agent.status().await?;
        assert!(status.prefixes.iter().all(|row| row.owner == "novaedge"), "{status:?}");
        quiet.no_line().await?;
        quiet.no_update(&scene, &mut scene.agent.client().await?).await
    }

    /// `shutdown.mode: keep`: an orderly stop that leaves FRR to the next agent.
    async fn a_stop_that_keeps_goes_unseen(release) {
        let (mut scene, _) = at_work(release, |config| config["shutdown"] = json!({ "mode": "keep" })).await?;
        let quiet = Quiet::watch(&scene).await?;
        let (code, _) = scene.agent.terminate().await?;
        assert_eq!(code, Some(0), "{}", scene.agent.log());
        quiet.no_line().await?;
        scene.agent.respawn()?;
        scene.agent.wait_ready().await?;
        everything_works(&scene).await?;
        quiet.no_line().await?;
        quiet.no_update(&scene, &mut scene.agent.client().await?).await
    }

    /// The agent dies while prefixes pour in. Each one that was acknowledged is announced by its successor, those that
    /// the peer had already stay, and the session does not notice.
    async fn a_crash_in_the_middle_loses_nothing(release) {
        let (mut scene, client) = at_work(release, |_| {}).await?;
        let node = scene.tor.node_ipv4.into();
        let sessions = times_established(&scene.tor.router, node).await?;
        let pouring = tokio::spawn(pour(client));
        scene.tor.router.wait_bgp_route(&poured(0), TIMEOUT).await?;
        scene.agent.kill().await?;
        let acknowledged = pouring.await?;
        let capture = scene.node.capture(INTERFACE, "tcp port 179").await?;
        scene.agent.respawn()?;
        scene.agent.wait_ready().await?;
        for number in 0..acknowledged {
            scene.tor.router.wait_bgp_route(&poured(number), TIMEOUT).await?;
        }
        assert!(acknowledged > 0);
        for update in updates_from(&capture, node)? {
            assert!(!withdraws(&update)?, "{update:?}");
        }
        assert_eq!(times_established(&scene.tor.router, node).await?, sessions);
        Ok(())
    }
}

fn poured(number: u16) -> String {
    let [high, low] = number.to_be_bytes();
    format!("10.99.{high}.{low}/32")
}

/// Announces one prefix after the other until the agent is gone; tells how many it acknowledged.
async fn pour(mut client: Client) -> u16 {
    for number in 0..u16::MAX {
        if client.advertise_prefix(request::advertise(LB, &poured(number))).await.is_err() {
            return number;
        }
    }
    u16::MAX
}
