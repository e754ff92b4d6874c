//! What the tests of this module ask of a request.

use novaroute_core::intent::Change;

use super::{BadFields, Fields, Request};

fn result(request: &impl Request) -> Result<Change, BadFields> {
    let mut fields = Fields::default();
    let change = request.change(&mut fields);
    fields.finish(change)
}

/// The change that a good request asks for.
pub(super) fn parsed(request: &impl Request) -> Change {
    result(request).unwrap()
}

/// Why a bad request is refused.
pub(super) fn error(request: &impl Request) -> BadFields {
    result(request).unwrap_err()
}

/// The fields for which a bad request is refused.
pub(super) fn fields_at_fault(request: &impl Request) -> Vec<String> {
    error(request).violations().iter().map(|violation| violation.field.clone()).collect()
}
