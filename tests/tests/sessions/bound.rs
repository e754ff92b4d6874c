//! Sessions that are bound to their connection.

use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use novaroute_e2e::config::LB;
use novaroute_e2e::events::Events;
use novaroute_e2e::quiet::Quiet;
use novaroute_e2e::scene::Scene;
use novaroute_e2e::v1::EventType;
use novaroute_e2e::{on_each_frr, wait_for};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::{GRACE, OWN, announce_own, bound, node, node_with, own_arrived, own_gone, renew};

/// A client that announces [`OWN`], as a process of its own, with the name of its session.
async fn client_process(scene: &Scene, instance: &str) -> Result<(Child, String)> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bound_client"));
    command.arg(scene.agent.socket()).args([LB, instance]).args(OWN);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
    let stdout = child.stdout.take().context("no stdout")?;
    let session = BufReader::new(stdout).lines().next_line().await?.context("it ended")?;
    Ok((child, session))
}

/// Longest time until the agent knows that a connection is gone.
const NOTICED_MAX: Duration = Duration::from_secs(1);

/// Waits until the agent has seen so many connections of bound sessions go.
async fn lost(scene: &Scene, times: usize) -> Result<()> {
    wait_for("the agent to notice that the connection is gone", NOTICED_MAX, async || {
        let seen = scene.agent.log().matches("the connection of the owner's session was lost").count();
        ensure!(seen == times, "{seen} times");
        Ok(Some(()))
    })
    .await
}

on_each_frr! {
    /// SIGKILL: the agent notices within a second, and after the grace the peer is told.
    async fn a_client_that_is_killed_loses_its_routes_after_the_grace(release) {
        let (scene, mut client) = node(release).await?;
        let mut events = Events::open(&mut client, LB, &["OWNER_REGISTERED", "OWNER_EXPIRED"]).await?;
        let (mut process, _) = client_process(&scene, "edge-0").await?;
        own_arrived(&scene).await?;
        let registered = events.expect(EventType::OwnerRegistered).await?;
        let metadata = |key: &str| registered.metadata.get(key).map(String::as_str);
        assert_eq!((metadata("instance"), metadata("bound"), metadata("epoch")), (Some("edge-0"), Some("true"), Some("1")));

        let killed = Instant::now();
        process.kill().await?;
        lost(&scene, 1).await?;
        own_gone(&scene).await?;
        let after = killed.elapsed();
        ensure!(after >= GRACE, "withdrawn after {after:?}");
        let expired = events.expect(EventType::OwnerExpired).await?;
        assert_eq!((expired.reason.as_str(), expired.metadata["instance"].as_str()), ("CONNECTION_LOST", "edge-0"));
        Ok(())
    }

    /// Killed and started again within the grace, the client finds its routes as they were: no line to FRR, no UPDATE.
    async fn a_client_that_comes_back_in_the_grace_goes_unseen(release) {
        let (scene, mut client) = node_with(release, GRACE * 5).await?;
        let (mut process, _) = client_process(&scene, "edge-0").await?;
        own_arrived(&scene).await?;
        let quiet = Quiet::watch(&scene).await?;
        process.kill().await?;
        lost(&scene, 1).await?;
        let (_process, _) = client_process(&scene, "edge-1").await?;
        let back = Instant::now();
        wait_for("the first grace to be over", GRACE * 20, async || Ok((back.elapsed() > GRACE * 6).then_some(()))).await?;
        quiet.no_line().await?;
        quiet.no_update(&scene, &mut client).await?;
        own_arrived(&scene).await
    }

    /// A new connection of the same client that renews is as good as one that registers; the old session lives on.
    async fn a_renewal_over_another_connection_stops_the_clock(release) {
        let (scene, mut client) = node(release).await?;
        let mut first = scene.agent.client().await?;
        let session = first.register(bound(LB)).await?.into_inner().session_id;
        announce_own(&mut first).await?;
        own_arrived(&scene).await?;
        drop(first);
        lost(&scene, 1).await?;
        client.renew(renew(&session)).await?;
        let renewed = Instant::now();
        wait_for("the first grace to be over", GRACE * 4, async || Ok((renewed.elapsed() > GRACE * 2).then_some(()))).await?;
        own_arrived(&scene).await?;
        // It is bound to this connection now.
        drop(client);
        own_gone(&scene).await
    }

    /// Two processes of one owner: the old one's connection may drop when it likes once the new one has registered.
    async fn the_end_of_a_replaced_client_does_not_hurt_its_successor(release) {
        let (scene, _client) = node(release).await?;
        let (mut old, _) = client_process(&scene, "edge-0").await?;
        let (_new, _) = client_process(&scene, "edge-1").await?;
        own_arrived(&scene).await?;
        let killed = Instant::now();
        old.kill().await?;
        wait_for("a grace to be over", GRACE * 4, async || Ok((killed.elapsed() > GRACE * 2).then_some(()))).await?;
        own_arrived(&scene).await?;
        ensure!(!scene.agent.log().contains("the connection of the owner's session was lost"));
        Ok(())
    }
}
