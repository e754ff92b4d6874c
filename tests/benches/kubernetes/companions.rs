//! The companions of all nodes, in a process of their own: a process may have so many connections, and each watch is one.

use std::path::Path;
use std::process::Stdio;

use anyhow::{Context as _, Result, bail};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use novaroute_operator::node::{DrainSettings, Settings};
use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, Command};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::agents::{socket, token_file};
use crate::cluster::node;

/// Starts the process; it ends when this is dropped.
pub(crate) fn start(kubeconfig: &Path, folder: &Path, nodes: usize) -> Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("--nodes").arg(nodes.to_string()).arg("--companions").arg(kubeconfig).arg(folder);
    command.stdin(Stdio::piped()).kill_on_drop(true).spawn().context("starting the companions")
}

/// Is that process, until nobody holds its standard input any more.
pub(crate) async fn run(kubeconfig: &Path, folder: &Path, nodes: usize) -> Result<()> {
    let kubeconfig = Kubeconfig::read_from(kubeconfig)?;
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
    let (client, stop, mut companions) = (Client::try_from(config)?, CancellationToken::new(), JoinSet::new());
    for number in 0..nodes {
        let settings = Settings {
            node: node(number),
            namespace: "default".to_owned(),
            instance: node(number),
            socket: socket(folder, number),
            token_file: token_file(folder),
            drain: DrainSettings::default(),
            bind: ([127, 0, 0, 1], 0).into(),
        };
        companions.spawn(novaroute_operator::node::run(client.clone(), settings, stop.clone()));
    }
    let mut byte = [0];
    let mut input = tokio::io::stdin();
    tokio::select! {
        _ended = input.read(&mut byte) => Ok(()),
        ended = companions.join_next() => bail!("a companion has ended: {ended:?}"),
    }
}
