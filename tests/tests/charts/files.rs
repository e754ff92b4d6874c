//! Alert rules and dashboards: files of the chart that become objects.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

use crate::shared::{OPERATOR, chart, documents, object, rendered, validate};

const SWITCHED_ON: &str = "prometheusRule: {enabled: true, labels: {release: prometheus}}\n\
    dashboards: {enabled: true, annotations: {grafana_folder: NovaRoute}}\n";
/// What Prometheus expands is not for Helm to expand.
const RULES: &str = "groups:\n  - name: agents\n    rules:\n      - alert: Away\n        expr: up == 0\n        \
    annotations: {summary: \"{{ $labels.node }} is away\"}\n";
const DASHBOARD: &str = "{\"title\": \"Agents\", \"legend\": \"{{node}}\"}\n";

/// The operator's chart without its own rules and dashboards.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (path, name) = (entry.path(), entry.file_name());
        let target = to.join(&name);
        match path.is_dir() {
            true if name == "rules" || name == "dashboards" => {}
            true => copy(&path, &target)?,
            false => drop(fs::copy(&path, &target)?),
        }
    }
    Ok(())
}

#[tokio::test]
async fn rules_and_dashboards_are_made_of_files() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (chart_copy, values) = (folder.path().join(OPERATOR), folder.path().join("values.yaml"));
    copy(&chart(OPERATOR), &chart_copy)?;
    fs::write(&values, SWITCHED_ON)?;
    let without = documents(&rendered(&chart_copy, &values, &[]).await?)?;
    ensure!(object(&without, "PrometheusRule").is_err() && object(&without, "ConfigMap").is_err(), "made of no file");

    for (name, text) in [("rules/agents.yaml", RULES), ("dashboards/node_agents.json", DASHBOARD)] {
        let path = chart_copy.join(name);
        fs::create_dir_all(path.parent().context("no folder")?)?;
        fs::write(path, text)?;
    }
    let text = rendered(&chart_copy, &values, &[]).await?;
    validate(&text).await?;
    let with = documents(&text)?;
    let rules = object(&with, "PrometheusRule")?;
    ensure!(rules["metadata"]["name"] == "novaroute-novaroute-operator-agents", "{rules:#}");
    ensure!(rules["metadata"]["labels"]["release"] == "prometheus", "{rules:#}");
    ensure!(rules["spec"] == documents(RULES)?[0], "{rules:#}");
    let dashboard = object(&with, "ConfigMap")?;
    ensure!(dashboard["metadata"]["labels"]["grafana_dashboard"] == "1", "{dashboard:#}");
    ensure!(dashboard["metadata"]["annotations"]["grafana_folder"] == "NovaRoute", "{dashboard:#}");
    let held = dashboard["data"]["node_agents.json"].as_str().map(str::trim);
    ensure!(held == Some(DASHBOARD.trim()), "{dashboard:#}");

    fs::write(&values, "{}\n")?;
    let off = documents(&rendered(&chart_copy, &values, &[]).await?)?;
    ensure!(object(&off, "PrometheusRule").is_err() && object(&off, "ConfigMap").is_err(), "made without being asked");
    Ok(())
}
