//! How long an intent takes from being accepted to running in FRR, and to being sent to a peer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use novaroute_core::event::{Event, EventType};
use novaroute_core::intent::IntentKey;

use crate::metrics::Metrics;

/// The piece of metadata that tells how long ago an intent was accepted, in microseconds.
const SINCE_ACCEPTED: &str = "since_accepted_us";

/// The moments at which intents that are still on their way were accepted.
#[derive(Debug, Clone)]
pub struct Stopwatch {
    accepted: Arc<Mutex<BTreeMap<IntentKey, Instant>>>,
    metrics: Arc<Metrics>,
}

impl Stopwatch {
    /// A stopwatch that tells `metrics`.
    #[must_use]
    pub fn new(metrics: Arc<Metrics>) -> Self {
        Self { accepted: Arc::default(), metrics }
    }

    /// An intent was accepted.
    pub fn start(&self, key: &IntentKey) {
        self.moments().insert(key.clone(), Instant::now());
    }

    /// An intent is no longer wanted.
    pub fn forget(&self, key: &IntentKey) {
        self.moments().remove(key);
    }

    /// Takes the time of the events that say that an intent has arrived somewhere, and has them tell it.
    pub fn look_at(&self, events: &mut [Event]) {
        for event in events {
            let Some(key) = &event.intent else { continue };
            let took = match event.event_type {
                EventType::IntentProgrammed => self.programmed(key),
                EventType::PrefixAdvertised => self.advertised(key),
                _ => None,
            };
            if let Some(took) = took {
                event.metadata.insert(SINCE_ACCEPTED, took.as_micros().to_string());
            }
        }
    }

    fn programmed(&self, key: &IntentKey) -> Option<Duration> {
        let mut moments = self.moments();
        let took = moments.get(key)?.elapsed();
        self.metrics.intent_programmed(took.as_secs_f64());
        // A prefix still has to be sent.
        if !matches!(key, IntentKey::Prefix(..)) {
            moments.remove(key);
        }
        Some(took)
    }

    fn advertised(&self, key: &IntentKey) -> Option<Duration> {
        let took = self.moments().remove(key)?.elapsed();
        self.metrics.intent_advertised(took.as_secs_f64());
        Some(took)
    }

    fn moments(&self) -> MutexGuard<'_, BTreeMap<IntentKey, Instant>> {
        // Nothing done under the lock leaves the map half changed, so a panic elsewhere does not spoil it.
        self.accepted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Scrape;

    fn count(metrics: &Metrics, name: &str) -> String {
        let text = metrics.encode(&Scrape::default()).unwrap();
        text.lines().find(|line| line.starts_with(&format!("{name}_count"))).unwrap_or("none").to_owned()
    }

    #[test]
    fn a_prefix_is_timed_twice_and_what_was_not_asked_for_not_at_all() {
        let metrics = Arc::new(Metrics::new("0", "0"));
        let stopwatch = Stopwatch::new(Arc::clone(&metrics));
        let key = IntentKey::Prefix(novaroute_core::intent::Protocol::Bgp, "10.0.0.1/32".parse().unwrap());
        let event = |event_type| Event::new(event_type, "").about(&key);
        let both = || [event(EventType::IntentProgrammed), event(EventType::PrefixAdvertised)];
        let looked_at = |mut events: [Event; 2]| {
            stopwatch.look_at(&mut events);
            events.map(|event| event.metadata.get(SINCE_ACCEPTED).is_some_and(|us| us.parse::<u64>().is_ok()))
        };
        assert_eq!(looked_at(both()), [false, false]);
        assert!(count(&metrics, "novaroute_intent_programmed_seconds").ends_with(" 0"));
        stopwatch.start(&key);
        assert_eq!(looked_at(both()), [true, true]);
        assert_eq!(looked_at(both()), [false, false]);
        assert!(count(&metrics, "novaroute_intent_programmed_seconds").ends_with(" 1"));
        assert!(count(&metrics, "novaroute_intent_advertised_seconds").ends_with(" 1"));
    }
}
