//! A subscriber of the event stream.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tokio::time::{Instant, timeout_at};
use tonic::Streaming;

use crate::agent::Client;
use crate::v1;

/// Longest wait for one event.
const TIMEOUT: Duration = Duration::from_secs(20);

/// An open stream with everything that was read from it.
#[derive(Debug)]
pub struct Events {
    stream: Streaming<v1::RouteEvent>,
    seen: Vec<v1::RouteEvent>,
}

impl Events {
    /// Subscribes; what happens from now on is in the stream.
    ///
    /// # Errors
    /// The agent refuses the filter.
    pub async fn open(client: &mut Client, owner: &str, types: &[&str]) -> Result<Self> {
        let event_types = types.iter().map(|text| (*text).to_owned()).collect();
        let request = v1::StreamEventsRequest { owner_filter: owner.to_owned(), event_types, ..Default::default() };
        Self::with(client, request).await
    }

    /// Subscribes as the request says.
    ///
    /// # Errors
    /// The agent refuses it.
    pub async fn with(client: &mut Client, request: v1::StreamEventsRequest) -> Result<Self> {
        Ok(Self { stream: client.stream_events(request).await?.into_inner(), seen: Vec::new() })
    }

    /// The next event.
    ///
    /// # Errors
    /// None came within 20 s, or the stream ended.
    pub async fn next(&mut self) -> Result<v1::RouteEvent> {
        let message = timeout_at(Instant::now() + TIMEOUT, self.stream.message()).await;
        let event = message.context("no event within 20 s")??.context("the stream ended")?;
        self.seen.push(event.clone());
        Ok(event)
    }

    /// The first event of a type, among those that were read and those to come.
    ///
    /// # Errors
    /// None came within 20 s; what came instead is part of the error.
    pub async fn expect(&mut self, event_type: v1::EventType) -> Result<v1::RouteEvent> {
        self.expect_that(&format!("a {event_type:?}"), |event| event.r#type() == event_type).await
    }

    /// The first event that is wanted, among those that were read and those to come.
    ///
    /// # Errors
    /// None came within 20 s; what came instead is part of the error.
    pub async fn expect_that(
        &mut self,
        what: &str,
        wanted: impl Fn(&v1::RouteEvent) -> bool,
    ) -> Result<v1::RouteEvent> {
        if let Some(event) = self.seen.iter().find(|event| wanted(event)) {
            return Ok(event.clone());
        }
        let deadline = Instant::now() + TIMEOUT;
        loop {
            match timeout_at(deadline, self.stream.message()).await {
                Ok(message) => {
                    let event = message?.with_context(|| format!("the stream ended before {what} came"))?;
                    self.seen.push(event.clone());
                    if wanted(&event) {
                        return Ok(event);
                    }
                }
                Err(_) => bail!("{what} did not come within 20 s, but {:?}", self.types()),
            }
        }
    }

    /// Everything that was read so far.
    #[must_use]
    pub fn seen(&self) -> &[v1::RouteEvent] {
        &self.seen
    }

    /// Forgets what was read so far, so that [`Self::expect`] speaks of what comes after.
    pub fn forget(&mut self) {
        self.seen.clear();
    }

    /// Fails unless the numbers of what was read grow by one from event to event of one run of the agent.
    ///
    /// # Errors
    /// A number is missing or came twice.
    pub fn check_sequence(&self) -> Result<()> {
        for pair in self.seen.windows(2) {
            ensure!(pair[0].sequence + 1 == pair[1].sequence, "a gap between {:?} and {:?}", pair[0], pair[1]);
            ensure!(pair[0].boot_id == pair[1].boot_id, "another run: {:?} and {:?}", pair[0], pair[1]);
        }
        Ok(())
    }

    fn types(&self) -> Vec<v1::EventType> {
        self.seen.iter().map(v1::RouteEvent::r#type).collect()
    }
}
