//! Captures packets on a router's interface and reads the BGP messages in them.

mod bgp;
mod pcap;
mod tcp;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use tokio::time::timeout;

pub use self::bgp::{BgpMessage, MessageKind};
use crate::requirements::check_tcpdump;
use crate::{Router, Signal, procfs, wait_for};

/// Longest wait for tcpdump to listen, and to end.
const TCPDUMP_TIMEOUT: Duration = Duration::from_secs(10);

/// A running capture. Dropping it ends it.
#[derive(Debug)]
pub struct Capture {
    tcpdump: Child,
    file: PathBuf,
}

impl Router {
    /// Captures on `interface` what matches the pcap filter, such as `tcp port 179`. Returns when
    /// tcpdump listens, so nothing that happens later is missed.
    ///
    /// # Errors
    /// When tcpdump is missing or refuses the interface or the filter.
    pub async fn capture(&self, interface: &str, filter: &str) -> Result<Capture> {
        check_tcpdump()?;
        let file = tempfile::Builder::new()
            .prefix("capture-")
            .suffix(".pcap")
            .tempfile_in(self.dir())
            .and_then(|file| Ok(file.keep()?.1))
            .context("cannot create the capture's file")?;
        let mut tcpdump = tcpdump(self.namespace(), interface, &file, filter).spawn().context("cannot run tcpdump")?;
        let stderr = tcpdump.stderr.take().context("tcpdump has no stderr")?;
        let capture = Capture { tcpdump, file };
        let listening = tokio::task::spawn_blocking(move || wait_listening(stderr));
        timeout(TCPDUMP_TIMEOUT, listening)
            .await
            .map_err(|_| anyhow!("tcpdump does not listen"))
            .and_then(|waited| waited?)
            .with_context(|| format!("router {}: cannot capture on {interface}", self.name()))?;
        Ok(capture)
    }
}

impl Capture {
    /// The capture's file, in pcap format, for other tools. It goes with the lab.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The BGP messages captured up to now, by connection, in the order they were sent. A message
    /// that was sent again by TCP counts once.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn bgp_messages(&self) -> Result<Vec<BgpMessage>> {
        let bytes = fs::read(&self.file).with_context(|| format!("cannot read {}", self.file.display()))?;
        bgp::messages(&bytes).with_context(|| self.file.display().to_string())
    }

    /// The BGP UPDATE messages captured up to now, End-of-RIB markers too.
    ///
    /// # Errors
    /// As [`Self::bgp_messages`].
    pub fn updates(&self) -> Result<Vec<BgpMessage>> {
        let mut messages = self.bgp_messages()?;
        messages.retain(|message| message.kind == MessageKind::Update);
        Ok(messages)
    }

    /// Ends the capture and returns all its BGP messages.
    ///
    /// # Errors
    /// When tcpdump does not end, or as [`Self::bgp_messages`].
    pub async fn stop(mut self) -> Result<Vec<BgpMessage>> {
        procfs::signal(self.tcpdump.id(), Signal::INT).context("cannot signal tcpdump")?;
        wait_for("tcpdump to end", TCPDUMP_TIMEOUT, || std::future::ready(ended(&mut self.tcpdump))).await?;
        self.bgp_messages()
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        // After a stop it has ended already, and there is nobody to tell of another failure.
        drop(self.tcpdump.kill().and_then(|()| self.tcpdump.wait()));
    }
}

fn ended(child: &mut Child) -> Result<Option<()>> {
    Ok(child.try_wait().context("cannot wait for tcpdump")?.map(drop))
}

fn tcpdump(namespace: &str, interface: &str, file: &Path, filter: &str) -> Command {
    let mut command = Command::new("ip");
    command
        // Not promiscuous: the interface would change, FRR would look at its next hops again, and bgpd would announce
        // once more what it has announced. A look must not be seen.
        .args(["netns", "exec", namespace, "tcpdump", "-n", "-p", "-i", interface])
        // Every packet goes to the file at once; as root, since others may not write there.
        .args(["--immediate-mode", "-U", "-Z", "root", "-w"])
        .arg(file)
        .arg(filter)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

/// Reads tcpdump's messages until it says that it listens.
fn wait_listening(stderr: ChildStderr) -> Result<()> {
    let mut said = Vec::new();
    let mut lines = BufReader::new(stderr).lines();
    while let Some(line) = lines.next().transpose().context("cannot read tcpdump's messages")? {
        if line.contains("listening on") {
            // Its summary at the end must find a reader, or it would die of a broken pipe.
            std::thread::spawn(move || lines.count());
            return Ok(());
        }
        said.push(line);
    }
    bail!("tcpdump ended: {}", said.join("; "))
}
