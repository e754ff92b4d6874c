//! Alerts and dashboards: Prometheus takes the rules, each alert fires when it should and not otherwise, and whatever a
//! rule or a panel asks for is in what a real agent exposes.

mod dashboard;
mod dashboards;
mod exposed;
mod page;
mod rule;
mod rules;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use novaroute_e2e::exposition::Catalog;

/// The repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The files of a folder of the repository whose names have this ending; never none.
fn files(folder: &str, ending: &str) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(root().join(folder)).with_context(|| folder.to_owned())?;
    let mut files = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == ending));
    files.sort();
    ensure!(!files.is_empty(), "no {ending} in {folder}");
    Ok(files)
}

/// What the agent exposes and the recording rules make of it.
fn catalog(exposition: &str) -> Result<Catalog> {
    let mut catalog = Catalog::of(exposition)?;
    for rule in rule::all()? {
        if let Some(name) = &rule.record {
            catalog.record(name, &rule.expr)?;
        }
    }
    Ok(catalog)
}
