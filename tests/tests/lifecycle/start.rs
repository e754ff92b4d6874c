//! Starts that fail say why, and touch nothing.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use novaroute_e2e::binary::binary;
use novaroute_e2e::on_each_frr;
use novaroute_e2e::scene::Scene;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt as _;
use tokio::time::timeout;

use crate::work::{BGP_V4, BGP_V6, Quiet, at_work, everything_works, tor_table};

/// Longest wait for a start to fail.
const FAIL_MAX: Duration = Duration::from_secs(10);

/// Starts an agent on the node that must fail, with the running one's configuration changed by `change`, and returns
/// what it said.
async fn failed_start(scene: &Scene, change: impl FnOnce(&mut Value)) -> Result<String> {
    let mut config = scene.agent.read_config()?;
    change(&mut config);
    let path = scene.agent.dir().join("other.json");
    fs::write(&path, config.to_string())?;
    let mut command = scene.node.command(binary("novaroute-agent")?);
    let output = timeout(FAIL_MAX, command.arg("--config").arg(&path).output()).await.context("it did not end")??;
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.code() == Some(2), "{}: {said}", output.status);
    Ok(said)
}

/// Gives the other agent everything of its own but what `shared` names.
fn apart(config: &mut Value, shared: &[&str]) {
    let own = [("metrics_address", "127.0.0.1:9103"), ("listen_socket", ".other"), ("state_dir", ".other")];
    for (key, value) in own.into_iter().filter(|(key, _)| !shared.contains(key)) {
        let former = config[key].as_str().unwrap_or_default().to_owned();
        config[key] = json!(if value.starts_with('.') { former + value } else { value.to_owned() });
    }
}

on_each_frr! {
    /// Whatever a second agent has in common with a live one, it says so and ends; the live one goes on.
    async fn beside_a_live_agent(release) {
        let (scene, mut client) = at_work(release, |_| {}).await?;
        let quiet = Quiet::watch(&scene).await?;
        for (shared, said) in [
            ("metrics_address", "metrics_address: cannot listen on 127.0.0.1:9102"),
            ("state_dir", "state_dir: "),
            ("listen_socket", "listen_socket: another agent serves "),
        ] {
            let words = failed_start(&scene, |config| apart(config, &[shared])).await?;
            assert!(words.contains(said) && words.contains("cannot start"), "{shared}: {words}");
        }
        everything_works(&scene).await?;
        quiet.no_line().await?;
        quiet.no_update(&scene, &mut client).await
    }

    /// Nobody else is there, and the start fails all the same: what FRR announces stays announced.
    async fn with_nobody_there(release) {
        let (mut scene, _) = at_work(release, |_| {}).await?;
        let quiet = Quiet::watch(&scene).await?;
        scene.agent.kill().await?;
        let taken = scene.node.in_namespace(|| std::net::TcpListener::bind("127.0.0.1:9102")).await??;
        let words = failed_start(&scene, |_| {}).await?;
        assert!(words.contains("metrics_address: cannot listen on 127.0.0.1:9102"), "{words}");
        drop(taken);
        let words = failed_start(&scene, |config| {
            config["listen_sockte"] = json!("/run/x");
            config["log_level"] = json!("loud");
        })
        .await?;
        assert!(words.contains("log_level: \"loud\" is not one of"), "{words}");
        assert!(words.contains("listen_sockte: unknown key; did you mean \"listen_socket\"?"), "{words}");
        let words = failed_start(&scene, |config| config["state_dir"] = json!("/proc/no")).await?;
        assert!(words.contains("cannot start: state_dir: cannot create /proc/no"), "{words}");
        let words = failed_start(&scene, |config| config["socket"] = json!({ "group": "no-such-group" })).await?;
        assert!(words.contains("socket.group: there is no group \"no-such-group\""), "{words}");
        quiet.no_line().await?;
        assert_eq!(tor_table(&scene).await?, [BGP_V4, BGP_V6]);
        scene.agent.respawn()?;
        scene.agent.wait_ready().await?;
        everything_works(&scene).await?;
        quiet.no_line().await?;
        quiet.no_update(&scene, &mut scene.agent.client().await?).await
    }

    /// After a crash two supervisors start the agent at once: one runs, the other says why it does not.
    async fn two_at_once(release) {
        let (mut scene, _) = at_work(release, |_| {}).await?;
        let quiet = Quiet::watch(&scene).await?;
        scene.agent.kill().await?;
        let start = || scene.agent.command()?.stderr(Stdio::piped()).spawn().context("starting the agent");
        let (mut first, mut second) = (start()?, start()?);
        let ended = tokio::select! {
            ended = first.wait() => ended,
            ended = second.wait() => ended,
        };
        assert_eq!(ended?.code(), Some(2));
        let mut children = [first, second];
        // One that has ended has no id any more.
        children.sort_by_key(|child| child.id());
        let [loser, winner] = &mut children;
        let mut said = String::new();
        loser.stderr.take().context("no output")?.read_to_string(&mut said).await?;
        assert!(said.contains("cannot start"), "{said}");
        everything_works(&scene).await?;
        assert_eq!(winner.try_wait()?, None);
        quiet.no_line().await?;
        quiet.no_update(&scene, &mut scene.agent.client().await?).await
    }
}
