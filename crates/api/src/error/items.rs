//! The same refusals for one of many items: in the results of a call, or as the error of one that is all or nothing.

use std::collections::HashMap;

use novaroute_core::{rejection::Rejection, state::Reason};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt as _};

use super::{DOMAIN, code};
use crate::{
    from_proto::{BadFields, Fields, Violation},
    v1,
};

impl From<&Rejection> for v1::ItemError {
    fn from(rejection: &Rejection) -> Self {
        let Rejection { class, reason, message, metadata } = rejection;
        let metadata = metadata.iter().map(|(key, value)| ((*key).to_owned(), value.clone()));
        Self {
            code: code(*class).into(),
            reason: reason.as_str().to_owned(),
            message: message.clone(),
            metadata: metadata.collect(),
            fields: Vec::new(),
        }
    }
}

impl From<&BadFields> for v1::ItemError {
    fn from(bad: &BadFields) -> Self {
        let field = |Violation { field, description }: &Violation| v1::FieldError {
            field: field.clone(),
            description: description.clone(),
        };
        Self {
            code: Code::InvalidArgument.into(),
            reason: Reason::InvalidField.as_str().to_owned(),
            message: bad.to_string(),
            metadata: Default::default(),
            fields: bad.violations().iter().map(field).collect(),
        }
    }
}

/// The status of a call of which nothing was done because items were not accepted, each with its place and the name of
/// its field: that of the first of them, and all of them in its fields.
#[must_use]
pub fn refused_items<'a>(errors: impl IntoIterator<Item = (usize, &'static str, &'a v1::ItemError)>) -> Status {
    let mut fields = Fields::default();
    let mut first = None;
    let mut count = 0;
    for (at, word, error) in errors {
        count += 1;
        first.get_or_insert((at, error));
        for v1::FieldError { field, description } in &error.fields {
            fields.refuse(format!("items[{at}].{word}.{field}"), description);
        }
        if error.fields.is_empty() {
            fields.refuse(format!("items[{at}].{word}"), &error.message);
        }
    }
    let Some((at, error)) = first else { return Status::internal("no item was refused") };
    let bad = fields.refusals();
    let mut metadata: HashMap<_, _> = error.metadata.clone().into_iter().collect();
    metadata.extend([("item".to_owned(), at.to_string()), ("refused".to_owned(), count.to_string())]);
    let mut details = ErrorDetails::with_error_info(&error.reason, DOMAIN, metadata);
    let violations = bad.violations().iter();
    let violations = violations.map(|violation| FieldViolation::new(&violation.field, &violation.description));
    details.set_bad_request(violations.collect::<Vec<_>>());
    let message = format!("nothing was done, {count} items are not accepted: {bad}");
    Status::with_error_details(Code::from(error.code), message, details)
}

#[cfg(test)]
mod tests {
    use novaroute_core::rejection::RejectionClass;

    use super::*;

    #[test]
    fn an_item_is_refused_as_the_single_call_is() {
        let held = Rejection::new(RejectionClass::AlreadyExists, Reason::HeldByAnother, "held").with("holder", "edge");
        let error = v1::ItemError::from(&held);
        assert_eq!((error.code, error.reason.as_str(), error.message.as_str()), (6, "HELD_BY_ANOTHER", "held"));
        assert_eq!(error.metadata["holder"], "edge");
    }

    #[test]
    fn a_call_of_which_nothing_was_done_names_every_item() {
        let held = Rejection::new(RejectionClass::AlreadyExists, Reason::HeldByAnother, "held").with("holder", "edge");
        let mut fields = Fields::default();
        let refused: Result<(), _> = Err(fields.refuse("peer.hold_time", "is short"));
        let errors = [v1::ItemError::from(&held), v1::ItemError::from(&fields.finish(refused).unwrap_err())];
        let status = refused_items([(3, "advertise_prefix", &errors[0]), (7, "apply_peer", &errors[1])]);
        assert_eq!(status.code(), Code::AlreadyExists);
        let details = status.get_error_details();
        let info = details.error_info().unwrap();
        assert_eq!((info.metadata["item"].as_str(), info.metadata["refused"].as_str()), ("3", "2"));
        let named: Vec<_> = details.bad_request().unwrap().field_violations.iter().map(|v| v.field.clone()).collect();
        assert_eq!(named, ["items[3].advertise_prefix", "items[7].apply_peer.peer.hold_time"]);
    }

    #[test]
    fn thousands_of_them_make_a_short_error() {
        let held = Rejection::new(RejectionClass::AlreadyExists, Reason::HeldByAnother, "is held by another owner");
        let error = v1::ItemError::from(&held);
        let status = refused_items((0..10_000).map(|at| (at, "advertise_prefix", &error)));
        assert!(status.message().len() < 2_000 && status.message().ends_with(" more"), "{}", status.message());
        assert!(status.details().len() < 8_000, "{}", status.details().len());
    }
}
