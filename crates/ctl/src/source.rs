//! Files that a command reads.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use crate::exit::Failure;

/// Most bytes that a file may have: some 100,000 prefixes.
const FILE_BYTES_MAX: u64 = 16 << 20;

/// A file that was read.
#[derive(Debug)]
pub(crate) struct Source {
    /// How messages call it.
    pub(crate) name: String,
    /// What is in it.
    pub(crate) text: String,
    /// Where the files lie that it names by a relative path.
    pub(crate) folder: PathBuf,
}

impl Source {
    /// Reads the file at `path`; `-` is stdin.
    ///
    /// # Errors
    /// It cannot be read, is no text, or is too long.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let is_stdin = path == Path::new("-");
        let name = if is_stdin { "stdin".into() } else { path.display().to_string() };
        let fail = |why: &dyn std::fmt::Display| Failure::Usage(format!("cannot read {name}: {why}"));
        let reader: Box<dyn Read> =
            if is_stdin { Box::new(io::stdin()) } else { Box::new(File::open(path).map_err(|error| fail(&error))?) };
        let mut text = String::new();
        reader.take(FILE_BYTES_MAX + 1).read_to_string(&mut text).map_err(|error| fail(&error))?;
        if text.len() as u64 > FILE_BYTES_MAX {
            return Err(fail(&format_args!("it is longer than {FILE_BYTES_MAX} bytes; split it")));
        }
        let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
        Ok(Self { name, text, folder })
    }
}
