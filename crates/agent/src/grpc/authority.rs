//! Lets clients in that name the socket's path as `:authority`.
//!
//! A Unix socket has no host, and HTTP/2 wants to be told one. gRPC's C core (C++, Python, Ruby, PHP …) sends the path
//! percent-encoded, older grpc-go and grpc-java send it as it is. Neither is an authority after RFC 3986, section
//! 3.2, so the HTTP/2 server resets the stream, and it has no setting to be less strict. Nobody here reads the
//! authority, so [`LenientAuthority`] stands between the socket and the server and makes it one that passes.
//!
//! The bytes keep their number. So no frame header changes, and both ends go on to agree about the size of every entry
//! in the dynamic table of HPACK (RFC 7541, section 4.1). A later reference to such an entry needs no change: the server
//! has stored what it was given.

mod block;
mod frames;
mod huffman;
#[cfg(test)]
mod tests;
mod value;
#[cfg(test)]
mod wire;

use std::collections::VecDeque;
use std::io::{self, Read as _};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};
use tonic::transport::server::Connected;

use super::forward::forward_writes;

use frames::Rewriter;

/// Bytes read at once.
const READ_BYTES: usize = 16 << 10;

/// A connection on which requests arrive with an authority that the server accepts. What is written passes untouched.
#[derive(Debug)]
pub(super) struct LenientAuthority<S> {
    stream: S,
    rewriter: Rewriter,
    /// Where the stream reads into.
    arriving: Box<[u8]>,
    /// What the rewriter has let go and nobody has read yet.
    ready: VecDeque<u8>,
    ended: bool,
}

impl<S> LenientAuthority<S> {
    /// Wraps a connection that nothing was read from yet.
    pub(super) fn new(stream: S) -> Self {
        let arriving = vec![0; READ_BYTES].into_boxed_slice();
        Self { stream, rewriter: Rewriter::default(), arriving, ready: VecDeque::new(), ended: false }
    }
}

impl<S: AsyncRead + Unpin> LenientAuthority<S> {
    /// Reads once; the rewriter may hold back all of what came.
    fn poll_fill(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut arriving = ReadBuf::new(&mut self.arriving);
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut arriving))?;
        if arriving.filled().is_empty() {
            self.ended = true;
            self.rewriter.finish(&mut self.ready);
        } else {
            self.rewriter.push(arriving.filled(), &mut self.ready);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for LenientAuthority<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        // An empty answer means the end, so go on until there is something.
        while this.ready.is_empty() && !this.ended {
            ready!(this.poll_fill(context))?;
        }
        let count = this.ready.read(buffer.initialize_unfilled())?;
        buffer.advance(count);
        Poll::Ready(Ok(()))
    }
}

forward_writes!(LenientAuthority);

/// The caller's credentials come from the socket itself.
impl<S: Connected> Connected for LenientAuthority<S> {
    type ConnectInfo = S::ConnectInfo;

    fn connect_info(&self) -> Self::ConnectInfo {
        self.stream.connect_info()
    }
}
