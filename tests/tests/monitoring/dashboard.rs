//! The dashboards of Grafana, as far as the tests look at them.

use std::fs;

use anyhow::{Context as _, Result, ensure};
use novaroute_e2e::exposition::{Catalog, OF_TARGET};
use serde_json::Value;

use crate::files;

const FOLDER: &str = "charts/novaroute-operator/dashboards";

/// A dashboard.
#[derive(Debug)]
pub(crate) struct Dashboard {
    /// The file.
    pub(crate) name: String,
    pub(crate) json: Value,
}

/// A query of a panel.
#[derive(Debug)]
pub(crate) struct Target<'a> {
    pub(crate) expr: &'a str,
    pub(crate) legend: &'a str,
}

/// All dashboards.
pub(crate) fn all() -> Result<Vec<Dashboard>> {
    let read = |path: &std::path::PathBuf| -> Result<Dashboard> {
        let json = serde_json::from_str(&fs::read_to_string(path)?)?;
        Ok(Dashboard { name: path.display().to_string(), json })
    };
    files(FOLDER, "json")?.iter().map(|path| read(path).with_context(|| path.display().to_string())).collect()
}

impl Dashboard {
    fn list(&self, pointer: &str) -> Result<&[Value]> {
        let list = self.json.pointer(pointer).and_then(Value::as_array);
        Ok(list.with_context(|| format!("{} has no list {pointer}", self.name))?)
    }

    /// All panels, rows too.
    pub(crate) fn panels(&self) -> Result<&[Value]> {
        self.list("/panels")
    }

    /// The variables.
    pub(crate) fn variables(&self) -> Result<&[Value]> {
        self.list("/templating/list")
    }

    /// The panels that show something.
    pub(crate) fn shown(&self) -> Result<impl Iterator<Item = &Value>> {
        Ok(self.panels()?.iter().filter(|panel| panel["type"] != "row"))
    }

    /// Everything that the dashboard asks for is there.
    pub(crate) fn check(&self, catalog: &Catalog) -> Result<()> {
        for panel in self.shown()? {
            for target in targets(panel)? {
                catalog.check(target.expr)?;
                check_labels(catalog, target.expr, target.legend, "{{")?;
            }
        }
        for variable in self.variables()?.iter().filter(|variable| variable["type"] == "query") {
            let (series, label) = label_values(variable)?;
            catalog.check(series)?;
            ensure!(is_label(catalog, series, label)?, "no label {label} on {series}");
        }
        Ok(())
    }
}

/// The queries of a panel; never none.
pub(crate) fn targets(panel: &Value) -> Result<Vec<Target<'_>>> {
    let targets = panel["targets"].as_array().with_context(|| format!("{} asks for nothing", panel["title"]))?;
    ensure!(!targets.is_empty(), "{} asks for nothing", panel["title"]);
    let read = |target| -> Result<Target<'_>> {
        let text = |key: &str| -> Result<&str> {
            let value: &Value = target;
            value[key].as_str().with_context(|| format!("no {key} in {value}"))
        };
        Ok(Target { expr: text("expr")?, legend: text("legendFormat")? })
    };
    targets.iter().map(read).collect()
}

/// The series and the label of `label_values(SERIES, LABEL)`.
pub(crate) fn label_values(variable: &Value) -> Result<(&str, &str)> {
    let query = variable["query"]["query"].as_str().with_context(|| format!("no query in {variable}"))?;
    let inside = query.strip_prefix("label_values(").and_then(|rest| rest.strip_suffix(')'));
    inside.and_then(|inside| inside.rsplit_once(", ")).with_context(|| format!("{query} is not understood"))
}

fn is_label(catalog: &Catalog, expression: &str, label: &str) -> Result<bool> {
    Ok(OF_TARGET.contains(&label) || catalog.labels(expression)?.contains(label))
}

/// The labels that a text names behind `mark` are labels of what the expression asks for.
pub(crate) fn check_labels(catalog: &Catalog, expression: &str, text: &str, mark: &str) -> Result<()> {
    for rest in text.split(mark).skip(1) {
        let end = rest.find(|next: char| !next.is_ascii_alphanumeric() && next != '_').unwrap_or(rest.len());
        let label = &rest[..end];
        ensure!(is_label(catalog, expression, label)?, "no label {label:?} for {text:?} in {expression}");
    }
    Ok(())
}
