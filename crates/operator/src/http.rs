//! Metrics and health over HTTP.

use std::fmt;
use std::io;
use std::net::SocketAddr;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// The media type of the metrics.
const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The address for metrics and health cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("--bind: cannot listen on {address}: {source}")]
pub struct BindError {
    address: SocketAddr,
    source: io::Error,
}

/// What is served.
pub(crate) trait Served: Send + Sync + 'static {
    /// All metrics as OpenMetrics text.
    fn exposition(&self) -> Result<String, fmt::Error>;

    /// Why it is not ready; `None`: it is.
    fn obstacle(&self) -> Option<String>;
}

/// Listens on `address`, and says where that is.
///
/// # Errors
/// The address cannot be used.
pub(crate) async fn listen(address: SocketAddr) -> Result<TcpListener, BindError> {
    let listener = TcpListener::bind(address).await.map_err(|source| BindError { address, source })?;
    info!(address = %listener.local_addr().unwrap_or(address), "serving metrics and health");
    Ok(listener)
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
    match served.exposition() {
        Ok(text) => ([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn readiness(served: &impl Served) -> Response {
    match served.obstacle() {
        None => "ok\n".into_response(),
        Some(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")).into_response(),
    }
}
