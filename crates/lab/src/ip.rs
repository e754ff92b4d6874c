//! Running iproute2's programs.

use anyhow::{Context as _, Result, bail};
use tokio::process::Command;

/// Folder where iproute2 pins named network namespaces.
pub(crate) const NAMESPACE_DIR: &str = "/run/netns";

/// Runs `ip` with `args`; a refusal becomes an error with the command and ip's words.
pub(crate) async fn ip(args: &[&str]) -> Result<()> {
    run("ip", args).await
}

/// Runs `tc` with `args`, as [`ip`].
pub(crate) async fn tc(args: &[&str]) -> Result<()> {
    run("tc", args).await
}

async fn run(program: &str, args: &[&str]) -> Result<()> {
    let output = Command::new(program)
        .args(args)
        .kill_on_drop(true)
        .output()
        .await
        .with_context(|| format!("cannot run `{program}`; install it: apt-get install iproute2"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("`{program} {}` failed: {}", args.join(" "), said.trim());
    }
    Ok(())
}
