//! `completion`.

use clap_complete::{Shell, env::Shells};

use crate::{exit::Failure, live, output::screen::Screen};

/// What the shell completes, and calls for it.
const PROGRAM: &str = "novaroutectl";

/// Prints the script that has the shell ask this program for words.
pub(super) fn run(shell: Shell, screen: Screen) -> Result<(), Failure> {
    let mut script = Vec::new();
    let shells = Shells::builtins();
    let adapter = shells.completer(&shell.to_string());
    let adapter = adapter.ok_or_else(|| Failure::Failed(format!("there is no script for {shell}")))?;
    adapter
        .write_registration(live::VARIABLE, PROGRAM, PROGRAM, PROGRAM, &mut script)
        .map_err(|error| Failure::Failed(format!("cannot write the script: {error}")))?;
    screen.write(&String::from_utf8_lossy(&script))
}
