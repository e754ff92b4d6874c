//! What is wrong with a configuration: every fault at once, each where it stands.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

/// Most faults that are told in one go; a file that is no configuration at all must not fill the log.
const FAULTS_MAX: usize = 100;

/// A place in the file: both count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// Where a fault stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The file as a whole, such as one that cannot be read.
    File,
    /// A place in the file.
    At(Position),
    /// A variable of the environment, by its name.
    Variable(String),
}

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConfigError {
    /// Where it stands.
    pub place: Place,
    /// The key, dotted, list items by number from 0 (`bgp.peers[0].hold_time`); empty for the file as a whole.
    pub key: String,
    /// What is wrong and the way out; never a secret.
    pub message: String,
}

/// Everything that is wrong with a configuration.
///
/// `Display` prints one line per fault: `path:line:column: key: what is wrong; the way out`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigErrors {
    path: PathBuf,
    errors: Vec<ConfigError>,
    files: BTreeSet<PathBuf>,
}

impl ConfigErrors {
    /// Everything in the report, in the order of the file.
    pub(super) fn of(path: &Path, report: Report) -> Self {
        let mut errors = report.errors.into_inner();
        errors.sort();
        Self { path: path.to_owned(), errors, files: report.files.into_inner() }
    }

    /// The files that the configuration was read from, those that are missing too: the fault may be gone when one
    /// of them changes.
    #[must_use]
    pub fn files(&self) -> &BTreeSet<PathBuf> {
        &self.files
    }

    /// The faults in the order of the file; those of the environment come last.
    #[must_use]
    pub fn errors(&self) -> &[ConfigError] {
        &self.errors
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.errors.iter().take(FAULTS_MAX).enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            match &error.place {
                Place::File => write!(f, "{}: ", self.path.display())?,
                Place::At(at) => write!(f, "{}:{}:{}: ", self.path.display(), at.line, at.column)?,
                Place::Variable(name) => write!(f, "environment variable {name}: ")?,
            }
            if !error.key.is_empty() {
                write!(f, "{}: ", error.key)?;
            }
            f.write_str(&error.message)?;
        }
        match self.errors.len().saturating_sub(FAULTS_MAX) {
            0 => Ok(()),
            more => write!(f, "\n{}: {more} more errors", self.path.display()),
        }
    }
}

/// Collects faults while the file is read, so that one fault does not hide the next.
pub(super) struct Report {
    errors: RefCell<Vec<ConfigError>>,
    warnings: RefCell<Vec<String>>,
    files: RefCell<BTreeSet<PathBuf>>,
}

impl Report {
    /// About what is read from the file at `path`.
    pub(super) fn new(path: &Path) -> Self {
        Self { errors: RefCell::default(), warnings: RefCell::default(), files: RefCell::new([path.to_owned()].into()) }
    }

    /// Notes that the configuration is read from this file as well.
    pub(super) fn note_file(&self, path: &Path) {
        self.files.borrow_mut().insert(path.to_owned());
    }

    pub(super) fn error(&self, place: Place, key: &str, message: impl Into<String>) {
        self.errors.borrow_mut().push(ConfigError { place, key: key.to_owned(), message: message.into() });
    }

    pub(super) fn warn(&self, message: String) {
        self.warnings.borrow_mut().push(message);
    }

    /// The warnings and the files, when nothing is wrong.
    pub(super) fn finish(self, path: &Path) -> Result<(Vec<String>, BTreeSet<PathBuf>), ConfigErrors> {
        if self.errors.borrow().is_empty() {
            return Ok((self.warnings.into_inner(), self.files.into_inner()));
        }
        Err(ConfigErrors::of(path, self))
    }
}
