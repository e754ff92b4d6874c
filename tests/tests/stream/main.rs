//! The event stream: resuming where one left off, how things are before the news, and many subscribers of which one never
//! reads.

mod crowd;
mod resume;
mod snapshot;

use anyhow::Result;
use novaroute_e2e::agent::Client;
use novaroute_e2e::events::Events;
use novaroute_e2e::v1;

/// Subscribes from a number of a run on.
async fn from(client: &mut Client, sequence: u64, boot_id: &str) -> Result<Events> {
    let request =
        v1::StreamEventsRequest { from_sequence: Some(sequence), boot_id: boot_id.to_owned(), ..Default::default() };
    Events::with(client, request).await
}

/// Number `key` of an event's metadata.
fn number(event: &v1::RouteEvent, key: &str) -> Option<u64> {
    event.metadata.get(key)?.parse().ok()
}
