//! Shells complete what the agent has now.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use novaroute_e2e::binary::binary;
use novaroute_e2e::config::LB;
use novaroute_e2e::scene::Scene;
use novaroute_e2e::terminal::{Size, Terminal};
use novaroute_e2e::{on_each_frr, request};

/// A shell, how it is started bare, and the lines that have it complete.
const SHELLS: &[(&str, &[&str], &str)] = &[
    ("/usr/bin/bash", &["--norc", "-i"], "source <(novaroutectl completion bash)\r"),
    (
        "/usr/bin/zsh",
        &["-f", "-i"],
        "autoload -Uz compinit && compinit -D -u && source <(novaroutectl completion zsh)\r",
    ),
    ("/usr/bin/fish", &["--no-config", "-i"], "novaroutectl completion fish | source\r"),
];

on_each_frr! {
    /// What is begun is completed to the one prefix that there is, in each shell; commands and owners too.
    async fn shells_complete_what_the_agent_has(release) {
        let scene = Scene::new(release).await?;
        let mut client = scene.agent.client().await?;
        client.advertise_prefix(request::advertise(LB, "203.0.113.7/32")).await?;
        for (shell, arguments, setup) in SHELLS {
            completes(&scene, shell, arguments, setup).await.with_context(|| (*shell).to_owned())?;
        }
        Ok(())
    }
}

async fn completes(scene: &Scene, shell: &str, arguments: &[&str], setup: &str) -> Result<()> {
    ensure!(Path::new(shell).exists(), "it is missing: run `make setup`, which installs it");
    let program = binary("novaroutectl")?;
    let folder = program.parent().context("no folder")?;
    let mut command = std::process::Command::new(shell);
    command.args(arguments).env("NOVAROUTE_SOCKET", scene.agent.socket()).env("HOME", scene.agent.dir());
    command.env("PATH", format!("{}:/usr/bin:/bin", folder.display()));
    let mut terminal = Terminal::run(&command, Size(120, 40))?;
    terminal.press(setup)?;
    terminal.press("echo re''ady\r")?;
    terminal.shows("ready").await?;
    terminal.press("novaroutectl withd")?;
    terminal.press("\t")?;
    terminal.press("--prefix 203")?;
    terminal.shows("withdraw --prefix 203").await?;
    terminal.press("\t")?;
    terminal.shows("withdraw --prefix 203.0.113.7/32").await?;
    terminal.press("--owner nov\t")?;
    terminal.shows(&format!("--owner {LB}")).await?;
    Ok(())
}
