//! Where the binaries under test are.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

/// The path of a binary of this workspace, built beside the test or program that asks.
///
/// # Errors
/// It has not been built.
pub fn binary(name: &str) -> Result<PathBuf> {
    let test = std::env::current_exe().context("the path of the test itself")?;
    let own = test.parent().context("the test lies in no folder")?;
    // Cargo puts tests into a folder below that of the binaries.
    let folder = if own.ends_with("deps") { own.parent().context("the test lies in no target folder")? } else { own };
    let path = folder.join(name);
    ensure!(path.exists(), "{} is missing: run `make build` first", path.display());
    Ok(path)
}
