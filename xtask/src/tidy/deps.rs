//! Arrows of dependency: which crate may use which.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::finding::Finding;

const WHY: &str =
    "the arrows of dependency are what keeps the pure crates pure and the edges thin (ARCHITECTURE.md, Crates)";
const FIX: &str = "move the code to the crate that may have the dependency, or change the table in xtask/src/tidy/deps.rs and ARCHITECTURE.md together";

/// What a crate may depend on, in normal and build dependencies. What its tests use is free.
enum Allowed {
    Only(&'static [&'static str]),
    AllBut(&'static [&'static str]),
}

/// The table. A crate that it does not name is a finding, so that a new crate gets a row.
const RULES: &[(&str, Allowed)] = &[
    ("novaroute-core", Allowed::Only(&["arrayvec", "ipnet", "thiserror"])),
    ("novaroute-frr", Allowed::Only(&["novaroute-core", "serde_json", "sha2", "thiserror"])),
    (
        "novaroute-api",
        Allowed::AllBut(&[
            "k8s-openapi",
            "kube",
            "novaroute-agent",
            "novaroute-ctl",
            "novaroute-fake-kube",
            "novaroute-frr",
            "novaroute-lab",
        ]),
    ),
    (
        "novaroute-agent",
        Allowed::AllBut(&["k8s-openapi", "kube", "novaroute-ctl", "novaroute-fake-kube", "novaroute-lab"]),
    ),
    (
        "novaroute-ctl",
        Allowed::AllBut(&[
            "k8s-openapi",
            "kube",
            "novaroute-agent",
            "novaroute-core",
            "novaroute-fake-kube",
            "novaroute-frr",
            "novaroute-lab",
        ]),
    ),
    (
        "novaroute-operator",
        Allowed::AllBut(&["novaroute-agent", "novaroute-ctl", "novaroute-fake-kube", "novaroute-frr", "novaroute-lab"]),
    ),
    (
        "novaroute-lab",
        Allowed::AllBut(&["novaroute-agent", "novaroute-api", "novaroute-core", "novaroute-ctl", "novaroute-frr"]),
    ),
    (
        "novaroute-fake-kube",
        Allowed::AllBut(&[
            "k8s-openapi",
            "kube",
            "novaroute-agent",
            "novaroute-api",
            "novaroute-core",
            "novaroute-ctl",
            "novaroute-frr",
            "novaroute-lab",
            "novaroute-operator",
        ]),
    ),
    // Tests and chores are never shipped: they may use anything.
    ("novaroute-e2e", Allowed::AllBut(&[])),
    ("xtask", Allowed::AllBut(&[])),
];

/// Checks what `cargo metadata --no-deps` printed.
///
/// # Errors
/// When the JSON lacks a field that cargo always prints.
pub(crate) fn check(metadata: &Value) -> Result<Vec<Finding>> {
    let root = text(metadata, "workspace_root")?;
    let mut findings = Vec::new();
    for package in list(metadata, "packages")? {
        let name = text(package, "name")?;
        let manifest = text(package, "manifest_path")?;
        let file = manifest.strip_prefix(root).unwrap_or(manifest).trim_start_matches('/');
        let shipped = shipped_dependencies(package)?;
        findings.extend(judge(name, &shipped).map(|what| Finding {
            file: file.to_owned(),
            line: 1,
            what,
            why: WHY,
            fix: FIX,
        }));
    }
    Ok(findings)
}

/// One text for each dependency of `package` that its row does not allow.
fn judge(package: &str, dependencies: &BTreeSet<&str>) -> impl Iterator<Item = String> {
    let row = RULES.iter().find(|(name, _)| *name == package);
    let refused: Vec<String> = match row {
        None => vec![format!("crate {package} has no row in the dependency rules")],
        Some((_, Allowed::Only(only))) => dependencies
            .iter()
            .filter(|dependency| !only.contains(dependency))
            .map(|dependency| format!("{package} depends on {dependency}; it may use only {}", only.join(", ")))
            .collect(),
        Some((_, Allowed::AllBut(never))) => dependencies
            .iter()
            .filter(|dependency| never.contains(dependency))
            .map(|dependency| format!("{package} depends on {dependency}, which it must not"))
            .collect(),
    };
    refused.into_iter()
}

/// Names of what ends up in, or builds, the crate itself: everything but dev-dependencies.
fn shipped_dependencies(package: &Value) -> Result<BTreeSet<&str>> {
    list(package, "dependencies")?
        .iter()
        .filter(|dependency| dependency["kind"] != "dev")
        .map(|dependency| text(dependency, "name"))
        .collect()
}

fn text<'a>(value: &'a Value, key: &str) -> Result<&'a str> {
    value[key].as_str().with_context(|| format!("cargo metadata has no text `{key}`"))
}

fn list<'a>(value: &'a Value, key: &str) -> Result<&'a Vec<Value>> {
    value[key].as_array().with_context(|| format!("cargo metadata has no list `{key}`"))
}

#[cfg(test)]
mod tests;
