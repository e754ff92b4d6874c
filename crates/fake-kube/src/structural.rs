//! What the schema of a definition does to an object that is written: unknown fields go, defaults come.

use serde_json::Value;

use crate::apply::shape::field_schema;

/// Removes the fields that `schema` does not specify. The kind, the API version and the metadata stay.
pub(crate) fn prune(object: &mut Value, schema: &Value) {
    each_top_field(object, schema, prune_value);
}

/// Fills in the defaults of `schema`; null counts as missing where null is not allowed.
pub(crate) fn fill_defaults(object: &mut Value, schema: &Value) {
    each_default_of(object, schema, |name| !is_type_or_metadata(name));
    each_top_field(object, schema, default_value);
}

fn each_top_field(object: &mut Value, schema: &Value, visit: fn(&mut Value, &Value)) {
    let Some(map) = object.as_object_mut() else { return };
    if !keeps_unknown(schema) {
        map.retain(|name, _| is_type_or_metadata(name) || field_schema(schema, name).is_some());
    }
    for (name, value) in map.iter_mut().filter(|(name, _)| !is_type_or_metadata(name)) {
        if let Some(schema) = field_schema(schema, name) {
            visit(value, schema);
        }
    }
}

fn prune_value(value: &mut Value, schema: &Value) {
    match value {
        Value::Object(map) => {
            if !keeps_unknown(schema) {
                map.retain(|name, _| field_schema(schema, name).is_some());
            }
            for (name, child) in map.iter_mut() {
                if let Some(schema) = field_schema(schema, name) {
                    prune_value(child, schema);
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|item| prune_value(item, &schema["items"])),
        _ => {}
    }
}

fn default_value(value: &mut Value, schema: &Value) {
    each_default_of(value, schema, |_| true);
    match value {
        Value::Object(map) => {
            for (name, child) in map.iter_mut() {
                if let Some(schema) = field_schema(schema, name) {
                    default_value(child, schema);
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|item| default_value(item, &schema["items"])),
        _ => {}
    }
}

fn each_default_of(value: &mut Value, schema: &Value, wanted: fn(&str) -> bool) {
    let (Some(map), Some(properties)) = (value.as_object_mut(), schema["properties"].as_object()) else { return };
    for (name, schema) in properties.iter().filter(|(name, _)| wanted(name)) {
        let is_null = map.get(name).is_some_and(Value::is_null);
        if is_null && schema["nullable"] != true {
            map.remove(name);
        }
        if let Some(default) = schema.get("default").filter(|_| !map.contains_key(name)) {
            map.insert(name.clone(), default.clone());
        }
    }
}

/// Whether fields stay that the schema does not name. Of what it does not call an object, all stay.
fn keeps_unknown(schema: &Value) -> bool {
    let is_object = schema["type"] == "object" || schema["properties"].is_object();
    !is_object || schema["x-kubernetes-preserve-unknown-fields"] == true || schema["additionalProperties"] == true
}

fn is_type_or_metadata(name: &str) -> bool {
    matches!(name, "apiVersion" | "kind" | "metadata")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schema() -> Value {
        json!({"properties": {"spec": {"properties": {
            "size": {"type": "integer", "default": 3},
            "inner": {"default": {}, "properties": {"on": {"type": "boolean", "default": true}}},
            "maybe": {"nullable": true},
            "labels": {"type": "object", "additionalProperties": {"type": "string"}},
            "any": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
            "none": {"type": "object"},
        }}}})
    }

    #[test]
    fn defaults_are_filled_in_at_every_depth() {
        let mut object = json!({"spec": {"size": null, "maybe": null}});
        fill_defaults(&mut object, &schema());
        assert_eq!(object, json!({"spec": {"size": 3, "inner": {"on": true}, "maybe": null}}));
    }

    #[test]
    fn fields_that_the_schema_does_not_name_go() {
        let mut object = json!({
            "kind": "Widget", "metadata": {"name": "a"}, "other": 1,
            "spec": {"size": 1, "typo": 2, "labels": {"a": "b"}, "any": {"x": {"y": 1}}, "none": {"z": 1}},
        });
        prune(&mut object, &schema());
        let spec = json!({"size": 1, "labels": {"a": "b"}, "any": {"x": {"y": 1}}, "none": {}});
        assert_eq!(object, json!({"kind": "Widget", "metadata": {"name": "a"}, "spec": spec}));
    }
}
