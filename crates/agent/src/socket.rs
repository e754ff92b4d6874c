//! The agent's Unix socket: one agent a socket, and the right mode from the first moment on.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt, PermissionsExt, chown};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use rustix::fs::{FlockOperation, Mode, flock};

use crate::config::Group;

/// Whoever can open the lock can hold it, and keep an agent from starting.
const LOCK_MODE: u32 = 0o600;

/// A bound socket. It is removed when this is dropped; the lock beside it says that an agent is alive.
#[derive(Debug)]
pub struct AgentSocket {
    path: PathBuf,
    listener: Option<UnixListener>,
    _lock: File,
}

impl AgentSocket {
    /// Binds `path` with `mode` and, if given, the group `gid`.
    ///
    /// A socket file that no agent holds the lock of is left from a crash and is replaced; one whose lock is
    /// held belongs to a live agent and is never touched.
    ///
    /// # Errors
    /// Another agent serves this socket, something else stands at the path, or the folder cannot be written.
    pub fn bind(path: &Path, mode: u32, gid: Option<u32>) -> Result<Self> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).with_context(|| format!("listen_socket: cannot make {}", folder.display()))?;
        }
        let lock = lock(path)?;
        remove_stale(path)?;
        let listener = bind_closed(path).with_context(|| format!("listen_socket: cannot bind {}", path.display()))?;
        open_to(path, mode, gid)
            .with_context(|| format!("listen_socket: cannot set mode and group of {}", path.display()))?;
        Ok(Self { path: path.to_owned(), listener: Some(listener), _lock: lock })
    }

    /// The listener, once.
    pub fn take_listener(&mut self) -> io::Result<tokio::net::UnixListener> {
        let listener = self.listener.take().ok_or_else(|| io::Error::other("the listener was taken before"))?;
        listener.set_nonblocking(true)?;
        tokio::net::UnixListener::from_std(listener)
    }
}

impl Drop for AgentSocket {
    fn drop(&mut self) {
        // It may be gone already; a successor cannot have made a new one while the lock is ours.
        let _gone = fs::remove_file(&self.path);
    }
}

/// The number of a group; a name is looked up in `/etc/group`.
///
/// # Errors
/// There is no group of this name.
pub fn group_id(group: &Group) -> Result<u32> {
    match group {
        Group::Id(id) => Ok(*id),
        Group::Name(name) => {
            let text = fs::read_to_string("/etc/group").context("socket.group: cannot read /etc/group")?;
            let id = text.lines().find_map(|line| group_line(line, name));
            id.with_context(|| {
                format!("socket.group: there is no group {name:?} on this node: make it, or give its number")
            })
        }
    }
}

/// The number in a line `name:password:number:members` of the group that is looked for.
fn group_line(line: &str, name: &str) -> Option<u32> {
    let mut fields = line.split(':');
    (fields.next() == Some(name)).then(|| fields.nth(1)?.parse().ok()).flatten()
}

fn lock(path: &Path) -> Result<File> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let name = PathBuf::from(name);
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(LOCK_MODE)
        .open(&name)
        .with_context(|| format!("listen_socket: cannot open the lock {}", name.display()))?;
    // One of an earlier release may be open to all.
    file.set_permissions(Permissions::from_mode(LOCK_MODE))
        .with_context(|| format!("listen_socket: cannot set the mode of the lock {}", name.display()))?;
    if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        bail!("listen_socket: another agent serves {}: stop it first, or set another listen_socket", path.display());
    }
    Ok(file)
}

fn remove_stale(path: &Path) -> Result<()> {
    match fs::symlink_metadata(path) {
        Err(_) => Ok(()),
        Ok(found) if found.file_type().is_socket() => {
            fs::remove_file(path).with_context(|| format!("listen_socket: cannot remove the stale {}", path.display()))
        }
        Ok(_) => bail!("listen_socket: {} exists and is no socket: move it away", path.display()),
    }
}

/// Binds so that nobody can connect before mode and group are set.
fn bind_closed(path: &Path) -> io::Result<UnixListener> {
    let before = rustix::process::umask(Mode::from_raw_mode(0o777));
    let bound = UnixListener::bind(path);
    rustix::process::umask(before);
    bound
}

fn open_to(path: &Path, mode: u32, gid: Option<u32>) -> io::Result<()> {
    if gid.is_some() {
        chown(path, None, gid)?;
    }
    fs::set_permissions(path, Permissions::from_mode(mode))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_live_agents_socket_is_never_taken_and_a_stale_one_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run/novaroute.sock");
        let mut first = AgentSocket::bind(&path, 0o600, None).unwrap();
        first.take_listener().unwrap();
        let refused = AgentSocket::bind(&path, 0o600, None).unwrap_err();
        assert!(refused.to_string().contains("another agent serves"), "{refused}");
        assert!(path.exists());
        drop(first);
        drop(UnixListener::bind(&path).unwrap());
        AgentSocket::bind(&path, 0o600, None).unwrap();
    }

    #[test]
    fn nobody_else_can_hold_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let (path, lock) = (folder.path().join("s"), folder.path().join("s.lock"));
        let mode = || fs::metadata(&lock).unwrap().permissions().mode() & 0o777;
        AgentSocket::bind(&path, 0o660, None).unwrap();
        assert_eq!(mode(), 0o600);
        fs::set_permissions(&lock, Permissions::from_mode(0o644)).unwrap();
        AgentSocket::bind(&path, 0o660, None).unwrap();
        assert_eq!(mode(), 0o600, "the lock of an earlier release");
    }

    #[test]
    fn groups_are_found_by_name() {
        assert_eq!(group_id(&Group::Name("root".to_owned())).unwrap(), 0);
        assert_eq!(group_line("frrvty:x:301:frr", "frrvty"), Some(301));
        assert_eq!(group_line("frrvty2:x:301:frr", "frrvty"), None);
        assert!(group_id(&Group::Name("no such group".to_owned())).is_err());
    }

    #[test]
    fn mode_is_what_was_asked_for_and_a_file_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let socket = AgentSocket::bind(&path, 0o660, None).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o660);
        drop(socket);
        fs::write(&path, "precious").unwrap();
        assert!(AgentSocket::bind(&path, 0o660, None).is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    }
}
