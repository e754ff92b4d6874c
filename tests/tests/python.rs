//! A client in another language: Python's gRPC, generated from the proto file when the test runs.

use std::collections::hash_map::DefaultHasher;
use std::fs::{self, File};
use std::hash::{Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Output;

use anyhow::{Context, Result, ensure};
use novaroute_e2e::config::{ADMIN, token};
use novaroute_e2e::on_each_frr;
use novaroute_e2e::scene::Scene;
use rustix::fs::{FlockOperation, flock};
use tokio::process::Command;

/// The folder of the client.
fn client_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("python")
}

/// A Python with the packages of `requirements.txt`, made once for each content of that file and kept in the target
/// folder.
async fn python() -> Result<PathBuf> {
    let requirements = client_folder().join("requirements.txt");
    let mut hasher = DefaultHasher::new();
    fs::read(&requirements)?.hash(&mut hasher);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("python-{:016x}", hasher.finish()));
    fs::create_dir_all(&folder)?;
    // Two runs at once make it once.
    let lock = File::create(folder.join("lock"))?;
    flock(&lock, FlockOperation::LockExclusive)?;
    let (python, done) = (folder.join("venv/bin/python"), folder.join("done"));
    if !done.exists() {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(folder.join("venv"))).await?;
        let mut install = Command::new(&python);
        install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
        run(install.arg(&requirements)).await?;
        File::create(done)?;
    }
    Ok(python)
}

/// Runs a command to its good end.
async fn run(command: &mut Command) -> Result<String> {
    let Output { status, stdout, stderr } =
        command.output().await.with_context(|| format!("{command:?}: is python3-venv installed?"))?;
    let (printed, said) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    ensure!(status.success(), "{command:?} ended with {status}:\n{printed}{said}");
    Ok(printed.into_owned())
}

on_each_frr! {
    /// All 13 calls, the stream, health and reflection, from a client that knows nothing but the proto file.
    async fn a_python_client_gets_every_call_served(release) {
        let python = python().await?;
        let scene = Scene::new(release).await?;
        let mut command = Command::new(python);
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
