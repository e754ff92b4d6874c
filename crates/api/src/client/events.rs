//! The stream of events, over breaks.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::{sleep, timeout};
use tonic::{Code, Streaming};

use super::backoff::Backoff;
use super::{CallError, connect};
use crate::v1::{self, EventType};

/// How long it is waited for the agent to begin the stream.
const OPEN_TIMEOUT: Duration = Duration::from_secs(15);

/// Events that are followed without a loss and without a repeat, also when the connection breaks or the agent is started
/// again. What the agent itself no longer has is told by a `LAGGED` event in its place.
///
/// From the first event that was read: before that there is no place to come back to, unless the request names one or asks
/// for a snapshot.
#[derive(Debug)]
pub struct Events {
    socket: PathBuf,
    request: v1::StreamEventsRequest,
    stream: Option<Streaming<v1::RouteEvent>>,
    backoff: Backoff,
    /// The end of the snapshot that was asked for has not been read yet.
    in_snapshot: bool,
}

impl Events {
    /// Will follow the events that `request` asks for of the agent on the Unix socket `socket`.
    #[must_use]
    pub fn new(socket: impl AsRef<Path>, request: v1::StreamEventsRequest) -> Self {
        let in_snapshot = request.snapshot;
        let socket = socket.as_ref().to_path_buf();
        Self { socket, request, stream: None, backoff: Backoff::new(), in_snapshot }
    }

    /// The next event; waits for it, also while there is no agent. It may be dropped and called again: nothing is lost.
    ///
    /// # Errors
    /// The agent refuses the request, and would so again, such as for a type of event that it does not know.
    pub async fn next(&mut self) -> Result<v1::RouteEvent, CallError> {
        loop {
            match self.message().await {
                Ok(Some(event)) => {
                    self.remember(&event);
                    return Ok(event);
                }
                Ok(None) => {}
                Err(error) if error.may_pass() => {}
                Err(error) => return Err(error),
            }
            self.stream = None;
            sleep(self.backoff.pause()).await;
        }
    }

    async fn message(&mut self) -> Result<Option<v1::RouteEvent>, CallError> {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            none => {
                self.backoff.begin();
                none.insert(open(&self.socket, &self.request).await?)
            }
        };
        Ok(stream.message().await?)
    }

    /// Where to go on after a break.
    fn remember(&mut self, event: &v1::RouteEvent) {
        match event.r#type() {
            EventType::SnapshotBegin => self.in_snapshot = true,
            EventType::SnapshotEnd => self.in_snapshot = false,
            _ => {}
        }
        // A snapshot that was cut in two is told again, as a whole.
        self.request.snapshot = self.in_snapshot;
        self.request.from_sequence = Some(event.sequence + 1);
        self.request.boot_id.clone_from(&event.boot_id);
    }
}

async fn open(socket: &Path, request: &v1::StreamEventsRequest) -> Result<Streaming<v1::RouteEvent>, CallError> {
    let broken = |message: String| CallError::Broken { code: Code::Unavailable, message };
    let mut client = connect(socket).await.map_err(|error| broken(error.to_string()))?;
    let opened = timeout(OPEN_TIMEOUT, client.stream_events(request.clone())).await;
    let opened = opened.map_err(|_| broken("no answer".to_owned()))?;
    Ok(opened?.into_inner())
}
