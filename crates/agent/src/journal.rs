//! The journal: what was accepted, on disk before it is acknowledged.
//!
//! An append-only file of framed records (`journal/frame.rs`). Its first bytes also say whether it holds all that
//! is wanted: a journal that began empty, or lost something, does not know what owners asked for before, and
//! says so until [`Journal::mark_complete`]. Everything here blocks; callers choose the thread.

mod frame;
mod load;
mod state_dir;

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use novaroute_api::to_proto;
use novaroute_core::intent::{Change, IntentKey, Target};
use novaroute_core::name::OwnerName;
use novaroute_core::pending::{Pending, PendingChanges, PendingStep};
use novaroute_core::session::Sessions;
use novaroute_core::store::{Place, Snapshot};

use frame::Extent;
use load::Scan;

use crate::fault::{self, Point};
pub use state_dir::{StateError, StateLock};

/// A journal shorter than this is not worth compacting.
const COMPACT_BYTES_MIN: u64 = 1 << 20;
/// A journal is compacted when it is this many times as long as the last compaction left it.
const COMPACT_FACTOR: u64 = 4;
/// Passwords stand in the journal in the clear.
const FILE_MODE: u32 = 0o600;

const FILE_NAME: &str = "journal";
const NEW_FILE_NAME: &str = "journal.new";
const DAMAGED_FILE_NAME: &str = "journal.damaged";

/// Changes of one owner that were accepted as one, and the store's revision that they made: they are read back together,
/// or none of them is.
pub type Record = (OwnerName, Vec<Change>, u64);

/// What a journal held when it was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// The accepted changes, oldest first.
    pub records: Vec<(OwnerName, Change)>,
    /// Whether these are all there were. If not, what FRR has and nobody claims must not be removed yet.
    pub complete: bool,
    /// Whether no record is missing between these: then the last one about a key says what is wanted of it.
    pub gapless: bool,
    /// What was wrong with the file, for the log; empty for a first start and after a crash in a write.
    pub problems: Vec<String>,
}

impl Loaded {
    /// What owners have declared since the journal began, also what they have removed again: of that it is known what is
    /// wanted, whether or not the journal knows everything else. Nothing is where a record is missing.
    #[must_use]
    pub fn declared(&self) -> BTreeSet<IntentKey> {
        let records = self.records.iter().filter(|_| self.gapless);
        let keys = records.filter_map(|(_, change)| match change.target()? {
            Target::Key(key) => Some(key),
            Target::BfdSessionsTo(_) => None,
        });
        keys.collect()
    }
}

/// The open journal. A second agent on the same files is kept out by a [`StateLock`], taken first.
#[derive(Debug)]
pub struct Journal {
    dir: PathBuf,
    file: File,
    /// Length up to the last record that is known to be on disk.
    bytes: u64,
    /// Length that the last compaction left.
    compacted_bytes: u64,
    /// What stands behind `bytes` may be the rest of a failed write.
    tail_unknown: bool,
    extent: Extent,
}

impl Journal {
    /// Opens `<dir>/journal`, and makes it where there is none. A record that was cut short at the end is cut
    /// off: it was never acknowledged. A journal that is damaged elsewhere is kept as `journal.damaged`, and what
    /// could be read up to the damage is in force.
    ///
    /// # Errors
    /// The folder or the file cannot be made, read or written.
    pub fn open(dir: &Path) -> Result<(Self, Loaded), StateError> {
        state_dir::create(dir)?;
        let path = dir.join(FILE_NAME);
        let scan = match fs::read(&path) {
            Ok(bytes) => Scan::of(&bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Scan::of_nothing(),
            Err(error) => return Err(StateError::new("read", &path, error)),
        };
        let opened = if scan.intact { Self::reuse(dir, &path, &scan) } else { Self::start_over(dir, &scan) };
        let journal = opened.map_err(|error| StateError::new("write", &path, error))?;
        let complete = scan.extent == Extent::Complete;
        let gapless = scan.extent != Extent::Lossy;
        Ok((journal, Loaded { records: scan.changes, complete, gapless, problems: scan.problems }))
    }

    fn reuse(dir: &Path, path: &Path, scan: &Scan) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        let bytes = scan.good.len() as u64;
        if file.metadata()?.len() != bytes {
            file.set_len(bytes)?;
            file.sync_data()?;
        }
        Ok(Self::on(dir, file, bytes, scan.extent))
    }

    /// Puts a journal of what could be read in the place of one that is missing or damaged.
    fn start_over(dir: &Path, scan: &Scan) -> io::Result<Self> {
        let damaged = !scan.problems.is_empty();
        let file = write_new(dir, &scan.good)?;
        if damaged {
            fs::rename(dir.join(FILE_NAME), dir.join(DAMAGED_FILE_NAME))?;
        }
        move_new_into_place(dir)?;
        Ok(Self::on(dir, file, scan.good.len() as u64, scan.extent))
    }

    fn on(dir: &Path, file: File, bytes: u64, extent: Extent) -> Self {
        Self { dir: dir.to_owned(), file, bytes, compacted_bytes: 0, tail_unknown: false, extent }
    }

