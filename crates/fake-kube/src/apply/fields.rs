//! Sets of fields, and their form in `metadata.managedFields` (`fieldsV1`).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Element {
    /// A field of an object.
    Field(String),
    /// An element of a list, by the values of its keys: canonical JSON.
    Key(String),
    /// An element of a set, by its value: canonical JSON.
    Value(String),
}

/// A set of paths, as a tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FieldSet {
    /// Whether the path to here is in the set itself.
    pub(crate) member: bool,
    pub(crate) children: BTreeMap<Element, FieldSet>,
}

impl FieldSet {
    /// The set of just the path to here.
    pub(crate) fn leaf() -> Self {
        Self { member: true, children: BTreeMap::new() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        !self.member && self.children.values().all(Self::is_empty)
    }

    /// The set below `element`, empty if there is none.
    pub(crate) fn child(&self, element: &Element) -> Self {
        self.children.get(element).cloned().unwrap_or_default()
    }

    pub(crate) fn put(&mut self, element: Element, set: Self) {
        if !set.is_empty() {
            self.children.insert(element, set);
        }
    }

    pub(crate) fn union(&self, other: &Self) -> Self {
        self.combine(other, |a, b| a || b)
    }

    pub(crate) fn intersection(&self, other: &Self) -> Self {
        self.combine(other, |a, b| a && b)
    }

    pub(crate) fn difference(&self, other: &Self) -> Self {
        self.combine(other, |a, b| a && !b)
    }

    /// The paths of the set, as messages about conflicts show them.
    pub(crate) fn paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        self.collect_paths("", &mut paths);
        paths
    }

    pub(crate) fn to_v1(&self) -> Value {
        let mut map = Map::new();
        for (element, child) in &self.children {
            let is_leaf = child.children.is_empty();
            let mut text = if is_leaf { json!({}) } else { child.to_v1() };
            if child.member && !is_leaf {
                text["."] = json!({});
            }
            map.insert(element.to_v1(), text);
        }
        Value::Object(map)
    }

    /// What `fieldsV1` says; keys that mean nothing are left out.
    pub(crate) fn from_v1(text: &Value) -> Self {
        let mut set = Self::default();
        for (key, child) in text.as_object().into_iter().flatten() {
            let Some(element) = Element::from_v1(key) else { continue };
            let mut below = Self::from_v1(child);
            below.member = below.children.is_empty() || child.get(".").is_some();
            set.put(element, below);
        }
        set
    }

    fn combine(&self, other: &Self, rule: fn(bool, bool) -> bool) -> Self {
        let mut result = Self { member: rule(self.member, other.member), children: BTreeMap::new() };
        for element in self.children.keys().chain(other.children.keys()) {
            if !result.children.contains_key(element) {
                result.put(element.clone(), self.child(element).combine(&other.child(element), rule));
            }
        }
        result
    }

    fn collect_paths(&self, prefix: &str, paths: &mut Vec<String>) {
        if self.member && !prefix.is_empty() {
            paths.push(prefix.to_owned());
        }
        for (element, child) in &self.children {
            child.collect_paths(&format!("{prefix}{}", element.shown()), paths);
        }
    }
}

impl Element {
    fn to_v1(&self) -> String {
        match self {
            Self::Field(name) => format!("f:{name}"),
            Self::Key(keys) => format!("k:{keys}"),
            Self::Value(value) => format!("v:{value}"),
        }
    }

    fn from_v1(text: &str) -> Option<Self> {
        let (tag, rest) = text.split_once(':')?;
        match tag {
            "f" => Some(Self::Field(rest.to_owned())),
            "k" => Some(Self::Key(rest.to_owned())),
            "v" => Some(Self::Value(rest.to_owned())),
            _ => None,
        }
    }

    fn shown(&self) -> String {
        match self {
            Self::Field(name) => format!(".{name}"),
            Self::Value(value) => format!("[={value}]"),
            Self::Key(keys) => {
                let keys: BTreeMap<String, Value> = serde_json::from_str(keys).unwrap_or_default();
                let parts: Vec<String> = keys.iter().map(|(key, value)| format!("{key}={value}")).collect();
                format!("[{}]", parts.join(","))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Value {
        json!({
            "f:data": {".": {}, "f:a": {}},
            "f:list": {"k:{\"name\":\"x\"}": {".": {}, "f:image": {}}, "v:\"y\"": {}},
        })
    }

    #[test]
    fn the_text_of_a_set_is_read_back_as_it_was_written() {
        assert_eq!(FieldSet::from_v1(&sample()).to_v1(), sample());
    }

    #[test]
    fn paths_are_shown_as_in_messages() {
        let expected = [".data", ".data.a", ".list[name=\"x\"]", ".list[name=\"x\"].image", ".list[=\"y\"]"];
        assert_eq!(FieldSet::from_v1(&sample()).paths(), expected);
    }

    #[test]
    fn sets_are_joined_met_and_taken_away() {
        let all = FieldSet::from_v1(&sample());
        let a = FieldSet::from_v1(&json!({"f:data": {"f:a": {}, "f:b": {}}}));
        assert_eq!(all.union(&a).paths().len(), 6);
        assert_eq!(all.intersection(&a).paths(), [".data.a"]);
        assert_eq!(a.difference(&all).paths(), [".data.b"]);
        assert!(a.difference(&a).is_empty());
    }
}
