//! `novaroute-agent-fault-points`: the agent as the tests kill it from within. It is not shipped.

use std::process::ExitCode;

#[path = "main.rs"]
mod agent;

fn main() -> ExitCode {
    if let Err(reason) = novaroute_agent::fault::armed::arm() {
        eprintln!("{reason}");
        return ExitCode::from(2);
    }
    agent::main()
}