    /// Writes a group of records and returns when they are on disk. Changes of the built-in owner are left out: the configuration file is their journal.
    ///
    /// # Errors
    /// The group could not be written. The journal is as it was before, and the next group may succeed.
    pub fn append(&mut self, group: &[Record]) -> io::Result<()> {
        let mut frames = Vec::new();
        let of_clients = |(owner, changes, _): &&Record| !owner.is_config() && !changes.is_empty();
        for (owner, changes, revision) in group.iter().filter(of_clients) {
            frame::push(&mut frames, &to_proto::record(owner, *revision, changes))?;
        }
        if frames.is_empty() {
            return Ok(());
        }
        self.cut_tail()?;
        self.tail_unknown = true;
        fault::reach(Point::JournalBeforeWrite);
        match self.write(&frames) {
            Ok(()) => {
                fault::reach(Point::JournalAfterSync);
                self.bytes += frames.len() as u64;
                self.tail_unknown = false;
                Ok(())
            }
            Err(error) => {
                // Where even this fails, the next append begins with it.
                let _still_unknown = self.cut_tail();
                Err(error)
            }
        }
    }

    fn write(&self, frames: &[u8]) -> io::Result<()> {
        self.file.write_all_at(frames, self.bytes)?;
        fault::reach(Point::JournalBeforeSync);
        self.file.sync_data()
    }

    /// Removes what a failed write may have left, so that no record ever stands behind garbage.
    fn cut_tail(&mut self) -> io::Result<()> {
        if self.tail_unknown {
            self.file.set_len(self.bytes)?;
            self.tail_unknown = false;
        }
        Ok(())
    }

    /// Records that the journal holds everything that is wanted: the time for owners to claim what was found in
    /// FRR is over. From the next start on, what the journal does not hold goes at once.
    ///
    /// # Errors
    /// It could not be written; the next start gives owners time again.
    pub fn mark_complete(&mut self) -> io::Result<()> {
        if self.extent != Extent::Complete {
            self.file.write_all_at(&frame::magic(Extent::Complete), 0)?;
            self.file.sync_data()?;
            self.extent = Extent::Complete;
        }
        Ok(())
    }

    /// Whether the journal is long enough, and long enough compared to what its last compaction left, to be
    /// compacted.
    #[must_use]
    pub fn should_compact(&self) -> bool {
        self.bytes > COMPACT_BYTES_MIN && self.bytes > COMPACT_FACTOR * self.compacted_bytes
    }

    /// Replaces the history by what is held now: intents that are there by right first, then those that override
    /// them, so that a replay puts each back in its place. Then come the sessions, and the changes that wait.
    ///
    /// # Errors
    /// The new file could not be made durable. The journal goes on, and is not due for compaction again
    /// until it has grown several times over.
    pub fn compact(&mut self, snapshot: &Snapshot, sessions: &Sessions, pending: &PendingChanges) -> io::Result<()> {
        let compacted = self.write_compacted(snapshot, sessions, pending);
        self.compacted_bytes = self.bytes;
        compacted
    }

    fn write_compacted(
        &mut self,
        snapshot: &Snapshot,
        sessions: &Sessions,
        pending: &PendingChanges,
    ) -> io::Result<()> {
        let mut bytes = frame::magic(self.extent).to_vec();
        for place in [Place::Base, Place::Over] {
            let entries = snapshot.slots().filter_map(|(_, slot)| slot.at(place));
            for entry in entries.filter(|entry| !entry.owner.is_config()) {
                let change = Change::Put(entry.intent.clone());
                frame::push(&mut bytes, &to_proto::record(&entry.owner, entry.revision, &[change]))?;
            }
        }
        for (scope, drain) in snapshot.drains() {
            let began = Change::Drain(Some(scope.clone()), drain.terms.clone());
            let advanced = std::iter::repeat_n(Change::DrainDue(scope.clone()), drain.advances());
            for change in std::iter::once(began).chain(advanced) {
                frame::push(&mut bytes, &to_proto::record(&drain.by, snapshot.revision(), &[change]))?;
            }
        }
        for (owner, terms, open) in sessions.terms() {
            let closed = (!open).then_some(Change::Deregister { withdraw_all: false });
            for change in [Change::Reopen(terms.clone())].into_iter().chain(closed) {
                frame::push(&mut bytes, &to_proto::record(owner, snapshot.revision(), &[change]))?;
            }
        }
        for (owner, Pending { terms, .. }) in pending.iter() {
            let change = Change::Pending(PendingStep::Opened(terms.clone()));
            frame::push(&mut bytes, &to_proto::record(owner, snapshot.revision(), &[change]))?;
        }
        let file = write_new(&self.dir, &bytes)?;
        fs::rename(self.dir.join(NEW_FILE_NAME), self.dir.join(FILE_NAME))?;
        // From here on the new file is the journal, whether or not the rename is on disk yet.
        self.file = file;
        self.bytes = bytes.len() as u64;
        self.tail_unknown = false;
        sync_dir(&self.dir)
    }
}

fn write_new(dir: &Path, bytes: &[u8]) -> io::Result<File> {
    let path = dir.join(NEW_FILE_NAME);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().read(true).write(true).create_new(true).mode(FILE_MODE).open(&path)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(file)
}

fn move_new_into_place(dir: &Path) -> io::Result<()> {
    fs::rename(dir.join(NEW_FILE_NAME), dir.join(FILE_NAME))?;
    sync_dir(dir)
}

/// Makes the names in a folder durable.
fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

#[cfg(test)]
mod tests;
