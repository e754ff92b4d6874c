//! The documentation and the example agree with what is read.

use serde_json::{Value, json};

use super::*;

const DOCUMENT: &str = include_str!("../../../../../docs/configuration.md");
const EXAMPLE: &str = include_str!("../../../../../docs/config.example.json");

/// The headings of the document below which keys are, and where the keys of each of their tables belong.
const TABLES: [(&str, &[&str]); 3] =
    [("The agent", &[""]), ("`bgp`", &["bgp.", "bgp.peers[]."]), ("`owners`", &["owners.*.", "owners.*."])];
/// Far from every key, so that the agent tells which ones it knows.
const UNKNOWN: &str = "far_from_every_key";

/// A key that the agent takes: its path, `[]` for each item of a list and `*` for any name.
#[derive(Debug)]
struct Accepted {
    path: String,
    is_table: bool,
}

/// Every key that the agent takes. The file is read by hand, key by key, for the sake of errors that name line and
/// column: there is no type whose fields could be listed, so the agent itself is asked.
fn accepted() -> Vec<Accepted> {
    let mut accepted = Vec::new();
    collect("", &|inner| inner, &mut accepted);
    accepted
}

/// Asks about the table at `path`, which `place` puts at its place in a file; tells whether there is one.
fn collect(path: &str, place: &dyn Fn(Value) -> Value, accepted: &mut Vec<Accepted>) -> bool {
    let Some(keys) = known(&place(json!({ UNKNOWN: 1 }))) else { return false };
    for key in keys {
        let path = format!("{path}{key}");
        let index = accepted.len();
        accepted.push(Accepted { path: path.clone(), is_table: false });
        let is_table = collect(&format!("{path}."), &|inner| place(json!({ &key: inner })), accepted)
            || collect(&format!("{path}[]."), &|inner| place(json!({ &key: [inner] })), accepted)
            || collect(&format!("{path}.*."), &|inner| place(json!({ &key: { "any": inner } })), accepted);
        accepted[index].is_table = is_table;
    }
    true
}

/// The keys that may stand where [`UNKNOWN`] does, if that is a table of the agent's.
fn known(file: &Value) -> Option<Vec<String>> {
    let told = errors(&file.to_string());
    let keys = told.iter().find_map(|error| error.split_once(&format!("{UNKNOWN}: unknown key; known here: ")));
    keys.map(|(_, keys)| keys.split(", ").map(str::to_owned).collect())
}

/// The rows about keys: the path of each key, and the row.
fn documented() -> Vec<(String, &'static str)> {
    let mut rows = Vec::new();
    for (heading, tables) in TABLES {
        let (_, section) = DOCUMENT.split_once(&format!("\n## {heading}\n")).unwrap();
        let section = section.split("\n## ").next().unwrap();
        let found: Vec<&str> =
            section.trim().split("\n\n").filter(|paragraph| paragraph.starts_with("| key |")).collect();
        assert_eq!(found.len(), tables.len(), "tables below {heading}");
        for (table, prefix) in found.into_iter().zip(tables) {
            let of_table = table.lines().skip(2).flat_map(|row| paths(row).map(move |path| (path, row)));
            rows.extend(of_table.map(|(path, row)| (format!("{prefix}{path}"), row)));
        }
    }
    rows
}

/// The keys of a row: "`a`.`b`, `c`" is `a.b` and `a.c`.
fn paths(row: &str) -> impl Iterator<Item = String> {
    let cell = row.trim_start_matches("| ").split(" | ").next().unwrap_or_default();
    let cell = cell.replace("`.`", ".").replace('`', "");
    let table = cell.split(", ").next().and_then(|first| first.rsplit_once('.')).map(|(table, _)| format!("{table}."));
    let with_table = move |key: &str| match &table {
        Some(table) if !key.contains('.') => format!("{table}{key}"),
        _ => key.to_owned(),
    };
    cell.split(", ").map(with_table).collect::<Vec<_>>().into_iter()
}

#[test]
fn every_key_that_the_agent_takes_is_documented() {
    let rows = documented();
    let row = |path: &str| rows.iter().find(|(documented, _)| documented == path).map(|(_, row)| *row);
    let explained = |path: &str| {
        let by_the_table =
            path.rsplit_once('.').and_then(|(table, key)| Some(row(table)?.contains(&format!("`{key}`"))));
        row(path).is_some() || by_the_table == Some(true)
    };
    let accepted = accepted();
    let missing: Vec<_> = accepted.iter().filter(|key| !key.is_table && !explained(&key.path)).collect();
    assert!(missing.is_empty(), "not in the document: {missing:#?}");
}

#[test]
fn every_key_that_is_documented_is_taken() {
    let accepted = accepted();
    let is_taken = |path: &str| accepted.iter().any(|key| key.path == path);
    let surplus: Vec<_> = documented().into_iter().filter(|(path, _)| !is_taken(path)).collect();
    assert!(surplus.is_empty(), "the agent does not take: {surplus:#?}");
}

/// Keys at every depth are found, or the two tests above would be content with little.
#[test]
fn the_agent_tells_its_keys_at_every_depth() {
    let accepted = accepted();
    for path in ["log_level", "frr.socket_dir", "bgp.peers[].remote_as", "owners.*.allowed_prefixes.min_length.ipv6"] {
        assert!(accepted.iter().any(|key| key.path == path && !key.is_table), "{path}: {accepted:#?}");
    }
}

#[test]
fn the_example_is_a_configuration() {
    let variables = [("NODE_IP", "10.0.0.11"), ("NOVAEDGE_TOKEN", "a"), ("NOVANET_TOKEN", "b")];
    let config = parse_with(EXAMPLE, &variables);
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);
    assert_eq!(config.settings, Settings::default(), "the example shows the defaults");
    assert!(config.config_intents.len() > 1 && config.owners.len() > 2);
}
