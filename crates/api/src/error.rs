//! Refusals as gRPC statuses: a code, a sentence for people, and details for programs (`google.rpc.ErrorInfo`
//! always, `google.rpc.BadRequest` where fields are to blame).

mod items;

use std::collections::HashMap;

use novaroute_core::{
    rejection::{Rejection, RejectionClass},
    state::Reason,
};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt as _};

use crate::from_proto::BadFields;
pub use items::refused_items;

/// `google.rpc.ErrorInfo.domain` of every error.
pub const DOMAIN: &str = "novaroute.io";

/// The status that answers a change which was not accepted, or did not come about in time.
#[must_use]
pub fn to_status(rejection: &Rejection) -> Status {
    let Rejection { class, reason, message, metadata } = rejection;
    let metadata = metadata.iter().map(|(key, value)| ((*key).to_owned(), value.clone()));
    let details = error_info(*reason, metadata.collect());
    Status::with_error_details(code(*class), message, details)
}

impl From<BadFields> for Status {
    fn from(bad: BadFields) -> Self {
        let mut details = error_info(Reason::InvalidField, HashMap::new());
        let violations = bad.violations().iter();
        let violations = violations.map(|violation| FieldViolation::new(&violation.field, &violation.description));
        details.set_bad_request(violations.collect::<Vec<_>>());
        Self::with_error_details(Code::InvalidArgument, bad.to_string(), details)
    }
}

fn error_info(reason: Reason, metadata: HashMap<String, String>) -> ErrorDetails {
    ErrorDetails::with_error_info(reason.as_str(), DOMAIN, metadata)
}

fn code(class: RejectionClass) -> Code {
    match class {
        RejectionClass::InvalidArgument => Code::InvalidArgument,
        RejectionClass::Unauthenticated => Code::Unauthenticated,
        RejectionClass::PermissionDenied => Code::PermissionDenied,
        RejectionClass::AlreadyExists => Code::AlreadyExists,
        RejectionClass::NotFound => Code::NotFound,
        RejectionClass::FailedPrecondition => Code::FailedPrecondition,
        RejectionClass::ResourceExhausted => Code::ResourceExhausted,
        RejectionClass::Unavailable => Code::Unavailable,
        RejectionClass::DeadlineExceeded => Code::DeadlineExceeded,
    }
}

/// The code as gRPC's documentation writes it; also the label of metrics.
#[must_use]
pub fn code_word(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{from_proto, v1};

    #[test]
    fn a_rejection_keeps_its_reason_and_metadata() {
        let rejection = Rejection::new(RejectionClass::AlreadyExists, Reason::HeldByAnother, "held by edge");
        let status = to_status(&rejection.with("holder", "edge"));
        assert_eq!((status.code(), status.message()), (Code::AlreadyExists, "held by edge"));
        let details = status.get_error_details();
        let info = details.error_info().unwrap();
        assert_eq!((info.reason.as_str(), info.domain.as_str()), ("HELD_BY_ANOTHER", "novaroute.io"));
        assert_eq!(info.metadata["holder"], "edge");
    }

    #[test]
    fn bad_fields_are_listed() {
        let request = v1::RemovePeerRequest { owner: "edge".into(), ..v1::RemovePeerRequest::default() };
        let status = Status::from(from_proto::call(&request).unwrap_err());
        assert_eq!(status.code(), Code::InvalidArgument);
        let details = status.get_error_details();
        assert_eq!(details.error_info().unwrap().reason, "INVALID_FIELD");
        let named: Vec<_> = details.bad_request().unwrap().field_violations.iter().map(|v| v.field.clone()).collect();
        assert_eq!(named, ["token", "neighbor_address"]);
    }
}
