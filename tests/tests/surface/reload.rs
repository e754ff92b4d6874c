//! A new configuration takes effect without touching a session.

use anyhow::{Result, ensure};
use novaroute_e2e::config::{CNI, LB, token};
use novaroute_e2e::refusal::refused;
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::tor::times_established;
use novaroute_e2e::{on_each_frr, request, wait_for};
use rustix::process::Signal;
use serde_json::{Value, json};
use tonic::Code;

const IN_FORCE: &str = "the new configuration is in force";
const KEPT: &str = "the old one stays in force";

/// Changes the file, has it reloaded by `trigger`, and waits until the log has `outcome` once more.
async fn change(
    scene: &Scene,
    outcome: &str,
    trigger: impl FnOnce() -> Result<()>,
    edit: impl FnOnce(&mut Value),
) -> Result<()> {
    let told = scene.agent.log().matches(outcome).count();
    let mut config = scene.agent.read_config()?;
    edit(&mut config);
    scene.agent.write_config(&config)?;
    trigger()?;
    let more = async || Ok((scene.agent.log().matches(outcome).count() > told).then_some(()));
    wait_for(outcome, TIMEOUT, more).await
}

/// How often the session came up, as the router of the rack counts, for which it may take a moment longer to be up.
async fn sessions_so_far(scene: &Scene) -> Result<u64> {
    let node = scene.tor.node_ipv4;
    scene.tor.router.wait_bgp_established(&node.to_string(), TIMEOUT).await?;
    times_established(&scene.tor.router, node.into()).await
}

on_each_frr! {
    /// Owners, permissions and policies follow the file, by SIGHUP and by itself; a bad file changes nothing; the session
    /// never notices.
    async fn owners_and_policies_follow_the_file(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        let before = sessions_so_far(&scene).await?;
        client.advertise_prefix(request::advertise(CNI, "203.0.113.7/32")).await?;
        scene.tor.router.wait_bgp_route("203.0.113.7/32", TIMEOUT).await?;
        refused(client.register(request::register("late")).await)?.expect(Code::Unauthenticated, "BAD_CREDENTIALS")?;

        let hangup = || scene.agent.signal(Signal::HUP);
        change(&scene, IN_FORCE, hangup, |config| {
            config["owners"]["late"] = json!({ "token": token("late") });
            config["owners"][CNI]["permissions"] = json!(["peers"]);
            config["log_level"] = json!("info");
        })
        .await?;
        client.register(request::register("late")).await?;
        let denied = refused(client.advertise_prefix(request::advertise(CNI, "203.0.113.8/32")).await)?;
        denied.expect(Code::PermissionDenied, "KIND_NOT_PERMITTED")?;

        change(&scene, KEPT, hangup, |config| {
            config["owners"]["another"] = json!({ "token": token("another") });
            config["log_level"] = json!("loud");
        })
        .await?;
        ensure!(scene.agent.log().contains("log_level: \"loud\" is not one of"), "{}", scene.agent.log());
        refused(client.register(request::register("another")).await)?.expect(Code::Unauthenticated, "BAD_CREDENTIALS")?;
        client.register(request::register("late")).await?;

        // Without a signal: the file is looked at.
        change(
            &scene,
            IN_FORCE,
            || Ok(()),
            |config| {
                config["log_level"] = json!("debug");
                config["owners"].as_object_mut().map(|owners| owners.remove("late"));
            },
        )
        .await?;
        client.register(request::register("another")).await?;
        refused(client.register(request::register("late")).await)?.expect(Code::Unauthenticated, "BAD_CREDENTIALS")?;

        // What was held under the old policy stays until its owner says otherwise.
        ensure!(!scene.tor.router.bgp_paths("203.0.113.7/32").await?.is_empty());
        ensure!(sessions_so_far(&scene).await? == before, "the session flapped");
        scene.established(scene.tor.ipv4.into()).await
    }
}

on_each_frr! {
    /// A peer in the file comes and goes with the file, and the session of another one stays.
    async fn peers_of_the_file_follow_it(release) {
        let (scene, _client) = Scene::with_bgp(release).await?;
        let before = sessions_so_far(&scene).await?;
        let hangup = || scene.agent.signal(Signal::HUP);
        change(&scene, IN_FORCE, hangup, |config| {
            config["bgp"] = json!({ "peers": [{ "neighbor_address": "10.0.1.99", "remote_as": 65_100 }] });
        })
        .await?;
        let row = scene.peer_intent_state("10.0.1.99".parse()?, "programmed").await?;
        assert_eq!(row.owner, "_config");
        change(&scene, IN_FORCE, hangup, |config| config["bgp"] = json!({})).await?;
        wait_for("the peer to be gone from FRR", TIMEOUT, async || {
            let bgpd = scene.running(novaroute_e2e::Daemon::Bgpd).await?;
            Ok((!bgpd.contains("10.0.1.99")).then_some(()))
        })
        .await?;
        ensure!(sessions_so_far(&scene).await? == before, "the session flapped");
        let rows = scene.agent.status().await?.peers;
        ensure!(rows.len() == 1 && rows[0].owner == LB, "{rows:?}");
        Ok(())
    }
}
