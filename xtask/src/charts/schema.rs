//! The schema of a NovaRouteCluster's `spec`, as strict as Helm has to be: it refuses what an API server would drop.

use anyhow::{Context as _, Result};
use serde_json::{Map, Value, json};

/// Name of the definition in the schemas of the charts' values.
const CLUSTER: &str = "cluster";

/// The schema of a chart's values, with the definition `cluster` as the types in the code say.
///
/// # Errors
/// There is no such custom resource, or `schema` is no object.
pub(super) fn with_definitions(mut schema: Value) -> Result<Value> {
    let mut spec = strict(&spec()?);
    // The chart fills in what is required of a resource.
    fields(&mut spec)?.remove("required");
    fields(&mut schema)?.insert("definitions".to_owned(), json!({CLUSTER: spec}));
    Ok(schema)
}

fn fields(schema: &mut Value) -> Result<&mut Map<String, Value>> {
    schema.as_object_mut().context("a schema is an object")
}

fn spec() -> Result<Value> {
    let all = novaroute_operator::crd::definitions();
    let definition = all.into_iter().find(|(_, crd)| crd.spec.names.kind == "NovaRouteCluster");
    let version = definition.and_then(|(_, crd)| crd.spec.versions.into_iter().next());
    let schema = version.and_then(|version| version.schema).context("there is no NovaRouteCluster")?;
    let schema = serde_json::to_value(schema.open_api_v3_schema)?;
    Ok(schema["properties"]["spec"].clone())
}

/// What Helm's validators know, with nothing allowed that has no name.
fn strict(schema: &Value) -> Value {
    let Some(known) = schema.as_object() else { return schema.clone() };
    let mut strict = Map::new();
    for (key, value) in known {
        match (key.as_str(), value) {
            ("properties", Value::Object(properties)) => {
                let properties = properties.iter().map(|(name, schema)| (name.clone(), self::strict(schema)));
                strict.insert(key.clone(), Value::Object(properties.collect()));
                strict.entry("additionalProperties").or_insert(json!(false));
            }
            ("items" | "additionalProperties", _) => drop(strict.insert(key.clone(), self::strict(value))),
            ("x-kubernetes-int-or-string", _) => {
                strict.insert("type".to_owned(), json!(["integer", "string"]));
            }
            // Helm knows none of the formats of numbers, and not this one.
            ("format", _) if value == "cidr" => {
                strict.insert("pattern".to_owned(), json!("^[0-9A-Fa-f.:]+/[0-9]{1,3}$"));
            }
            // A value that is `null` in Helm is left out. What a resource gets by default it gets from the API server.
            ("format" | "nullable" | "default", _) => {}
            (extension, _) if extension.starts_with("x-kubernetes-") => {}
            _ => drop(strict.insert(key.clone(), whole(value))),
        }
    }
    Value::Object(strict)
}

/// A bound as people write it: 255, not 255.0.
#[allow(clippy::cast_possible_truncation, reason = "it is compared with what it came from")]
#[allow(clippy::cast_precision_loss, reason = "it is compared with what it came from")]
fn whole(value: &Value) -> Value {
    match value.as_f64() {
        Some(number) if (number as i64) as f64 == number => json!(number as i64),
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_name_is_refused_at_every_depth() {
        let schema = json!({"type": "object", "required": ["list"], "properties": {
            "list": {"type": "array", "items": {"type": "object", "properties": {"a": {"nullable": true}}}},
            "free": {"type": "object", "additionalProperties": {"x-kubernetes-int-or-string": true}},
            "default": {"type": "integer", "format": "int32", "maximum": 255.0, "default": 3}
        }});
        let expected = json!({"type": "object", "required": ["list"], "additionalProperties": false, "properties": {
            "list": {"type": "array", "items": {
                "type": "object", "properties": {"a": {}}, "additionalProperties": false
            }},
            "free": {"type": "object", "additionalProperties": {"type": ["integer", "string"]}},
            "default": {"type": "integer", "maximum": 255}
        }});
        assert_eq!(strict(&schema), expected);
    }

    #[test]
    fn a_prefix_needs_its_length() {
        assert_eq!(strict(&json!({"format": "cidr"}))["pattern"], "^[0-9A-Fa-f.:]+/[0-9]{1,3}$");
    }

    #[test]
    fn the_definition_is_that_of_the_resource() {
        let schema = with_definitions(json!({"definitions": {"old": {}}})).unwrap();
        let cluster = &schema["definitions"][CLUSTER];
        assert_eq!(schema["definitions"]["old"], Value::Null);
        assert_eq!(cluster["required"], Value::Null);
        assert_eq!(cluster["properties"]["agent"]["properties"]["metricsPort"]["maximum"], 65_535);
    }
}
