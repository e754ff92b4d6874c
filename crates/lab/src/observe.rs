//! Configuring a router's daemons and looking at them.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::vty::Vty;
use crate::{Daemon, Router, wait_for};

impl Router {
    /// Runs one command in the enable node of a daemon and returns its text.
    ///
    /// # Errors
    /// When the daemon does not run, does not answer within 30 s or refuses the command.
    pub async fn vty(&self, daemon: Daemon, command: &str) -> Result<String> {
        let mut vty = self.connect(daemon).await?;
        let answer = vty.run(command).await;
        self.with_tails(daemon, answer)
    }

    /// Runs configuration lines, from `configure terminal`, as a file would hold them; space at a
    /// line's start and end, empty lines and comments (`!`) do not count.
    ///
    /// # Errors
    /// At the first line that the daemon refuses; the lines before it stay applied.
    pub async fn configure<S: AsRef<str>>(&self, daemon: Daemon, lines: &[S]) -> Result<()> {
        let mut vty = self.connect(daemon).await?;
        let lines =
            lines.iter().map(|line| line.as_ref().trim()).filter(|line| !line.is_empty() && !line.starts_with('!'));
        for line in ["configure terminal"].into_iter().chain(lines).chain(["end"]) {
            let answer = vty.run(line).await;
            self.with_tails(daemon, answer)?;
        }
        Ok(())
    }

    /// Runs a `show … json` command.
    ///
    /// # Errors
    /// As [`Self::vty`], and when the answer is not JSON.
    pub async fn show_json(&self, daemon: Daemon, command: &str) -> Result<Value> {
        let text = self.vty(daemon, command).await?;
        serde_json::from_str(&text).with_context(|| {
            let start: String = text.chars().take(200).collect();
            format!("'{command}' of {}: the answer is not JSON: {start:?}", self.name())
        })
    }

    /// The running configuration as the daemon prints it.
    ///
    /// # Errors
    /// As [`Self::vty`].
    pub async fn running_config(&self, daemon: Daemon) -> Result<String> {
        self.vty(daemon, "show running-config").await
    }

    /// State (RFC 4271 §8.2.2) of the BGP session with a neighbor, given as in its configuration.
    ///
    /// # Errors
    /// When bgpd does not know the neighbor.
    pub async fn bgp_state(&self, neighbor: &str) -> Result<String> {
        let command = format!("show bgp neighbors {neighbor} json");
        let answer = self.show_json(Daemon::Bgpd, &command).await?;
        match answer[neighbor]["bgpState"].as_str() {
            Some(state) => Ok(state.to_owned()),
            None => bail!("bgpd of {} knows no neighbor {neighbor}: {answer}", self.name()),
        }
    }

    /// Waits until the BGP session with `neighbor` is Established.
    ///
    /// # Errors
    /// After `timeout`, with the last state.
    pub async fn wait_bgp_established(&self, neighbor: &str, timeout: Duration) -> Result<()> {
        let what = format!("{}'s BGP session with {neighbor}", self.name());
        wait_for(&what, timeout, async || match self.bgp_state(neighbor).await?.as_str() {
            "Established" => Ok(Some(())),
            state => bail!("state {state}"),
        })
        .await
    }

    /// The paths to a prefix, in its canonical form, in the BGP table; empty where there is none.
    ///
    /// # Errors
    /// When bgpd does not answer.
    pub async fn bgp_paths(&self, prefix: &str) -> Result<Vec<Value>> {
        let family = if prefix.contains(':') { "ipv6" } else { "ipv4" };
        let command = format!("show bgp {family} unicast {prefix} json");
        let answer = self.show_json(Daemon::Bgpd, &command).await?;
        // Without an exact match FRR shows the covering prefix.
        if answer["prefix"].as_str() != Some(prefix) {
            return Ok(Vec::new());
        }
        Ok(answer["paths"].as_array().cloned().unwrap_or_default())
    }

    /// Waits until the BGP table has a path to `prefix`, and returns its paths.
    ///
    /// # Errors
    /// After `timeout`.
    pub async fn wait_bgp_route(&self, prefix: &str, timeout: Duration) -> Result<Vec<Value>> {
        let what = format!("{prefix} in {}'s BGP table", self.name());
        wait_for(&what, timeout, async || Ok(Some(self.bgp_paths(prefix).await?).filter(|paths| !paths.is_empty())))
            .await
    }

    /// Waits until the BGP table has no path to `prefix`.
    ///
    /// # Errors
    /// After `timeout`, with the paths that are still there.
    pub async fn wait_bgp_no_route(&self, prefix: &str, timeout: Duration) -> Result<()> {
        let what = format!("{prefix} to leave {}'s BGP table", self.name());
        wait_for(&what, timeout, async || {
            let paths = self.bgp_paths(prefix).await?;
            if !paths.is_empty() {
                bail!("{}", Value::from(paths));
            }
            Ok(Some(()))
        })
        .await
    }

    async fn connect(&self, daemon: Daemon) -> Result<Vty> {
        self.pid(daemon)?;
        let socket = self.socket_dir().join(format!("{daemon}.vty"));
        let connected = Vty::connect(&socket).await;
        self.with_tails(daemon, connected)
    }

    /// Adds to an error whose it is, and the daemon's last words where it has ended meanwhile.
    fn with_tails<T>(&self, daemon: Daemon, result: Result<T>) -> Result<T> {
        result.map_err(|error| match self.pid(daemon) {
            Ok(_) => error.context(format!("router {}", self.name())),
            Err(ended) => error.context(ended),
        })
    }
}
