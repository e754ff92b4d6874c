//! What each command does.

mod apply;
mod completion;
mod diff;
mod doctor;
mod events;
mod explain;
mod import;
mod man;
mod show;
mod support_bundle;
mod top;
mod wait;
mod write;

use crate::{
    agent::Agent,
    cli::{Cli, Command, Global},
    exit::Failure,
    output::{screen::Screen, status::Part},
};
use show::Shown;

/// Runs one command to its end.
///
/// # Errors
/// The reason why it did not do what was asked; it decides the exit code.
pub(crate) async fn run(cli: Cli) -> Result<(), Failure> {
    let Cli { global, command } = cli;
    let screen = Screen::new(global.output);
    if global.wait.is_some() && !matches!(command, Command::Write(_) | Command::Apply(_)) {
        return Err(Failure::Usage("--wait is for commands that change something".into()));
    }
    if global.dry_run && !matches!(command, Command::Write(_) | Command::Apply(_)) {
        return Err(Failure::Usage("--dry-run is for commands that change something".into()));
    }
    match command {
        Command::Status(args) => show::run(&global, &args, Shown::Status(None), screen).await,
        Command::Peers(args) => show::run(&global, &args, Shown::Status(Some(Part::Peers)), screen).await,
        Command::Prefixes(args) => show::run(&global, &args, Shown::Status(Some(Part::Prefixes)), screen).await,
        Command::Bfd(args) => show::run(&global, &args, Shown::Status(Some(Part::Bfd)), screen).await,
        Command::Ospf(args) => show::run(&global, &args, Shown::Status(Some(Part::Ospf)), screen).await,
        Command::Owners(args) => show::run(&global, &args, Shown::Owners, screen).await,
        Command::Intents(args) => show::run(&global, &args, Shown::Intents, screen).await,
        Command::Events(args) => events::run(&global, args, screen).await,
        Command::Doctor(args) => doctor::run(&global, &args, screen).await,
        Command::Explain(args) => explain::run(&global, args, screen).await,
        Command::Top(args) => top::run(&global, &args).await,
        Command::Write(command) => write::run(&global, command, screen).await,
        Command::Apply(args) => apply::run(&global, &args, screen).await,
        Command::Diff(args) => diff::run(&global, &args, screen).await,
        Command::Import(args) => import::run(&args, screen),
        Command::SupportBundle(args) => support_bundle::run(&global, &args, screen).await,
        Command::Man { folder } => man::run(&folder),
        Command::Completion { shell } => completion::run(shell, screen),
    }
}

/// Connects for a command that is called `what`.
async fn connect(global: &Global, what: &str) -> Result<Agent, Failure> {
    let agent = Agent::connect(global).await;
    agent.map_err(|refusal| Failure::Refused { what: what.to_owned(), refusal: Box::new(refusal) })
}

/// Runs `work` until it ends or somebody presses Ctrl-C, which is a good end.
async fn until_interrupted(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    tokio::select! {
        done = work => done,
        _ = tokio::signal::ctrl_c() => Ok(()),
    }
}
