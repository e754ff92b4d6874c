//! The rule files.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::files;

/// The folder of the rules.
pub(crate) const FOLDER: &str = "charts/novaroute-operator/rules";

/// A rule, recording or alerting.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    /// The metric that it makes.
    pub(crate) record: Option<String>,
    /// The alert that it raises.
    pub(crate) alert: Option<String>,
    pub(crate) expr: String,
    /// How long the expression must hold; an alert that leaves it out has none.
    pub(crate) hold: Option<String>,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) annotations: BTreeMap<String, String>,
}

/// The rules of all files, those that record first.
pub(crate) fn all() -> Result<Vec<Rule>> {
    let mut rules = Vec::new();
    for path in files(FOLDER, "yaml")? {
        let file: Value = serde_saphyr::from_str(&fs::read_to_string(&path)?)?;
        for group in file["groups"].as_array().with_context(|| format!("no groups in {}", path.display()))? {
            let of_group = group["rules"].as_array().with_context(|| format!("no rules in {group}"))?;
            rules.extend(of_group.iter().map(rule).collect::<Result<Vec<_>>>()?);
        }
    }
    rules.sort_by_key(|rule| rule.record.is_none());
    Ok(rules)
}

/// The alerts, each with its name.
pub(crate) fn alerts() -> Result<Vec<(String, Rule)>> {
    Ok(all()?.into_iter().filter_map(|rule| Some((rule.alert.clone()?, rule))).collect())
}

fn rule(value: &Value) -> Result<Rule> {
    let text = |key: &str| value[key].as_str().map(str::to_owned);
    let texts = |key: &str| {
        let pairs = value[key].as_object().into_iter().flatten();
        pairs.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
    };
    Ok(Rule {
        record: text("record"),
        alert: text("alert"),
        expr: text("expr").with_context(|| format!("no expr in {value}"))?,
        hold: text("for"),
        labels: texts("labels"),
        annotations: texts("annotations"),
    })
}
