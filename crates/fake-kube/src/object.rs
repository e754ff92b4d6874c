//! Reading and writing the metadata of an untyped object.
//!
//! Objects come through [`check`] before anything else is done with them: `metadata` is an object then.

use serde_json::{Map, Value, json};

use crate::error::ApiError;

/// Fields of the metadata that the API server writes, and no client can change.
pub(crate) const SERVER_WRITTEN: &[&str] = &[
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generateName",
    "generation",
    "managedFields",
    "name",
    "namespace",
    "resourceVersion",
    "uid",
];

/// Refuses what is no object, or has a `metadata` that is none; adds an empty one where it is missing.
///
/// # Errors
/// 400.
pub(crate) fn check(mut object: Value) -> Result<Value, ApiError> {
    if !object.is_object() {
        return Err(ApiError::bad_request("the body is not an object"));
    }
    if object["metadata"].is_null() {
        object["metadata"] = json!({});
    }
    if object["metadata"].is_object() { Ok(object) } else { Err(ApiError::bad_request("metadata is not an object")) }
}

pub(crate) fn meta<'a>(object: &'a Value, field: &str) -> &'a str {
    object["metadata"][field].as_str().unwrap_or_default()
}

pub(crate) fn name(object: &Value) -> &str {
    meta(object, "name")
}

pub(crate) fn namespace(object: &Value) -> &str {
    meta(object, "namespace")
}

pub(crate) fn uid(object: &Value) -> &str {
    meta(object, "uid")
}

pub(crate) fn set_meta(object: &mut Value, field: &str, value: Value) {
    object["metadata"][field] = value;
}

pub(crate) fn remove_meta(object: &mut Value, field: &str) {
    remove(&mut object["metadata"], field);
}

/// Removes a field of an object; nothing happens to what is none.
pub(crate) fn remove(object: &mut Value, field: &str) {
    if let Some(map) = object.as_object_mut() {
        map.remove(field);
    }
}

/// Gives `object` the `field` of `from`, or none where `from` has none.
pub(crate) fn copy_field(object: &mut Value, from: &Value, field: &str) {
    match from.get(field) {
        Some(value) => object[field] = value.clone(),
        None => remove(object, field),
    }
}

pub(crate) fn is_deleting(object: &Value) -> bool {
    !object["metadata"]["deletionTimestamp"].is_null()
}

pub(crate) fn finalizers(object: &Value) -> Vec<String> {
    let list = object["metadata"]["finalizers"].as_array().into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

pub(crate) fn set_finalizers(object: &mut Value, finalizers: &[String]) {
    if finalizers.is_empty() {
        remove_meta(object, "finalizers");
    } else {
        set_meta(object, "finalizers", json!(finalizers));
    }
}

pub(crate) fn owner_references(object: &Value) -> &[Value] {
    object["metadata"]["ownerReferences"].as_array().map_or(&[], Vec::as_slice)
}

/// Removes fields that are null, at any depth; elements of lists stay.
pub(crate) fn strip_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, child| !child.is_null());
            map.values_mut().for_each(strip_nulls);
        }
        Value::Array(list) => list.iter_mut().for_each(strip_nulls),
        _ => {}
    }
}

/// Removes empty maps and lists from the metadata: the API server does not keep them.
pub(crate) fn strip_empty_metadata(object: &mut Value) {
    let is_empty = |value: &Value| match value {
        Value::Object(map) => map.is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => value.is_null(),
    };
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.retain(|_, value| !is_empty(value));
    }
}

/// The time now, as Kubernetes writes it: UTC, to the second.
pub(crate) fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// What of an object counts as its wish: all but the metadata, and the status where it is a subresource.
pub(crate) fn wish(object: &Value, without_status: bool) -> Map<String, Value> {
    let mut wish = object.as_object().cloned().unwrap_or_default();
    wish.remove("metadata");
    if without_status {
        wish.remove("status");
    }
    wish
}
