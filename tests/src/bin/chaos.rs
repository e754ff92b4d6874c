//! `make chaos`: what traffic loses around faults, and rounds of random faults against a model.
#![expect(clippy::print_stdout, reason = "figures are printed")]

use anyhow::{Result, bail};
use clap::Parser;
use novaroute_e2e::FrrRelease;
use novaroute_e2e::reliability::Case;
use novaroute_e2e::rounds::Rounds;
use novaroute_lab::traffic::Loss;

/// Measures lost packets around faults, then plays rounds of random faults, on every FRR release.
#[derive(Debug, Parser)]
struct Arguments {
    /// Random rounds on each release.
    #[arg(long, default_value_t = 20)]
    rounds: usize,
    /// Repeats the rounds of an earlier run.
    #[arg(long)]
    seed: Option<u64>,
    /// Only this release: distribution or next.
    #[arg(long)]
    release: Option<String>,
    /// Only faults whose name has this in it, such as Killed or Bgpd.
    #[arg(long, default_value = "")]
    only: String,
    /// Leaves out the figures.
    #[arg(long)]
    no_figures: bool,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let releases = FrrRelease::ALL.into_iter();
    let wanted = |release: &FrrRelease| arguments.release.as_ref().is_none_or(|name| *name == release.to_string());
    let releases: Vec<FrrRelease> = releases.filter(wanted).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        if !arguments.no_figures {
            figures(&releases).await?;
        }
        let seed = arguments.seed.unwrap_or_else(|| u64::from(std::process::id()));
        let mut diverged = 0;
        for release in releases {
            diverged += play(release, arguments.rounds, seed, &arguments.only).await?;
        }
        if diverged > 0 {
            bail!("{diverged} rounds ended in something else than the model");
        }
        Ok(())
    })
}

async fn figures(releases: &[FrrRelease]) -> Result<()> {
    println!("packets, one each millisecond: lost / longest gap in ms");
    println!("{:<8} {:<40} {:>13} {:>13}", "FRR", "fault", "in", "out");
    for release in releases {
        let version = release.version()?;
        for case in Case::ALL {
            let measured = case.measure(*release).await?;
            println!("{version:<8} {case:<40} {:>13} {:>13}", shown(measured.inbound), shown(measured.outbound));
        }
    }
    Ok(())
}

fn shown(loss: Loss) -> String {
    format!("{} / {}", loss.lost, loss.longest_gap.as_millis())
}

/// Plays rounds and tells how many diverged; after each of those a new node begins.
async fn play(release: FrrRelease, number: usize, seed: u64, only: &str) -> Result<usize> {
    println!("{number} random rounds on FRR {}, seed {seed}", release.version()?);
    let (mut diverged, mut played) = (0, 0);
    while played < number {
        let mut rounds = Rounds::new(release, seed.wrapping_add(diverged), only).await?;
        while played < number {
            played += 1;
            match rounds.round().await {
                Ok(round) => {
                    println!("{:>4} {:>6.1} s  {}", round.number, round.settled.as_secs_f64(), round.story.join("; "));
                }
                Err(failure) => {
                    diverged += 1;
                    println!("DIVERGED: {failure:#}");
                    break;
                }
            }
        }
    }
    println!("{played} rounds, {diverged} diverged");
    Ok(usize::try_from(diverged)?)
}
