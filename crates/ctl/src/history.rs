//! Events of before: where they begin, and reading them on.

use novaroute_api::v1;
use tonic::Streaming;

use crate::agent::{Agent, CallError};

/// Where to read on in the events of one run of the agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The number of the event to begin with.
    pub(crate) next: u64,
    pub(crate) boot_id: String,
}

/// So many events before the next one, and the number of the last that there is. A snapshot begins with that number;
/// nothing else is asked of it.
///
/// # Errors
/// The agent does not open the stream.
pub(crate) async fn beginning(agent: &mut Agent, events: u64) -> Result<Option<(Place, u64)>, CallError> {
    let request = v1::StreamEventsRequest { event_types: vec!["LAGGED".into()], snapshot: true, ..Default::default() };
    let mut stream = agent.events(request).await?;
    let begin = next(&mut stream).await?;
    Ok(begin.map(|v1::RouteEvent { sequence: last, boot_id, .. }| {
        let first = (last + 1).saturating_sub(events).max(1);
        (Place { next: first, boot_id }, last)
    }))
}

/// The next event; `None` at the end of the stream.
///
/// # Errors
/// The stream broke.
pub(crate) async fn next(stream: &mut Streaming<v1::RouteEvent>) -> Result<Option<v1::RouteEvent>, CallError> {
    stream.message().await.map_err(|status| CallError::Status(Box::new(status)))
}
