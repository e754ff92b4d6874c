//! The whole agent on a fake FRR under a paused clock.
//!
//! Each seed decides one run: owners ask for things and take them back, connections break at every line, daemons hang
//! and restart, operators edit, FRR refuses lines, the disk runs full, the agent crashes and its journal is lost.
//! Whatever happens, a line that is wanted and stays wanted is never taken back, and what was acknowledged is never lost;
//! once it is over, FRR runs what was acknowledged and the agent has nothing left to send.
//!
//! `NOVAROUTE_SEED=n` plays one seed alone, and shows the agent's log, at the level in `RUST_LOG`.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test says by a panic what went wrong")]

mod adoption;
mod agent;
mod clients;
mod disk;
mod faults;
mod giving_up;
mod model;
mod node;
mod obstructed;
mod rng;
mod run;
mod settled;
mod watch;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// Runs that are played.
const SEEDS: u64 = 2_000;

#[test]
fn nothing_wanted_is_withdrawn_and_nothing_acknowledged_is_lost() {
    match std::env::var("NOVAROUTE_SEED") {
        Ok(seed) => {
            let filter = std::env::var("RUST_LOG").unwrap_or_else(|_| "debug".to_owned());
            tracing_subscriber::fmt().with_env_filter(filter).with_test_writer().init();
            play(seed.parse().unwrap());
        }
        Err(_) => play_all(),
    }
}

fn play(seed: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(run::Run::play(seed));
}

/// Plays all seeds on all processors, and stops at the first that fails.
fn play_all() {
    let (next, failed) = (AtomicU64::new(0), AtomicU64::new(u64::MAX));
    let work = || {
        while failed.load(Ordering::Relaxed) == u64::MAX {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= SEEDS {
                return;
            }
            if catch_unwind(AssertUnwindSafe(|| play(seed))).is_err() {
                failed.fetch_min(seed, Ordering::Relaxed);
            }
        }
    };
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(work);
        }
    });
    let failed = failed.into_inner();
    assert!(failed == u64::MAX, "seed {failed} failed: play it alone with NOVAROUTE_SEED={failed}");
}
