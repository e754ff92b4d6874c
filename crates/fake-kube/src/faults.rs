//! What goes wrong when a test asks for it.

use std::sync::Mutex;
use std::time::Duration;

use crate::error::ApiError;
use crate::sync::lock;

/// How a request fails.
///
/// A `kube::Client` asks again by itself after 429 and 503, up to 15 times, also for writes, unless
/// `Config::default_retry` is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// 409 `Conflict`; nothing is done.
    Conflict,
    /// 410 `Expired` as the answer; nothing is done. A watch from a version that is forgotten is told so in an
    /// event instead, as by a real API server: see `FakeKube::compact`.
    Gone,
    /// 429 `TooManyRequests` with `Retry-After` in seconds; nothing is done.
    TooManyRequests(u32),
    /// 500 `InternalError`; nothing is done.
    InternalError,
    /// 503 `ServiceUnavailable`; nothing is done.
    Unavailable,
    /// The connection is closed without an answer; nothing is done.
    Close,
    /// The request is done, and the connection is closed without an answer.
    LoseAnswer,
}

/// Which requests a fault is for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requests {
    method: Option<String>,
    only_watches: bool,
    path: String,
}

/// What happens to connections while the server is paused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pause {
    /// Requests and watches get no answer until the server goes on.
    Hang,
    /// Connections are closed, and new ones refused.
    Refuse,
}

/// The faults that are still to come.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    next: Mutex<Vec<(usize, Fault, Requests)>>,
    delay: Mutex<Duration>,
}

impl Requests {
    /// All of them.
    pub fn any() -> Self {
        Self::default()
    }

    /// Those of one HTTP method, such as `PATCH`. Watches are of `GET`.
    pub fn method(method: &str) -> Self {
        Self { method: Some(method.to_owned()), ..Self::default() }
    }

    /// Those that begin a watch.
    pub fn watches() -> Self {
        Self { only_watches: true, ..Self::default() }
    }

    /// Those of them whose path begins with `prefix`.
    #[must_use]
    pub fn under(self, prefix: &str) -> Self {
        Self { path: prefix.to_owned(), ..self }
    }

    fn include(&self, method: &str, path: &str, is_watch: bool) -> bool {
        let is_wanted = is_watch || !self.only_watches;
        is_wanted && self.method.as_deref().is_none_or(|wanted| wanted == method) && path.starts_with(&self.path)
    }
}

impl Faults {
    pub(crate) fn add(&self, count: usize, fault: Fault, requests: Requests) {
        if count > 0 {
            lock(&self.next).push((count, fault, requests));
        }
    }

    pub(crate) fn set_delay(&self, delay: Duration) {
        *lock(&self.delay) = delay;
    }

    pub(crate) fn delay(&self) -> Duration {
        *lock(&self.delay)
    }

    /// The fault of a request, which is one less to come.
    pub(crate) fn take(&self, method: &str, path: &str, is_watch: bool) -> Option<Fault> {
        let mut next = lock(&self.next);
        let place = next.iter().position(|(_, _, requests)| requests.include(method, path, is_watch))?;
        let fault = next[place].1;
        next[place].0 = next[place].0.saturating_sub(1);
        next.retain(|(count, ..)| *count > 0);
        Some(fault)
    }
}

impl Fault {
    /// The answer of a fault that has one.
    pub(crate) fn error(self) -> Option<ApiError> {
        let injected = |code, reason| Some(ApiError::new(code, reason, "the test asked for this failure"));
        match self {
            Self::Conflict => injected(409, "Conflict"),
            Self::Gone => injected(410, "Expired"),
            Self::TooManyRequests(seconds) => injected(429, "TooManyRequests")
                .map(|error| ApiError { details: serde_json::json!({"retryAfterSeconds": seconds}), ..error }),
            Self::InternalError => injected(500, "InternalError"),
            Self::Unavailable => injected(503, "ServiceUnavailable"),
            Self::Close | Self::LoseAnswer => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_hits_only_its_requests_and_only_as_often_as_asked() {
        let faults = Faults::default();
        faults.add(2, Fault::Conflict, Requests::method("PUT").under("/api/v1"));
        assert_eq!(faults.take("GET", "/api/v1/pods", true), None);
        assert_eq!(faults.take("PUT", "/apis/apps", false), None);
        let hits: Vec<Option<Fault>> = (0..3).map(|_| faults.take("PUT", "/api/v1/pods", false)).collect();
        assert_eq!(hits, [Some(Fault::Conflict), Some(Fault::Conflict), None]);
    }

    #[test]
    fn asking_for_no_failure_makes_none() {
        let faults = Faults::default();
        faults.add(0, Fault::Close, Requests::any());
        assert_eq!(faults.take("GET", "/", false), None);
    }

    #[test]
    fn a_fault_of_watches_spares_lists() {
        let faults = Faults::default();
        faults.add(1, Fault::Gone, Requests::watches().under("/api"));
        assert_eq!(faults.take("GET", "/api/v1/pods", false), None);
        assert_eq!(faults.take("GET", "/api/v1/pods", true), Some(Fault::Gone));
    }
}
