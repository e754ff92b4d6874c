//! How the page is served: to browsers that mean this node, with a policy that lets nothing else in.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rustix::system::uname;

use crate::page::{Asked, STYLE};

/// What every answer says to a browser. Nothing may be run, loaded from elsewhere, framed, sniffed or kept.
const HEADERS: [(HeaderName, &str); 7] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

/// The text of the page, for what was asked; an error says why there is none.
pub type Source = Arc<dyn Fn(&Asked) -> Result<String, String> + Send + Sync>;

/// The name of this node.
#[must_use]
pub fn node_name() -> String {
    uname().nodename().to_string_lossy().into_owned()
}

pub(super) fn router(page: Source) -> Router {
    let node = node_name();
    Router::new()
        .route("/", get(move |request: Request| async move { answer(&page, &request) }))
        .route("/page.css", get(|| async { ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE) }))
        .route_layer(from_fn(move |request, next| guarded(node.clone(), request, next)))
}

fn answer(page: &Source, request: &Request) -> Response {
    match page(&Asked::parse(request.uri().query().unwrap_or_default())) {
        Ok(text) => ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response(),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")).into_response(),
    }
}

async fn guarded(node: String, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let mut response = if means_this_node(host, &node) {
        next.run(request).await
    } else {
        let text =
            format!("this page is asked for by an address of the node, or as http://{node}: not by another name\n");
        (StatusCode::MISDIRECTED_REQUEST, text).into_response()
    };
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Whether a browser that asks for `host` means this node. A page from elsewhere can have its own name point here (DNS
/// rebinding) and would read what we answer: only addresses, the node's own name, and names that nobody on the Internet
/// can have, which are those without a dot.
fn means_this_node(host: &str, node: &str) -> bool {
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.split_once(':').map_or(host, |(name, _)| name),
    };
    let is_address = name.parse::<IpAddr>().is_ok();
    is_address || name.eq_ignore_ascii_case(node) || (!name.is_empty() && !name.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_means_this_node_is_answered() {
        for host in [
            "127.0.0.1:9102",
            "10.0.0.1",
            "[::1]:9102",
            "[2001:db8::1]",
            "localhost:9102",
            "node-1",
            "Node-1.Example.net:80",
        ] {
            assert!(means_this_node(host, "node-1.example.net"), "{host}");
        }
        for host in
            ["", "evil.example:9102", "node-1.example.net.evil.example", "127.0.0.1.nip.io", "evil.", "[evil.example]"]
        {
            assert!(!means_this_node(host, "node-1.example.net"), "{host}");
        }
    }
}
