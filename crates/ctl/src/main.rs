//! `novaroutectl`: arguments in, one call of `novaroute.v1` out, a table or
//! JSON back. Only words are parsed here; the agent decides what is valid.

mod agent;
mod apply_file;
mod bundle;
mod cli;
mod commands;
mod doctor;
mod exit;
mod history;
mod identity;
mod import;
mod live;
mod nearest;
mod node;
mod output;
mod problem;
mod request;
mod schema;
mod secret;
mod source;
mod top;

use std::process::ExitCode;

use clap::Parser as _;
use clap_complete::CompleteEnv;

fn main() -> ExitCode {
    // A shell asks for words: answers and ends.
    CompleteEnv::with_factory(live::command).var(live::VARIABLE).complete();
    let cli = cli::Cli::parse();
    let done = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| exit::Failure::Failed(format!("cannot start the runtime: {error}")))
        .and_then(|runtime| runtime.block_on(commands::run(cli)));
    exit::report(done)
}
