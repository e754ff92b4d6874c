//! Unpacks the FRR of the next Debian release into a folder.
//!
//! Only fetches and unpacks packages: no maintainer script runs, and neither apt's nor dpkg's own
//! state on the machine changes.

mod apt;
mod sources;

use std::fs::{self, DirBuilder, File, Permissions};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};

use crate::Daemon;
use crate::release::version_at;
use crate::requirements::check_basics;

/// Debian releases that this knows a next one of.
const NEXT_RELEASES: [(&str, &str); 1] = [("bookworm", "trixie")];

/// Folders that FRR expects and no package brings.
const EMPTY_DIRS: [&str; 7] = ["proc", "sys", "dev", "run/frr", "etc/frr", "var/lib/frr", "var/log/frr"];

/// Users and groups, which maintainer scripts would make, and PAM rules for `vtysh`, by hand.
const FILES: [(&str, &str); 4] = [
    ("etc/passwd", "root:x:0:0::/root:/bin/sh\nfrr:x:300:300::/nonexistent:/usr/sbin/nologin\n"),
    ("etc/group", "root:x:0:\nfrr:x:300:\nfrrvty:x:301:frr\n"),
    ("etc/pam.d/frr", PERMIT),
    ("etc/pam.d/other", PERMIT),
];

const PERMIT: &str = "auth required pam_permit.so\naccount required pam_permit.so\n\
                      password required pam_permit.so\nsession required pam_permit.so\n";

/// Unpacks the next release's FRR into `root` unless it is there, and returns its version. Callers
/// at the same time, in other processes too, wait for the first one.
///
/// # Errors
/// Without root, on another system than Debian 12, without access to a Debian mirror, or when
/// `root` holds something else.
pub fn unpack_next(root: &Path) -> Result<String> {
    check_basics()?;
    let parent = root.parent().with_context(|| format!("{} cannot hold a root folder", root.display()))?;
    fs::create_dir_all(parent).with_context(|| format!("cannot create {}", parent.display()))?;
    let _lock = lock(root)?;
    if root.exists() {
        return version_at(root)
            .with_context(|| format!("{} has no working FRR: remove it and run this again", root.display()));
    }
    let work = tempfile::Builder::new()
        .prefix(".novaroute-lab-")
        .tempdir_in(parent)
        .with_context(|| format!("cannot create a folder in {}", parent.display()))?;
    let version = build(work.path())?;
    fs::rename(work.path().join("root"), root)
        .with_context(|| format!("cannot move the unpacked root to {}", root.display()))?;
    Ok(version)
}

/// Held while the file lives; the file itself stays.
fn lock(root: &Path) -> Result<File> {
    let mut path = root.as_os_str().to_owned();
    path.push(".lock");
    let path = PathBuf::from(path);
    File::create(&path)
        .and_then(|file| file.lock().map(|()| file))
        .with_context(|| format!("cannot lock {}", path.display()))
}

/// Makes `work/root`.
fn build(work: &Path) -> Result<String> {
    let current = codename(&read("/etc/os-release")?)?;
    let next = next_release(&current)?;
    let source = sources::find(&current)?;
    let packages = apt::download(work, &source, next, &["frr"])?;
    let root = work.join("root");
    create_root(&root)?;
    for package in &packages {
        apt::unpack(package, &root)?;
    }
    finish(&root)?;
    let version = version_at(&root).context("the unpacked FRR does not work")?;
    for daemon in Daemon::ALL {
        let program = root.join("usr/lib/frr").join(daemon.name());
        ensure!(program.is_file(), "FRR {version} of {next} has no {daemon}");
    }
    Ok(version)
}

/// Since Debian 12 these are links into `/usr`, made by no package that is unpacked here.
fn create_root(root: &Path) -> Result<()> {
    for name in ["bin", "sbin", "lib", "lib64"] {
        create_dir(&root.join("usr").join(name))?;
        symlink(Path::new("usr").join(name), root.join(name))
            .with_context(|| format!("cannot link {}", root.join(name).display()))?;
    }
    Ok(())
}

fn finish(root: &Path) -> Result<()> {
    for name in EMPTY_DIRS {
        create_dir(&root.join(name))?;
    }
    let run = root.join("var/run");
    if !run.exists() && run.symlink_metadata().is_err() {
        symlink("/run", &run).context("cannot link var/run")?;
    }
    for (name, content) in FILES {
        let path = root.join(name);
        if let Some(parent) = path.parent() {
            create_dir(parent)?;
        }
        fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))?;
    }
    fs::set_permissions(root, Permissions::from_mode(0o755)).context("cannot open up the root")
}

fn create_dir(path: &Path) -> Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(path)
        .with_context(|| format!("cannot create {}", path.display()))
}

fn read(path: &str) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {path}"))
}

/// The Debian release's name in os-release(5).
fn codename(os_release: &str) -> Result<String> {
    let value = |key: &str| {
        os_release
            .lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
            .map(|value| value.trim_matches('"').to_owned())
    };
    match (value("ID").as_deref(), value("VERSION_CODENAME")) {
        (Some("debian"), Some(codename)) => Ok(codename),
        (id, codename) => bail!(
            "this works on Debian 12 (bookworm) only, and this is {} {}",
            id.unwrap_or("an unknown system"),
            codename.unwrap_or_default()
        ),
    }
}

fn next_release(current: &str) -> Result<&'static str> {
    NEXT_RELEASES
        .iter()
        .find(|(release, _)| *release == current)
        .map(|(_, next)| *next)
        .with_context(|| format!("this works on Debian 12 (bookworm) only, and this is {current}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_debian_12_has_a_next_release() {
        let text = "PRETTY_NAME=\"Debian\"\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\nID=debian\n";
        assert_eq!(codename(text).unwrap(), "bookworm");
        assert_eq!(next_release("bookworm").unwrap(), "trixie");
        let error = next_release("sid").unwrap_err().to_string();
        assert!(error.contains("Debian 12") && error.contains("sid"), "{error}");
        let error = codename("ID=ubuntu\nVERSION_CODENAME=noble\n").unwrap_err().to_string();
        assert!(error.ends_with("this is ubuntu noble"), "{error}");
    }

    #[test]
    fn a_folder_with_something_else_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("root");
        fs::create_dir(&root).unwrap();
        fs::write(root.join("mine"), "x").unwrap();
        let error = unpack_next(&root).unwrap_err().to_string();
        assert!(error.contains("remove it and run this again"), "{error}");
        assert!(root.join("mine").exists());
    }
}
