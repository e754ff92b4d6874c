//! The commands of the pages, as far as they need no cluster.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use novaroute_e2e::binary::binary;
use novaroute_e2e::helm::{Helm, RELEASES};
use novaroute_e2e::kubernetes::agent_takes;
use novaroute_e2e::page::Page;
use serde_json::Value;
use tokio::process::Command;

/// The chart of a `helm install`, and its `--set` options; `None` for another command.
fn installed(command: &str) -> Option<(PathBuf, Vec<String>)> {
    let mut words = command.split_whitespace().map(|word| word.trim_matches('\'').to_owned());
    let chart = words.by_ref().skip_while(|word| word != "install").nth(2)?;
    let options: Vec<String> = words.collect();
    let set = options.windows(2).filter(|pair| pair[0] == "--set").flatten().cloned();
    Some((Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(chart), set.collect()))
}

/// Helm takes the charts that the pages install, with the values that they set.
#[tokio::test]
async fn helm_takes_what_the_pages_install() -> Result<()> {
    let commands = ["quick-start.md", "installation.md"].map(|page| Page::read(page)?.commands("helm"));
    let commands = commands.into_iter().collect::<Result<Vec<_>>>()?.concat();
    let installed: Vec<_> = commands.iter().filter_map(|command| installed(command)).collect();
    ensure!(installed.len() > 2, "{commands:?}");
    for release in RELEASES {
        let helm = Helm::of(release, Path::new(env!("CARGO_TARGET_TMPDIR"))).await?;
        for (chart, set) in &installed {
            let set: Vec<&str> = set.iter().map(String::as_str).collect();
            ensure!(set.iter().any(|option| option.starts_with("image.")), "the images are nobody's: {set:?}");
            helm.template(chart, Path::new("/dev/null"), &set).await?;
        }
    }
    Ok(())
}

/// Helm and the agent take the values that a page shows.
#[tokio::test]
async fn the_values_of_the_pages_are_taken() -> Result<()> {
    const HEAD: &str = "# Values of charts/novaroute\n";
    let page = Page::read("upgrade.md")?;
    let blocks = page.blocks("yaml")?;
    let values = blocks.into_iter().find(|block| block.starts_with(HEAD)).context("no values")?;
    let folder = tempfile::tempdir()?;
    let (values_path, config_path) = (folder.path().join("values.yaml"), folder.path().join("config.json"));
    fs::write(&values_path, values)?;
    for release in RELEASES {
        let helm = Helm::of(release, Path::new(env!("CARGO_TARGET_TMPDIR"))).await?;
        let chart = Path::new(env!("CARGO_MANIFEST_DIR")).join("../charts/novaroute");
        let rendered = helm.template(&chart, &values_path, &["--set", "bgp.localAs=65001"]).await?;
        let objects: Vec<Value> = serde_saphyr::from_multiple(&rendered)?;
        let config =
            objects.iter().find_map(|object| object["data"]["config.json"].as_str()).context("no configuration")?;
        ensure!(config.contains("\"keep\"") && config.contains("\"full\""), "{config}");
        fs::write(&config_path, config)?;
        agent_takes(&config_path).await?;
    }
    Ok(())
}

/// `novaroutectl` has the commands of the pages, with their flags.
#[tokio::test]
async fn novaroutectl_has_the_commands_of_the_pages() -> Result<()> {
    for page in ["quick-start.md", "upgrade.md"] {
        let lines = Page::read(page)?.commands("kubectl")?;
        let commands = lines.iter().filter_map(|line| line.split("-- novaroutectl ").nth(1)?.split(" #").next());
        let commands: Vec<&str> = commands.collect();
        ensure!(!commands.is_empty(), "no command in {page}");
        for command in commands {
            let mut help = Command::new(binary("novaroutectl")?);
            let output = help.args(command.split_whitespace()).arg("--help").output().await?;
            ensure!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        }
    }
    Ok(())
}
