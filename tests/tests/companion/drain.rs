//! A node that is cordoned or tainted.

use std::time::{Duration, Instant};

use anyhow::ensure;
use novaroute_e2e::{on_each_frr, wait_for};
use serde_json::json;

use crate::stage::{Stage, TIMEOUT};

const PREFIX: &str = "203.0.113.7/32";
/// How long the node leaves.
const WAIT: Duration = Duration::from_secs(5);

on_each_frr! {
    /// Where it is asked for, a cordon has peers look for another way first, and then takes the prefixes away; not the session.
    async fn a_cordoned_node_leaves_and_comes_back(release) {
        let mut stage = Stage::with_peer(release, &["--drain-on-cordon", "--drain-wait", &WAIT.as_secs().to_string()]).await?;
        stage.advertise("own", json!({"prefixes": [PREFIX]})).await?;
        stage.arrived(PREFIX).await?;
        let cordoned = Instant::now();
        stage.node(|node| node["spec"]["unschedulable"] = json!(true)).await?;
        wait_for("the prefix to be announced as going", TIMEOUT, async || {
            let paths = stage.tor.router.bgp_paths(PREFIX).await?;
            ensure!(paths.iter().any(|path| path["community"]["string"] == "graceful-shutdown"), "{paths:?}");
            Ok(Some(()))
        })
        .await?;
        stage.gone(PREFIX).await?;
        ensure!(cordoned.elapsed() >= WAIT, "{:?}", cordoned.elapsed());
        ensure!(stage.tor.router.bgp_state(&stage.tor.node_ipv4.to_string()).await? == "Established");
        let reason = stage.condition("Drained", "True", "AsAskedFor").await?;
        ensure!(reason.contains("cordoned"), "{reason}");

        // One that starts now must not announce it for a moment.
        let sent = stage.agent.log().matches("graceful-shutdown").count();
        ensure!(sent > 0, "the agent logs what it sends");
        stage.kill_companion()?;
        stage.start_companion()?;
        stage.said_everything(1).await?;
        ensure!(stage.agent.log().matches("graceful-shutdown").count() == sent, "it was announced again");
        stage.node(|_| {}).await?;
        let path = stage.arrived(PREFIX).await?;
        ensure!(path["community"].is_null(), "{path:#}");
        stage.told("it is in service", |node| node.conditions.iter().all(|one| one.type_ != "Drained")).await?;
        stage.end().await
    }

    /// A node that was cordoned while there was no companion is drained by the next one, however much that takes away.
    async fn a_cordon_is_not_missed(release) {
        let mut stage = Stage::with_peer(release, &["--drain-on-cordon"]).await?;
        let many: Vec<String> = (1..=20).map(|number| format!("203.0.113.{number}/32")).collect();
        stage.advertise("many", json!({"prefixes": many})).await?;
        for prefix in [&many[0], &many[19]] {
            stage.arrived(prefix).await?;
        }
        stage.kill_companion()?;
        stage.node(|node| node["spec"]["unschedulable"] = json!(true)).await?;
        stage.start_companion()?;
        for prefix in [&many[0], &many[19]] {
            stage.gone(prefix).await?;
        }
        stage.condition("Ready", "True", "AsAskedFor").await?;
        stage.end().await
    }

    /// Nobody is drained who did not ask for it.
    async fn a_cordon_alone_changes_nothing(release) {
        let stage = Stage::with_peer(release, &["--drain-taint", "example.com/going", "--drain-wait", "0"]).await?;
        stage.advertise("own", json!({"prefixes": [PREFIX]})).await?;
        stage.arrived(PREFIX).await?;
        stage.node(|node| node["spec"]["unschedulable"] = json!(true)).await?;
        stage.advertise("marker", json!({"prefixes": ["203.0.113.1/32"]})).await?;
        stage.arrived("203.0.113.1/32").await?;
        let path = stage.arrived(PREFIX).await?;
        ensure!(path["community"].is_null(), "{path:#}");
        let taint = json!([{"key": "example.com/going", "effect": "NoSchedule"}]);
        stage.node(|node| node["spec"]["taints"] = taint).await?;
        stage.gone(PREFIX).await?;
        stage.end().await
    }
}
