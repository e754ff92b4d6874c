//! What FRR's daemons were told, in their own words: the log that they keep of executed commands.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;

use anyhow::{Context, Result};
use novaroute_lab::{Daemon, Router};

/// FRR's id of the message that logs a command (`lib/vty.c`); the same in every release.
const COMMAND_ID: &str = "[M7Q4P-46WDR]";

/// One line that a daemon executed in a configuration node.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Executed {
    /// When, to the microsecond; sorts as text.
    pub time: String,
    /// By whom.
    pub daemon: Daemon,
    /// The line as it came.
    pub line: String,
}

impl fmt::Display for Executed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.time, self.daemon, self.line)
    }
}

/// The record of what a router's daemons execute, from its start on.
#[derive(Debug)]
pub struct Executions {
    router: Router,
    daemons: Vec<Daemon>,
}

impl Executions {
    /// Has every daemon that runs log what it executes from now on. One that is started again does so no longer.
    ///
    /// # Errors
    /// A daemon does not answer.
    pub async fn start(router: &Router) -> Result<Self> {
        let daemons: Vec<Daemon> = Daemon::ALL.into_iter().filter(|daemon| router.is_running(*daemon)).collect();
        for daemon in &daemons {
            let file = format!("log file /var/run/frr/{} informational", file_name(*daemon));
            // A file of its own, since the precision does not reach the one of the command line.
            router.configure(*daemon, &["log timestamp precision 6", &file, "log commands"]).await?;
        }
        Ok(Self { router: router.clone(), daemons })
    }

    /// The configuration lines of all daemons that still run, in the order in which they were executed. Moves
    /// between nodes (`end`, `exit`) are left out.
    ///
    /// # Errors
    /// A daemon does not answer.
    pub async fn lines(&self) -> Result<Vec<Executed>> {
        let mut all = Vec::new();
        for daemon in self.daemons.iter().copied().filter(|daemon| self.router.is_running(*daemon)) {
            // A daemon writes its log before it takes the next command.
            self.router.vty(daemon, "show version").await?;
            let path = self.router.socket_dir().join(file_name(daemon));
            let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
            all.extend(text.lines().filter_map(|line| executed(daemon, line)));
        }
        all.sort();
        Ok(all)
    }

    /// How many lines each daemon has executed; empty: not one.
    ///
    /// # Errors
    /// As [`Self::lines`].
    pub async fn counts(&self) -> Result<BTreeMap<Daemon, usize>> {
        let mut counts = BTreeMap::new();
        for line in self.lines().await? {
            *counts.entry(line.daemon).or_default() += 1;
        }
        Ok(counts)
    }
}

fn file_name(daemon: Daemon) -> String {
    format!("{daemon}-commands.log")
}

/// Reads `DATE TIME PROTO: [ID] vty[FD]@(config-…)# LINE`.
fn executed(daemon: Daemon, logged: &str) -> Option<Executed> {
    let (head, command) = logged.split_once(COMMAND_ID)?;
    let (prompt, line) = command.split_once("# ")?;
    let moves = ["end", "exit", "exit-address-family"].contains(&line) || line.starts_with("XFRR_");
    let configures = prompt.contains("@(config") && !moves && !line.starts_with("log ");
    let time = head.split(' ').take(2).collect::<Vec<_>>().join(" ");
    configures.then(|| Executed { time, daemon, line: line.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_configures_counts() {
        let read = |text: &str| executed(Daemon::Bgpd, text).map(|executed| executed.line);
        let line = |command: &str| format!("2026/11/22 10:49:32.123456 BGP: [M7Q4P-46WDR] vty[19]@{command}");
        assert_eq!(read(&line("(config-router)# neighbor 10.0.1.2 bfd")).as_deref(), Some("neighbor 10.0.1.2 bfd"));
        assert_eq!(read(&line("(config)# router bgp 65001")).as_deref(), Some("router bgp 65001"));
        for command in ["> enable", "# show running-config", "# configure terminal", "(config-router)# end"] {
            assert_eq!(read(&line(command)), None, "{command}");
        }
        assert_eq!(read("2026/11/22 10:49:32.1 BGP: [VTVCM-Y2NW3] Configuration Read in Took: 00:00:00"), None);
    }

    #[test]
    fn the_time_goes_with_it() {
        let logged = "2026/11/22 10:49:32.123456 BGP: [M7Q4P-46WDR] vty[19]@(config)# no router bgp 65001";
        let executed = executed(Daemon::Bgpd, logged).unwrap();
        assert_eq!(executed.to_string(), "2026/11/22 10:49:32.123456 bgpd: no router bgp 65001");
    }
}
