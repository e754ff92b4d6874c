//! The custom resources of the pages.

use anyhow::{Context as _, Result, bail, ensure};
use novaroute_e2e::page::Page;
use novaroute_operator::check::{Checked, read};
use novaroute_operator::crd::{NovaRouteAdvertisement, NovaRouteCluster, NovaRouteNode, NovaRoutePeer};
use serde_json::Value;

/// The pages that have some.
const PAGES: [&str; 5] = ["quick-start.md", "installation.md", "kubernetes.md", "custom-resources.md", "upgrade.md"];

/// What an API server would say of a resource.
fn taken(resource: &Value) -> Result<()> {
    fn checked<R: Checked>(resource: &Value) -> Result<()> {
        let faults = read::<R>(resource).err().unwrap_or_default();
        ensure!(faults.is_empty(), "{faults:#?}");
        Ok(())
    }
    match resource["kind"].as_str() {
        Some("NovaRouteCluster") => checked::<NovaRouteCluster>(resource),
        Some("NovaRoutePeer") => checked::<NovaRoutePeer>(resource),
        Some("NovaRouteAdvertisement") => checked::<NovaRouteAdvertisement>(resource),
        // Nodes write these, and nobody else.
        Some("NovaRouteNode") => Ok(serde_json::from_value::<NovaRouteNode>(resource.clone()).map(drop)?),
        other => bail!("no kind of ours: {other:?}"),
    }
}

#[test]
fn the_resources_of_the_pages_are_taken() -> Result<()> {
    for page in PAGES {
        for resource in Page::read(page)?.resources().context(page)? {
            taken(&resource).with_context(|| format!("{page}: {resource:#}"))?;
        }
    }
    Ok(())
}

/// Or the test above would see nothing.
#[test]
fn a_resource_that_is_wrong_is_not_taken() -> Result<()> {
    for mut resource in Page::read("quick-start.md")?.resources()? {
        resource["spec"]["nonsense"] = 1.into();
        let told = taken(&resource).err().with_context(|| format!("taken: {resource:#}"))?;
        ensure!(format!("{told:#}").contains("nonsense"), "{told:#}");
    }
    Ok(())
}
