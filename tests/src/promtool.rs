//! Prometheus' own tool for rules.

use std::ffi::OsStr;
use std::io::ErrorKind;

use anyhow::{Context as _, Result, bail, ensure};
use tokio::process::Command;

/// Runs `promtool` to its good end; what it printed.
///
/// # Errors
/// It is not installed, or it found something: with what it said.
pub async fn promtool(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Result<String> {
    let output = match Command::new("promtool").args(arguments).output().await {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            bail!("promtool is not installed: run `make setup`, which installs Debian's package prometheus")
        }
        other => other.context("promtool cannot be started")?,
    };
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success(), "promtool ended with {}:\n{said}", output.status);
    Ok(said)
}
