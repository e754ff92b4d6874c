//! How long it takes from asking for prefixes to the moment the peer has them, against the floor: the same lines
//! written straight to bgpd's socket by hand, in the same run, on the same FRR, with the same peer.
//!
//! `make bench` prints medians and the ratio agent ÷ floor for one prefix and for bursts, for each FRR release.
#![expect(clippy::print_stdout, reason = "a benchmark talks on stdout")]

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use futures::stream::{StreamExt, TryStreamExt};
use novaroute_e2e::agent::Client;
use novaroute_e2e::config::LB;
use novaroute_e2e::scene::Scene;
use novaroute_e2e::{Daemon, FrrRelease, Router, request, v1};

/// Numbers of prefixes, and how often each is measured.
const BURSTS: [(u32, usize); 4] = [(1, 15), (100, 7), (1_000, 5), (10_000, 3)];
/// Calls that are on their way at once.
const CALLS_AT_ONCE: usize = 256;
/// Time between two looks at the peer.
const POLL: Duration = Duration::from_millis(1);
/// Longest wait for the peer.
const TIMEOUT: Duration = Duration::from_secs(60);

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        println!("prefixes at the peer, median of several runs");
        println!("{:<18} {:>9} {:>12} {:>12} {:>7}", "FRR", "prefixes", "floor ms", "agent ms", "ratio");
        for release in FrrRelease::ALL {
            measure(release).await?;
        }
        Ok(())
    })
}

async fn measure(release: FrrRelease) -> Result<()> {
    let (scene, client) = Scene::with_bgp(release).await?;
    let version = release.version()?;
    for (number, runs) in BURSTS {
        let (mut floor, mut agent) = (Vec::new(), Vec::new());
        for _ in 0..runs {
            floor.push(by_hand(&scene, number).await?);
            agent.push(by_agent(&scene, &client, number).await?);
        }
        let (floor, agent) = (median(&mut floor), median(&mut agent));
        println!("{version:<18} {number:>9} {floor:>12.1} {agent:>12.1} {:>7.2}", agent / floor);
    }
    Ok(())
}

fn prefix(number: u32) -> String {
    format!("10.{}.{}.{}/32", 128 + (number >> 16), (number >> 8) & 0xff, number & 0xff)
}

/// The agent: one AdvertisePrefix each, many at once. Returns milliseconds until the peer has all.
async fn by_agent(scene: &Scene, client: &Client, number: u32) -> Result<f64> {
    let started = Instant::now();
    let calls = (0..number).map(|n| {
        let mut client = client.clone();
        async move { client.advertise_prefix(request::advertise(LB, &prefix(n))).await.map(drop) }
    });
    futures::stream::iter(calls).buffer_unordered(CALLS_AT_ONCE).try_collect::<()>().await?;
    until_received(&scene.tor.router, number).await?;
    let elapsed = started.elapsed();
    let calls = (0..number).map(|n| {
        let mut client = client.clone();
        async move { client.withdraw_prefix(request::withdraw(LB, &prefix(n), v1::Protocol::Bgp)).await.map(drop) }
    });
    futures::stream::iter(calls).buffer_unordered(CALLS_AT_ONCE).try_collect::<()>().await?;
    until_received(&scene.tor.router, 0).await?;
    Ok(elapsed.as_secs_f64() * 1e3)
}

/// The floor: the lines that the agent would send, written to bgpd's socket in one piece.
async fn by_hand(scene: &Scene, number: u32) -> Result<f64> {
    let socket = scene.node.socket_dir().join("bgpd.vty");
    let map = announcing_map(scene).await?;
    let started = Instant::now();
    let lines = (0..number).map(|n| format!("network {} route-map {map}", prefix(n)));
    type_lines(socket.clone(), lines.collect()).await?;
    until_received(&scene.tor.router, number).await?;
    let elapsed = started.elapsed();
    type_lines(socket, (0..number).map(|n| format!("no network {} route-map {map}", prefix(n))).collect()).await?;
    until_received(&scene.tor.router, 0).await?;
    Ok(elapsed.as_secs_f64() * 1e3)
}

/// A route-map under which the agent's outbound policy lets a prefix out, made once by hand; its name is not one of
/// the agent's, so that the agent leaves it alone.
async fn announcing_map(scene: &Scene) -> Result<&'static str> {
    const NAME: &str = "BY-HAND";
    let running = scene.running(Daemon::Bgpd).await?;
    if !running.contains(NAME) {
        let tag =
            running.lines().find_map(|line| line.trim().strip_prefix("match tag ")).context("no tag in NR-OUT")?;
        scene.node.configure(Daemon::Bgpd, &[format!("route-map {NAME} permit 10"), format!("set tag {tag}")]).await?;
    }
    Ok(NAME)
}

async fn type_lines(socket: PathBuf, lines: Vec<String>) -> Result<()> {
    tokio::task::spawn_blocking(move || {
        let mut stream = UnixStream::connect(socket)?;
        let head = ["enable", "configure terminal", "router bgp 65001", "address-family ipv4 unicast"];
        let commands: Vec<&str> = head.into_iter().chain(lines.iter().map(String::as_str)).collect();
        let mut writer = stream.try_clone()?;
        let bytes: Vec<u8> = commands.iter().flat_map(|line| line.bytes().chain([0])).collect();
        let writing = std::thread::spawn(move || writer.write_all(&bytes));
        read_answers(&mut stream, commands.len())?;
        match writing.join() {
            Ok(written) => Ok(written?),
            Err(_) => bail!("the writer panicked"),
        }
    })
    .await?
}

/// Each answer ends with three NULs and a byte that is NUL for success.
fn read_answers(stream: &mut UnixStream, number: usize) -> Result<()> {
    let (mut nuls, mut buffer) = (0, vec![0; 1 << 16]);
    while nuls < 4 * number {
        let length = stream.read(&mut buffer)?;
        if length == 0 {
            bail!("bgpd closed the connection after {nuls} NULs of {}: a line was refused", 4 * number);
        }
        nuls += buffer[..length].iter().filter(|byte| **byte == 0).count();
    }
    Ok(())
}

async fn until_received(tor: &Router, number: u32) -> Result<()> {
    let deadline = Instant::now() + TIMEOUT;
    loop {
        let summary = tor.show_json(Daemon::Bgpd, "show bgp ipv4 unicast summary json").await?;
        let peers = summary["peers"].as_object().context("no peers")?;
        let received = peers.values().filter_map(|peer| peer["pfxRcd"].as_u64()).sum::<u64>();
        if received == u64::from(number) {
            return Ok(());
        }
        if Instant::now() > deadline {
            bail!("the peer has {received} of {number} prefixes after {TIMEOUT:?}");
        }
        tokio::time::sleep(POLL).await;
    }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
