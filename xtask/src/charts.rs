//! What the charts take from elsewhere: the definitions in the schemas of their values, and the tables in their READMEs.

mod readme;
mod schema;
mod values;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::Value;

/// The charts' folders.
const CHARTS: [&str; 2] = ["charts/novaroute", "charts/novaroute-operator"];

/// The files that are written, with their text as it should be.
///
/// # Errors
/// A file cannot be read, a value has no comment or is not in the schema, or a README has no place for the table.
fn files(root: &Path) -> Result<Vec<(PathBuf, String)>> {
    let mut files = Vec::new();
    for chart in CHARTS {
        let read = |name: &str| {
            let path = root.join(chart).join(name);
            let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            anyhow::Ok((path, text))
        };
        let (schema_path, schema) = read("values.schema.json")?;
        let schema = schema::with_definitions(serde_json::from_str(&schema).context("values.schema.json")?)?;
        let (_, values) = read("values.yaml")?;
        let (readme_path, readme) = read("README.md")?;
        let readme = readme::with_table(&readme, &table(&values, &schema).with_context(|| chart.to_owned())?)?;
        files.extend([(schema_path, format!("{schema:#}\n")), (readme_path, readme)]);
    }
    Ok(files)
}

/// The table of the values in the file `values`.
fn table(values: &str, schema: &Value) -> Result<String> {
    let entries = values::entries(values)?;
    values::check(&entries, schema)?;
    readme::table(&entries, &serde_saphyr::from_str(values).context("values.yaml")?, schema)
}

/// Writes the files.
///
/// # Errors
/// See [`files`]; or one cannot be written.
pub(crate) fn write(root: &Path) -> Result<()> {
    for (path, text) in files(root)? {
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
    }

    #[test]
    fn the_charts_have_the_definitions_and_tables_that_belong_to_them() {
        for (path, text) in files(&root()).unwrap() {
            let kept = fs::read_to_string(&path).unwrap();
            assert!(kept == text, "{} is old: run `cargo run -p xtask -- charts`", path.display());
        }
    }

    #[test]
    fn the_charts_have_the_version_of_the_workspace() {
        for chart in CHARTS {
            let text = fs::read_to_string(root().join(chart).join("Chart.yaml")).unwrap();
            let chart: Value = serde_saphyr::from_str(&text).unwrap();
            let version = env!("CARGO_PKG_VERSION");
            assert_eq!((chart["version"].as_str(), chart["appVersion"].as_str()), (Some(version), Some(version)));
        }
    }
}
