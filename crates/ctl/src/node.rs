//! JSON and YAML as one tree. Unlike the value types of the parsers it keeps
//! the order of keys and refuses a key that stands twice.

use std::{fmt, path::Path};

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// A value in a file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    Null,
    Bool(bool),
    Integer(i128),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Map(Entries),
}

/// The keys of a map with their values, in the order of the file.
pub(crate) type Entries = Vec<(String, Node)>;

impl Node {
    /// What it is, for an error. Never what is in it: that may be a secret.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "true or false",
            Self::Integer(_) | Self::Float(_) => "a number",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
        }
    }
}

/// Parses a file: JSON by its name or its looks, else YAML.
///
/// # Errors
/// It is neither; the text has line and column and shows nothing of the file,
/// which may hold secrets.
pub(crate) fn parse(name: &str, text: &str) -> Result<Node, String> {
    if is_json(name, text) {
        return serde_json::from_str(text).map_err(|error| error.to_string());
    }
    serde_saphyr::from_str_with_options(text, options()).map_err(|error| error.to_string())
}

/// Parses a file that may have several YAML documents; empty ones are passed over.
///
/// # Errors
/// As for [`parse`].
pub(crate) fn parse_many(name: &str, text: &str) -> Result<Vec<Node>, String> {
    if is_json(name, text) {
        return parse(name, text).map(|node| vec![node]);
    }
    serde_saphyr::from_multiple_with_options(text, options()).map_err(|error| error.to_string())
}

/// A word such as `no` or `on` is text: only true and false are truth values.
fn options() -> serde_saphyr::Options {
    serde_saphyr::options! { strict_booleans: true, with_snippet: false }
}

/// YAML takes JSON too, but words its errors for YAML.
fn is_json(name: &str, text: &str) -> bool {
    let extension = Path::new(name).extension().and_then(|extension| extension.to_str());
    match extension.map(str::to_lowercase).as_deref() {
        Some("json") => true,
        Some("yaml" | "yml") => false,
        _ => serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok(),
    }
}

impl From<Node> for serde_json::Value {
    fn from(node: Node) -> Self {
        match node {
            Node::Null => Self::Null,
            Node::Bool(yes) => yes.into(),
            Node::Integer(number) => match (i64::try_from(number), u64::try_from(number)) {
                (Ok(number), _) => number.into(),
                (_, Ok(number)) => number.into(),
                // No field has such a number; whoever takes the value says so.
                _ => number.to_string().into(),
            },
            Node::Float(number) => number.into(),
            Node::Text(text) => text.into(),
            Node::List(nodes) => nodes.into_iter().map(Self::from).collect(),
            Node::Map(entries) => entries.into_iter().map(|(key, node)| (key, Self::from(node))).collect(),
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        Node::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Integer(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Integer(value.into()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Node, E> {
        Ok(Node::Integer(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries = Entries::new();
        while let Some(key) = map.next_key::<String>()? {
            if entries.iter().any(|(other, _)| *other == key) {
                return Err(A::Error::custom(format_args!("the key `{}` stands twice", key.escape_debug())));
            }
            entries.push((key, map.next_value()?));
        }
        Ok(Node::Map(entries))
    }
}
