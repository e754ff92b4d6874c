//! A client of the agent, over its Unix socket.
//!
//! | to | use |
//! |---|---|
//! | keep what an owner wants in the agent, over restarts of either side | [`Session`] |
//! | ask for one thing, or take it back, and see what the agent says | [`Owner`] |
//! | follow what happens without missing anything | [`Events`] |
//! | call `RouteControl` as it is on the wire | [`connect`] |

mod backoff;
mod events;
mod intent;
mod keeper;
mod ledger;
mod owner;
mod refusal;
mod session;

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tonic::{
    Request, Response, Status,
    transport::{Channel, Endpoint, Uri},
};

use crate::{
    from_proto::ITEMS_MAX,
    v1::{self, route_control_client::RouteControlClient},
};

pub use events::Events;
pub use intent::{Desired, Intent};
pub use owner::Owner;
pub use refusal::{CallError, Refusal};
pub use session::{Observer, Report, Session, Terms, Token};

/// Longest reply that the client takes, in bytes: a status of some 100,000
/// intents.
pub const REPLY_BYTES_MAX: usize = 64 << 20;

/// Items of one message of a stream: the longest items there can be fit.
const ITEMS_PER_MESSAGE: usize = 1_000;

/// How long [`connect`] tries.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The authority that requests name. A Unix socket has none, HTTP/2 wants one.
const AUTHORITY: &str = "http://localhost";

/// The agent could not be reached.
#[derive(Debug, thiserror::Error)]
#[error("cannot reach the agent at {}: {cause}", socket.display())]
pub struct ConnectError {
    socket: PathBuf,
    cause: String,
    source: tonic::transport::Error,
}

/// The token of an owner could not be read.
#[derive(Debug, thiserror::Error)]
#[error("the token file {}: {source}", path.display())]
pub struct TokenError {
    path: PathBuf,
    source: io::Error,
}

/// A session could not be ended.
#[derive(Debug, thiserror::Error)]
pub enum EndError {
    /// The agent could not be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The token could not be read.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The agent refused, or the connection broke.
    #[error(transparent)]
    Call(#[from] CallError),
}

/// Connects to the agent that listens on the Unix socket `socket`.
///
/// # Errors
/// Nothing listens there, the caller may not open the socket, or no HTTP/2
/// connection came about within 5 s.
pub async fn connect(socket: impl AsRef<Path>) -> Result<RouteControlClient<Channel>, ConnectError> {
    let channel = channel(socket).await?;
    Ok(RouteControlClient::new(channel).max_decoding_message_size(REPLY_BYTES_MAX))
}

/// Sends many changes: in one message where they fit, otherwise as a stream. Either way they are one decision.
///
/// # Errors
/// What the agent answers; there is room for [`STREAM_ITEMS_MAX`](crate::from_proto::STREAM_ITEMS_MAX) items.
pub async fn apply_intents(
    client: &mut RouteControlClient<Channel>,
    request: Request<v1::ApplyIntentsRequest>,
) -> Result<Response<v1::ApplyIntentsResponse>, Status> {
    if request.get_ref().items.len() <= ITEMS_MAX {
        return client.apply_intents(request).await;
    }
    let (metadata, extensions, mut head) = request.into_parts();
    let mut items = std::mem::take(&mut head.items).into_iter();
    let mut messages = vec![head];
    loop {
        let items: Vec<_> = items.by_ref().take(ITEMS_PER_MESSAGE).collect();
        if items.is_empty() {
            break;
        }
        messages.push(v1::ApplyIntentsRequest { items, ..Default::default() });
    }
    let messages = Request::from_parts(metadata, extensions, tokio_stream::iter(messages));
    client.apply_intents_stream(messages).await
}

/// A channel to the agent on the Unix socket `socket`, for clients of the other
/// services on it, such as `grpc.health.v1`.
///
/// # Errors
/// As [`connect`].
pub async fn channel(socket: impl AsRef<Path>) -> Result<Channel, ConnectError> {
    let socket = socket.as_ref().to_path_buf();
    let path = socket.clone();
    let connector = tower::service_fn(move |_: Uri| open(path.clone()));
    Endpoint::from_static(AUTHORITY)
        .connect_timeout(CONNECT_TIMEOUT)
        .connect_with_connector(connector)
        .await
        .map_err(|source| ConnectError { socket, cause: innermost(&source), source })
}

async fn open(path: PathBuf) -> io::Result<TokioIo<UnixStream>> {
    UnixStream::connect(path).await.map(TokioIo::new)
}

/// The transport's own text is "transport error"; what helps is at the bottom.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
