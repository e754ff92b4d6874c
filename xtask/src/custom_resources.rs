//! The page about the custom resources, written from their definitions.

mod field;
mod kubernetes;
mod table;
mod types;

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, CustomResourceDefinitionVersion,
};
use serde_json::Value;

use field::Fields;
use types::Types;

/// The page.
const PAGE: &str = "docs/custom-resources.md";
/// Where an example of each kind is kept; tests read them.
const EXAMPLES: &str = "crates/operator/tests/resources";
/// What stands before the sections.
const INTRODUCTION: &str = "\
# Custom resources

Every field of the custom resources of group `novaroute.io`, as `cargo run -p xtask -- custom-resources` prints it from the types in
`crates/operator/src/crd`, from which the definitions are made too. [kubernetes.md](kubernetes.md) says what is done with them,
[quick-start.md](quick-start.md) shows them at work. `kubectl explain novaroutecluster.spec.agent.bgp` tells the same on a cluster.

- *Default*: what the API server fills in. `required`: the field must be there where the one above it is. `–`: neither; what it means to leave
  such a field out is said where it is not plain.
- A field whose type is a link has the structure of Kubernetes itself.
- `[]` is each item of a list.
- The API server refuses a resource that breaks a rule or has a value that is not allowed, and names the field.
";

/// The page as it should be.
///
/// # Errors
/// A definition has something that the page has no words for, or an example is missing.
fn page(root: &Path) -> Result<String> {
    let mut page = INTRODUCTION.to_owned();
    for (_, definition) in novaroute_operator::crd::definitions() {
        let kind = definition.spec.names.kind.clone();
        page += &section(root, &definition).with_context(|| format!("the section of {kind}"))?;
    }
    Ok(page)
}

fn section(root: &Path, definition: &CustomResourceDefinition) -> Result<String> {
    let kind = definition.spec.names.kind.as_str();
    let version = definition.spec.versions.first().context("no version")?;
    let schema = version.schema.as_ref().and_then(|schema| schema.open_api_v3_schema.as_ref());
    let schema = serde_json::to_value(schema.context("no schema")?)?;
    let types = Types::of(kind)?;
    let part = |name: &str| Fields::of(name, &schema["properties"][name], &types);
    let (spec, status) = (part("spec")?, part("status")?);
    let description = schema["description"].as_str().context("no description")?;
    let mut text = format!("\n## {kind}\n\n{description}\n\n{}\n\n", head(definition, version)?);
    text += &format!("```yaml\n{}```\n\n", example(root, kind)?);
    text += &match spec.fields.is_empty() {
        true => schema["properties"]["spec"]["description"].as_str().context("no description")?.to_owned() + "\n",
        false => table::of_spec(&spec.fields),
    };
    if !spec.rules.is_empty() {
        text += &format!("\nRules:\n\n{}", table::rules(&spec.rules));
    }
    text += &format!("\nWhat the status of a {kind} says:\n\n{}", table::of_status(&status.fields));
    Ok(text)
}

/// Where the resource lives and how it is called.
fn head(definition: &CustomResourceDefinition, version: &CustomResourceDefinitionVersion) -> Result<String> {
    let short = definition.spec.names.short_names.iter().flatten().next().context("no short name")?;
    let place = match definition.spec.scope.as_str() {
        "Namespaced" => "Belongs to a namespace",
        _ => "Belongs to the whole cluster",
    };
    let columns = version.additional_printer_columns.iter().flatten().map(|column| column.name.as_str());
    let columns = columns.collect::<Vec<_>>().join(", ");
    Ok(format!("{place}; short name `{short}`. `kubectl get {short}` shows {columns}."))
}

/// The example of a kind, without the comment that it begins with.
fn example(root: &Path, kind: &str) -> Result<String> {
    let name = kind.strip_prefix("NovaRoute").context("another kind")?.to_lowercase();
    let path = root.join(EXAMPLES).join(format!("{name}.yaml"));
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let found: Value = serde_saphyr::from_str(&text).with_context(|| path.display().to_string())?;
    anyhow::ensure!(found["kind"] == kind, "{} is no {kind}", path.display());
    let lines = text.lines().skip_while(|line| line.starts_with('#'));
    Ok(lines.map(|line| format!("{line}\n")).collect())
}

/// Writes the page.
///
/// # Errors
/// See [`page`]; or it cannot be written.
pub(crate) fn write(root: &Path) -> Result<()> {
    let path = root.join(PAGE);
    fs::write(&path, page(root)?).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_what_the_types_say() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let kept = fs::read_to_string(root.join(PAGE)).unwrap_or_default();
        let page = page(&root).unwrap();
        assert!(kept == page, "{PAGE} is old: run `cargo run -p xtask -- custom-resources`");
    }

    #[test]
    fn the_example_of_another_kind_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join(EXAMPLES);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("peer.yaml"), "# Why.\nkind: NovaRoutePeer\nspec: {}\n").unwrap();
        assert_eq!(example(root.path(), "NovaRoutePeer").unwrap(), "kind: NovaRoutePeer\nspec: {}\n");
        fs::write(folder.join("peer.yaml"), "kind: Peer\n").unwrap();
        assert!(example(root.path(), "NovaRoutePeer").is_err());
    }
}
