//! The running configuration of all daemons of a node.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use novaroute_e2e::scene::TIMEOUT;
use novaroute_e2e::{Daemon, Router, wait_for};

/// Daemons that the agent writes to, and zebra, which it must leave alone.
const DAEMONS: [Daemon; 6] =
    [Daemon::Zebra, Daemon::Staticd, Daemon::Bfdd, Daemon::Bgpd, Daemon::Ospfd, Daemon::Ospf6d];

/// Each daemon's lines.
pub(crate) type Running = BTreeMap<Daemon, Vec<String>>;

/// Written by the agent's looks where there are sessions, and left: it is no line of an intent.
const BFD_DEBUG: &str = "debug bfd peer";

/// What every daemon runs now.
pub(crate) async fn running(node: &Router) -> Result<Running> {
    let mut all = Running::new();
    for daemon in DAEMONS {
        let text = node.running_config(daemon).await?;
        let lines = text.lines().filter(|line| *line != BFD_DEBUG);
        all.insert(daemon, lines.map(str::to_owned).collect());
    }
    Ok(all)
}

/// Waits until every daemon runs what it ran before.
pub(crate) async fn wait_same(node: &Router, before: &Running) -> Result<()> {
    wait_for("the running configuration to be what it was", TIMEOUT, async || {
        let now = running(node).await?;
        match added(before, &now).into_iter().chain(added(&now, before)).next() {
            None => Ok(Some(())),
            Some(line) => bail!("{line:?} differs"),
        }
    })
    .await
}

/// Lines that are more often in `now` than in `before`, of all daemons.
pub(crate) fn added(before: &Running, now: &Running) -> Vec<String> {
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
