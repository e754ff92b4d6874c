//! Why a call did not do what was asked.

use std::collections::BTreeMap;
use std::fmt;

use novaroute_core::state::Reason;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::error::code_word;
use crate::from_proto::Violation;

/// What the agent said when it said no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The gRPC code.
    pub code: Code,
    /// One stable word (`google.rpc.ErrorInfo`). It may be one that this version of the client does not know;
    /// [`Refusal::reason`] is the same, typed.
    pub word: String,
    /// For people.
    pub message: String,
    /// The case at hand, for programs.
    pub metadata: BTreeMap<String, String>,
    /// The fields at fault.
    pub fields: Vec<Violation>,
}

impl Refusal {
    /// The stable word as a type; `None`: the agent is newer than this client.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        Reason::ALL.iter().copied().find(|reason| reason.as_str() == self.word)
    }

    /// The owner that holds what was asked for, where that is why it was refused.
    #[must_use]
    pub fn holder(&self) -> Option<&str> {
        self.metadata.get("holder").map(String::as_str)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.word, self.message)
    }
}

impl std::error::Error for Refusal {}

/// A call that did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The agent answered, and said no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// There was no answer of the agent: whether it accepted the call is not known.
    #[error("{}: {message}", code_word(*code))]
    Broken {
        /// The code that the transport gives.
        code: Code,
        /// What it says.
        message: String,
    },
}

impl CallError {
    /// What the agent said; `None`: it said nothing.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            Self::Broken { .. } => None,
        }
    }

    /// The gRPC code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Refused(refusal) => refusal.code,
            Self::Broken { code, .. } => *code,
        }
    }

    /// The same call may do better in a moment: the connection broke, the agent goes away, or has too much to do.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        matches!(
            self.code(),
            Code::Unavailable | Code::Unknown | Code::Cancelled | Code::ResourceExhausted | Code::DeadlineExceeded
        )
    }

    pub(super) fn is(&self, reason: Reason) -> bool {
        self.refusal().and_then(Refusal::reason) == Some(reason)
    }
}

impl From<Status> for CallError {
    /// The agent gives a reason for everything that it refuses; without one, the transport speaks.
    fn from(status: Status) -> Self {
        let details = status.get_error_details();
        let message = status.message().to_owned();
        let Some(info) = details.error_info() else { return Self::Broken { code: status.code(), message } };
        let fields = details.bad_request().map(|bad| bad.field_violations.as_slice()).unwrap_or_default();
        let fields =
            fields.iter().map(|fault| Violation { field: fault.field.clone(), description: fault.description.clone() });
        Self::Refused(Refusal {
            code: status.code(),
            word: info.reason.clone(),
            message,
            metadata: info.metadata.clone().into_iter().collect(),
            fields: fields.collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use novaroute_core::rejection::{Rejection, RejectionClass};

    use super::*;
    use crate::error::to_status;
    use crate::{from_proto, v1};

    #[test]
    fn a_rejection_arrives_as_it_was_sent() {
        let rejection = Rejection::new(RejectionClass::AlreadyExists, Reason::HeldByAnother, "held by edge");
        let error = CallError::from(to_status(&rejection.with("holder", "edge")));
        let refusal = error.refusal().unwrap();
        assert_eq!((refusal.code, refusal.reason()), (Code::AlreadyExists, Some(Reason::HeldByAnother)));
        assert_eq!((refusal.holder(), error.may_pass()), (Some("edge"), false));
        assert_eq!(error.to_string(), "HELD_BY_ANOTHER: held by edge");
    }

    #[test]
    fn every_field_at_fault_arrives() {
        let bad = from_proto::call(&v1::RemovePeerRequest::default()).unwrap_err();
        let error = CallError::from(Status::from(bad.clone()));
        assert_eq!(error.refusal().unwrap().fields, bad.violations());
    }

    #[test]
    fn what_no_agent_said_is_no_refusal() {
        let error = CallError::from(Status::unavailable("transport error"));
        assert_eq!((error.refusal(), error.may_pass()), (None, true));
        assert_eq!(error.to_string(), "UNAVAILABLE: transport error");
    }
}
