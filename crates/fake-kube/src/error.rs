//! What a request is refused with: a `Status` object of Kubernetes.

use serde_json::{Value, json};

use crate::resource::ResourceKind;

/// A refusal, as the API server words it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{reason} ({code}): {message}")]
pub struct ApiError {
    /// The HTTP status code.
    pub code: u16,
    /// The machine-readable reason, such as `NotFound`.
    pub reason: &'static str,
    /// What is wrong, for a person.
    pub message: String,
    /// The `details` of the `Status`; null where there are none.
    pub details: Value,
}

/// One field that a validator refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The path of the field, such as `spec.bgp.localAs`.
    pub field: String,
    /// What is wrong with it.
    pub reason: String,
}

impl ApiError {
    pub(crate) fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, reason, message: message.into(), details: Value::Null }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    pub(crate) fn not_found(kind: &ResourceKind, name: &str) -> Self {
        Self::about(404, "NotFound", kind, name, "not found")
    }

    pub(crate) fn already_exists(kind: &ResourceKind, name: &str) -> Self {
        Self::about(409, "AlreadyExists", kind, name, "already exists")
    }

    pub(crate) fn conflict(kind: &ResourceKind, name: &str, why: &str) -> Self {
        let mut error = Self::about(409, "Conflict", kind, name, "");
        error.message = format!("Operation cannot be fulfilled on {} \"{name}\": {why}", kind.qualified_plural());
        error
    }

    pub(crate) fn stale(kind: &ResourceKind, name: &str) -> Self {
        const WHY: &str = "the object has been modified; please apply your changes to the latest version and try again";
        Self::conflict(kind, name, WHY)
    }

    pub(crate) fn invalid(kind: &ResourceKind, name: &str, errors: &[FieldError]) -> Self {
        let texts: Vec<String> = errors.iter().map(|error| format!("{}: {}", error.field, error.reason)).collect();
        let causes: Vec<Value> = errors
            .iter()
            .map(|error| json!({"reason": "FieldValueInvalid", "message": error.reason, "field": error.field}))
            .collect();
        let qualified = if kind.group.is_empty() { kind.kind.clone() } else { format!("{}.{}", kind.kind, kind.group) };
        let message = format!("{qualified} \"{name}\" is invalid: {}", texts.join(", "));
        let details = json!({"name": name, "group": kind.group, "kind": kind.kind, "causes": causes});
        Self { details, ..Self::new(422, "Invalid", message) }
    }

    pub(crate) fn invalid_field(kind: &ResourceKind, name: &str, field: &str, reason: &str) -> Self {
        Self::invalid(kind, name, &[FieldError { field: field.to_owned(), reason: reason.to_owned() }])
    }

    pub(crate) fn expired(wanted: u64, oldest: u64) -> Self {
        Self::new(410, "Expired", format!("too old resource version: {wanted} ({oldest})"))
    }

    /// The `Status` object, as it is sent.
    pub(crate) fn status(&self) -> Value {
        let mut status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": self.message, "reason": self.reason, "code": self.code,
        });
        if !self.details.is_null() {
            status["details"] = self.details.clone();
        }
        status
    }

    fn about(code: u16, reason: &'static str, kind: &ResourceKind, name: &str, what: &str) -> Self {
        let details = json!({"name": name, "group": kind.group, "kind": kind.plural});
        Self { details, ..Self::new(code, reason, format!("{} \"{name}\" {what}", kind.qualified_plural())) }
    }
}
