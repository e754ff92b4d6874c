//! The charts of the repository, and what stands in what Helm makes of one.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

/// A folder or file of the repository.
#[must_use]
pub fn at(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// The folder of a chart.
#[must_use]
pub fn chart(name: &str) -> PathBuf {
    at("charts").join(name)
}

/// The documents of a YAML text, without empty ones.
///
/// # Errors
/// It is no YAML.
pub fn documents(text: &str) -> Result<Vec<Value>> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(text).with_context(|| format!("no YAML: {text}"))?;
    Ok(documents.into_iter().filter(|document| !document.is_null()).collect())
}

/// The one object of this kind.
///
/// # Errors
/// There is none, or more than one.
pub fn object<'a>(documents: &'a [Value], kind: &str) -> Result<&'a Value> {
    let mut found = documents.iter().filter(|document| document["kind"] == kind);
    let object = found.next().with_context(|| format!("there is no {kind}"))?;
    ensure!(found.next().is_none(), "there are several {kind}s");
    Ok(object)
}
