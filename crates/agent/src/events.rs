//! The event hub: every event gets its number and its time here, and every subscriber reads at its own place.
//!
//! Events stay in one ring that all subscribers share. A subscriber is a number and a way to be woken, so that one that
//! never reads costs nothing but its place among the subscribers. Publishing never waits: whoever falls behind by more
//! than the ring holds finds a [`Delivery::Lagged`] in the place of what is gone.

mod ring;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use novaroute_core::event::Event;
use novaroute_core::live::Live;
use novaroute_core::picture::Picture;
use novaroute_core::rejection::{Rejection, RejectionClass};
use novaroute_core::state::Reason;
use novaroute_core::store::Snapshot;
use tokio::sync::watch;

use crate::metrics::Metrics;
use ring::Ring;

/// Subscribers at one time; more get RESOURCE_EXHAUSTED.
pub const SUBSCRIBERS_MAX: usize = 256;

/// An event with its place in the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Number of the event in this run of the agent: 1, 2, 3 …
    pub sequence: u64,
    /// When it was published, in nanoseconds since 1970-01-01 UTC.
    pub timestamp_ns: i64,
    /// What happened.
    pub event: Event,
}

/// What a subscriber gets next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// The next event.
    Event(Arc<Published>),
    /// The events with these numbers are gone: this subscriber was too slow, or came back too late.
    Lagged {
        /// First missing number.
        from: u64,
        /// Last missing number.
        to: u64,
    },
}

/// Where a subscriber begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// With what comes next.
    Next,
    /// With the event of this number.
    At(u64),
}

/// The number that was asked for is not yet the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beyond {
    /// The number of the next event.
    pub next_sequence: u64,
}

/// Why there is no subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotSubscribed {
    /// No place, or no more stream.
    Rejected(Rejection),
    /// The place to begin at does not exist yet.
    Beyond(Beyond),
}

/// The way to the event stream, cheap to clone.
#[derive(Debug, Clone)]
pub struct EventHub {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    boot_id: String,
    metrics: Arc<Metrics>,
    subscribers: AtomicUsize,
    /// Numbers are given, events are kept and the picture is changed under one lock: a picture is always that after
    /// the last event and before the next.
    tail: Mutex<Tail>,
    /// Wakes those who have read everything.
    news: watch::Sender<()>,
}

#[derive(Debug)]
struct Tail {
    ring: Ring<Arc<Published>>,
    picture: Picture,
    closed: bool,
}

impl EventHub {
    /// A hub that keeps the last `ring_capacity` events. `boot_id` names this run of the agent, in which numbers begin
    /// with 1.
    #[must_use]
    pub fn new(ring_capacity: usize, boot_id: String, metrics: Arc<Metrics>) -> Self {
        let tail = Tail { ring: Ring::new(ring_capacity), picture: Picture::default(), closed: false };
        let (tail, news) = (Mutex::new(tail), watch::Sender::new(()));
        Self { shared: Arc::new(Shared { boot_id, metrics, subscribers: AtomicUsize::new(0), tail, news }) }
    }

    /// The name of this run of the agent.
    #[must_use]
    pub fn boot_id(&self) -> &str {
        &self.shared.boot_id
    }

    /// Numbers the events and has all subscribers see them, without waiting for any of them.
    pub fn publish(&self, events: Vec<Event>) {
        self.publish_with(events, |_| {});
    }

    /// As [`Self::publish`], for events that tell how `wanted` came to be.
    pub fn publish_wanted(&self, events: Vec<Event>, wanted: Snapshot) {
        self.publish_with(events, |picture| picture.snapshot = wanted);
    }

    /// As [`Self::publish`], for events that tell how `live` came to be.
    pub fn publish_live(&self, events: Vec<Event>, live: Arc<Live>) {
        self.publish_with(events, |picture| picture.live = live);
    }

    fn publish_with(&self, events: Vec<Event>, change: impl FnOnce(&mut Picture)) {
        let any = !events.is_empty();
        {
            let mut tail = self.shared.tail();
            change(&mut tail.picture);
            for event in events {
                self.shared.metrics.event(event.event_type);
                if tail.closed {
                    continue;
                }
                let sequence = tail.ring.next_number();
                let bytes = bytes_of(&event);
                tail.ring.push(Arc::new(Published { sequence, timestamp_ns: now_ns(), event }), bytes);
            }
        }
        if any {
            self.shared.news.send_replace(());
        }
    }

    /// The last so many events, the newest first.
    #[must_use]
    pub fn last(&self, count: usize) -> Vec<Arc<Published>> {
        let tail = self.shared.tail();
        let kept = tail.ring.first_number()..tail.ring.next_number();
        kept.rev().take(count).filter_map(|number| tail.ring.get(number).cloned()).collect()
    }

