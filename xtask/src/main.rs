//! The project's own chores, run as `cargo run -p xtask -- <command>`.

mod charts;
mod config_lines;
mod crds;
mod custom_resources;
mod tidy;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

const USAGE: &str = "\
usage: cargo run -p xtask -- <command>

commands:
  charts          write the schemas' definitions and the READMEs' tables of the charts anew
  config-lines    write docs/config-lines.md anew from the table in the code
  crds            write the definitions of the custom resources anew from the types in the code
  custom-resources
                  write docs/custom-resources.md anew from the same types
  tidy            check the dependency rules and the house rules of the tree
";

fn main() -> ExitCode {
    match run(&std::env::args().skip(1).collect::<Vec<_>>()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &[String]) -> Result<ExitCode> {
    match arguments {
        [command] if command == "charts" => charts::write(&root()?).map(|()| ExitCode::SUCCESS),
        [command] if command == "config-lines" => config_lines::write(&root()?).map(|()| ExitCode::SUCCESS),
        [command] if command == "crds" => crds::write(&root()?).map(|()| ExitCode::SUCCESS),
        [command] if command == "custom-resources" => custom_resources::write(&root()?).map(|()| ExitCode::SUCCESS),
        [command] if command == "tidy" => report(&tidy::run(&root()?)?),
        _ => bail!("unknown command line {arguments:?}\n\n{USAGE}"),
    }
}

/// The workspace root: the folder above this crate's.
fn root() -> Result<PathBuf> {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map(Path::to_path_buf)
        .context("the xtask crate lies at the root of the file system")
}

fn report(findings: &[tidy::Finding]) -> Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    for finding in findings {
        writeln!(out, "{finding}")?;
    }
    if findings.is_empty() {
        writeln!(out, "tidy: nothing to report")?;
        return Ok(ExitCode::SUCCESS);
    }
    writeln!(out, "tidy: {} finding(s)", findings.len())?;
    Ok(ExitCode::FAILURE)
}
