//! `man`.

use std::{fs, path::Path};

use clap::CommandFactory as _;

use crate::{cli::Cli, exit::Failure};

/// Writes a page for the program and one for each command.
pub(super) fn run(folder: &Path) -> Result<(), Failure> {
    let written = fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(Cli::command(), folder));
    written.map_err(|error| Failure::Failed(format!("cannot write the man pages into {}: {error}", folder.display())))
}
