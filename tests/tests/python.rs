//! Clients in another language: Python's gRPC, generated from the proto file when the test runs, and the library of
//! `clients/python`, built and installed when the test runs.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, Result, ensure};
use novaroute_e2e::config::{ADMIN, CNI, LB, token};
use novaroute_e2e::page::Page;
use novaroute_e2e::python::{install, programs, run};
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::{on_each_frr, request};
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Command;
use tokio::sync::OnceCell;

/// A prefix that the examples announce.
const ANNOUNCED: &str = "10.66.6.1/32";

/// The folder of the clients.
fn client_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("python")
}

/// The folder of the library's sources.
fn library() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../clients/python")
}

async fn python() -> Result<PathBuf> {
    programs(&client_folder().join("requirements.txt"), Path::new(env!("CARGO_TARGET_TMPDIR"))).await
}

/// A Python that has the library, which is installed once.
async fn with_library() -> Result<Command> {
    static INSTALLED: OnceCell<tempfile::TempDir> = OnceCell::const_new();
    let programs = python().await?;
    let installed = INSTALLED.get_or_try_init(async || {
        let folder = tempfile::tempdir()?;
        install(&programs, "clients/python", folder.path()).await?;
        anyhow::Ok(folder)
    });
    let mut command = Command::new(programs.join("python"));
    command.env("PYTHONPATH", installed.await?.path()).kill_on_drop(true);
    Ok(command)
}

/// Every step that a client must have taken.
fn all_taken(printed: &str, wanted: &[&str]) -> Result<()> {
    let steps: Vec<_> = printed.lines().filter_map(|line| line.strip_prefix("ok ")).collect();
    for step in wanted {
        ensure!(steps.contains(step), "{step} is missing: {printed}");
    }
    Ok(())
}

on_each_frr! {
    /// All 13 calls, the stream, health and reflection, from a client that knows nothing but the proto file.
    async fn a_python_client_gets_every_call_served(release) {
        let programs = python().await?;
        let scene = Scene::new(release).await?;
        let mut command = Command::new(programs.join("python"));
        command.arg(client_folder().join("wire_contract.py")).arg(scene.agent.socket());
        command.args(["--owner", ADMIN, "--token", &token(ADMIN), "--interface", "tor1", "--router-id", "10.0.1.1"]);
        let printed = run(&mut command).await?;
        let steps = ["health", "reflection", "register", "configure_bgp", "peers", "prefixes", "bfd", "ospf", "events"];
        all_taken(&printed, &steps)
    }

    /// The library: calls with typed errors, a session that is kept and one that is taken over, events over a break.
    async fn the_python_library_keeps_what_it_wants(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        client.advertise_prefix(request::advertise(LB, ANNOUNCED)).await?;
        let mut command = with_library().await?;
        command.arg(client_folder().join("client_library.py")).arg(scene.agent.socket());
        command.args(["--owner", CNI, "--token", &token(CNI), "--holder", LB, "--held", ANNOUNCED]);
        let printed = run(&mut command).await?;
        all_taken(&printed, &["calls", "keys", "session", "superseded", "events"])
    }

    /// The example announces over a restart of the agent, and withdraws when it ends.
    async fn the_python_example_announces_as_long_as_it_runs(release) {
        let (mut scene, _client) = Scene::with_bgp(release).await?;
        let token_file = scene.agent.dir().join("own.token");
        std::fs::write(&token_file, token(CNI) + "\n")?;
        let mut announce = with_library().await?;
        announce.arg(library().join("examples/announce.py")).arg(scene.agent.socket()).arg(CNI).arg(&token_file);
        let announce = announce.arg(ANNOUNCED).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        scene.prefix_state(ANNOUNCED, "advertised").await?;
        scene.agent.kill().await?;
        scene.agent.respawn()?;
        // It would be stale as long as nobody has asked for it again.
        scene.prefix_state(ANNOUNCED, "advertised").await?;
        let pid = announce.id().and_then(|id| Pid::from_raw(id.try_into().ok()?)).context("it has ended")?;
        kill_process(pid, Signal::INT)?;
        scene.tor.router.wait_bgp_no_route(ANNOUNCED, TIMEOUT).await?;
        let ended = tokio::time::timeout(TIMEOUT, announce.wait_with_output()).await??;
        ensure!(ended.status.success() && ended.stderr.is_empty(), "{ended:?}");
        Ok(())
    }
}

/// The types of the library hold by themselves.
#[tokio::test]
async fn the_python_library_is_typed() -> Result<()> {
    let command = with_library().await?;
    let installed = command.as_std().get_envs().find_map(|(name, value)| (name == "PYTHONPATH").then_some(value?));
    let mut mypy = Command::new(python().await?.join("mypy"));
    mypy.current_dir(installed.context("it is installed")?).arg("--config-file").arg(library().join("pyproject.toml"));
    run(mypy.args(["--cache-dir", "/dev/null"])).await.map(drop)
}

/// What the page shows is what the tests run.
#[test]
fn the_page_shows_the_python_examples() -> Result<()> {
    let page = Page::read("clients.md")?;
    for (block, name) in page.blocks("python")?.into_iter().zip(["announce.py", "follow.py"]) {
        let example = std::fs::read_to_string(library().join("examples").join(name))?;
        ensure!(block == example, "{name} differs from docs/clients.md");
    }
    Ok(())
}
