//! A browser without a window, on a router.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use novaroute_lab::Router;
use tokio::time::timeout;

use crate::scene::TIMEOUT;

/// Chromium without its window, as Debian has it.
const PROGRAM: &str = "/usr/bin/chromium-headless-shell";

/// What a browser made of a page.
#[derive(Debug)]
pub struct Seen {
    /// The document as the browser has it, written as HTML.
    pub dom: String,
    /// What it complained about, such as what a policy kept it from loading.
    pub console: String,
}

/// Opens `url` where `router` is.
///
/// # Errors
/// The browser is not installed, does not end, or fails.
pub async fn open(router: &Router, url: &str) -> Result<Seen> {
    run(router, url, &["--dump-dom"]).await
}

/// Opens `url` where `router` is and saves what is seen in a window of so many pixels as PNG.
///
/// # Errors
/// As [`open`].
pub async fn picture(router: &Router, url: &str, (width, height): (u32, u32), file: &Path) -> Result<()> {
    let size = format!("--window-size={width},{height}");
    let seen = run(router, url, &[&size, &format!("--screenshot={}", file.display())]).await?;
    ensure!(file.exists(), "no picture: {seen:?}");
    Ok(())
}

async fn run(router: &Router, url: &str, arguments: &[&str]) -> Result<Seen> {
    ensure!(
        Path::new(PROGRAM).exists(),
        "{PROGRAM} is missing: run `make setup`, which installs Debian's package chromium-headless-shell"
    );
    let profile = tempfile::tempdir()?;
    let mut command = router.command(PROGRAM);
    // Root has no sandbox; it opens nothing but the page of a lab.
    command.args(["--no-sandbox", "--disable-gpu", "--enable-logging=stderr"]);
    command.arg(format!("--user-data-dir={}", profile.path().display())).args(arguments).arg(url);
    let output = timeout(TIMEOUT * 4, command.output()).await.context("the browser does not end")??;
    let console = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.success(), "the browser ended with {}: {console}", output.status);
    Ok(Seen { dom: String::from_utf8(output.stdout)?, console })
}
