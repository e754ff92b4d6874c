//! Metrics and health over HTTP.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use rustix::net::sockopt::set_ipv6_v6only;
use tokio::net::{TcpListener, TcpSocket};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// The media type of the metrics.
const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Connections that wait to be taken.
const BACKLOG: u32 = 128;

/// The address for metrics and health cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("--bind: cannot listen on {address}: {source}")]
pub struct BindError {
    address: SocketAddr,
    source: io::Error,
}

/// What is served.
pub(crate) trait Served: Send + Sync + 'static {
    /// All metrics.
    fn registry(&self) -> &Registry;

    /// Why it is not ready; `None`: it is.
    fn obstacle(&self) -> Option<String>;
}

/// Listens on `address`, and says where that is. All addresses of IPv6 means those of IPv4 too, or those alone on a host
/// without IPv6.
///
/// # Errors
/// The address cannot be used.
pub(crate) fn listen(address: SocketAddr) -> Result<TcpListener, BindError> {
    let listener = match bind(address) {
        // A taken port is taken: another family would only hide it.
        Err(error) if address.ip() == Ipv6Addr::UNSPECIFIED && error.kind() != io::ErrorKind::AddrInUse => {
            bind((Ipv4Addr::UNSPECIFIED, address.port()).into())
        }
        listener => listener,
    };
    let listener = listener.map_err(|source| BindError { address, source })?;
    info!(address = %listener.local_addr().unwrap_or(address), "serving metrics and health");
    Ok(listener)
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv6() { TcpSocket::new_v6() } else { TcpSocket::new_v4() }?;
    // What a listener of tokio does by itself: not to wait for connections of a predecessor.
    socket.set_reuseaddr(true)?;
    if address.ip() == Ipv6Addr::UNSPECIFIED {
        // IPv4 as well, whatever the host's default is (net.ipv6.bindv6only).
        set_ipv6_v6only(&socket, false)?;
    }
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Answers until `shutdown`.
pub(crate) async fn serve<S: Served + Clone>(listener: TcpListener, served: S, shutdown: CancellationToken) {
    let metrics = served.clone();
    let routes = Router::new()
        .route("/metrics", get(move || async move { exposition(&metrics) }))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(move || async move { readiness(&served) }));
    let served = axum::serve(listener, routes).with_graceful_shutdown(shutdown.cancelled_owned()).await;
    if let Err(error) = served {
        warn!(%error, "metrics and health are not served any more");
    }
}

fn exposition(served: &impl Served) -> Response {
    let mut text = String::new();
    match encode(&mut text, served.registry()) {
        Ok(()) => ([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn readiness(served: &impl Served) -> Response {
    match served.obstacle() {
        None => "ok\n".into_response(),
        Some(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpStream;

    use super::*;

    #[tokio::test]
    async fn all_addresses_are_those_of_both_families() {
        let listener = listen((Ipv6Addr::UNSPECIFIED, 0).into()).unwrap();
        let port = listener.local_addr().unwrap().port();
        TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
    }

    #[tokio::test]
    async fn a_port_that_is_taken_is_told() {
        let taken = listen((Ipv6Addr::UNSPECIFIED, 0).into()).unwrap();
        let address = SocketAddr::from((Ipv6Addr::UNSPECIFIED, taken.local_addr().unwrap().port()));
        let told = listen(address).unwrap_err().to_string();
        assert!(told.starts_with(&format!("--bind: cannot listen on {address}: ")), "{told}");
    }
}
