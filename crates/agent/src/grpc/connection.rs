//! Which connection a call came on, and when that connection is gone.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};

use novaroute_core::session::ConnectionId;
use tokio::io::{AsyncRead, ReadBuf};
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::transport::server::Connected;

use super::forward::forward_writes;

/// A connection as its calls see it.
///
/// It counts as gone when the socket was closed, by whichever side and however the process at the other end ended, and
/// its last call is answered or given up. So whatever a call asked for is in the owner task's queue before the word that
/// its connection is gone.
#[derive(Debug, Clone)]
pub(super) struct Connection {
    /// Its name.
    pub(super) id: ConnectionId,
    gone: CancellationToken,
    watched: Arc<AtomicBool>,
    _guard: Arc<DropGuard>,
}

impl Connection {
    fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let gone = CancellationToken::new();
        let guard = Arc::new(gone.clone().drop_guard());
        let id = ConnectionId(NEXT.fetch_add(1, Ordering::Relaxed));
        Self { id, gone, watched: Arc::default(), _guard: guard }
    }

    /// What fires when the connection is gone; `None` for all calls but the first, so that one task a connection waits
    /// for it.
    pub(super) fn watch(&self) -> Option<CancellationToken> {
        let watched = self.watched.swap(true, Ordering::Relaxed);
        (!watched).then(|| self.gone.clone())
    }
}

/// What tonic tells each call about its connection.
#[derive(Debug, Clone)]
pub(super) struct Peer<I> {
    /// What the socket knows of the other end.
    pub(super) socket: I,
    /// The connection.
    pub(super) connection: Connection,
}

/// A stream that is one connection for as long as it lives.
#[derive(Debug)]
pub(super) struct Tracked<S> {
    stream: S,
    connection: Connection,
}

impl<S> Tracked<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, connection: Connection::new() }
    }
}

impl<S: Connected> Connected for Tracked<S> {
    type ConnectInfo = Peer<S::ConnectInfo>;

    fn connect_info(&self) -> Self::ConnectInfo {
        Peer { socket: self.stream.connect_info(), connection: self.connection.clone() }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Tracked<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(context, buffer)
    }
}

forward_writes!(Tracked);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_gone_with_the_last_that_knows_of_it() {
        let connection = Connection::new();
        let of_a_call = connection.clone();
        let gone = connection.watch().unwrap();
        assert!(of_a_call.watch().is_none(), "one watcher a connection");
        drop(connection);
        assert!(!gone.is_cancelled());
        drop(of_a_call);
        assert!(gone.is_cancelled());
        assert_ne!(Connection::new().id, Connection::new().id);
    }
}
