//! What the operator makes of a resource is what the agent takes.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use novaroute_e2e::binary::binary;
use novaroute_operator::crd::NovaRouteCluster;
use novaroute_operator::manifest::objects;

/// Where a pod finds the tokens.
const TOKENS: &str = "/etc/novaroute/tokens";

/// The configuration of a resource with its tokens in `folder`, as a pod would have it.
fn lay_out(resource: &str, folder: &Path) -> Result<std::path::PathBuf> {
    let cluster: NovaRouteCluster = serde_saphyr::from_str(resource)?;
    let objects = objects(&cluster)?;
    let secrets = objects.secret.and_then(|secret| secret.string_data).unwrap_or_default();
    let data = objects.config_map.data.context("an empty ConfigMap")?;
    let config = data.get("config.json").or(secrets.get("config.json")).context("no configuration")?;
    for owner in &cluster.spec.agent.owners {
        let own = owner.token.clone().unwrap_or_else(|| format!("token of {}", owner.name));
        let file = folder.join(&owner.name);
        fs::write(&file, own)?;
        fs::set_permissions(file, fs::Permissions::from_mode(0o400))?;
    }
    let path = folder.join("config.json");
    fs::write(&path, config.replace(TOKENS, folder.to_str().context("a path that is no text")?))?;
    Ok(path)
}

#[test]
fn the_agent_takes_what_the_operator_writes() -> Result<()> {
    let resources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/operator/tests/resources");
    for name in ["cluster.yaml", "earlier.yaml"] {
        let folder = tempfile::tempdir()?;
        let config = lay_out(&fs::read_to_string(resources.join(name))?, folder.path())?;
        let mut check = Command::new(binary("novaroute-agent")?);
        let output = check.arg("--check").arg("--config").arg(config).env("NODE_IP", "10.0.0.7").output()?;
        let told = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        // Nothing but that: no warning either.
        ensure!(
            output.status.success() && told.trim().ends_with(": ok") && told.lines().count() == 1,
            "{name}: {told}"
        );
    }
    Ok(())
}
