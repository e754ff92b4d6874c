//! What the definitions do not have any more: the names of types, and what each of several words means.

use anyhow::{Result, bail};
use novaroute_operator::crd::{NovaRouteAdvertisement, NovaRouteCluster, NovaRouteNode, NovaRoutePeer};
use schemars::schema_for;
use serde_json::Value;

/// The schema of a resource as its types give it: parts have names, and words have comments.
pub(super) struct Types(Value);

impl Types {
    /// Those of a kind.
    ///
    /// # Errors
    /// There is no such kind.
    pub(super) fn of(kind: &str) -> Result<Self> {
        let schema = match kind {
            "NovaRouteCluster" => schema_for!(NovaRouteCluster),
            "NovaRoutePeer" => schema_for!(NovaRoutePeer),
            "NovaRouteAdvertisement" => schema_for!(NovaRouteAdvertisement),
            "NovaRouteNode" => schema_for!(NovaRouteNode),
            other => bail!("teach xtask/src/custom_resources/types.rs what a {other} is"),
        };
        Ok(Self(schema.to_value()))
    }

    #[cfg(test)]
    pub(super) fn from_schema(schema: Value) -> Self {
        Self(schema)
    }

    /// The type of a field of the resource itself.
    pub(super) fn field(&self, name: &str) -> Type<'_> {
        self.resolved(&self.0["properties"][name])
    }

    /// Follows a reference, and takes the value out of an `Option`.
    fn resolved<'a>(&'a self, schema: &'a Value) -> Type<'a> {
        if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix("#/$defs/")) {
            return Type { types: self, name: Some(name), schema: &self.0["$defs"][name] };
        }
        let some = schema["anyOf"].as_array().into_iter().flatten().find(|one| one["type"] != "null");
        match some {
            Some(inner) => self.resolved(inner),
            None => Type { types: self, name: None, schema },
        }
    }
}

/// The type of a field.
#[derive(Clone, Copy)]
pub(super) struct Type<'a> {
    types: &'a Types,
    /// Its name, where it has one.
    pub(super) name: Option<&'a str>,
    schema: &'a Value,
}

impl<'a> Type<'a> {
    /// The type of a field of it.
    pub(super) fn field(self, name: &str) -> Type<'a> {
        self.types.resolved(&self.schema["properties"][name])
    }

    /// The type of its items.
    pub(super) fn item(self) -> Type<'a> {
        self.types.resolved(&self.schema["items"])
    }

    /// Its words, each with its comment.
    pub(super) fn words(self) -> Vec<(&'a str, &'a str)> {
        let all = self.schema["oneOf"].as_array().into_iter().flatten();
        all.filter_map(|one| Some((one["const"].as_str()?, one["description"].as_str()?))).collect()
    }
}
