//! The wire: from a request to an answer.

mod discovery;
mod list;
mod objects;
mod query;
mod route;
pub(crate) mod server;
pub(crate) mod view;

use std::future::pending;
use std::sync::Arc;

use axum::Extension;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderName, Request, Response, request};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::error::ApiError;
use crate::faults::Fault;
use crate::shared::Shared;
use crate::store::Store;
use crate::watch::{self, Watch};
use query::Query;
use route::Route;

/// The largest body that is read, as for the API server.
const BODY_MAX: usize = 3 * 1024 * 1024;

/// A request, as far as it matters.
struct Call {
    method: String,
    path: String,
    query: Query,
    content_type: String,
    accept: String,
    /// What the client calls itself, up to the version.
    agent: String,
    body: Bytes,
}

enum Answer {
    Json(u16, Value),
    Text(u16, &'static str),
    Watch(Watch),
}

/// Ends the connection that a request came by.
#[derive(Debug, Clone)]
struct Closer(CancellationToken);

impl Closer {
    async fn close(self) -> Response<Body> {
        self.0.cancel();
        pending().await
    }
}

async fn handle(
    State(shared): State<Arc<Shared>>,
    Extension(closer): Extension<Closer>,
    request: Request<Body>,
) -> Response<Body> {
    shared.wait_until_going().await;
    let delay = shared.faults.delay();
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    let (parts, body) = request.into_parts();
    // A client that ends while it sends its body gets no answer anyway.
    let call = Call::new(&parts, to_bytes(body, BODY_MAX).await.unwrap_or_default());
    let fault = shared.faults.take(&call.method, &call.path, call.query.flag("watch"));
    if fault == Some(Fault::Close) {
        return closer.close().await;
    }
    let refused = fault.and_then(Fault::error);
    let answer = answer(&shared, &call, refused);
    if fault == Some(Fault::LoseAnswer) {
        return closer.close().await;
    }
    match answer {
        Ok(answer) => respond(&shared, answer),
        Err(error) => respond_error(&shared, &error),
    }
}

/// Does what a call asks for, or counts it and refuses it with `refused`.
fn answer(shared: &Shared, call: &Call, refused: Option<ApiError>) -> Result<Answer, ApiError> {
    let route = shared.read(|store| Route::parse(store, &call.path));
    if let Some(Route::Objects(target)) = route {
        return objects::answer(shared, call, target, refused);
    }
    match (route, refused) {
        (_, Some(error)) => Err(error),
        (Some(_), _) if call.method != "GET" => Err(method_not_allowed()),
        (Some(route), _) => Ok(shared.read(|store| fixed(store, &route))),
        (None, _) => Ok(Answer::Text(404, "404 page not found\n")),
    }
}

fn fixed(store: &Store, route: &Route) -> Answer {
    let document = match route {
        Route::Healthy => return Answer::Text(200, "ok"),
        Route::Version => Some(discovery::version()),
        Route::Core => Some(discovery::core()),
        Route::Groups => Some(discovery::groups(store)),
        Route::Group(group) => discovery::group(store, group),
        Route::Resources(group, version) => discovery::resources(store, group, version),
        Route::Objects(_) => None,
    };
    document.map_or(Answer::Text(404, "404 page not found\n"), |document| Answer::Json(200, document))
}

fn method_not_allowed() -> ApiError {
    ApiError::new(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")
}

fn respond(shared: &Arc<Shared>, answer: Answer) -> Response<Body> {
    match answer {
        Answer::Json(code, value) => {
            let text = value.to_string();
            shared.record.sent(text.len());
            response(code, "application/json", &[], Body::from(text))
        }
        Answer::Text(code, text) => {
            shared.record.sent(text.len());
            response(code, "text/plain; charset=utf-8", &[], Body::from(text))
        }
        Answer::Watch(watch) => response(200, "application/json", &[], watch::body(shared.clone(), watch)),
    }
}

fn respond_error(shared: &Shared, error: &ApiError) -> Response<Body> {
    let text = error.status().to_string();
    shared.record.sent(text.len());
    let seconds = error.details["retryAfterSeconds"].as_u64().map(|seconds| (RETRY_AFTER, seconds.to_string()));
    response(error.code, "application/json", seconds.as_slice(), Body::from(text))
}

fn response(code: u16, content_type: &str, headers: &[(HeaderName, String)], body: Body) -> Response<Body> {
    let mut builder = Response::builder().status(code).header(CONTENT_TYPE, content_type);
    for (name, value) in headers {
        builder = builder.header(name, value);
    }
    // Codes and headers are ours: building cannot fail, and an empty answer would show in any test.
    builder.body(body).unwrap_or_default()
}

impl Call {
    fn new(parts: &request::Parts, body: Bytes) -> Self {
        let header = |name: &str| {
            let value = parts.headers.get(name).and_then(|value| value.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let agent = header("user-agent");
        Self {
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            query: Query::parse(parts.uri.query().unwrap_or_default()),
            content_type: header("content-type"),
            accept: header("accept"),
            agent: agent.split('/').next().unwrap_or_default().to_owned(),
            body,
        }
    }
}
