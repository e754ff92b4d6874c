//! Which values replace the pods: to replace one takes its node out of routing for a while.

use std::fs;

use anyhow::{Result, ensure};
use serde_json::Value;

use crate::shared::{AGENT, chart, documents, object, rendered};

/// The pods that these values make; another template replaces them.
async fn template(values: &str) -> Result<Value> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("values.yaml");
    fs::write(&path, values)?;
    let documents = documents(&rendered(&chart(AGENT), &path, &[]).await?)?;
    Ok(object(&documents, "DaemonSet")?["spec"]["template"].clone())
}

#[tokio::test]
async fn what_a_pod_reads_when_it_starts_replaces_it() -> Result<()> {
    let mut seen = vec![template("{}").await?];
    for values in [
        "{bgp: {localAs: 65001}}",
        "{owners: [{name: edge, token: one}]}",
        "{owners: [{name: edge, token: other}]}",
        "{config: {log_format: json}}",
        "{frr: {daemons: {ospfd: false}}}",
        "{companion: {enabled: true}}",
        "{companion: {enabled: true, drain: {onCordon: true}}}",
    ] {
        let template = template(values).await?;
        ensure!(!seen.contains(&template), "{values} replaces no pod");
        seen.push(template);
    }
    Ok(())
}

#[tokio::test]
async fn nothing_else_does() -> Result<()> {
    let before = template("{}").await?;
    for values in [
        "{metrics: {service: {annotations: {a: b}}, serviceMonitor: {enabled: true}}}",
        "{updateStrategy: {type: OnDelete}}",
        "{serviceAccount: {annotations: {a: b}}}",
        "{companion: {passwordSecrets: [rack]}}",
    ] {
        ensure!(template(values).await? == before, "{values} replaces the pods");
    }
    let labels = before["metadata"]["labels"].as_object().map(|labels| labels.keys().collect::<Vec<_>>());
    let lasting = ["component", "instance", "name"].map(|part| format!("app.kubernetes.io/{part}"));
    ensure!(labels == Some(lasting.iter().collect()), "labels that change with the chart's version: {labels:?}");
    Ok(())
}
