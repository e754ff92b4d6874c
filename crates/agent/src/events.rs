//! The event hub: every event gets its number and its time here, and every subscriber reads at its own pace.
//!
//! Events wait in one ring that all subscribers share. Publishing never waits: whoever falls behind by more than
//! the ring holds finds a [`Delivery::Lagged`] in the place of what was overwritten.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use novaroute_core::event::Event;
use novaroute_core::rejection::{Rejection, RejectionClass};
use novaroute_core::state::Reason;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::metrics::Metrics;

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
    /// This subscriber was too slow: the events with these numbers are gone.
    Lagged {
        /// First missing number.
        from: u64,
        /// Last missing number.
        to: u64,
    },
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
    /// Numbers are given and events are sent under one lock, so that the ring holds them in order.
    tail: Mutex<Tail>,
}

#[derive(Debug)]
struct Tail {
    next_sequence: u64,
    /// `None` once the hub is closed.
    ring: Option<broadcast::Sender<Arc<Published>>>,
}

impl EventHub {
    /// A hub that keeps at least `ring_capacity` events for slow subscribers. `boot_id` names this run of the
    /// agent, in which numbers begin with 1.
    #[must_use]
    pub fn new(ring_capacity: usize, boot_id: String, metrics: Arc<Metrics>) -> Self {
        let (ring, _) = broadcast::channel(ring_capacity.max(1));
        let tail = Mutex::new(Tail { next_sequence: 1, ring: Some(ring) });
        Self { shared: Arc::new(Shared { boot_id, metrics, subscribers: AtomicUsize::new(0), tail }) }
    }

    /// The name of this run of the agent.
    #[must_use]
    pub fn boot_id(&self) -> &str {
        &self.shared.boot_id
    }

    /// Numbers the events and gives them to all subscribers, without waiting for any of them.
    pub fn publish(&self, events: Vec<Event>) {
        let mut tail = self.shared.tail();
        for event in events {
            self.shared.metrics.event(event.event_type);
            let published = Published { sequence: tail.next_sequence, timestamp_ns: now_ns(), event };
            tail.next_sequence += 1;
            if let Some(ring) = &tail.ring {
                // An error says that nobody listens, which is no error here.
                let _listeners = ring.send(Arc::new(published));
            }
        }
    }

    /// Follows the stream from the next event on.
    ///
    /// # Errors
    /// RESOURCE_EXHAUSTED when [`SUBSCRIBERS_MAX`] subscribers are there; UNAVAILABLE once the hub is closed.
    pub fn subscribe(&self) -> Result<Subscription, Rejection> {
        let tail = self.shared.tail();
        let ring = tail.ring.as_ref().ok_or_else(closed)?;
        // Only this method adds, under the lock, so the bound holds.
        if self.shared.subscribers.load(Ordering::Relaxed) >= SUBSCRIBERS_MAX {
            return Err(too_many_subscribers());
        }
        self.shared.subscribers.fetch_add(1, Ordering::Relaxed);
        let (receiver, next_sequence) = (ring.subscribe(), tail.next_sequence);
        Ok(Subscription { receiver, next_sequence, shared: Arc::clone(&self.shared) })
    }

    /// Ends the stream: each subscriber still gets what it has not read yet, then `None`.
    pub fn close(&self) {
        self.shared.tail().ring = None;
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
    receiver: broadcast::Receiver<Arc<Published>>,
    /// The number that this subscriber must see next.
    next_sequence: u64,
    shared: Arc<Shared>,
}

impl Subscription {
    /// Waits for the next event; `None` after the hub was closed. Safe to cancel.
    pub async fn next(&mut self) -> Option<Delivery> {
        match self.receiver.recv().await {
            Ok(published) => {
                self.next_sequence = published.sequence + 1;
                Some(Delivery::Event(published))
            }
            Err(RecvError::Lagged(missed)) => {
                self.shared.metrics.events_dropped(missed);
                let from = self.next_sequence;
                self.next_sequence += missed;
                Some(Delivery::Lagged { from, to: self.next_sequence - 1 })
            }
            Err(RecvError::Closed) => None,
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.shared.subscribers.fetch_sub(1, Ordering::Relaxed);
    }
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
