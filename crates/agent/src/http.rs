//! Metrics, health and a page for people over HTTP: read only, no state, bounded connections.

mod connections;
pub mod page;

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rustix::net::{AddressFamily, SocketFlags, SocketType, ipproto, sockopt};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::config::MetricsAddress;
use crate::metrics::CONTENT_TYPE;
use connections::Connections;

/// Connections that wait to be accepted.
const BACKLOG: i32 = 64;
/// How long answers under way may take once the agent shuts down.
const DRAIN: Duration = Duration::from_secs(1);

/// Whether the node can be given work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    /// The first reconcile is not done yet.
    Starting,
    /// FRR's daemons answer and the first reconcile is done.
    Ready,
    /// Something is in the way; the text says what.
    NotReady(String),
}

/// The address for metrics and health cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("metrics_address: cannot listen on {address}: {source}; stop what listens there, or choose another address")]
pub struct BindError {
    address: SocketAddr,
    source: io::Error,
}

/// Listens, without answering yet, so that an address that is taken is known before anything else is done. All
/// addresses means those of IPv6 and IPv4, or of IPv4 alone on a host without IPv6.
///
/// # Errors
/// The address is taken or is not one of this host.
pub fn bind(address: MetricsAddress) -> Result<TcpListener, BindError> {
    let (address, listener) = match address {
        MetricsAddress::One(address) => (address, listen(address)),
        MetricsAddress::All(port) => {
            let all = SocketAddr::from((Ipv6Addr::UNSPECIFIED, port));
            match listen(all) {
                // A taken port is taken: another family would only hide it.
                Err(error) if error.kind() != io::ErrorKind::AddrInUse => {
                    let all = SocketAddr::from((Ipv4Addr::UNSPECIFIED, port));
                    (all, listen(all))
                }
                listener => (all, listener),
            }
        }
    };
    listener.map_err(|source| BindError { address, source })
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let family = if address.is_ipv6() { AddressFamily::INET6 } else { AddressFamily::INET };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = rustix::net::socket_with(family, SocketType::STREAM, flags, Some(ipproto::TCP))?;
    sockopt::set_socket_reuseaddr(&socket, true)?;
    if address.is_ipv6() && address.ip().is_unspecified() {
        // IPv4 as well, whatever the host's default is (net.ipv6.bindv6only).
        sockopt::set_ipv6_v6only(&socket, false)?;
    }
    rustix::net::bind(&socket, &address)?;
    rustix::net::listen(&socket, BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// Answers until `shutdown` fires, and then at most a second more. `metrics` makes the text of `/metrics`, `page` the
/// page for people where there is one.
///
/// # Errors
/// The listener is broken.
pub async fn serve<M>(
    listener: TcpListener,
    metrics: M,
    readiness: watch::Receiver<Readiness>,
    page: Option<page::Source>,
    shutdown: CancellationToken,
) -> io::Result<()>
where
    M: Fn() -> Result<String, fmt::Error> + Send + Sync + 'static,
{
    let stopped = shutdown.clone();
    let server = axum::serve(Connections::on(listener), router(metrics, readiness, page))
        .with_graceful_shutdown(async move { stopped.cancelled().await });
    let drained = async {
        shutdown.cancelled().await;
        tokio::time::sleep(DRAIN).await;
    };
    tokio::select! {
        ended = server => ended,
        () = drained => Ok(()),
    }
}

fn router<M>(metrics: M, readiness: watch::Receiver<Readiness>, page: Option<page::Source>) -> Router
where
    M: Fn() -> Result<String, fmt::Error> + Send + Sync + 'static,
{
    let metrics = Arc::new(metrics);
    // `get` answers HEAD as well, and every other method with 405.
    Router::new()
        .route("/metrics", get(move || async move { metrics_answer(metrics()) }))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(move || async move { readiness_answer(&readiness.borrow()) }))
        .merge(page.map(page::router).unwrap_or_default())
        .fallback(|| async { (StatusCode::NOT_FOUND, "not found: see /metrics, /healthz and /readyz\n") })
}

fn metrics_answer(text: Result<String, fmt::Error>) -> Response {
    match text {
        Ok(text) => ([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response(),
        Err(error) => {
            warn!(%error, "the metrics could not be written as text");
            (StatusCode::INTERNAL_SERVER_ERROR, "the metrics could not be written as text\n").into_response()
        }
    }
}

fn readiness_answer(readiness: &Readiness) -> Response {
    let not_ready = |reason: &str| (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")).into_response();
    match readiness {
        Readiness::Ready => "ok\n".into_response(),
        Readiness::Starting => not_ready("starting: the first reconcile is not done yet"),
        Readiness::NotReady(reason) => not_ready(reason),
    }
}

#[cfg(test)]
mod tests;
