//! The folder of the agent's state, and the lock that keeps a second agent out of it.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

const LOCK_FILE_NAME: &str = "lock";
/// The folder holds passwords, so nobody else looks into it.
const DIR_MODE: u32 = 0o700;
/// Whoever can open the lock can hold it, also in a folder that was made by somebody else.
const LOCK_MODE: u32 = 0o600;

/// The state of the agent cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// A file or folder cannot be made, read or written.
    #[error("state_dir: cannot {action} {}: {source}; name a folder that the agent can write", path.display())]
    Io {
        /// What was tried, reading on from "cannot …".
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// Another agent runs on the same state.
    #[error("state_dir: {} is in use by another agent{holder}; stop that one, or name another folder", dir.display())]
    InUse {
        /// The folder.
        dir: PathBuf,
        /// ` (process 4711)`; empty: not known.
        holder: String,
    },
}

impl StateError {
    pub(super) fn new(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source }
    }
}

/// Makes the folder, for the agent's user alone. Folders above it get the usual permissions, because the socket
/// of the clients may lie in one of them.
pub(super) fn create(dir: &Path) -> Result<(), StateError> {
    if let Some(parent) = dir.parent() {
        folder_at(parent, fs::create_dir_all(parent))?;
    }
    folder_at(dir, DirBuilder::new().mode(DIR_MODE).create(dir))
}

/// A folder that is there already is as good as one that was made; anything else in its place is not.
fn folder_at(path: &Path, made: io::Result<()>) -> Result<(), StateError> {
    match made {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(StateError::new("create", path, io::ErrorKind::NotADirectory.into()))
        }
        made => made.map_err(|error| StateError::new("create", path, error)),
    }
}

/// The exclusive right to a state folder. It ends with the process at the latest, however that ends.
#[derive(Debug)]
pub struct StateLock {
    _file: File,
}

impl StateLock {
    /// Takes `<dir>/lock`, and makes the folder where there is none.
    ///
    /// # Errors
    /// Another agent has it, or the file cannot be written.
    pub fn acquire(dir: &Path) -> Result<Self, StateError> {
        create(dir)?;
        let path = dir.join(LOCK_FILE_NAME);
        let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(LOCK_MODE).open(&path);
        let file = opened.map_err(|error| StateError::new("open", &path, error))?;
        let closed = file.set_permissions(Permissions::from_mode(LOCK_MODE));
        closed.map_err(|error| StateError::new("set the mode of", &path, error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StateError::InUse { dir: dir.to_owned(), holder: holder(&path) });
            }
            Err(TryLockError::Error(error)) => return Err(StateError::new("lock", &path, error)),
        }
        write_holder(&file).map_err(|error| StateError::new("write", &path, error))?;
        Ok(Self { _file: file })
    }
}

/// Leaves the own process id for whoever finds the lock taken.
fn write_holder(mut file: &File) -> io::Result<()> {
    file.set_len(0)?;
    writeln!(file, "{}", std::process::id())
}

fn holder(path: &Path) -> String {
    match fs::read_to_string(path).ok().and_then(|text| text.trim().parse::<u32>().ok()) {
        Some(process) => format!(" (process {process})"),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_agent_is_kept_out_until_the_first_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let first = StateLock::acquire(dir.path()).unwrap();
        let refused = StateLock::acquire(dir.path()).unwrap_err().to_string();
        assert!(refused.contains("is in use by another agent"), "{refused}");
        assert!(refused.contains(&format!("(process {})", std::process::id())), "{refused}");
        drop(first);
        StateLock::acquire(dir.path()).unwrap();
    }

    #[test]
    fn nobody_else_can_hold_the_lock() {
        let dir = tempfile::tempdir().unwrap();
        let lock = dir.path().join(LOCK_FILE_NAME);
        fs::write(&lock, "").unwrap();
        fs::set_permissions(&lock, Permissions::from_mode(0o644)).unwrap();
        let _lock = StateLock::acquire(dir.path()).unwrap();
        assert_eq!(fs::metadata(&lock).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn only_the_folder_itself_is_private() {
        let root = tempfile::tempdir().unwrap();
        let (parent, dir) = (root.path().join("run"), root.path().join("run/state"));
        create(&dir).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&dir), 0o700);
        assert_ne!(mode(&parent) & 0o055, 0, "{:o}", mode(&parent));
        create(&dir).unwrap();
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let root = tempfile::NamedTempFile::new().unwrap();
        for dir in [root.path().to_owned(), root.path().join("state")] {
            let refused = StateLock::acquire(&dir).unwrap_err().to_string();
            assert!(refused.starts_with("state_dir: cannot create "), "{refused}");
            assert!(refused.contains(root.path().to_str().unwrap()), "{refused}");
        }
    }
}