    /// Follows the stream.
    ///
    /// # Errors
    /// [`NotSubscribed::Beyond`] for a place that does not exist yet; RESOURCE_EXHAUSTED when [`SUBSCRIBERS_MAX`]
    /// subscribers are there; UNAVAILABLE once the hub is closed.
    pub fn subscribe(&self, start: Start) -> Result<Subscription, NotSubscribed> {
        let tail = self.shared.tail();
        if tail.closed {
            return Err(NotSubscribed::Rejected(closed()));
        }
        let next_sequence = tail.ring.next_number();
        let next = match start {
            Start::Next => next_sequence,
            // Numbers begin with 1: whoever has seen nothing yet may also say 0.
            Start::At(number) => number.max(1),
        };
        if next > next_sequence {
            return Err(NotSubscribed::Beyond(Beyond { next_sequence }));
        }
        // Only this method adds, under the lock, so the bound holds.
        if self.shared.subscribers.load(Ordering::Relaxed) >= SUBSCRIBERS_MAX {
            return Err(NotSubscribed::Rejected(too_many_subscribers()));
        }
        self.shared.subscribers.fetch_add(1, Ordering::Relaxed);
        Ok(Subscription { next, news: self.shared.news.subscribe(), shared: Arc::clone(&self.shared) })
    }

    /// Ends the stream: each subscriber still gets what it has not read yet, then `None`.
    pub fn close(&self) {
        self.shared.tail().closed = true;
        self.shared.news.send_replace(());
    }
}

impl Shared {
    fn tail(&self) -> MutexGuard<'_, Tail> {
        // Nothing done under the lock leaves the tail half changed, so a panic elsewhere does not spoil it.
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One subscriber's place in the stream.
#[derive(Debug)]
pub struct Subscription {
    /// The number that this subscriber must see next.
    next: u64,
    news: watch::Receiver<()>,
    shared: Arc<Shared>,
}

impl Subscription {
    /// Waits for the next event; `None` after the hub was closed. Safe to cancel.
    pub async fn next(&mut self) -> Option<Delivery> {
        loop {
            // Before looking: what is published from here on wakes again.
            self.news.mark_unchanged();
            if let Some(delivery) = self.take() {
                return delivery;
            }
            // The sender lives as long as `shared`.
            self.news.changed().await.ok()?;
        }
    }

    /// How things are now; the stream goes on from here. The number is that of the last event.
    pub fn skip_to_picture(&mut self) -> (Picture, u64) {
        let tail = self.shared.tail();
        self.next = tail.ring.next_number();
        (tail.picture.clone(), self.next - 1)
    }

    /// How things are, when everything up to now has been read; the number is that of the last event.
    #[must_use]
    pub fn picture(&self) -> Option<(Picture, u64)> {
        let tail = self.shared.tail();
        let caught_up = self.next == tail.ring.next_number();
        caught_up.then(|| (tail.picture.clone(), self.next - 1))
    }

    /// What can be read without waiting; `Some(None)`: the end.
    fn take(&mut self) -> Option<Option<Delivery>> {
        let tail = self.shared.tail();
        let first = tail.ring.first_number();
        if self.next < first {
            drop(tail);
            let (from, to) = (self.next, first - 1);
            self.next = first;
            self.shared.metrics.events_dropped(to - from + 1);
            return Some(Some(Delivery::Lagged { from, to }));
        }
        match tail.ring.get(self.next) {
            Some(published) => {
                self.next += 1;
                Some(Some(Delivery::Event(Arc::clone(published))))
            }
            None if tail.closed => Some(None),
            None => None,
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.shared.subscribers.fetch_sub(1, Ordering::Relaxed);
    }
}

/// About what an event takes in memory: itself, its words, and a node of its map.
fn bytes_of(event: &Event) -> usize {
    const NODE: usize = 512;
    let metadata: usize = event.metadata.values().map(String::len).sum();
    let node = if event.metadata.is_empty() { 0 } else { NODE };
    size_of::<Published>() + event.detail.len() + metadata + node
}

/// The wall clock, in nanoseconds since 1970-01-01 UTC; 0 on a machine whose clock is set before that.
#[must_use]
pub fn now_ns() -> i64 {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_nanos()).unwrap_or(i64::MAX)
}

fn too_many_subscribers() -> Rejection {
    let text = format!("{SUBSCRIBERS_MAX} subscribers follow the events already: end one of their streams first");
    Rejection::new(RejectionClass::ResourceExhausted, Reason::LimitReached, text).with("limit", SUBSCRIBERS_MAX)
}

fn closed() -> Rejection {
    Rejection::new(RejectionClass::Unavailable, Reason::ShuttingDown, "the agent is shutting down")
}

#[cfg(test)]
mod tests;
