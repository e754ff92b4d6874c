//! A client in another language: Python's gRPC, generated from the proto file when the test runs.

use std::path::{Path, PathBuf};

use anyhow::ensure;
use novaroute_e2e::config::{ADMIN, token};
use novaroute_e2e::on_each_frr;
use novaroute_e2e::python::{programs, run};
use novaroute_e2e::scene::Scene;
use tokio::process::Command;

/// The folder of the client.
fn client_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("python")
}

on_each_frr! {
    /// All 13 calls, the stream, health and reflection, from a client that knows nothing but the proto file.
    async fn a_python_client_gets_every_call_served(release) {
        let requirements = client_folder().join("requirements.txt");
        let programs = programs(&requirements, Path::new(env!("CARGO_TARGET_TMPDIR"))).await?;
        let scene = Scene::new(release).await?;
        let mut command = Command::new(programs.join("python"));
        command.arg(client_folder().join("wire_contract.py")).arg(scene.agent.socket());
        command.args(["--owner", ADMIN, "--token", &token(ADMIN), "--interface", "tor1", "--router-id", "10.0.1.1"]);
        let printed = run(&mut command).await?;
        let steps: Vec<_> = printed.lines().filter_map(|line| line.strip_prefix("ok ")).collect();
        for step in ["health", "reflection", "register", "configure_bgp", "peers", "prefixes", "bfd", "ospf", "events"] {
            ensure!(steps.contains(&step), "{step} is missing: {printed}");
        }
        Ok(())
    }
}
