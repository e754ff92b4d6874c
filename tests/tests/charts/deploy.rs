//! The manifests in `deploy`, for those who do without Helm.

use anyhow::{Result, ensure};
use expect_test::expect_file;

use crate::shared::{AGENT, OPERATOR, at, chart, documents, rendered, validate};

/// Where all of it goes. The agents' pods use the node's network.
const NAMESPACE: &str = "\
---
apiVersion: v1
kind: Namespace
metadata:
  name: novaroute
  labels:
    pod-security.kubernetes.io/enforce: privileged
";

/// A chart without what Helm needs to find its objects again: these are not Helm's.
async fn manifests(chart_name: &str, file: &str) -> Result<String> {
    let values = at("deploy").join(format!("{file}.values.yaml"));
    let text = rendered(&chart(chart_name), &values, &["--include-crds"]).await?;
    let is_helms = |line: &&str| {
        let line = line.trim_start();
        ["helm.sh/chart:", "app.kubernetes.io/managed-by:", "# Source:"].iter().any(|start| line.starts_with(start))
    };
    let lines: Vec<&str> = text.lines().filter(|line| !is_helms(line)).collect();
    let head = format!("# Written by `make render` from charts/{chart_name} and deploy/{file}.values.yaml.\n");
    Ok(format!("{head}{NAMESPACE}{}\n", lines.join("\n").trim_end()))
}

#[tokio::test]
async fn the_manifests_are_those_of_the_charts() -> Result<()> {
    for (chart, file) in [(AGENT, "agent"), (OPERATOR, "operator")] {
        let text = manifests(chart, file).await?;
        ensure!(!text.contains("Helm"), "{file} is said to be Helm's");
        expect_file![at("deploy").join(format!("{file}.yaml"))].assert_eq(&text);
        validate(&text).await?;
    }
    Ok(())
}

/// Applied in their order, nothing waits for what comes later.
#[tokio::test]
async fn what_others_need_comes_first() -> Result<()> {
    let documents = documents(&manifests(OPERATOR, "operator").await?)?;
    let kinds: Vec<&str> = documents.iter().filter_map(|document| document["kind"].as_str()).collect();
    let definitions = kinds.iter().filter(|kind| **kind == "CustomResourceDefinition").count();
    ensure!(kinds[0] == "Namespace" && definitions == 4 && kinds[1] == "CustomResourceDefinition", "{kinds:?}");
    ensure!(kinds.last() == Some(&"Deployment"), "{kinds:?}");
    Ok(())
}
