//! The definitions of the custom resources, as the chart carries them.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

/// Where they are kept.
const FOLDER: &str = "charts/novaroute-operator/crds";
/// What stands before each.
const HEAD: &str = "# Written by `cargo run -p xtask -- crds` from the types in crates/operator/src/crd.\n";

/// The files, by their name, as they should be.
///
/// # Errors
/// A definition cannot be written as YAML.
pub(crate) fn files() -> Result<Vec<(String, String)>> {
    let definitions = novaroute_operator::crd::definitions().into_iter();
    let text = |(name, definition)| {
        let yaml = serde_saphyr::to_string(&serde_json::to_value(&definition)?)?;
        Ok((name, format!("{HEAD}{yaml}")))
    };
    definitions.map(text).collect()
}

/// Writes them.
///
/// # Errors
/// A file cannot be written.
pub(crate) fn write(root: &Path) -> Result<()> {
    let folder = root.join(FOLDER);
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for (name, text) in files()? {
        let path = folder.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chart_has_the_definitions_of_the_types() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(FOLDER);
        let files = files().unwrap();
        for (name, text) in &files {
            let kept = fs::read_to_string(folder.join(name)).unwrap_or_default();
            assert!(kept == *text, "{FOLDER}/{name} is old: run `cargo run -p xtask -- crds`");
        }
        assert_eq!(fs::read_dir(folder).unwrap().count(), files.len(), "a definition without a type");
    }
}
