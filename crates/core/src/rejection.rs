//! Why a change was not accepted.

use std::collections::BTreeMap;

use crate::state::Reason;

/// The class of a rejection; each maps to one gRPC status code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RejectionClass {
    /// A field cannot be what it says.
    InvalidArgument,
    /// Unknown owner or wrong token.
    Unauthenticated,
    /// Permission, policy, or somebody else's object.
    PermissionDenied,
    /// Another owner holds the key.
    AlreadyExists,
    /// The owner does not hold what it names.
    NotFound,
    /// The node's state does not allow it.
    FailedPrecondition,
    /// A limit is reached.
    ResourceExhausted,
    /// The agent cannot promise anything now.
    Unavailable,
    /// The change was accepted; what the caller waits for has not come in time.
    DeadlineExceeded,
}

/// A change that was not accepted, so that nothing was changed; or one that was, and of which the caller waits in vain
/// for what it should do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Rejection {
    /// The class.
    pub class: RejectionClass,
    /// The stable reason.
    pub reason: Reason,
    /// The case at hand and the way out, for people: never a secret.
    pub message: String,
    /// The case at hand, for programs (`holder`, `rule`, `allowed` …).
    pub metadata: BTreeMap<&'static str, String>,
}

impl Rejection {
    /// A rejection without metadata.
    #[must_use]
    pub fn new(class: RejectionClass, reason: Reason, message: impl Into<String>) -> Self {
        Self { class, reason, message: message.into(), metadata: BTreeMap::new() }
    }

    /// Adds one piece of metadata.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl ToString) -> Self {
        self.metadata.insert(key, value.to_string());
        self
    }
}
