//! The lines that FRR was sent, as FRR itself writes them down.

use anyhow::{Context, Result};
use novaroute_lab::{Daemon, Router};

/// What stands in a daemon's log from the moment at which this was made.
///
/// A test that shows that nothing was sent does something small at the end (its marker), waits until FRR has that,
/// and finds no line but the marker's.
#[derive(Debug)]
pub struct CommandLog {
    router: Router,
    daemon: Daemon,
    /// Bytes of the log that are older.
    start: usize,
}

impl CommandLog {
    /// Has the daemon write down each line that it is sent, from now on.
    ///
    /// # Errors
    /// The daemon refused `log commands`, or has no log.
    pub async fn start(router: &Router, daemon: Daemon) -> Result<Self> {
        router.configure(daemon, &["log commands"]).await?;
        let start = router.log(daemon)?.len();
        Ok(Self { router: router.clone(), daemon, start })
    }

    /// The lines of configuration that were sent since, without those that only move between contexts.
    ///
    /// # Errors
    /// The log cannot be read.
    pub fn lines(&self) -> Result<Vec<String>> {
        let log = self.router.log(self.daemon)?;
        let new = log.get(self.start..).context("the log became shorter")?;
        let sent = new.lines().filter_map(configuration_line).filter(|line| !only_moves(line));
        Ok(sent.map(str::to_owned).collect())
    }
}

/// The command of a record such as `… BGP: [M7Q4P-46WDR] vty[23]@(config-router)# network 10.66.0.0/24`, if it was
/// run in a configuration node.
fn configuration_line(record: &str) -> Option<&str> {
    let (_, prompt) = record.split_once("vty[")?;
    let (_, node) = prompt.split_once("]@(config")?;
    let (_, command) = node.split_once(")# ")?;
    Some(command.trim())
}

fn only_moves(line: &str) -> bool {
    let words: Vec<&str> = line.split(' ').collect();
    matches!(
        words.as_slice(),
        ["end" | "exit" | "exit-address-family" | "bfd"]
            | ["router", "bgp", _]
            | ["router", "ospf" | "ospf6"]
            | ["address-family", ..]
            | ["interface", _]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_configuration_counts() {
        let record = |rest| format!("2026/11/22 10:49:35 BGP: [M7Q4P-46WDR] vty[23]@{rest}");
        let line = |rest| configuration_line(&record(rest)).map(str::to_owned);
        assert_eq!(line("(config-router)# neighbor 10.0.0.2 bfd").as_deref(), Some("neighbor 10.0.0.2 bfd"));
        assert_eq!(line("# configure terminal"), None);
        assert_eq!(line("# show running-config"), None);
        assert!(only_moves("router bgp 65001") && !only_moves("no router bgp 65001"));
    }
}
