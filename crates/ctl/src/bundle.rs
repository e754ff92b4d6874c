//! A support bundle: files of text in an archive, and no secret in any of them.

mod config;
mod known;

use std::{
    fs::{File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use flate2::{Compression, write::GzEncoder};

pub(crate) use config::Config;
pub(crate) use known::KnownSecrets;

/// The folder in the archive.
const FOLDER: &str = "novaroute-support";
/// Only for who made it.
const MODE: u32 = 0o600;

/// What is gathered.
#[derive(Debug, Default)]
pub(crate) struct Bundle {
    files: Vec<(&'static str, String)>,
    /// What could not be had, and why.
    pub(crate) missing: Vec<String>,
}

impl Bundle {
    /// Takes a file in, or says why there is none.
    pub(crate) fn add(&mut self, name: &'static str, content: Result<String, String>) {
        match content {
            Ok(text) => self.files.push((name, text)),
            Err(why) => self.missing.push(format!("{name}: {why}")),
        }
    }

    /// Writes the archive to a file that was not there before, without any of the `secrets`.
    ///
    /// # Errors
    /// The file is there already, or cannot be written.
    pub(crate) fn write(&self, path: &Path, secrets: &KnownSecrets) -> io::Result<()> {
        let file = OpenOptions::new().write(true).create_new(true).mode(MODE).open(path)?;
        let mut archive = tar::Builder::new(GzEncoder::new(file, Compression::default()));
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        for (name, text) in &self.files {
            append(&mut archive, name, &secrets.scrub(text), now)?;
        }
        if !self.missing.is_empty() {
            append(&mut archive, "missing.txt", &secrets.scrub(&(self.missing.join("\n") + "\n")), now)?;
        }
        archive.into_inner()?.finish()?.flush()
    }
}

fn append(archive: &mut tar::Builder<GzEncoder<File>>, name: &str, text: &str, now: u64) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(u64::try_from(text.len()).unwrap_or(u64::MAX));
    header.set_mode(MODE);
    header.set_mtime(now);
    archive.append_data(&mut header, format!("{FOLDER}/{name}"), text.as_bytes())
}
