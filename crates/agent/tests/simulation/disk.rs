//! The folder of the agent's state, with what can happen to it.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use tempfile::TempDir;

/// A folder whose journal can be cut, lost, or stand on a disk that runs full.
#[derive(Debug)]
pub(crate) struct Disk {
    dir: TempDir,
    /// The journal's bytes when they stand in memory: only there they can be kept from growing.
    memory: Option<OwnedFd>,
    full: bool,
}

impl Disk {
    /// An empty folder. It is in memory where the system offers that: thousands of journals are synced.
    pub(crate) fn new() -> Self {
        let memory = Path::new("/dev/shm");
        let dir = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() };
        Self { dir: dir.unwrap(), memory: None, full: false }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    fn journal(&self) -> PathBuf {
        self.path().join("journal")
    }

    pub(crate) fn is_full(&self) -> bool {
        self.full
    }

    /// From now on the journal takes nothing more. Does nothing when it stands in a file.
    pub(crate) fn fill(&mut self) {
        if let Some(memory) = &self.memory {
            fcntl_add_seals(memory, SealFlags::GROW).unwrap();
            self.full = true;
        }
    }

    /// Makes room again while no agent runs, and says where the journal shall stand.
    pub(crate) fn make_room(&mut self, in_memory: bool) {
        let bytes = fs::read(self.journal()).unwrap_or_default();
        self.lose_journal();
        self.full = false;
        self.memory = None;
        if bytes.is_empty() {
            return;
        }
        if !in_memory {
            fs::write(self.journal(), bytes).unwrap();
            return;
        }
        let memory = memfd_create("journal", MemfdFlags::ALLOW_SEALING | MemfdFlags::CLOEXEC).unwrap();
        let path = format!("/proc/self/fd/{}", memory.as_raw_fd());
        fs::write(&path, bytes).unwrap();
        std::os::unix::fs::symlink(path, self.journal()).unwrap();
        self.memory = Some(memory);
    }

    /// Leaves the beginning of a record behind the others, as a write does that a crash interrupts.
    pub(crate) fn tear(&self, bytes: usize) {
        let mut file: File = OpenOptions::new().append(true).open(self.journal()).unwrap();
        file.write_all(&vec![7; bytes.min(11)]).unwrap();
    }

    /// The journal is gone.
    pub(crate) fn lose_journal(&self) {
        match fs::remove_file(self.journal()) {
            Err(failure) if failure.kind() != std::io::ErrorKind::NotFound => panic!("{failure}"),
            _ => {}
        }
    }
}
