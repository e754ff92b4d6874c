//! Many subscribers, one of which never reads.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use novaroute_e2e::agent::{Agent, Client};
use novaroute_e2e::caller::client_over;
use novaroute_e2e::config::{CNI, LB};
use novaroute_e2e::events::Events;
use novaroute_e2e::scene::Scene;
use novaroute_e2e::v1::EventType;
use novaroute_e2e::{on_each_frr, request, v1};
use tokio::task::JoinHandle;

use super::from;

/// Subscribers at a time; a connection carries so many of them.
const SUBSCRIBERS: usize = 64;
const PER_CONNECTION: usize = 16;
/// What the stuck one takes in unread, in bytes: a few events.
const WINDOW_BYTES: u32 = 1_024;
/// Prefixes that are announced at once.
const PREFIXES: u32 = 1_000;
/// Events of the large burst.
const BURST: usize = 10_000;
/// By how much the agent may grow for events that it keeps, in KiB: the ring's worth of them, far below what a queue
/// of its own for each subscriber would take.
const GROWTH_KIB_MAX: u64 = 40 << 10;
/// Longest time for a burst to arrive with everybody, on a machine with other work.
const PATIENCE: Duration = Duration::from_secs(120);

/// Resident memory of the agent, in KiB.
fn resident_kib(agent: &Agent) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", agent.pid()?.as_raw_nonzero()))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

/// A subscriber that is there and never reads.
async fn stuck(agent: &Agent) -> Result<(Client, Events)> {
    let stream = UnixStream::connect(agent.socket())?;
    let mut client = client_over(stream, Some(WINDOW_BYTES)).await?;
    let events = Events::open(&mut client, "", &[]).await?;
    Ok((client, events))
}

/// Reads until `wanted` says that it has seen enough; fails at a gap.
async fn read(mut events: Events, mut wanted: impl FnMut(&v1::RouteEvent) -> bool + Send + 'static) -> Result<()> {
    let mut last: Option<v1::RouteEvent> = None;
    loop {
        let event = events.next().await?;
        events.forget();
        if let Some(last) = &last {
            ensure!(last.sequence + 1 == event.sequence, "a gap between {last:?} and {event:?}");
        }
        ensure!(event.r#type() != EventType::Lagged, "{event:?}");
        if wanted(&event) {
            return Ok(());
        }
        last = Some(event);
    }
}

async fn all_done(readers: Vec<JoinHandle<Result<()>>>) -> Result<()> {
    for reader in readers {
        tokio::time::timeout(PATIENCE, reader).await.context("a reader did not get everything in time")???;
    }
    Ok(())
}

on_each_frr! {
    /// 64 subscribers, one of which never reads: the 63 others see every event in order, each of 1,000 prefixes
    /// advertised once.
    async fn one_that_never_reads_takes_nothing_from_the_others(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        let _stuck = stuck(&scene.agent).await?;
        let mut readers = Vec::new();
        for number in 0..SUBSCRIBERS - 1 {
            if number % PER_CONNECTION == 0 {
                client = scene.agent.client().await?;
            }
            let events = Events::open(&mut client, "", &[]).await?;
            let mut advertised = BTreeSet::new();
            readers.push(tokio::spawn(read(events, move |event| {
                if event.r#type() == EventType::PrefixAdvertised {
                    assert!(advertised.insert(event.intent.clone()), "told twice: {event:?}");
                }
                advertised.len() == PREFIXES as usize
            })));
        }
        let before = resident_kib(&scene.agent)?;
        for number in 0..PREFIXES {
            let prefix = format!("198.18.{}.{}/32", number / 250, number % 250);
            client.advertise_prefix(request::advertise(LB, &prefix)).await?;
        }
        all_done(readers).await?;
        let after = resident_kib(&scene.agent)?;
        ensure!(after < before + GROWTH_KIB_MAX, "grew from {before} to {after} KiB");
        Ok(())
    }

    /// 10,000 events as fast as they can be caused: none is lost for those who read, whether they were there or came
    /// back, and one that never reads costs nothing.
    async fn a_burst_of_10000_events_is_kept_within_bounds(release) {
        let scene = Scene::new(release).await?;
        let mut client = scene.agent.client().await?;
        let _stuck = stuck(&scene.agent).await?;
        let mut first = Events::open(&mut client, "", &[]).await?;
        client.register(request::register(CNI)).await?;
        let first = first.next().await?;
        let last = first.sequence + BURST as u64;
        let before = resident_kib(&scene.agent)?;
        let mut readers = Vec::new();
        for _ in 0..3 {
            let events = from(&mut client, first.sequence + 1, &first.boot_id).await?;
            readers.push(tokio::spawn(read(events, move |event| event.sequence == last)));
        }
        let calls = (0..10).map(|_| {
            let mut client = client.clone();
            tokio::spawn(async move {
                for _ in 0..BURST / 10 {
                    client.register(request::register(CNI)).await?;
                }
                anyhow::Ok(())
            })
        });
        let calls: Vec<_> = calls.collect();
        all_done(calls).await?;
        let events = from(&mut scene.agent.client().await?, first.sequence + 1, &first.boot_id).await?;
        readers.push(tokio::spawn(read(events, move |event| event.sequence == last)));
        all_done(readers).await?;
        let after = resident_kib(&scene.agent)?;
        ensure!(after < before + GROWTH_KIB_MAX, "grew from {before} to {after} KiB");
        Ok(())
    }
}
