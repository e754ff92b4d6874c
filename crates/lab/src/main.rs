//! `novaroute-lab`: prepares a machine for labs, and tidies up after them.
#![expect(clippy::print_stdout, reason = "a command-line program talks on stdout")]

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, Subcommand, ValueEnum};
use novaroute_lab::topology::node_and_tor;
use novaroute_lab::{FrrRelease, run_commands, setup};
use tokio::signal::unix::{SignalKind, signal};

/// Labs of routers with real FRR daemons in network namespaces. Needs root.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check that this machine can run labs with the FRR of its distribution
    Check,
    /// Check the machine, and unpack the FRR of the next Debian release unless it is there
    Setup,
    /// Remove the processes, namespaces and folders of labs whose process is dead
    Clean,
    /// Make a lab of a node and a top-of-rack router with FRR running, until Ctrl-C; print its folder and
    /// the routers' namespaces
    Up {
        /// Which FRR to run
        #[arg(default_value = "distribution")]
        release: Release,
    },
    /// Run commands in a daemon of a lab, as vtysh would, and print what they say
    Vty {
        /// The daemon's socket, such as FOLDER/tor1/run/bgpd.vty
        socket: PathBuf,
        /// The commands, one an argument, from the enable node on
        #[arg(required = true, value_name = "COMMAND")]
        commands: Vec<String>,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Release {
    /// The installed package
    Distribution,
    /// The package of the next Debian release
    Next,
}

#[tokio::main]
async fn main() -> Result<()> {
    match Cli::parse().command {
        Command::Check => {
            novaroute_lab::check()?;
            println!("FRR {}: this machine can run labs", FrrRelease::Distribution.version()?);
        }
        Command::Setup => {
            novaroute_lab::check()?;
            let root = FrrRelease::Next.root();
            let version = setup::unpack_next(&root)?;
            println!("FRR {} of the distribution", FrrRelease::Distribution.version()?);
            println!("FRR {version} of the next release in {}", root.display());
        }
        Command::Clean => {
            let removed = novaroute_lab::clean()?;
            println!(
                "removed {} labs, {} namespaces, {} processes",
                removed.labs, removed.namespaces, removed.processes
            );
        }
        Command::Up { release } => up(release.into()).await?,
        Command::Vty { socket, commands } => print!("{}", run_commands(&socket, &commands).await?.concat()),
    }
    Ok(())
}

/// Ctrl-C and TERM both end the lab, also while it is being made.
async fn up(release: FrrRelease) -> Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let end = async {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    };
    tokio::pin!(end);
    let lab = tokio::select! {
        lab = node_and_tor(release) => lab?,
        () = &mut end => return Ok(()),
    };
    println!("folder: {}", lab.lab.dir().display());
    for router in [&lab.node, &lab.tor.router] {
        println!("{}: {}", router.name(), router.namespace());
    }
    end.await;
    Ok(())
}

impl From<Release> for FrrRelease {
    fn from(release: Release) -> Self {
        match release {
            Release::Distribution => Self::Distribution,
            Release::Next => Self::Next,
        }
    }
}
