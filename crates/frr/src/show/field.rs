//! Fields of FRR's JSON: what is absent or of another type reads as nothing.

use serde_json::Value;

/// A text; empty when absent.
pub(super) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A flag; false when absent.
pub(super) fn flag(value: &Value, name: &str) -> bool {
    value.get(name).and_then(Value::as_bool).unwrap_or_default()
}

/// A number, if there.
pub(super) fn long(value: &Value, name: &str) -> Option<u64> {
    value.get(name).and_then(Value::as_u64)
}

/// A number; 0 when absent, the largest when it does not fit.
pub(super) fn number(value: &Value, name: &str) -> u32 {
    long(value, name).map_or(0, |number| u32::try_from(number).unwrap_or(u32::MAX))
}

/// The elements of the array that a field is; none when absent.
pub(super) fn elements<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    value.get(name).into_iter().flat_map(all_elements)
}

/// The elements of an array; none when it is no array.
pub(super) fn all_elements(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// The members of the object that a field is; none when absent.
pub(super) fn members<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = (&'a String, &'a Value)> + use<'a> {
    value.get(name).into_iter().flat_map(all_members)
}

/// The members of an object; none when it is no object.
pub(super) fn all_members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}
