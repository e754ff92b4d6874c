//! Connections to the agent's socket that differ from the usual client's: another user, a smaller window.

use std::fs::File;
use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use hyper_util::rt::TokioIo;
use novaroute_api::v1::route_control_client::RouteControlClient;
use rustix::process::{Gid, Uid};
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};
use tonic::transport::Endpoint;

use crate::agent::Client;

/// Opens the agent's socket as another user with one group, as the kernel will tell the agent.
///
/// # Errors
/// The socket's mode does not let this user in, or nobody listens.
pub fn open_as(socket: &Path, uid: u32, gid: u32) -> io::Result<UnixStream> {
    run_as(uid, gid, || UnixStream::connect(socket))
}

/// Opens a file for reading as another user with one group.
///
/// # Errors
/// The file's mode does not let this user in, or there is none.
pub fn read_as(file: &Path, uid: u32, gid: u32) -> io::Result<File> {
    run_as(uid, gid, || File::open(file))
}

/// Only the thread changes its user, and it ends right after; the process stays who it is.
fn run_as<T: Send>(uid: u32, gid: u32, open: impl FnOnce() -> io::Result<T> + Send) -> io::Result<T> {
    let (uid, gid) = (Uid::from_raw(uid), Gid::from_raw(gid));
    let become_and_open = || {
        set_thread_groups(&[gid])?;
        set_thread_res_gid(gid, gid, gid)?;
        set_thread_res_uid(uid, uid, uid)?;
        open()
    };
    let opened = std::thread::scope(|scope| scope.spawn(become_and_open).join());
    opened.unwrap_or_else(|_| Err(io::Error::other("the thread of another user panicked")))
}

/// A client of the agent that connects as another user.
///
/// # Errors
/// As [`open_as`], or what answers does not speak HTTP/2.
pub async fn client_as(socket: &Path, uid: u32, gid: u32) -> Result<Client> {
    let stream = open_as(socket, uid, gid).with_context(|| format!("opening {} as user {uid}", socket.display()))?;
    client_over(stream, None).await
}

/// A client of the agent over an open connection; `window_bytes` is how much of a stream it takes in unread.
///
/// # Errors
/// What answers does not speak HTTP/2.
pub async fn client_over(stream: UnixStream, window_bytes: Option<u32>) -> Result<Client> {
    stream.set_nonblocking(true)?;
    let slot = Arc::new(Mutex::new(Some(tokio::net::UnixStream::from_std(stream)?)));
    let connector = tower::service_fn(move |_| {
        let stream = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
        async { stream.map(TokioIo::new).ok_or_else(|| io::Error::other("the one connection is gone")) }
    });
    let endpoint = Endpoint::from_static("http://localhost").initial_stream_window_size(window_bytes);
    Ok(RouteControlClient::new(endpoint.connect_with_connector(connector).await?))
}
