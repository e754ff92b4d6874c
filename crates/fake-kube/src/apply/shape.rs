//! Which lists are maps, which are sets, and what is replaced as a whole.
//!
//! For a kind learned from its definition, `x-kubernetes-list-type` and its companions say so. For the
//! kinds of the API server, and for one that a test passed in without a definition, a table of the
//! common fields does.

use std::collections::BTreeMap;

use serde_json::Value;

use super::fields::Element;
use crate::resource::Resource;

/// How the elements of a list are told apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ListRule {
    /// They are not: the list is one value.
    Atomic,
    /// By their values.
    Set,
    /// By the values of these fields.
    Map(Vec<String>),
}

/// A place in an object of a kind.
#[derive(Debug, Clone)]
pub(crate) struct Shape<'a> {
    resource: &'a Resource,
    /// Names of the fields that lead here, without elements of lists.
    fields: Vec<&'a str>,
    schema: Schema<'a>,
}

#[derive(Debug, Clone, Copy)]
enum Schema<'a> {
    /// The table says.
    Table,
    /// The definition says; `None` where it leaves fields unspecified.
    Definition(Option<&'a Value>),
}

/// Lists whose elements have one key, wherever they stand.
const KEYED: &[(&str, &str)] = &[
    ("conditions", "type"),
    ("containers", "name"),
    ("env", "name"),
    ("ephemeralContainers", "name"),
    ("hostAliases", "ip"),
    ("imagePullSecrets", "name"),
    ("initContainers", "name"),
    ("ownerReferences", "uid"),
    ("podIPs", "ip"),
    ("secrets", "name"),
    ("volumeDevices", "devicePath"),
    ("volumeMounts", "mountPath"),
    ("volumes", "name"),
];

/// Objects that are replaced as a whole, in the kinds of the API server.
const ATOMIC_MAPS: &[&str] = &[
    "configMapKeyRef",
    "fieldRef",
    "involvedObject",
    "nodeSelector",
    "regarding",
    "resourceFieldRef",
    "roleRef",
    "secretKeyRef",
    "selector",
];

impl<'a> Shape<'a> {
    /// The object itself.
    pub(crate) fn root(resource: &'a Resource) -> Self {
        let schema = match &resource.schema {
            Some(schema) => Schema::Definition(Some(schema)),
            None => Schema::Table,
        };
        Self { resource, fields: Vec::new(), schema }
    }

    pub(crate) fn field(&self, name: &'a str) -> Self {
        let mut fields = self.fields.clone();
        fields.push(name);
        let schema = match self.schema {
            Schema::Definition(_) if fields == ["metadata"] => Schema::Table,
            Schema::Definition(Some(schema)) => Schema::Definition(field_schema(schema, name)),
            other => other,
        };
        Self { resource: self.resource, fields, schema }
    }

    pub(crate) fn item(&self) -> Self {
        let schema = match self.schema {
            Schema::Definition(Some(schema)) => Schema::Definition(schema.get("items")),
            other => other,
        };
        Self { resource: self.resource, fields: self.fields.clone(), schema }
    }

    pub(crate) fn list_rule(&self) -> ListRule {
        match self.schema {
            Schema::Table => self.table_rule(),
            Schema::Definition(schema) => schema.map_or(ListRule::Atomic, defined_rule),
        }
    }

    pub(crate) fn is_atomic_map(&self) -> bool {
        match self.schema {
            Schema::Definition(schema) => schema.is_some_and(|schema| schema["x-kubernetes-map-type"] == "atomic"),
            Schema::Table => {
                let last = self.fields.last().copied().unwrap_or_default();
                last == "ownerReferences" || (self.resource.builtin && ATOMIC_MAPS.contains(&last))
            }
        }
    }

    /// The elements of a list by what tells them apart; `None` where the list is one value.
    pub(crate) fn elements<'v>(&self, list: &'v [Value]) -> Option<Vec<(Element, &'v Value)>> {
        let element: Box<dyn Fn(&Value) -> Element> = match self.list_rule() {
            ListRule::Atomic => return None,
            ListRule::Set => Box::new(|item| Element::Value(item.to_string())),
            ListRule::Map(keys) => Box::new(move |item| key_of(item, &keys)),
        };
        Some(list.iter().map(|item| (element(item), item)).collect())
    }

    fn table_rule(&self) -> ListRule {
        let last = self.fields.last().copied().unwrap_or_default();
        let by = |keys: &[&str]| ListRule::Map(keys.iter().map(|&key| key.to_owned()).collect());
        match last {
            "finalizers" => ListRule::Set,
            "ports" if self.fields.iter().any(|field| field.ends_with("ontainers")) => {
                by(&["containerPort", "protocol"])
            }
            "ports" if self.resource.is("Service") => by(&["port", "protocol"]),
            "topologySpreadConstraints" => by(&["topologyKey", "whenUnsatisfiable"]),
            // Only a status has conditions of this kind; a custom resource may mean anything by the other names.
            _ if !self.resource.builtin && !matches!(last, "conditions" | "ownerReferences") => ListRule::Atomic,
            _ => KEYED.iter().find(|(field, _)| *field == last).map_or(ListRule::Atomic, |(_, key)| by(&[key])),
        }
    }
}

/// The schema of a field of an object, `None` where nothing is said of it.
pub(crate) fn field_schema<'a>(schema: &'a Value, name: &str) -> Option<&'a Value> {
    let named = schema["properties"].get(name);
    named.or_else(|| schema.get("additionalProperties").filter(|schema| schema.is_object()))
}

fn defined_rule(schema: &Value) -> ListRule {
    match schema["x-kubernetes-list-type"].as_str() {
        Some("set") => ListRule::Set,
        Some("map") => {
            let keys = schema["x-kubernetes-list-map-keys"].as_array().into_iter().flatten();
            ListRule::Map(keys.filter_map(Value::as_str).map(str::to_owned).collect())
        }
        _ => ListRule::Atomic,
    }
}

fn key_of(item: &Value, keys: &[String]) -> Element {
    let value = |key: &str| match &item[key] {
        // The API server fills in the protocol of a port.
        Value::Null if key == "protocol" => Value::from("TCP"),
        other => other.clone(),
    };
    let values: BTreeMap<&str, Value> = keys.iter().map(|key| (key.as_str(), value(key))).collect();
    Element::Key(serde_json::to_string(&values).unwrap_or_default())
}
