//! The API server is away, the companion dies, the agent dies: what was announced stays, and in the end all is as asked for.

use anyhow::Context as _;
use novaroute_e2e::quiet::Quiet;
use novaroute_e2e::{on_each_frr, wait_for};
use novaroute_fake_kube::Pause;
use novaroute_operator::crd::NovaRouteAdvertisement;
use serde_json::json;

use crate::stage::{SAID_EVERYTHING, Stage, TIMEOUT};

const PREFIX: &str = "203.0.113.7/32";
const LATER: &str = "203.0.113.8/32";

on_each_frr! {
    /// A companion that ends, is killed, or comes back sends FRR nothing.
    async fn a_companion_that_comes_back_goes_unseen(release) {
        let mut stage = Stage::with_peer(release, &[]).await?;
        stage.advertise("own", json!({"prefixes": [PREFIX]})).await?;
        stage.arrived(PREFIX).await?;
        let quiet = Quiet::watch(&stage.scene).await?;
        stage.companion.as_mut().context("it runs")?.terminate().await?;
        stage.start_companion()?;
        stage.said_everything(1).await?;
        stage.kill_companion()?;
        stage.start_companion()?;
        stage.said_everything(1).await?;
        quiet.no_line().await?;
        // What was asked for in between is not lost.
        stage.kill_companion()?;
        stage.delete::<NovaRouteAdvertisement>("own").await?;
        stage.advertise("later", json!({"prefixes": [LATER]})).await?;
        stage.start_companion()?;
        stage.arrived(LATER).await?;
        stage.gone(PREFIX).await?;
        stage.end().await
    }

    /// While the API server is away, agent and companion restart, and all stays; what is asked for meanwhile follows.
    async fn nodes_restart_without_an_api_server(release) {
        let mut stage = Stage::with_peer(release, &[]).await?;
        stage.advertise("own", json!({"prefixes": [PREFIX]})).await?;
        stage.arrived(PREFIX).await?;
        let Some(fake) = &stage.server.fake else { return stage.end().await };
        fake.pause(Pause::Refuse).await;
        stage.scene.agent.kill().await?;
        stage.scene.agent.respawn()?;
        stage.agent.wait_ready().await?;
        // The companion knows what is desired, and says it again.
        stage.said_everything(2).await?;
        stage.arrived(PREFIX).await?;
        // One that starts now knows nothing, and so says nothing.
        stage.kill_companion()?;
        stage.start_companion()?;
        stage.scene.agent.kill().await?;
        stage.scene.agent.respawn()?;
        stage.agent.wait_ready().await?;
        stage.established().await?;
        stage.arrived(PREFIX).await?;
        stage.readiness(503, "ResourcesUnknown").await?;
        let (alive, _) = stage.companion.as_ref().context("it runs")?.get("/healthz").await?;
        assert_eq!(alive, 200);

        let Some(fake) = &stage.server.fake else { return stage.end().await };
        fake.resume().await;
        stage.advertise("own", json!({"prefixes": [LATER]})).await?;
        stage.arrived(LATER).await?;
        stage.gone(PREFIX).await?;
        stage.end().await
    }

    /// While the API server hangs, the companion says everything to a new agent, and tells when there is none.
    async fn a_hanging_api_server_holds_nothing_up(release) {
        let mut stage = Stage::with_peer(release, &[]).await?;
        stage.advertise("own", json!({"prefixes": [PREFIX]})).await?;
        stage.arrived(PREFIX).await?;
        let Some(fake) = &stage.server.fake else { return stage.end().await };
        fake.pause(Pause::Hang).await;
        stage.scene.agent.kill().await?;
        stage.readiness(503, "AgentUnreachable").await?;
        stage.scene.agent.respawn()?;
        stage.agent.wait_ready().await?;
        stage.readiness(200, "ok").await?;
        stage.arrived(PREFIX).await?;
        let Some(fake) = &stage.server.fake else { return stage.end().await };
        fake.resume().await;
        stage.end().await
    }

    /// The API server loses watches, and has forgotten what happened.
    async fn broken_watches_lose_nothing(release) {
        let stage = Stage::with_peer(release, &[]).await?;
        let Some(fake) = &stage.server.fake else { return stage.end().await };
        for (round, forgotten) in [(1, false), (2, true)] {
            let prefix = format!("203.0.113.{round}/32");
            fake.cut_watches();
            if forgotten {
                fake.compact();
            }
            stage.advertise("own", json!({"prefixes": [prefix]})).await?;
            stage.arrived(&prefix).await?;
        }
        stage.gone("203.0.113.1/32").await?;
        stage.end().await
    }

    /// A second companion takes over, the first one comes back, and neither undoes the other.
    async fn two_companions_do_not_fight(release) {
        let mut stage = Stage::with_peer(release, &[]).await?;
        stage.advertise("own", json!({"prefixes": [PREFIX]})).await?;
        stage.arrived(PREFIX).await?;
        let first = stage.companion.take().context("it runs")?;
        stage.start_companion()?;
        stage.said_everything(1).await?;
        stage.advertise("own", json!({"prefixes": [PREFIX, LATER]})).await?;
        stage.arrived(LATER).await?;
        wait_for("the first to see that it is replaced", TIMEOUT, async || {
            Ok(first.log().contains("SESSION_SUPERSEDED").then_some(()))
        })
        .await?;
        let quiet = Quiet::watch(&stage.scene).await?;
        wait_for("the first to come back", TIMEOUT * 2, async || {
            Ok((first.log().matches(SAID_EVERYTHING).count() == 2).then_some(()))
        })
        .await?;
        quiet.no_line().await?;
        stage.arrived(PREFIX).await?;
        stage.end().await
    }
}
