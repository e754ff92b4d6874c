//! What `novaroutectl import` prints is what the definitions of the resources take.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use novaroute_e2e::binary::binary;
use novaroute_e2e::kubernetes::definitions_take;
use serde_json::Value;
use tokio::process::Command;

/// Exit codes with which resources are printed: everything was translated, or something was left out.
const PRINTED: [Option<i32>; 2] = [Some(0), Some(4)];

#[tokio::test]
async fn what_is_imported_can_be_applied() -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/ctl/tests/import");
    let mut kinds = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if !name.ends_with(".yaml") || name.ends_with(".expected.yaml") {
            continue;
        }
        let mut import = Command::new(binary("novaroutectl")?);
        let output = import.args(["import", "-o", "json", "-f"]).arg(&path).output().await?;
        ensure!(PRINTED.contains(&output.status.code()), "{name}: {output:?}");
        let list: Value = serde_json::from_slice(&output.stdout)?;
        let resources = list["items"].as_array().with_context(|| format!("{name}: no list"))?;
        for resource in resources {
            definitions_take(resource).with_context(|| name.to_owned())?;
            kinds.extend(resource["kind"].as_str().map(str::to_owned));
        }
    }
    kinds.sort();
    kinds.dedup();
    ensure!(kinds == ["NovaRouteAdvertisement", "NovaRouteCluster", "NovaRoutePeer"], "{kinds:?}");
    Ok(())
}
