//! `novaroute-agent`: the node agent.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use novaroute_agent::config::{Config, DEFAULT_PATH, ProcessEnvironment};
use novaroute_agent::run::run;

const EXAMPLES: &str = "Examples:
  novaroute-agent --config /etc/novaroute/config.json
  novaroute-agent --config config.yaml --check

Signals:
  HUP   read the configuration again: owners, policies, limits, log level and the section bgp take effect
  TERM  withdraw everything and end (shutdown.mode: keep leaves FRR as it is)

Exit codes: 0 ended as asked, 1 failed while running, 2 could not start; nothing was withdrawn then.";

/// The one writer of FRR on a node: takes routing intents over a Unix socket and makes FRR run them.
#[derive(Debug, Parser)]
#[command(name = "novaroute-agent", version, after_help = EXAMPLES)]
struct Arguments {
    /// The configuration, JSON or YAML.
    #[arg(long, default_value = DEFAULT_PATH, value_name = "FILE")]
    config: PathBuf,
    /// Checks the configuration, tells everything that is wrong with it, and ends.
    #[arg(long)]
    check: bool,
}

pub(crate) fn main() -> ExitCode {
    let Arguments { config: path, check } = Arguments::parse();
    let config = match Config::load(&path, &ProcessEnvironment) {
        Ok(config) => config,
        Err(errors) => {
            eprintln!("{errors}");
            return ExitCode::from(2);
        }
    };
    for warning in &config.warnings {
        eprintln!("{warning}");
    }
    if check {
        eprintln!("{}: ok", path.display());
        return ExitCode::SUCCESS;
    }
    run(path, config)
}
