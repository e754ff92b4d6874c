//! `novaroute-operator`: the controller, and what needs no API server.

mod cli;
mod serve;
mod token;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;

use cli::Failure;

/// The command line or a file that it names is wrong, as clap says it.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    match cli::run(cli::Cli::parse()) {
        Ok(text) => print(&text),
        Err(Failure::Usage(wrong)) => {
            wrong.iter().for_each(|line| eprintln!("error: {line}"));
            ExitCode::from(USAGE)
        }
        Err(Failure::Run(reason)) => {
            eprintln!("error: {reason}");
            ExitCode::FAILURE
        }
    }
}

/// Whoever reads may have gone: that is their right.
fn print(text: &str) -> ExitCode {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            eprintln!("error: cannot write: {error}");
            ExitCode::FAILURE
        }
        _ => ExitCode::SUCCESS,
    }
}
