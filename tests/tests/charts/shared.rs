//! What Helm makes of the charts, and what stands in it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::ByteString;
pub(crate) use novaroute_e2e::chart::{at, chart, documents, object};
use novaroute_e2e::helm::{Helm, RELEASES};
use novaroute_e2e::kubernetes::{self, KUBERNETES};
use serde_json::Value;

/// The chart of the agents alone.
pub(crate) const AGENT: &str = "novaroute";
/// The operator's chart.
pub(crate) const OPERATOR: &str = "novaroute-operator";
/// Groups of custom resources, which the schemas of Kubernetes do not know.
const CUSTOM: [&str; 2] = ["novaroute.io/", "monitoring.coreos.com/"];

/// The files of values for a chart.
///
/// # Errors
/// There are none.
pub(crate) fn cases(chart: &str) -> Result<Vec<PathBuf>> {
    let files = fs::read_dir(at("tests/charts").join(chart))?.map(|entry| Ok(entry?.path()));
    let mut files = files.collect::<Result<Vec<_>>>()?;
    files.retain(|file| file.to_string_lossy().ends_with(".values.yaml"));
    files.sort();
    ensure!(!files.is_empty(), "{chart} has no values");
    Ok(files)
}

fn cache() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

/// Each release of Helm.
pub(crate) async fn helms() -> Result<Vec<Helm>> {
    let mut helms = Vec::new();
    for release in RELEASES {
        helms.push(Helm::of(release, cache()).await?);
    }
    Ok(helms)
}

/// What each release of Helm makes of a chart, which is the same.
///
/// # Errors
/// A release refuses the values, or they differ.
pub(crate) async fn rendered(chart: &Path, values: &Path, more: &[&str]) -> Result<String> {
    let mut all = Vec::new();
    for helm in helms().await? {
        all.push(helm.template(chart, values, more).await?);
    }
    let text = all.pop().context("no release of Helm")?;
    for other in all {
        ensure!(other == text, "the releases of Helm differ:\n{other}\n{text}");
    }
    Ok(text)
}

/// Holds documents against the schemas of Kubernetes: no field that is not known, none missing, none of another type.
///
/// # Errors
/// What is wrong with which.
pub(crate) async fn validate(text: &str) -> Result<()> {
    let mut known = String::new();
    for document in text.split("\n---\n") {
        let is_custom = documents(document)?.iter().any(|document| {
            let version = document["apiVersion"].as_str().unwrap_or_default();
            CUSTOM.iter().any(|group| version.starts_with(group))
        });
        if !is_custom {
            known += &format!("---\n{document}\n");
        }
    }
    for version in KUBERNETES {
        kubernetes::validate(&known, version, cache()).await?;
    }
    Ok(())
}

/// A value of a ConfigMap, or of a Secret.
pub(crate) fn text(value: &Value, is_secret: bool) -> Option<String> {
    if !is_secret {
        return value.as_str().map(str::to_owned);
    }
    let ByteString(bytes) = serde_json::from_value(value.clone()).ok()?;
    String::from_utf8(bytes).ok()
}
