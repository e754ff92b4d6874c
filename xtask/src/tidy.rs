//! House rules that neither the compiler nor clippy knows.
//!
//! Each module is one rule: a function from text to [`Finding`]s, with tests that show that it bites.
//! Reading files and asking cargo happen here and in [`tree`] alone.

mod deps;
mod documented;
mod finding;
mod links;
mod manifests;
mod size;
mod sleeps;
mod source;
mod tree;
mod words;

pub(crate) use finding::Finding;

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use source::Source;

/// Runs every rule over the tree at `root` and returns the findings, ordered by file and line.
///
/// # Errors
/// When git or cargo cannot be run, or a file of the tree cannot be read.
pub(crate) fn run(root: &Path) -> Result<Vec<Finding>> {
    let files = tree::read(root)?;
    let mut findings = deps::check(&metadata(root)?)?;
    for file in &files {
        findings.extend(check_file(file));
    }
    findings.extend(manifests::check(&files));
    findings.extend(links::check(&files));
    findings.extend(sleeps::check_allow_list(&files));
    findings.extend(documented::check(&files));
    findings.sort();
    Ok(findings)
}

fn check_file(file: &Source) -> Vec<Finding> {
    let mut findings = words::check(file);
    if file.is_rust() {
        findings.extend(size::check(file));
        findings.extend(sleeps::check(file));
    }
    findings
}

/// What cargo says about the members of the workspace, dependencies unresolved.
fn metadata(root: &Path) -> Result<serde_json::Value> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(root)
        .output()
        .context("cannot run cargo metadata")?;
    ensure!(output.status.success(), "cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).context("cargo metadata printed no JSON")
}
