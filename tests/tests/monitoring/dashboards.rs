//! The dashboards as Grafana and a reader see them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;

use anyhow::{Context as _, Result, ensure};
use novaroute_e2e::promtool::promtool;
use serde_json::{Value, json};

use crate::dashboard::{self, Dashboard, label_values, targets};

/// The form of dashboards that Grafana 12 and 13 write.
const SCHEMA_VERSION: u64 = 42;
/// Width of a dashboard in units of its grid.
const WIDTH: u64 = 24;
/// What Grafana replaces in a range, and what it may become.
const INTERVAL: (&str, &str) = ("$__rate_interval", "5m");

#[test]
fn dashboards_are_of_no_machine() -> Result<()> {
    let (mut titles, mut uids) = (BTreeSet::new(), BTreeSet::new());
    for Dashboard { name, json } in dashboard::all()? {
        assert_eq!(json["schemaVersion"], SCHEMA_VERSION, "{name}");
        let title = json["title"].as_str().filter(|title| titles.insert((*title).to_owned()));
        ensure!(title.is_some(), "{name} has no title of its own");
        let uid = json["uid"].as_str().filter(|uid| uid.starts_with("novaroute-") && uids.insert((*uid).to_owned()));
        ensure!(uid.is_some(), "{name} has no uid of its own");
        ensure!(json.get("id").is_none_or(Value::is_null), "{name} has the number that a Grafana gave it");
        check_datasources(&json).context(name)?;
    }
    Ok(())
}

/// Every data source, wherever it stands, is the one that the reader chooses.
fn check_datasources(value: &Value) -> Result<()> {
    match value {
        Value::Object(fields) => {
            if let Some(source) = fields.get("datasource") {
                let chosen = json!({ "type": "prometheus", "uid": "${datasource}" });
                ensure!(*source == chosen, "the data source {source}");
            }
            fields.values().try_for_each(check_datasources)
        }
        Value::Array(items) => items.iter().try_for_each(check_datasources),
        _ => Ok(()),
    }
}

#[test]
fn panels_have_a_title_a_unit_and_a_source() -> Result<()> {
    for dashboard in dashboard::all()? {
        let (mut ids, mut titles) = (BTreeSet::new(), BTreeSet::new());
        for panel in dashboard.panels()? {
            let title = panel["title"].as_str().filter(|title| !title.is_empty());
            let title = title.with_context(|| format!("{} has a panel without a title", dashboard.name))?;
            ensure!(titles.insert(title) && ids.insert(panel["id"].as_u64()), "{title} is there twice");
        }
        for panel in dashboard.shown()? {
            check_panel(panel).with_context(|| format!("{}: {}", dashboard.name, panel["title"]))?;
        }
    }
    Ok(())
}

fn check_panel(panel: &Value) -> Result<()> {
    let unit = panel["fieldConfig"]["defaults"]["unit"].as_str().context("no unit")?;
    ensure!(panel["description"].as_str().is_some_and(|text| text.ends_with('.')), "no description");
    ensure!(panel.get("datasource").is_some(), "no data source");
    let of_targets = panel["targets"].as_array().into_iter().flatten();
    ensure!(of_targets.clone().all(|target| target.get("datasource").is_some()), "a query without a data source");
    let ids: BTreeSet<_> = of_targets.clone().map(|target| target["refId"].as_str()).collect();
    ensure!(ids.len() == of_targets.count() && !ids.contains(&None), "queries without a name of their own");
    for target in targets(panel)? {
        let is_time = target.expr.contains("_seconds") && !target.expr.contains("_seconds_count");
        ensure!(is_time == (unit == "s"), "the unit {unit:?} for {}", target.expr);
    }
    Ok(())
}

#[test]
fn panels_lie_beside_each_other() -> Result<()> {
    for dashboard in dashboard::all()? {
        let mut taken = BTreeMap::new();
        for panel in dashboard.panels()? {
            let at = |key: &str| panel["gridPos"][key].as_u64().with_context(|| format!("no {key} of {panel}"));
            let (left, top, width, height) = (at("x")?, at("y")?, at("w")?, at("h")?);
            ensure!(width > 0 && height > 0 && left + width <= WIDTH, "{} is too wide", panel["title"]);
            for place in (left..left + width).flat_map(|x| (top..top + height).map(move |y| (x, y))) {
                let other = taken.insert(place, &panel["title"]);
                ensure!(other.is_none(), "{}: {} lies on {other:?}", dashboard.name, panel["title"]);
            }
        }
    }
    Ok(())
}

/// The variables that a text refers to as `$name` or `${name}`.
fn referred(text: &str) -> impl Iterator<Item = &str> {
    text.split('$').skip(1).map(|rest| {
        let rest = rest.strip_prefix('{').unwrap_or(rest);
        let end = rest.find(|next: char| !next.is_ascii_alphanumeric() && next != '_').unwrap_or(rest.len());
        &rest[..end]
    })
}

#[test]
fn variables_are_declared_and_used() -> Result<()> {
    for dashboard in dashboard::all()? {
        let names = dashboard.variables()?.iter().filter_map(|variable| variable["name"].as_str());
        let names: BTreeSet<&str> = names.collect();
        let text = dashboard.json.to_string();
        let used: BTreeSet<&str> = referred(&text).filter(|name| !name.starts_with("__")).collect();
        assert_eq!(used, names, "{}", dashboard.name);
        let source = dashboard.variables()?.iter().find(|variable| variable["type"] == "datasource");
        let source = source.with_context(|| format!("{} lets no data source be chosen", dashboard.name))?;
        ensure!(source["name"] == "datasource" && source["query"] == "prometheus", "{source}");
    }
    Ok(())
}

/// Prometheus takes every query, when Grafana has put in what it puts in.
#[tokio::test]
async fn prometheus_takes_the_queries() -> Result<()> {
    let mut rules = String::from("groups:\n- name: panels\n  rules:\n");
    let mut add = |expression: &str| {
        let (variable, becomes) = INTERVAL;
        let expression = Value::from(expression.replace(variable, becomes));
        let number = rules.lines().count();
        writeln!(rules, "  - {{record: 'panel:{number}', expr: {expression}}}")
    };
    for dashboard in dashboard::all()? {
        for panel in dashboard.shown()? {
            targets(panel)?.iter().try_for_each(|target| add(target.expr))?;
        }
        for variable in dashboard.variables()?.iter().filter(|variable| variable["type"] == "query") {
            add(label_values(variable)?.0)?;
        }
    }
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("panels.yaml");
    fs::write(&path, &rules)?;
    let said = promtool(["check".as_ref(), "rules".as_ref(), path.as_os_str()]).await?;
    let number = rules.lines().count() - 3;
    ensure!(said.contains(&format!("{number} rules found")), "{said}");
    Ok(())
}
