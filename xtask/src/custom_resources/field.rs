//! The fields of a resource, out of its definition.

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::kubernetes;
use super::types::{Type, Types};

/// A field, in words.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Field {
    /// Path from the top, `[]` for each item of a list.
    pub(super) path: String,
    /// What it holds.
    pub(super) kind: String,
    /// What the API server fills in.
    pub(super) default: Option<String>,
    /// Whether it must be there.
    pub(super) is_required: bool,
    /// Which values it may have.
    pub(super) allowed: String,
    /// What it means.
    pub(super) meaning: String,
}

/// A part of a resource.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Fields {
    pub(super) fields: Vec<Field>,
    /// What must hold between fields: the path of what has them, and the rule.
    pub(super) rules: Vec<(String, String)>,
}

impl Fields {
    /// The fields below `name`, a field of the resource itself.
    ///
    /// # Errors
    /// A field has no comment, or the page has no words for its type.
    pub(super) fn of(name: &str, schema: &Value, types: &Types) -> Result<Self> {
        let mut fields = Self::default();
        fields.below(name, schema, types.field(name))?;
        Ok(fields)
    }

    /// Goes through the fields of an object or of the items of a list.
    fn below(&mut self, path: &str, schema: &Value, of: Type<'_>) -> Result<()> {
        if of.name.and_then(kubernetes::link).is_some() {
            return Ok(());
        }
        if schema["type"] == "array" {
            return self.below(&format!("{path}[]"), &schema["items"], of.item());
        }
        let rules = schema["x-kubernetes-validations"].as_array().into_iter().flatten();
        for rule in rules {
            let message = rule["message"].as_str().with_context(|| format!("a rule of {path} has no message"))?;
            self.rules.push((path.to_owned(), message.to_owned()));
        }
        let required = schema["required"].as_array();
        for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
            let is_required = required.is_some_and(|required| required.iter().any(|one| one == name));
            let (path, of) = (format!("{path}.{name}"), of.field(name));
            self.fields.push(field(&path, inner, of, is_required).with_context(|| path.clone())?);
            self.below(&path, inner, of)?;
        }
        Ok(())
    }
}

fn field(path: &str, schema: &Value, of: Type<'_>, is_required: bool) -> Result<Field> {
    let default = match &schema["default"] {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    let is_kubernetes = of.name.and_then(kubernetes::link).is_some();
    Ok(Field {
        path: path.to_owned(),
        kind: kind(schema, of)?,
        default,
        is_required,
        allowed: if is_kubernetes { String::new() } else { allowed(schema, of)?.join("; ") },
        meaning: meaning(schema, of)?,
    })
}

/// The type in words.
fn kind(schema: &Value, of: Type<'_>) -> Result<String> {
    if let Some(link) = of.name.and_then(kubernetes::link) {
        return Ok(link);
    }
    Ok(match schema["type"].as_str() {
        Some("array") => format!("list of {}", several(&kind(&schema["items"], of.item())?)),
        Some("object") if !schema["additionalProperties"].is_null() => {
            let value = schema["additionalProperties"]["type"].as_str().context("a map of something else")?;
            format!("map of {}", several(value))
        }
        Some(kind @ ("string" | "integer" | "boolean" | "object")) => kind.to_owned(),
        other => bail!("no words for the type {other:?}"),
    })
}

/// The plural of a word for a type; names of types have none.
fn several(kind: &str) -> String {
    if kind.starts_with('[') { kind.to_owned() } else { format!("{kind}s") }
}

/// What restricts the value.
fn allowed(schema: &Value, of: Type<'_>) -> Result<Vec<String>> {
    let mut allowed = Vec::new();
    allowed.extend(words(schema).map(|words| words.map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")));
    allowed.extend(range(schema, "minimum", "maximum", ""));
    allowed.extend(range(schema, "minLength", "maxLength", " characters"));
    allowed.extend(range(schema, "minItems", "maxItems", " items"));
    allowed.extend(schema["pattern"].as_str().map(|pattern| format!("matches `{pattern}`")));
    match schema["format"].as_str() {
        Some("cidr") => allowed.push("address/length".to_owned()),
        None | Some("int32" | "int64") => {}
        Some(other) => bail!("no words for the format {other}"),
    }
    match schema["x-kubernetes-list-type"].as_str() {
        Some("set") => allowed.push("each once".to_owned()),
        Some("map") => allowed.push(each_once(&schema["x-kubernetes-list-map-keys"])),
        _ => {}
    }
    if schema["type"] == "array" && of.item().name.and_then(kubernetes::link).is_none() {
        let of_each = self::allowed(&schema["items"], of.item())?;
        allowed.extend((!of_each.is_empty()).then(|| format!("each: {}", of_each.join(", "))));
    }
    Ok(allowed)
}

fn each_once(keys: &Value) -> String {
    let keys = keys.as_array().into_iter().flatten().filter_map(Value::as_str);
    format!("each {} once", keys.map(|key| format!("`{key}`")).collect::<Vec<_>>().join(" and "))
}

fn words(schema: &Value) -> Option<impl Iterator<Item = &str>> {
    schema["enum"].as_array().map(|words| words.iter().filter_map(Value::as_str))
}

fn range(schema: &Value, least: &str, most: &str, of_what: &str) -> Option<String> {
    match (schema[least].as_f64(), schema[most].as_f64()) {
        (Some(least), Some(most)) => Some(format!("{least} to {most}{of_what}")),
        (Some(least), None) => Some(format!("at least {least}{of_what}")),
        (None, Some(most)) => Some(format!("at most {most}{of_what}")),
        (None, None) => None,
    }
}

/// The comment of the field, and of its words where it does not name them itself.
fn meaning(schema: &Value, of: Type<'_>) -> Result<String> {
    let meaning = schema["description"].as_str().context("the field has no comment")?.replace('\n', " ");
    let (of_words, of) = match schema["type"] == "array" {
        true => (&schema["items"], of.item()),
        false => (schema, of),
    };
    let Some(words) = words(of_words) else { return Ok(meaning) };
    let comments = of.words();
    let mut told = meaning.clone();
    for word in words.filter(|word| !meaning.contains(&format!("`{word}`"))) {
        let comment = comments.iter().find(|(of, _)| *of == word);
        let (_, comment) = comment.with_context(|| format!("the word {word} has no comment"))?;
        told += &format!(" `{word}`: {comment}");
    }
    Ok(told)
}

#[cfg(test)]
mod tests;
