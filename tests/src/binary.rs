//! Where the binaries under test are.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

/// The path of a binary of this workspace, built beside the test that asks.
///
/// # Errors
/// It has not been built.
pub fn binary(name: &str) -> Result<PathBuf> {
    let test = std::env::current_exe().context("the path of the test itself")?;
    let folder = test.ancestors().nth(2).context("the test lies in no target folder")?;
    let path = folder.join(name);
    ensure!(path.exists(), "{} is missing: run `make build` first", path.display());
    Ok(path)
}
