//! The rules as Prometheus sees them.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context as _, Result, ensure};
use novaroute_e2e::promql::selectors;
use novaroute_e2e::promtool::promtool;
use serde_json::Value;

use crate::page::PAGE;
use crate::rule::{self, FOLDER};
use crate::{files, root};

/// How urgent an alert may be.
const SEVERITIES: [&str; 3] = ["critical", "warning", "info"];
/// The folder of the tests of the rules.
const TESTS: &str = "tests/prometheus";

#[tokio::test]
async fn prometheus_takes_the_rules() -> Result<()> {
    for path in files(FOLDER, "yaml")? {
        let said = promtool(["check".as_ref(), "rules".as_ref(), path.as_os_str()]).await?;
        ensure!(said.contains("SUCCESS"), "{said}");
    }
    let folder = tempfile::tempdir()?;
    let broken = folder.path().join("broken.yaml");
    fs::write(&broken, "groups: [{name: a, rules: [{record: b, expr: sum by}]}]")?;
    let refused = promtool(["check".as_ref(), "rules".as_ref(), broken.as_os_str()]).await;
    ensure!(refused.is_err(), "a broken rule was taken");
    Ok(())
}

/// What is written beside the rules is what happens.
#[tokio::test]
async fn alerts_fire_when_they_should() -> Result<()> {
    for path in files(TESTS, "yaml")? {
        promtool(["test".as_ref(), "rules".as_ref(), path.as_os_str()]).await?;
    }
    Ok(())
}

/// The alerts that a test of the rules expects, and those that it expects not.
fn tested() -> Result<[BTreeSet<String>; 2]> {
    let mut tested = [BTreeSet::new(), BTreeSet::new()];
    for path in files(TESTS, "yaml")? {
        let file: Value = serde_saphyr::from_str(&fs::read_to_string(&path)?)?;
        let tests = file["tests"].as_array().with_context(|| format!("no tests in {}", path.display()))?;
        let cases = tests.iter().flat_map(|test| test["alert_rule_test"].as_array().into_iter().flatten());
        for case in cases {
            let name = case["alertname"].as_str().with_context(|| format!("no alertname in {case}"))?;
            let fires = case["exp_alerts"].as_array().is_some_and(|alerts| !alerts.is_empty());
            tested[usize::from(!fires)].insert(name.to_owned());
        }
    }
    Ok(tested)
}

#[test]
fn each_alert_has_a_case_that_fires_and_one_that_does_not() -> Result<()> {
    let named: BTreeSet<String> = rule::alerts()?.into_iter().map(|(name, _)| name).collect();
    let [fire, rest] = tested()?;
    assert_eq!(fire, named);
    assert_eq!(rest, named);
    Ok(())
}

#[test]
fn each_alert_says_where_how_bad_and_what_to_read() -> Result<()> {
    let mut seen = BTreeSet::new();
    for (name, rule) in rule::alerts()? {
        ensure!(name.starts_with("NovaRoute") && seen.insert(name.clone()), "{name}");
        ensure!(rule.hold.is_some(), "{name} has no `for`");
        let severity = rule.labels.get("severity").with_context(|| format!("{name} has no severity"))?;
        ensure!(SEVERITIES.contains(&severity.as_str()), "{name}: {severity}");
        let annotation = |key: &str| rule.annotations.get(key).with_context(|| format!("{name} has no {key}"));
        ensure!(annotation("summary")?.contains("$labels.instance"), "the summary of {name} does not name the node");
        let description = annotation("description")?;
        for part in ["{{ $labels.instance }}", "{{ $value"] {
            ensure!(description.contains(part), "the description of {name} lacks {part}");
        }
        let page = format!("{}/blob/main/{PAGE}#{}", env!("CARGO_PKG_REPOSITORY"), name.to_lowercase());
        ensure!(*annotation("runbook_url")? == page, "the page of {name} is {page}");
    }
    Ok(())
}

/// A label of a target that Prometheus adds by itself, such as that of a cluster, must reach whoever is told.
#[test]
fn no_rule_drops_labels_of_its_targets() -> Result<()> {
    for rule in rule::all()? {
        for grouping in selectors(&rule.expr)?.into_iter().flat_map(|selector| selector.groupings) {
            ensure!(grouping.word != "by", "{rule:?}");
        }
    }
    ensure!(root().join(FOLDER).is_dir());
    Ok(())
}
