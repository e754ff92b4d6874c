//! Sees that somebody else has edited FRR.
//!
//! FRR tells of no change of its configuration, short of logging every command with the passwords in it. So each
//! daemon is asked for what it runs, again and again, and the answer is compared with what the reconciler read last: as
//! text, which costs the agent next to nothing. What is different is for the reconciler to find out.

use std::sync::Arc;
use std::time::Duration;

use novaroute_core::live::Live;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep};

use crate::frr::VtyFrr;
use crate::reconciler::Seen;

/// Shortest time between two looks.
const INTERVAL_MIN: Duration = Duration::from_secs(1);
/// A look that takes long, because the configuration is long, is followed by a pause of so many times as long: the
/// daemons have other things to do.
const PAUSE_FACTOR: u32 = 50;

/// Watches what the daemons run.
#[derive(Debug)]
pub struct Edits {
    /// FRR, over connections of its own: a look must not hold up a change.
    pub frr: VtyFrr,
    /// What the reconciler read last.
    pub seen: watch::Receiver<Arc<Seen>>,
    /// Which daemons answer.
    pub live: watch::Receiver<Arc<Live>>,
    /// Told of an edit.
    pub edited: Arc<Notify>,
}

impl Edits {
    /// Watches for as long as the agent runs.
    pub async fn watch(mut self) {
        loop {
            let started = Instant::now();
            self.look().await;
            sleep(INTERVAL_MIN.max(started.elapsed() * PAUSE_FACTOR)).await;
        }
    }

    async fn look(&mut self) {
        let read = self.seen.borrow().digests.clone();
        let absent: Vec<String> = self.live.borrow().missing_daemons().map(str::to_owned).collect();
        let asked: Vec<&'static str> =
            read.keys().copied().filter(|process| !absent.iter().any(|name| name == process)).collect();
        let now = self.frr.digests(&asked).await;
        // What the reconciler did meanwhile is no edit of somebody else.
        let changed = self.seen.borrow().digests != read;
        if !changed && now.iter().any(|(process, digest)| read.get(process) != Some(digest)) {
            self.edited.notify_one();
        }
    }
}
