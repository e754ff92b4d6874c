//! Fetching and unpacking packages of another release.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};

use super::sources::Source;

/// Downloads `packages` of `suite` with all that they depend on, and returns the files. apt's state
/// is kept under `work`; its configuration (proxies, credentials) is the system's.
pub(super) fn download(work: &Path, source: &Source, suite: &str, packages: &[&str]) -> Result<Vec<PathBuf>> {
    let apt = Apt::new(work, source, suite)?;
    apt.run(&["update"])?;
    let mut install = vec!["install", "--yes", "--no-install-recommends", "--download-only"];
    install.extend(packages);
    apt.run(&install)?;
    let archives = work.join("cache/archives");
    let files: Vec<PathBuf> = fs::read_dir(&archives)
        .with_context(|| format!("cannot read {}", archives.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "deb"))
        .collect();
    ensure!(!files.is_empty(), "apt-get fetched no package of {suite}");
    Ok(files)
}

/// Unpacks a package's files into `root`, without running its scripts.
pub(super) fn unpack(package: &Path, root: &Path) -> Result<()> {
    let name = package.display();
    let mut reader = Command::new("dpkg-deb")
        .arg("--fsys-tarfile")
        .arg(package)
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot run dpkg-deb")?;
    let archive = reader.stdout.take().context("dpkg-deb has no output")?;
    let written = Command::new("tar")
        // A package may bring /lib as a folder where the root has a link into /usr.
        .args(["--extract", "--keep-directory-symlink", "--directory"])
        .arg(root)
        .stdin(archive)
        .status()
        .context("cannot run tar");
    let read = reader.wait().context("cannot wait for dpkg-deb")?;
    ensure!(written?.success() && read.success(), "cannot unpack {name}");
    Ok(())
}

/// An apt that sees one suite of one mirror and has nothing installed.
struct Apt {
    options: Vec<String>,
}

impl Apt {
    fn new(work: &Path, source: &Source, suite: &str) -> Result<Self> {
        for dir in ["state/lists/partial", "cache/archives/partial", "parts"] {
            fs::create_dir_all(work.join(dir)).context("cannot create apt's folders")?;
        }
        let list = work.join("sources.list");
        fs::write(&list, source.line(suite)).context("cannot write apt's sources")?;
        let status = work.join("status");
        fs::write(&status, "").context("cannot write an empty package status")?;
        let path = |name: &str| work.join(name).display().to_string();
        let options = [
            ("Dir::State", path("state")),
            ("Dir::State::status", path("status")),
            ("Dir::Cache", path("cache")),
            ("Dir::Etc::sourcelist", path("sources.list")),
            ("Dir::Etc::sourceparts", path("parts")),
            ("Dir::Etc::preferences", path("none")),
            ("Dir::Etc::preferencesparts", path("parts")),
            ("Acquire::Languages", "none".to_owned()),
            // The folder is root's alone, so apt's own user could not write there.
            ("APT::Sandbox::User", "root".to_owned()),
        ];
        let options = options.into_iter().map(|(key, value)| format!("-o{key}={value}")).collect();
        Ok(Self { options })
    }

    fn run(&self, args: &[&str]) -> Result<()> {
        let output = Command::new("apt-get")
            .arg("-qq")
            .args(&self.options)
            .args(args)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdin(Stdio::null())
            .output()
            .context("cannot run apt-get")?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("`apt-get {}` failed: {}", args.join(" "), said.trim());
        }
        Ok(())
    }
}
