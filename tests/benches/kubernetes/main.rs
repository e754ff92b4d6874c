//! What a cluster of many nodes costs its API server, and how long a change takes to reach all of them.
//!
//! The API server is `novaroute-fake-kube`; the agents only remember what they are asked for; both are in this process. The
//! companions are the real ones, all in a second process. Memory is read from processes of their own: an operator and the
//! companion of one more node. `make bench` runs it; `cargo bench -p novaroute-e2e --bench kubernetes -- --nodes 200` with
//! other numbers.
#![expect(clippy::print_stdout, reason = "a benchmark talks on stdout")]

mod agents;
mod cluster;
mod companions;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use clap::Parser;
use novaroute_e2e::program::Program;
use novaroute_e2e::wait_for;

use agents::Agents;
use cluster::Cluster;

/// How often an advertisement is changed.
const CHANGES: usize = 5;
/// A companion writes its NovaRouteNode at most every 10 s: until then it may have something to tell.
const SETTLE: Duration = Duration::from_secs(15);
/// How long nothing is done, to see what that costs.
const REST: Duration = Duration::from_secs(30);
/// Longest wait for all nodes.
const TIMEOUT: Duration = Duration::from_secs(300);
/// The watches of a companion here: Node, peers, advertisements, Services, EndpointSlices. Each begins anew after 290 s.
const WATCHES: usize = 5;
const WATCH_S: f64 = 290.0;
/// The cluster that the figures are carried over to.
const ON_PAPER: usize = 5_000;

#[derive(Debug, Parser)]
struct Arguments {
    /// Nodes.
    #[arg(long, default_value_t = 1_000)]
    nodes: usize,
    /// Services of type LoadBalancer, each with an endpoint.
    #[arg(long, default_value_t = 100)]
    services: usize,
    /// Be the companions, for this API server and the agents in that folder.
    #[arg(long, hide = true, num_args = 2, value_names = ["KUBECONFIG", "FOLDER"])]
    companions: Option<Vec<PathBuf>>,
    /// What `cargo bench` says.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match arguments.companions.as_deref() {
        Some([kubeconfig, folder]) => runtime.block_on(companions::run(kubeconfig, folder, arguments.nodes)),
        _ => runtime.block_on(run(&arguments)),
    }
}

async fn run(arguments: &Arguments) -> Result<()> {
    let Arguments { nodes, services, .. } = *arguments;
    println!("{nodes} nodes, {services} Services, all on this machine");
    let cluster = Cluster::start(nodes, services).await?;
    let agents = Agents::start(nodes)?;

    let begun = (Instant::now(), cluster.asked());
    let _companions = companions::start(cluster.kubeconfig(), agents.folder(), nodes)?;
    until(&agents, nodes * (services + 2)).await?;
    let asked = cluster.asked() - begun.1;
    row("all start: until every agent has everything", begun.0.elapsed(), asked, nodes);

    let begun = Instant::now();
    wait_for("every NovaRouteNode to be written", TIMEOUT, async || {
        ensure!(cluster.written() == nodes, "{} of {nodes}", cluster.written());
        Ok(Some(()))
    })
    .await?;
    println!("  every NovaRouteNode written {:.1} s later", begun.elapsed().as_secs_f64());

    let mut took = Vec::new();
    for med in 1..=CHANGES {
        let (before, begun) = (agents.count(), (Instant::now(), cluster.asked()));
        cluster.advertise(u32::try_from(med)?).await?;
        until(&agents, before + nodes).await?;
        took.push((begun.0.elapsed(), cluster.asked() - begun.1));
    }
    took.sort();
    let (median, asked) = took[took.len() / 2];
    row("a changed advertisement: until every agent has it, median", median, asked, nodes);
    println!("  slowest of {CHANGES}: {:.0} ms", took[took.len() - 1].0.as_secs_f64() * 1e3);

    pass(SETTLE).await;
    let before = cluster.asked();
    pass(REST).await;
    row("rest", REST, cluster.asked() - before, nodes);
    #[expect(clippy::cast_precision_loss, reason = "counts of a benchmark")]
    let again = |nodes: usize| (nodes * WATCHES) as f64 / WATCH_S;
    println!("  and {WATCHES} watches a node begun anew each {WATCH_S} s: {:.1} requests/s", again(nodes));
    println!("  on paper, {ON_PAPER} nodes: {:.1} requests/s", again(ON_PAPER));

    let (operator, companion) = cluster.programs(&agents)?;
    until(&agents, agents.count() + services + 2).await?;
    println!("resident memory, each in a process of its own");
    println!("  operator  {:>6.1} MiB", resident(&operator)?);
    println!("  companion {:>6.1} MiB", resident(&companion)?);
    Ok(())
}

/// One line of figures, for one second and for one node.
fn row(what: &str, took: Duration, asked: cluster::Asked, nodes: usize) {
    let (seconds, requests, kib) = (took.as_secs_f64(), f64::from(asked.requests), asked.kib());
    #[expect(clippy::cast_precision_loss, reason = "counts of a benchmark")]
    let nodes = nodes as f64;
    println!("{what}: {seconds:.2} s");
    println!(
        "  {requests} requests ({:.0}/s, {:.1} a node), {kib:.0} KiB sent by the API server ({:.1} KiB a node)",
        requests / seconds,
        requests / nodes,
        kib / nodes
    );
}

async fn until(agents: &Agents, count: usize) -> Result<()> {
    let reached = tokio::time::timeout(TIMEOUT, agents.reach(count)).await;
    reached.with_context(|| format!("the agents were asked for {} of {count} intents", agents.count()))
}

/// Lets so much time pass: what happens in it is what is measured.
async fn pass(time: Duration) {
    // It is over when nothing has come.
    let _over = tokio::time::timeout(time, std::future::pending::<()>()).await;
}

/// MiB of memory that a process has.
fn resident(program: &Program) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", program.id()))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib / 1024.0)
}
