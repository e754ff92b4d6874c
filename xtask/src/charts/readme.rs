//! The table of values in a chart's README, as helm-docs writes it.

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::values::{Entry, at};

/// The line before the table.
const BEGIN: &str =
    "<!-- values: written by `cargo run -p xtask -- charts` from values.yaml and values.schema.json -->\n";
/// The line behind it.
const END: &str = "<!-- end of values -->\n";

/// The README with this table in its place.
///
/// # Errors
/// The lines around the table are missing.
pub(super) fn with_table(readme: &str, table: &str) -> Result<String> {
    let (before, rest) = readme.split_once(BEGIN).with_context(|| format!("no line {BEGIN:?}"))?;
    let (_, after) = rest.split_once(END).with_context(|| format!("no line {END:?}"))?;
    Ok(format!("{before}{BEGIN}\n{table}\n{END}{after}"))
}

/// A row for each value.
///
/// # Errors
/// The schema does not say of which type a value is.
pub(super) fn table(entries: &[Entry], values: &Value, schema: &Value) -> Result<String> {
    let mut table = "| Key | Type | Default | Description |\n|---|---|---|---|\n".to_owned();
    for entry in entries {
        let kind = kind(at(schema, &entry.path)?).with_context(|| format!("{} has no type", entry.key()))?;
        let default = match entry.is_unset {
            true => "–".to_owned(),
            false => format!("`{}`", value(values, &entry.path)),
        };
        let row = [format!("`{}`", entry.key()), kind.to_owned(), default, entry.description.clone()];
        table += &format!("| {} |\n", row.map(|cell| cell.replace('|', "\\|")).join(" | "));
    }
    Ok(table)
}

fn value<'a>(values: &'a Value, path: &[String]) -> &'a Value {
    path.iter().fold(values, |value, key| &value[key])
}

/// The type, in helm-docs' words.
fn kind(schema: &Value) -> Option<&str> {
    match schema["type"].as_str()? {
        "boolean" => Some("bool"),
        "integer" => Some("int"),
        "array" => Some("list"),
        other => Some(other),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::values::entries;
    use super::*;

    #[test]
    fn each_value_has_a_row() {
        let text = "a:\n  # -- One `a|b`.\n  one: {x: 1}\n  # -- Two.\n  # two: 2\n# -- On.\non: true\n";
        let schema = json!({"properties": {
            "a": {"properties": {"one": {"type": "object"}, "two": {"type": "integer"}}}, "on": {"type": "boolean"}
        }});
        let values = json!({"a": {"one": {"x": 1}}, "on": true});
        let expected = "\
            | Key | Type | Default | Description |\n\
            |---|---|---|---|\n\
            | `a.one` | object | `{\"x\":1}` | One `a\\|b`. |\n\
            | `a.two` | int | – | Two. |\n\
            | `on` | bool | `true` | On. |\n";
        assert_eq!(table(&entries(text).unwrap(), &values, &schema).unwrap(), expected);
        let untyped = json!({"properties": {"a": {"properties": {"one": {}, "two": {}}}, "on": {}}});
        assert!(table(&entries(text).unwrap(), &values, &untyped).unwrap_err().to_string().contains("a.one"));
    }

    #[test]
    fn the_table_is_written_between_its_lines_alone() {
        let readme = format!("before\n{BEGIN}old\n{END}after\n");
        assert_eq!(with_table(&readme, "new\n").unwrap(), format!("before\n{BEGIN}\nnew\n\n{END}after\n"));
        assert!(with_table("before\n", "new\n").is_err());
    }
}
