//! What the API server itself puts into an object, and what it takes out.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::Part;
use crate::error::ApiError;
use crate::object;
use crate::resource::Resource;
use crate::structural;

/// The letters of names that are made.
const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// `old` with what `wanted` may change.
pub(super) fn only_part(resource: &Resource, old: &Value, wanted: Value, part: Part) -> Value {
    let mut new = wanted;
    match part {
        Part::Status => {
            let mut whole = old.clone();
            object::copy_field(&mut whole, &new, "status");
            new = whole;
        }
        Part::Main if resource.kind.status => object::copy_field(&mut new, old, "status"),
        Part::Main | Part::Whole => {}
    }
    new
}

/// Puts back what a write cannot change.
pub(super) fn restore(new: &mut Value, old: &Value) {
    for field in object::SERVER_WRITTEN {
        object::copy_field(&mut new["metadata"], &old["metadata"], field);
    }
}

/// Removes nulls as the API server does: everywhere in its own kinds, in the metadata of others.
pub(super) fn strip_nulls(resource: &Resource, object: &mut Value) {
    if resource.builtin {
        object::strip_nulls(object);
    } else {
        object::strip_nulls(&mut object["metadata"]);
    }
}

/// Gives an object the form in which it is kept.
pub(super) fn normalize(resource: &Resource, object: &mut Value) {
    object["apiVersion"] = json!(resource.kind.api_version());
    object["kind"] = json!(resource.kind.kind);
    strip_nulls(resource, object);
    object::strip_empty_metadata(object);
    if resource.is("Secret") {
        encode_string_data(object);
    }
    if let Some(schema) = &resource.schema {
        structural::prune(object, schema);
        structural::fill_defaults(object, schema);
    }
}

/// What a new object of the kind starts with. A status that the creator sent goes, unless it is to be kept.
pub(super) fn complete_new(resource: &Resource, object: &mut Value, keep_status: bool) {
    if resource.kind.status && !resource.is("Node") && !keep_status {
        object::remove(object, "status");
    }
    let name = object::name(object).to_owned();
    if resource.is("Namespace") {
        object["spec"]["finalizers"] = json!(["kubernetes"]);
        object["metadata"]["labels"]["kubernetes.io/metadata.name"] = json!(name);
    }
    let status = match resource.kind.kind.as_str() {
        "Namespace" => json!({"phase": "Active"}),
        "Pod" => json!({"phase": "Pending"}),
        "DaemonSet" => json!({
            "currentNumberScheduled": 0, "desiredNumberScheduled": 0, "numberMisscheduled": 0, "numberReady": 0,
        }),
        "CustomResourceDefinition" => established(object),
        _ => return,
    };
    if resource.builtin && object["status"].is_null() {
        object["status"] = status;
    }
}

/// Refuses a name that is missing or no DNS subdomain; the objects of RBAC may have any without `/` and `%`.
pub(super) fn check_name(resource: &Resource, object: &Value) -> Result<(), ApiError> {
    let name = object::name(object);
    if name.is_empty() {
        const WHY: &str = "Required value: name or generateName is required";
        return Err(ApiError::invalid_field(&resource.kind, name, "metadata.name", WHY));
    }
    let is_rbac = resource.builtin && resource.kind.group.starts_with("rbac.");
    let is_fine = if is_rbac { !name.contains(['/', '%']) } else { is_subdomain(name) };
    if is_fine {
        return Ok(());
    }
    let why = format!("Invalid value: {name:?}: a lowercase RFC 1123 subdomain is needed");
    Err(ApiError::invalid_field(&resource.kind, name, "metadata.name", &why))
}

/// Five letters that no other number below 27^5 gives.
pub(super) fn suffix(serial: u64) -> String {
    let base = LETTERS.len() as u64;
    // A factor without common divisor with the base only changes the order.
    let mut rest = serial.wrapping_mul(7_654_321) % base.pow(5);
    let mut letters = String::new();
    for _ in 0..5 {
        letters.push(char::from(LETTERS[(rest % base) as usize]));
        rest /= base;
    }
    letters
}

fn is_subdomain(name: &str) -> bool {
    let is_part = |part: &str| {
        let is_edge = |letter: Option<char>| letter.is_some_and(|letter| letter != '-');
        let is_known = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
        is_edge(part.chars().next()) && is_edge(part.chars().last()) && part.chars().all(is_known)
    };
    name.len() <= 253 && name.split('.').all(is_part)
}

fn encode_string_data(secret: &mut Value) {
    let Value::Object(plain) = secret["stringData"].take() else {
        object::remove(secret, "stringData");
        return default_type(secret);
    };
    object::remove(secret, "stringData");
    for (key, value) in plain {
        let text = value.as_str().unwrap_or_default();
        secret["data"][key] = json!(STANDARD.encode(text));
    }
    default_type(secret);
}

fn default_type(secret: &mut Value) {
    if secret["type"].is_null() {
        secret["type"] = json!("Opaque");
    }
}

/// The status of a definition whose kind is served, as it is at once.
fn established(definition: &Value) -> Value {
    let condition = |kind: &str, reason: &str| {
        let now = object::now();
        json!({"type": kind, "status": "True", "reason": reason, "message": "", "lastTransitionTime": now})
    };
    json!({
        "acceptedNames": definition["spec"]["names"],
        "conditions": [condition("NamesAccepted", "NoConflicts"), condition("Established", "InitialNamesAccepted")],
        "storedVersions": [definition["spec"]["versions"][0]["name"]],
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_that_are_made_differ() {
        let names: BTreeSet<String> = (1..5000).map(suffix).collect();
        assert_eq!(names.len(), 4999);
        assert!(names.iter().all(|name| name.len() == 5 && is_subdomain(name)));
    }

    #[test]
    fn subdomains_are_told_from_other_names() {
        for good in ["a", "a-b.c", "1"] {
            assert!(is_subdomain(good), "{good}");
        }
        for bad in ["", "A", "-a", "a-", "a..b", "a_b", "a/b"] {
            assert!(!is_subdomain(bad), "{bad}");
        }
    }
}
