//! Running iproute2's `ip`.

use anyhow::{Context as _, Result, bail};
use tokio::process::Command;

/// Folder where iproute2 pins named network namespaces.
pub(crate) const NAMESPACE_DIR: &str = "/run/netns";

/// Runs `ip` with `args`; a refusal becomes an error with the command and ip's words.
pub(crate) async fn ip(args: &[&str]) -> Result<()> {
    let output = Command::new("ip")
        .args(args)
        .kill_on_drop(true)
        .output()
        .await
        .context("cannot run `ip`; install it: apt-get install iproute2")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("`ip {}` failed: {}", args.join(" "), said.trim());
    }
    Ok(())
}
