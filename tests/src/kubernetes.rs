//! What Kubernetes and the agent say of what is written for them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use novaroute_operator::check::{Checked, read};
use novaroute_operator::crd::{NovaRouteAdvertisement, NovaRouteCluster, NovaRouteNode, NovaRoutePeer};
use serde_json::Value;
use tokio::process::Command;

use crate::binary::binary;
use crate::python::{programs, run};

/// The oldest release of Kubernetes that is supported, and the newest that the schemas are there for.
pub const KUBERNETES: [&str; 2] = ["1.33", "1.37"];

/// Holds documents against the schemas of a release of Kubernetes: no field that is not known, none missing, none of
/// another type. What that takes is kept below `cache`.
///
/// # Errors
/// What is wrong with which.
pub async fn validate(documents: &str, release: &str, cache: &Path) -> Result<()> {
    let requirements = Path::new(env!("CARGO_MANIFEST_DIR")).join("kubernetes/requirements.txt");
    let programs = programs(&requirements, cache).await?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("documents.yaml");
    fs::write(&path, documents)?;
    let mut validate = Command::new(programs.join("kubernetes-validate"));
    run(validate.args(["-k", release, "--strict"]).arg(&path)).await?;
    Ok(())
}

/// The agent takes a configuration, and has nothing else to say of it: no warning either.
///
/// # Errors
/// What it says.
pub async fn agent_takes(config: &Path) -> Result<()> {
    let mut check = Command::new(binary("novaroute-agent")?);
    let output = check.arg("--check").arg("--config").arg(config).env("NODE_IP", "10.0.0.7").output().await?;
    let told = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success() && told.trim().ends_with(": ok") && told.lines().count() == 1, "{told}");
    Ok(())
}

/// Where a pod finds the tokens of owners, each in a file of the owner's name.
const TOKENS: &str = "/etc/novaroute/tokens";
/// Where it finds the companion's.
const COMPANION_TOKEN: &str = "/run/companion/token";

/// Puts the configuration of a pod into `folder`, where the tokens of its owners are already; that of the companion is
/// made as the pod makes it.
///
/// # Errors
/// The folder's name is no text, or a file cannot be written.
pub async fn lay_out(config: &str, folder: &Path) -> Result<PathBuf> {
    // No owner has such a name.
    let token = folder.join(".companion");
    run(Command::new(binary("novaroute-operator")?).args(["token", "--file"]).arg(&token)).await?;
    let here = |path: &Path| path.to_str().map(str::to_owned).context("a path that is no text");
    let config = config.replace(COMPANION_TOKEN, &here(&token)?).replace(TOKENS, &here(folder)?);
    let path = folder.join("config.json");
    fs::write(&path, config)?;
    Ok(path)
}

/// An API server with our definitions takes a custom resource.
///
/// # Errors
/// What is wrong with which field.
pub fn definitions_take(resource: &Value) -> Result<()> {
    match resource["kind"].as_str() {
        Some("NovaRouteCluster") => without_faults::<NovaRouteCluster>(resource),
        Some("NovaRoutePeer") => without_faults::<NovaRoutePeer>(resource),
        Some("NovaRouteAdvertisement") => without_faults::<NovaRouteAdvertisement>(resource),
        // Nodes write these, and nobody else.
        Some("NovaRouteNode") => Ok(serde_json::from_value::<NovaRouteNode>(resource.clone()).map(drop)?),
        _ => bail!("{resource:#} is of no kind of ours"),
    }
}

fn without_faults<R: Checked>(resource: &Value) -> Result<()> {
    let faults = read::<R>(resource).err().unwrap_or_default();
    let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
    ensure!(told.is_empty(), "{}\n{resource:#}", told.join("\n"));
    Ok(())
}
