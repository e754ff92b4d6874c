//! The images, built once for all tests of this suite.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use novaroute_e2e::chart::at;
use novaroute_e2e::python::run;
use tokio::process::Command;
use tokio::sync::OnceCell;

use crate::podman::Settings;

/// The images as `scripts/images.sh` names them by itself, which is how the chart names them.
#[derive(Debug)]
pub(crate) struct Images {
    /// The folder of buildah's storage.
    pub(crate) store: PathBuf,
    /// Another run at the same time waits until the process that holds this has ended.
    _alone: File,
}

/// The images of the code at hand.
///
/// # Errors
/// What the script says.
pub(crate) async fn images() -> Result<&'static Images> {
    static IMAGES: OnceCell<Images> = OnceCell::const_new();
    IMAGES.get_or_try_init(build).await
}

async fn build() -> Result<Images> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("images");
    fs::create_dir_all(&folder)?;
    let alone = File::create(folder.join("lock"))?;
    alone.lock()?;
    let containers = folder.join("containers");
    // What an earlier run has built would be kept beside what this one builds.
    if containers.exists() {
        fs::remove_dir_all(&containers)?;
    }
    let settings = Settings::write(&containers, None)?;
    let mut script = Command::new(at("scripts/images.sh"));
    script.env("PROFILE", "dev").env("ARCHES", architecture()?).env("OUT", folder.join("made"));
    script.env_remove("REPOSITORY").env_remove("TAG").envs(settings.environment());
    // Cargo tells a test what its package is. To the Cargo of the script that would be another environment, in which it
    // compiles anew what `make build` has compiled.
    for (name, _) in std::env::vars_os() {
        let of_package =
            ["CARGO_MANIFEST_", "CARGO_PKG_"].iter().any(|start| name.to_string_lossy().starts_with(start));
        if of_package {
            script.env_remove(name);
        }
    }
    run(&mut script).await.context("building the images; `make setup` installs what that takes")?;
    Ok(Images { store: settings.store, _alone: alone })
}

/// This machine, in the words of images.
fn architecture() -> Result<&'static str> {
    match std::env::consts::ARCH {
        "x86_64" => Ok("amd64"),
        "aarch64" => Ok("arm64"),
        other => bail!("no images are built for {other}"),
    }
}
