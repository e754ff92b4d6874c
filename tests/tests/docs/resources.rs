//! The custom resources of the pages.

use anyhow::{Context as _, Result, ensure};
use novaroute_e2e::kubernetes::definitions_take;
use novaroute_e2e::page::Page;

/// The pages that have some.
const PAGES: [&str; 5] = ["quick-start.md", "installation.md", "kubernetes.md", "custom-resources.md", "upgrade.md"];

#[test]
fn the_resources_of_the_pages_are_taken() -> Result<()> {
    for page in PAGES {
        for resource in Page::read(page)?.resources().context(page)? {
            definitions_take(&resource).context(page)?;
        }
    }
    Ok(())
}

/// Or the test above would see nothing.
#[test]
fn a_resource_that_is_wrong_is_not_taken() -> Result<()> {
    for mut resource in Page::read("quick-start.md")?.resources()? {
        resource["spec"]["nonsense"] = 1.into();
        let told = definitions_take(&resource).err().with_context(|| format!("taken: {resource:#}"))?;
        ensure!(format!("{told:#}").contains("spec.nonsense: unknown field"), "{told:#}");
    }
    Ok(())
}
