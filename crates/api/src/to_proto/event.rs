//! Events as clients read them.

use novaroute_core::event::Event;

use super::text;
use crate::v1;

/// What is added to an event where it is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp<'a> {
    /// Number of the event in this run of the agent.
    pub sequence: u64,
    /// When it happened, in nanoseconds since 1970-01-01 UTC.
    pub timestamp_ns: i64,
    /// This run of the agent.
    pub boot_id: &'a str,
}

/// The event on the wire.
#[must_use]
pub fn event(event: &Event, stamp: Stamp<'_>) -> v1::RouteEvent {
    const NS_PER_S: i64 = 1_000_000_000;
    let Event { event_type, owner, intent, reason, detail, metadata } = event;
    let metadata = metadata.iter().map(|(key, value)| ((*key).to_owned(), value.clone()));
    v1::RouteEvent {
        r#type: event_type.number(),
        detail: detail.clone(),
        timestamp_unix: stamp.timestamp_ns.div_euclid(NS_PER_S),
        owner: text(owner.as_ref()),
        metadata: metadata.collect(),
        sequence: stamp.sequence,
        timestamp_ns: stamp.timestamp_ns,
        intent: text(intent.as_ref()),
        reason: text(reason.as_ref()),
        boot_id: stamp.boot_id.to_owned(),
    }
}
