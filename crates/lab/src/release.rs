//! The FRR releases that a router can run.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use crate::Daemon;

/// Where `novaroute-lab setup` puts the FRR of the next Debian release.
pub const NEXT_DEFAULT_DIR: &str = "/var/lib/novaroute-lab/frr-next";

/// Environment variable that names another folder than [`NEXT_DEFAULT_DIR`].
pub const NEXT_DIR_ENV: &str = "NOVAROUTE_LAB_FRR_NEXT";

/// Which FRR a router runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FrrRelease {
    /// The installed package of this machine's distribution (Debian 12: FRR 8.4).
    Distribution,
    /// The package of the next Debian release (Debian 13: FRR 10.3), unpacked by
    /// `novaroute-lab setup` and run in a chroot.
    Next,
}

impl FrrRelease {
    /// Every release, for tests that run on each.
    pub const ALL: [Self; 2] = [Self::Distribution, Self::Next];

    /// Root folder of this release: `/` for the installed package.
    #[must_use]
    pub fn root(self) -> PathBuf {
        match self {
            Self::Distribution => PathBuf::from("/"),
            Self::Next => std::env::var_os(NEXT_DIR_ENV)
                .filter(|dir| !dir.is_empty())
                .map_or_else(|| PathBuf::from(NEXT_DEFAULT_DIR), PathBuf::from),
        }
    }

    /// Whether the release has `daemon` (mgmtd came with FRR 9).
    #[must_use]
    pub fn has(self, daemon: Daemon) -> bool {
        self.root().join("usr/lib/frr").join(daemon.name()).is_file()
    }

    /// All daemons that the release has, in start order.
    #[must_use]
    pub fn daemons(self) -> Vec<Daemon> {
        Daemon::ALL.into_iter().filter(|daemon| self.has(*daemon)).collect()
    }

    /// FRR's version, such as `8.4.4`.
    ///
    /// # Errors
    /// When FRR is not there or does not run.
    pub fn version(self) -> Result<String> {
        self.check()?;
        version_at(&self.root())
    }

    /// # Errors
    /// When FRR is missing, with the way to get it.
    pub(crate) fn check(self) -> Result<()> {
        let root = self.root();
        let hint = match self {
            Self::Distribution => "install it: apt-get install frr".to_owned(),
            Self::Next => {
                format!("run `cargo run -p novaroute-lab -- setup`, or set {NEXT_DIR_ENV} to an unpacked root")
            }
        };
        ensure!(
            self.has(Daemon::Zebra) && self.has(Daemon::Bgpd),
            "no FRR ({self}) in {}: {hint}",
            root.join("usr/lib/frr").display()
        );
        Ok(())
    }

    /// Ids of FRR's user and group as this release's root knows them.
    pub(crate) fn ids(self) -> Result<(u32, u32)> {
        let root = self.root();
        let uid = id_in(&root.join("etc/passwd"), "frr")?;
        let gid = id_in(&root.join("etc/group"), "frr")?;
        Ok((uid, gid))
    }
}

impl fmt::Display for FrrRelease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Distribution => "distribution",
            Self::Next => "next",
        })
    }
}

/// What bgpd under `root` says its version is.
pub(crate) fn version_at(root: &Path) -> Result<String> {
    let output = Command::new("chroot")
        .args([root.as_os_str(), "/usr/lib/frr/bgpd".as_ref(), "--version".as_ref()])
        .output()
        .context("cannot run chroot")?;
    let text = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        bail!("bgpd in {} does not run: {}", root.display(), String::from_utf8_lossy(&output.stderr).trim());
    }
    version_in(&text).with_context(|| format!("no version in bgpd's answer: {:?}", text.lines().next()))
}

/// The version in a first line such as `bgpd version 8.4.4`.
fn version_in(text: &str) -> Option<String> {
    text.lines().next()?.split_once("version ").map(|(_, version)| version.trim().to_owned())
}

/// The third field of `name`'s line in a file such as `/etc/passwd`.
fn id_in(file: &Path, name: &str) -> Result<u32> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    text.lines()
        .map(|line| line.split(':').collect::<Vec<_>>())
        .find(|fields| fields.first() == Some(&name))
        .and_then(|fields| fields.get(2)?.parse().ok())
        .with_context(|| format!("no '{name}' in {}: is FRR installed?", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_version_from_the_first_line() {
        let text = "bgpd version 10.3\nCopyright 1996-2005 Kunihiro Ishiguro, et al.\n";
        assert_eq!(version_in(text).as_deref(), Some("10.3"));
        assert_eq!(version_in(""), None);
    }

    #[test]
    fn finds_ids_by_whole_name() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("group");
        std::fs::write(&file, "root:x:0:\nfrrvty:x:106:frr\nfrr:x:107:\n").unwrap();
        assert_eq!(id_in(&file, "frr").unwrap(), 107);
        let error = id_in(&file, "bird").unwrap_err().to_string();
        assert!(error.contains("no 'bird'"), "{error}");
    }
}
