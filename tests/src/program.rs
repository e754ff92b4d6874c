//! A program of ours that speaks to an API server, as a process: the operator, or the companion of a node.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};

use crate::binary::binary;
use crate::http::get_here;
use crate::wait_for;

/// Longest wait for it to do what it should.
const TIMEOUT: Duration = Duration::from_secs(20);
/// Behind this word the log names the address.
const ADDRESS: &str = "address=";

/// A running `novaroute-operator`; it is killed when it is dropped.
#[derive(Debug)]
pub struct Program {
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
}

impl Program {
    /// Starts one of its commands, on a port of its own.
    ///
    /// # Errors
    /// The binary is missing.
    pub fn start(kubeconfig: &Path, arguments: &[&str]) -> Result<Self> {
        let mut command = Command::new(binary("novaroute-operator")?);
        command.args(arguments).args(["--bind", "127.0.0.1:0", "--log-level", "debug"]).env("KUBECONFIG", kubeconfig);
        let mut child = command.stderr(Stdio::piped()).spawn().context("starting the program")?;
        let lines = BufReader::new(child.stderr.take().context("no standard error")?).lines();
        let log = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&log);
        thread::spawn(move || {
            for line in lines.map_while(std::io::Result::ok) {
                kept.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
        });
        Ok(Self { child, log })
    }

    /// What it has logged.
    #[must_use]
    pub fn log(&self) -> String {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).join("\n")
    }

    /// Its process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it at once.
    ///
    /// # Errors
    /// The system refuses.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to end, and waits until it has.
    ///
    /// # Errors
    /// It does not, or with an error; its log is part of that.
    pub async fn terminate(&mut self) -> Result<()> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).context("no process")?;
        kill_process(pid, Signal::TERM)?;
        let child = Mutex::new(&mut self.child);
        let status = wait_for("the program to end", TIMEOUT, async || {
            Ok(child.lock().unwrap_or_else(PoisonError::into_inner).try_wait()?)
        })
        .await
        .with_context(|| self.log())?;
        ensure!(status.success(), "it ended with {status}");
        Ok(())
    }

    /// An answer of its HTTP server.
    ///
    /// # Errors
    /// There is none.
    pub async fn get(&self, path: &str) -> Result<(u16, String)> {
        let address = wait_for("the program to listen", TIMEOUT, async || self.address().map(Some)).await?;
        let path = path.to_owned();
        tokio::task::spawn_blocking(move || get_here(&address.to_string(), &path)).await?
    }

    fn address(&self) -> Result<SocketAddr> {
        let log = self.log();
        let word = log.split_whitespace().find_map(|word| word.strip_prefix(ADDRESS));
        Ok(word.context("no address in the log yet")?.parse()?)
    }

    /// The value of one of its metrics, named as in the exposition.
    ///
    /// # Errors
    /// It has none of that name.
    pub async fn metric(&self, name: &str) -> Result<f64> {
        let (code, text) = self.get("/metrics").await?;
        ensure!(code == 200, "{code}");
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        Ok(line.with_context(|| format!("no {name} in:\n{text}"))?.parse()?)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already.
        let _ended = self.kill();
    }
}
