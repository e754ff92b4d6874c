//! The running configuration of all daemons of a node.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use novaroute_lab::{Daemon, Router, wait_for};

use crate::scene::TIMEOUT;

/// Each daemon's lines.
pub type Running = BTreeMap<Daemon, Vec<String>>;

/// Written by the agent's looks where there are sessions, whenever it looks first, and left: it is no line of an intent.
const BFD_DEBUG: &str = "debug bfd peer";

/// What every daemon of the node runs now: those that the agent writes to, and those that it must leave alone.
///
/// # Errors
/// A daemon that runs does not answer.
pub async fn running(node: &Router) -> Result<Running> {
    let mut all = Running::new();
    for daemon in Daemon::ALL.into_iter().filter(|daemon| node.is_running(*daemon)) {
        let text = node.running_config(daemon).await?;
        let lines = text.lines().filter(|line| *line != BFD_DEBUG);
        all.insert(daemon, lines.map(str::to_owned).collect());
    }
    Ok(all)
}

/// Waits until every daemon runs what it ran before.
///
/// # Errors
/// It does not within 15 s.
pub async fn wait_same(node: &Router, before: &Running) -> Result<()> {
    wait_for("the running configuration to be what it was", TIMEOUT, async || is_same(node, before).await.map(Some))
        .await
}

/// Every daemon runs what it ran before.
///
/// # Errors
/// One does not; the error has the lines.
pub async fn is_same(node: &Router, before: &Running) -> Result<()> {
    let now = running(node).await?;
    let (more, fewer) = (added(before, &now), added(&now, before));
    ensure!(more.is_empty() && fewer.is_empty(), "FRR runs {more:?} that it did not run, and not {fewer:?} any more");
    ensure!(*before == now, "FRR runs the same lines in another order: {now:?} instead of {before:?}");
    Ok(())
}

/// Lines that are more often in `now` than in `before`, of all daemons.
pub fn added(before: &Running, now: &Running) -> Vec<String> {
    let mut added = Vec::new();
    for (daemon, lines) in now {
        let mut left = before.get(daemon).cloned().unwrap_or_default();
        for line in lines {
            match left.iter().position(|known| known == line) {
                Some(at) => drop(left.swap_remove(at)),
                None => added.push(line.clone()),
            }
        }
    }
    added
}
