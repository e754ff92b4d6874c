//! The connection to the agent, and what may become of a call.

use std::{future::Future, path::Path, time::Duration};

use novaroute_api::{client, v1, v1::route_control_client::RouteControlClient};
use tonic::{Response, Status, Streaming, transport::Channel};

use crate::{cli::Global, exit::Failure, output::refusal::Refusal, schema::SchemaError};

/// A connection to the agent.
#[derive(Debug)]
pub(crate) struct Agent {
    pub(crate) client: RouteControlClient<Channel>,
    pub(crate) timeout: Timeout,
}

/// How long one call may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timeout(pub(crate) Duration);

/// A call that has no response.
#[derive(Debug)]
pub(crate) enum CallError {
    /// The agent answered with a status, or the connection broke.
    Status(Box<Status>),
    /// No answer within the time.
    TimedOut(Duration),
    /// The response is not what the schema says.
    Schema(SchemaError),
}

impl Timeout {
    /// Waits for `call` as long as the timeout allows.
    pub(crate) async fn apply<T>(self, call: impl Future<Output = Result<T, Status>>) -> Result<T, CallError> {
        match tokio::time::timeout(self.0, call).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(status)) => Err(CallError::Status(Box::new(status))),
            Err(_) => Err(CallError::TimedOut(self.0)),
        }
    }
}

impl CallError {
    /// The same in words.
    pub(crate) fn refusal(&self) -> Refusal {
        match self {
            Self::Status(status) => Refusal::from_status(status),
            Self::TimedOut(limit) => Refusal::timed_out(*limit),
            Self::Schema(error) => Refusal::unreadable(error),
        }
    }

    /// Ends a command that tried `what`.
    pub(crate) fn failure(&self, what: &str) -> Failure {
        Failure::Refused { what: what.to_owned(), refusal: Box::new(self.refusal()) }
    }
}

impl From<SchemaError> for CallError {
    fn from(error: SchemaError) -> Self {
        Self::Schema(error)
    }
}

impl Agent {
    /// Connects to the agent that the command line names.
    ///
    /// # Errors
    /// Nobody answers on the socket; the refusal says what to do about it.
    pub(crate) async fn connect(global: &Global) -> Result<Self, Refusal> {
        let limit = global.timeout;
        match tokio::time::timeout(limit, client::connect(&global.socket)).await {
            Ok(Ok(client)) => Ok(Self { client, timeout: Timeout(limit) }),
            Ok(Err(error)) => Err(Refusal::unreachable(error.to_string())),
            Err(_) => Err(Refusal::unreachable(no_answer(&global.socket, limit))),
        }
    }

    /// Intents and live state of `owner`, or of all owners if it is empty.
    pub(crate) async fn status(&mut self, owner: &str) -> Result<v1::GetStatusResponse, CallError> {
        let request = v1::GetStatusRequest { owner_filter: owner.to_owned() };
        let call = self.client.get_status(request);
        self.timeout.apply(call).await.map(Response::into_inner)
    }

    /// Sends many changes as one decision.
    pub(crate) async fn apply(
        &mut self,
        request: v1::ApplyIntentsRequest,
    ) -> Result<v1::ApplyIntentsResponse, CallError> {
        let waits = request.wait() != v1::Wait::None;
        let mut request = tonic::Request::new(request);
        if waits {
            // The agent answers before that, and says how far it is.
            request.set_timeout(self.timeout.0);
        }
        let call = client::apply_intents(&mut self.client, request);
        self.timeout.apply(call).await.map(Response::into_inner)
    }

    /// All intents of `owner`, or of all owners if it is empty, page by page.
    pub(crate) async fn intents(&mut self, owner: &str) -> Result<v1::ListIntentsResponse, CallError> {
        let mut whole = v1::ListIntentsResponse::default();
        let mut page_token = String::new();
        loop {
            let request = v1::ListIntentsRequest { owner_filter: owner.to_owned(), page_size: 0, page_token };
            let page = self.timeout.apply(self.client.list_intents(request)).await?.into_inner();
            whole.intents.extend(page.intents);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return Ok(whole);
            }
        }
    }

    /// `owner`, or all owners if it is empty.
    pub(crate) async fn owners(&mut self, owner: &str) -> Result<v1::ListOwnersResponse, CallError> {
        let request = v1::ListOwnersRequest { owner_filter: owner.to_owned() };
        let call = self.client.list_owners(request);
        self.timeout.apply(call).await.map(Response::into_inner)
    }

    /// Opens the stream of events. The timeout covers the opening only.
    pub(crate) async fn events(
        &mut self,
        request: v1::StreamEventsRequest,
    ) -> Result<Streaming<v1::RouteEvent>, CallError> {
        let call = self.client.stream_events(request);
        self.timeout.apply(call).await.map(Response::into_inner)
    }
}

fn no_answer(socket: &Path, limit: Duration) -> String {
    format!("no answer on {} within {limit:?}", socket.display())
}
