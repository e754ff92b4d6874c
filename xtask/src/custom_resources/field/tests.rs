use serde_json::json;

use super::*;

fn read(schema: &Value, types: Value) -> Result<Fields> {
    Fields::of("spec", schema, &Types::from_schema(types))
}

fn plain(path: &str, kind: &str, allowed: &str, meaning: &str) -> Field {
    let [path, kind, allowed, meaning] = [path, kind, allowed, meaning].map(str::to_owned);
    Field { path, kind, default: None, is_required: false, allowed, meaning }
}

#[test]
fn every_field_is_there_with_what_restricts_it() {
    let schema = json!({"type": "object", "required": ["name"], "properties": {
        "name": {"type": "string", "description": "Name.", "minLength": 1.0, "maxLength": 63.0, "pattern": "^a$"},
        "port": {"type": "integer", "format": "int32", "description": "Port.", "minimum": 1.0, "default": 9102},
        "labels": {"type": "object", "description": "Labels.", "additionalProperties": {"type": "string"}},
        "cidrs": {"type": "array", "description": "Prefixes.", "maxItems": 4.0, "x-kubernetes-list-type": "set",
                  "items": {"type": "string", "format": "cidr"}},
        "owners": {"type": "array", "description": "Owners.", "x-kubernetes-list-type": "map",
                   "x-kubernetes-list-map-keys": ["id"],
                   "items": {"type": "object", "x-kubernetes-validations": [{"message": "set either"}],
                             "properties": {"id": {"type": "boolean", "description": "Id.", "default": false}}}}
    }});
    let read = read(&schema, json!({})).unwrap();
    let expected = [
        plain("spec.cidrs", "list of strings", "at most 4 items; each once; each: address/length", "Prefixes."),
        plain("spec.labels", "map of strings", "", "Labels."),
        Field { is_required: true, ..plain("spec.name", "string", "1 to 63 characters; matches `^a$`", "Name.") },
        plain("spec.owners", "list of objects", "each `id` once", "Owners."),
        Field { default: Some("false".to_owned()), ..plain("spec.owners[].id", "boolean", "", "Id.") },
        Field { default: Some("9102".to_owned()), ..plain("spec.port", "integer", "at least 1", "Port.") },
    ];
    assert_eq!(read.fields, expected);
    assert_eq!(read.rules, [("spec.owners[]".to_owned(), "set either".to_owned())]);
}

#[test]
fn words_have_their_comments_where_the_field_does_not_name_them() {
    let types = json!({
        "properties": {"spec": {"properties": {"mode": {"anyOf": [{"$ref": "#/$defs/Mode"}, {"type": "null"}]}}}},
        "$defs": {"Mode": {"oneOf": [{"const": "on", "description": "Runs."}, {"const": "off", "description": "Rests."}]}}
    });
    let of = |comment: &str, words: &[&str]| {
        let mode = json!({"type": "string", "enum": words, "description": comment});
        let read = read(&json!({"properties": {"mode": mode}}), types.clone());
        read.map(|read| read.fields[0].meaning.clone())
    };
    assert_eq!(of("Mode.", &["on", "off"]).unwrap(), "Mode. `on`: Runs. `off`: Rests.");
    assert_eq!(of("`on`: yes.", &["on", "off"]).unwrap(), "`on`: yes. `off`: Rests.");
    assert!(format!("{:#}", of("Mode.", &["auto"]).unwrap_err()).contains("spec.mode: the word auto has no comment"));
}

#[test]
fn what_is_of_kubernetes_is_named_and_not_gone_into() {
    let types = json!({
        "properties": {"spec": {"properties": {"tolerations": {"items": {"$ref": "#/$defs/io.k8s.api.core.v1.Toleration"}}}}},
        "$defs": {"io.k8s.api.core.v1.Toleration": {}}
    });
    let key = json!({"type": "string", "format": "unheard-of"});
    let list =
        json!({"type": "array", "description": "Taints.", "items": {"type": "object", "properties": {"key": key}}});
    let read = read(&json!({"properties": {"tolerations": list}}), types).unwrap();
    assert_eq!(read.fields.len(), 1, "{read:?}");
    assert!(read.fields[0].kind.starts_with("list of [Toleration](https://kubernetes.io/"), "{read:?}");
}

#[test]
fn what_the_page_has_no_words_for_is_told() {
    let told = |field: Value| {
        let read = read(&json!({"properties": {"a": field}}), json!({}));
        format!("{:#}", read.unwrap_err())
    };
    assert_eq!(told(json!({"type": "string"})), "spec.a: the field has no comment");
    let number = json!({"type": "number", "description": "A."});
    assert_eq!(told(number), "spec.a: no words for the type Some(\"number\")");
    let format = json!({"type": "string", "description": "A.", "format": "uuid"});
    assert_eq!(told(format), "spec.a: no words for the format uuid");
}
