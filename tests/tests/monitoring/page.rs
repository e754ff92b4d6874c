//! The page about the alerts.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context as _, Result, ensure};
use novaroute_e2e::binary::binary;
use tokio::process::Command;

use crate::{root, rule};

/// The page that explains the alerts.
pub(crate) const PAGE: &str = "docs/alerts.md";
/// What the page says of each alert.
const PARTS: [&str; 3] = ["**Means.**", "**Look.**", "**Do.**"];

fn read() -> Result<String> {
    Ok(fs::read_to_string(root().join(PAGE))?)
}

#[test]
fn the_page_explains_each_alert_and_no_other() -> Result<()> {
    let page = read()?;
    let sections = page.split("\n## NovaRoute").skip(1);
    let mut explained = BTreeSet::new();
    for section in sections {
        let (name, text) = section.split_once('\n').context("a section without a text")?;
        for part in PARTS {
            ensure!(text.contains(part), "NovaRoute{name} lacks {part}");
        }
        ensure!(explained.insert(format!("NovaRoute{name}")), "NovaRoute{name} is explained twice");
    }
    let named: BTreeSet<_> = rule::alerts()?.into_iter().map(|(name, _)| name).collect();
    assert_eq!(explained, named);
    Ok(())
}

/// `novaroutectl` takes the commands of the page, with their flags.
#[tokio::test]
async fn the_commands_of_the_page_exist() -> Result<()> {
    let page = read()?;
    let code = page.split('`').skip(1).step_by(2);
    let commands: BTreeSet<&str> = code.filter_map(|code| code.strip_prefix("novaroutectl ")).collect();
    ensure!(commands.len() >= 5, "{commands:?}");
    for command in commands {
        let output = Command::new(binary("novaroutectl")?).args(command.split(' ')).arg("--help").output().await?;
        ensure!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}
