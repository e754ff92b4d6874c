//! `completion`.

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::{cli::Cli, exit::Failure, output::screen::Screen};

pub(super) fn run(shell: Shell, screen: Screen) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "novaroutectl", &mut script);
    screen.write(&String::from_utf8_lossy(&script))
}
