//! The comments of a chart's `values.yaml`, written as helm-docs reads them.
//!
//! `# -- text` above a key describes it, with further lines of comment below. A key may itself be a comment
//! (`# localAs: 65001`): it has no default.

use anyhow::{Result, bail, ensure};
use serde_json::Value;

/// A value that has a comment.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its keys, from the top.
    pub(super) path: Vec<String>,
    /// The comment.
    pub(super) description: String,
    /// Whether the key is itself a comment.
    pub(super) is_unset: bool,
}

impl Entry {
    /// The keys as people write them.
    pub(super) fn key(&self) -> String {
        self.path.join(".")
    }
}

/// The values, in the order of the file.
///
/// # Errors
/// A value has no comment, or a comment has no value.
pub(super) fn entries(text: &str) -> Result<Vec<Entry>> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut above: Vec<(usize, String)> = Vec::new();
    let mut pending: Option<String> = None;
    for (number, line) in text.lines().enumerate().map(|(index, line)| (index + 1, line)) {
        let trimmed = line.trim_start();
        let indent = line.len() - trimmed.len();
        if let Some(description) = trimmed.strip_prefix("# -- ") {
            ensure!(pending.is_none(), "line {number}: the comment above describes nothing");
            pending = Some(description.to_owned());
            continue;
        }
        let (is_unset, item) = trimmed.strip_prefix("# ").map_or((false, trimmed), |comment| (true, comment));
        let Some((key, rest)) = key(item) else {
            match &mut pending {
                Some(description) if is_unset => *description += &format!(" {item}"),
                Some(_) => bail!("line {number}: the comment above describes nothing"),
                None => {}
            }
            continue;
        };
        above.retain(|(of, _)| *of < indent);
        let path: Vec<String> = above.iter().map(|(_, key)| key.clone()).chain([key.to_owned()]).collect();
        let is_part = entries.iter().any(|entry| path.starts_with(&entry.path));
        match pending.take() {
            Some(description) => entries.push(Entry { path, description, is_unset }),
            None if is_unset => continue,
            None => ensure!(is_part || rest.is_empty(), "line {number}: {} has no comment", path.join(".")),
        }
        if !is_unset {
            above.push((indent, key.to_owned()));
        }
    }
    ensure!(pending.is_none(), "the last comment describes nothing");
    Ok(entries)
}

/// The key of a line `key: rest`.
fn key(item: &str) -> Option<(&str, &str)> {
    let (key, rest) = item.split_once(':')?;
    let is_key = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    (is_key && (rest.is_empty() || rest.starts_with(' '))).then_some((key, rest.trim()))
}

/// Holds the values against the schema.
///
/// # Errors
/// A value is not in the schema, or one of the schema's is not among the values.
pub(super) fn check(entries: &[Entry], schema: &Value) -> Result<()> {
    for entry in entries {
        at(schema, &entry.path)?;
    }
    missing(entries, schema, schema, &mut Vec::new())
}

/// The schema of the value at `path`.
///
/// # Errors
/// There is none.
pub(super) fn at<'a>(schema: &'a Value, path: &[String]) -> Result<&'a Value> {
    let mut found = schema;
    for key in path {
        let below = &resolved(schema, found)["properties"][key];
        ensure!(!below.is_null(), "{} is not in values.schema.json", path.join("."));
        found = below;
    }
    Ok(resolved(schema, found))
}

/// What `found` refers to, if it does.
fn resolved<'a>(schema: &'a Value, found: &'a Value) -> &'a Value {
    let reference = found["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    reference.and_then(|pointer| schema.pointer(pointer)).unwrap_or(found)
}

fn missing(entries: &[Entry], schema: &Value, found: &Value, path: &mut Vec<String>) -> Result<()> {
    let properties = resolved(schema, found)["properties"].as_object();
    for (key, below) in properties.into_iter().flatten().filter(|(key, _)| *key != "global") {
        path.push(key.clone());
        if !entries.iter().any(|entry| entry.path == *path) {
            let has_below = entries.iter().any(|entry| entry.path.starts_with(path));
            ensure!(has_below, "{} is in values.schema.json, but not in values.yaml", path.join("."));
            missing(entries, schema, below, path)?;
        }
        path.pop();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(text: &str) -> Vec<(String, String, bool)> {
        let entries = entries(text).unwrap().into_iter();
        entries.map(|entry| (entry.key(), entry.description, entry.is_unset)).collect()
    }

    #[test]
    fn values_have_the_comment_above_them() {
        let text = "# A heading.\n# -- First,\n# in two lines.\na: 1\n\nb:\n  # -- Inner.\n  c:\n    d: 1\n  # -- Unset.\n  # e: 3\n  \
                    # -- After it.\n  f: []\n# -- Last.\ng: x\n";
        let expected = [
            ("a", "First, in two lines.", false),
            ("b.c", "Inner.", false),
            ("b.e", "Unset.", true),
            ("b.f", "After it.", false),
            ("g", "Last.", false),
        ];
        assert_eq!(found(text), expected.map(|(key, text, unset)| (key.to_owned(), text.to_owned(), unset)));
    }

    #[test]
    fn a_value_without_a_comment_and_a_comment_without_a_value_are_told() {
        let told = |text: &str| entries(text).unwrap_err().to_string();
        assert_eq!(told("a:\n  b: 1\n"), "line 2: a.b has no comment");
        assert_eq!(told("# -- Nothing.\n\na: 1\n"), "line 2: the comment above describes nothing");
        assert_eq!(told("# -- Nothing.\n# -- Something.\na: 1\n"), "line 2: the comment above describes nothing");
        assert_eq!(told("# -- Nothing."), "the last comment describes nothing");
    }

    #[test]
    fn the_schema_and_the_values_have_the_same_keys() {
        let schema = json!({
            "definitions": {"b": {"properties": {"c": {"type": "integer"}}}},
            "properties": {"a": {"properties": {"b": {"$ref": "#/definitions/b"}}}, "global": {}}
        });
        let told = |text: &str| check(&entries(text).unwrap(), &schema).map_err(|error| error.to_string());
        assert_eq!(told("a:\n  b:\n    # -- C.\n    c: 1\n"), Ok(()));
        assert_eq!(told("# -- A.\na: {}\n"), Ok(()), "what is described as a whole has no parts");
        let unknown = "a.x is not in values.schema.json".to_owned();
        assert_eq!(told("a:\n  # -- B.\n  b: {}\n  # -- X.\n  x: 1\n"), Err(unknown));
        assert_eq!(told("# -- Z.\nz: 1\n"), Err("z is not in values.schema.json".to_owned()));
        assert_eq!(told(""), Err("a is in values.schema.json, but not in values.yaml".to_owned()));
    }
}
