//! Programs in Python that the suites use.

use std::collections::hash_map::DefaultHasher;
use std::fs::{self, File};
use std::hash::{Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Output;

use anyhow::{Context, Result, ensure};
use rustix::fs::{FlockOperation, flock};
use tokio::process::Command;

/// The folder with the programs of a Python that has the packages of a file of requirements. It is made once for each
/// content of that file, below `cache`.
///
/// # Errors
/// There is no python3 with venv, or a package cannot be had.
pub async fn programs(requirements: &Path, cache: &Path) -> Result<PathBuf> {
    let folder = made_once(requirements, cache, async |folder| {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(folder.join("venv"))).await?;
        let mut install = Command::new(folder.join("venv/bin/python"));
        install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
        run(install.arg(requirements)).await
    });
    Ok(folder.await?.join("venv/bin"))
}

/// A folder below `cache` that `make` fills once for each content of a file of requirements.
///
/// # Errors
/// What `make` says.
pub(crate) async fn made_once(
    requirements: &Path,
    cache: &Path,
    make: impl AsyncFnOnce(&Path) -> Result<String>,
) -> Result<PathBuf> {
    let mut hasher = DefaultHasher::new();
    fs::read(requirements)?.hash(&mut hasher);
    let folder = cache.join(format!("python-{:016x}", hasher.finish()));
    fs::create_dir_all(&folder)?;
    // Two runs at once make it once.
    let lock = File::create(folder.join("lock"))?;
    flock(&lock, FlockOperation::LockExclusive)?;
    let done = folder.join("done");
    if !done.exists() {
        make(&folder).await?;
        File::create(done)?;
    }
    Ok(folder)
}

/// Runs a command to its good end; what it printed.
///
/// # Errors
/// It cannot be started, or ends with another code than 0: with what it said.
pub async fn run(command: &mut Command) -> Result<String> {
    let Output { status, stdout, stderr } =
        command.output().await.with_context(|| format!("{command:?}: is python3-venv installed?"))?;
    let (printed, said) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    ensure!(status.success(), "{command:?} ended with {status}:\n{printed}{said}");
    Ok(printed.into_owned())
}

/// Builds a package of the repository and installs it into the folder `into`, with the programs of [`programs`]. The
/// sources stay as they are: what the build makes lies beside a copy of them.
///
/// # Errors
/// It does not build.
pub async fn install(programs: &Path, package: &str, into: &Path) -> Result<()> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let copy = tempfile::tempdir()?;
    for needed in [package, "proto"] {
        let target = copy.path().join(needed);
        fs::create_dir_all(target.parent().context("a folder of the repository")?)?;
        run(Command::new("cp").arg("-r").arg(repository.join(needed)).arg(target)).await?;
    }
    let mut install = Command::new(programs.join("python"));
    install.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-build-isolation",
        "--no-deps",
    ]);
    run(install.arg("--target").arg(into).arg(copy.path().join(package))).await.map(drop)
}
