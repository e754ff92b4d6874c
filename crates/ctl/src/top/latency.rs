//! How long calls take, and intents from being accepted to running in FRR and to being announced.

use std::{collections::VecDeque, time::Duration};

use novaroute_api::v1;

use crate::output::{
    table::{Cell, Column, Grid, grid},
    time::of_day,
};

/// Calls that are remembered.
const ROUND_TRIPS_MAX: usize = 240;
/// Intents that are remembered.
const INTENTS_MAX: usize = 1000;
/// What events tell it by.
const SINCE_ACCEPTED: &str = "since_accepted_us";

/// The newest last, and of intents first.
#[derive(Debug, Default)]
pub(super) struct Latency {
    round_trips: VecDeque<Duration>,
    intents: VecDeque<Timed>,
}

#[derive(Debug, Clone)]
struct Timed {
    intent: String,
    owner: String,
    programmed: Option<Duration>,
    advertised: Option<Duration>,
    timestamp_ns: i64,
}

const COLUMNS: &[Column<Timed>] = &[
    Column::new("INTENT", |timed| Cell::text(&timed.intent)),
    Column::new("PROGRAMMED MS", |timed| Cell::text(timed.programmed.map(ms).unwrap_or_default())),
    Column::new("ADVERTISED MS", |timed| Cell::text(timed.advertised.map(ms).unwrap_or_default())),
    Column::new("OWNER", |timed| Cell::text(&timed.owner)),
    Column::new("TIME", |timed| Cell::text(of_day(timed.timestamp_ns))),
];

/// Milliseconds, with a digit behind the point.
pub(super) fn ms(duration: Duration) -> String {
    format!("{:.1}", duration.as_secs_f64() * 1000.0)
}

impl Latency {
    pub(super) fn round_trip(&mut self, took: Duration) {
        self.round_trips.push_back(took);
        if self.round_trips.len() > ROUND_TRIPS_MAX {
            self.round_trips.pop_front();
        }
    }

    /// Takes the time of an event that says that an intent has arrived somewhere.
    pub(super) fn look_at(&mut self, event: &v1::RouteEvent) {
        let Some(took) = event.metadata.get(SINCE_ACCEPTED).and_then(|us| us.parse().ok()) else { return };
        let took = Some(Duration::from_micros(took));
        let place = self.intents.iter().position(|timed| timed.intent == event.intent);
        let known = place.and_then(|place| self.intents.remove(place));
        let mut timed = known.unwrap_or_else(|| Timed {
            intent: event.intent.clone(),
            owner: String::new(),
            programmed: None,
            advertised: None,
            timestamp_ns: 0,
        });
        match event.r#type() {
            // It was asked for anew: what is known is of before.
            v1::EventType::IntentProgrammed => (timed.programmed, timed.advertised) = (took, None),
            _ => timed.advertised = took,
        }
        (timed.owner, timed.timestamp_ns) = (event.owner.clone(), event.timestamp_ns);
        self.intents.push_front(timed);
        self.intents.truncate(INTENTS_MAX);
    }

    /// The last round trips, in microseconds.
    pub(super) fn history_us(&self) -> Vec<u64> {
        self.round_trips.iter().map(|took| u64::try_from(took.as_micros()).unwrap_or(u64::MAX)).collect()
    }

    /// The last round trip, and of those remembered the median and the longest.
    pub(super) fn round_trips(&self) -> Option<[Duration; 3]> {
        let last = *self.round_trips.back()?;
        let [median, longest] = median_and_longest(self.round_trips.iter().copied())?;
        Some([last, median, longest])
    }

    /// Median and longest time to running in FRR, and to being announced.
    pub(super) fn intents(&self) -> [Option<[Duration; 2]>; 2] {
        [
            median_and_longest(self.intents.iter().filter_map(|timed| timed.programmed)),
            median_and_longest(self.intents.iter().filter_map(|timed| timed.advertised)),
        ]
    }

    pub(super) fn grid(&self) -> Grid {
        grid(COLUMNS, &self.intents.iter().cloned().collect::<Vec<_>>(), false)
    }
}

fn median_and_longest(times: impl Iterator<Item = Duration>) -> Option<[Duration; 2]> {
    let mut times: Vec<_> = times.collect();
    times.sort_unstable();
    Some([*times.get(times.len() / 2)?, *times.last()?])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(event_type: v1::EventType, us: &str) -> v1::RouteEvent {
        v1::RouteEvent {
            r#type: event_type.into(),
            intent: "prefix bgp 192.0.2.1/32".into(),
            metadata: [(SINCE_ACCEPTED.to_owned(), us.to_owned())].into(),
            ..Default::default()
        }
    }

    #[test]
    fn an_intent_is_one_row_with_both_times() {
        let mut latency = Latency::default();
        latency.look_at(&event(v1::EventType::IntentProgrammed, "1500"));
        latency.look_at(&event(v1::EventType::PrefixAdvertised, "60000"));
        latency.look_at(&event(v1::EventType::PrefixAdvertised, "soon"));
        let (programmed, advertised) = (Duration::from_micros(1500), Duration::from_millis(60));
        assert_eq!(latency.intents(), [Some([programmed; 2]), Some([advertised; 2])]);
        assert!(latency.grid().text(false).contains("prefix bgp 192.0.2.1/32  1.5            60.0"));
        latency.look_at(&event(v1::EventType::IntentProgrammed, "2500"));
        assert_eq!(latency.grid().rows.len(), 1);
        assert_eq!(latency.intents()[1], None, "the time of before is not that of now");
    }

    #[test]
    fn the_median_stands_in_the_middle() {
        let mut latency = Latency::default();
        assert_eq!(latency.round_trips(), None);
        for ms in [9, 1, 5] {
            latency.round_trip(Duration::from_millis(ms));
        }
        assert_eq!(latency.round_trips(), Some([5, 5, 9].map(Duration::from_millis)));
        (0..ROUND_TRIPS_MAX).for_each(|_| latency.round_trip(Duration::from_millis(2)));
        assert_eq!(latency.round_trips(), Some([Duration::from_millis(2); 3]));
    }
}
