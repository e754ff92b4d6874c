//! The operator as a process.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::{Context as _, Result, ensure};
use novaroute_e2e::binary::binary;
use novaroute_e2e::http::get_here;
use novaroute_e2e::wait_for;
use rustix::process::{Pid, Signal, kill_process};

use crate::stage::TIMEOUT;

/// Behind this word the log names the address.
const ADDRESS: &str = "address=";

/// A running operator; it is killed when it is dropped.
pub(crate) struct Operator {
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
}

impl Operator {
    pub(crate) fn start(kubeconfig: &Path, namespace: &str, identity: &str) -> Result<Self> {
        let mut command = Command::new(binary("novaroute-operator")?);
        command.args(["run", "--namespace", namespace, "--lease-namespace", namespace, "--identity", identity]);
        command.args(["--bind", "127.0.0.1:0", "--log-level", "debug"]).env("KUBECONFIG", kubeconfig);
        let mut child = command.stderr(Stdio::piped()).spawn().context("starting the operator")?;
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

    fn log(&self) -> String {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).join("\n")
    }

    /// Ends it at once.
    pub(crate) fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to end, and waits until it has.
    pub(crate) async fn terminate(&mut self) -> Result<()> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).context("no process")?;
        kill_process(pid, Signal::TERM)?;
        let child = Mutex::new(&mut self.child);
        let status = wait_for("the operator to end", TIMEOUT, async || {
            Ok(child.lock().unwrap_or_else(PoisonError::into_inner).try_wait()?)
        })
        .await
        .with_context(|| self.log())?;
        ensure!(status.success(), "it ended with {status}");
        Ok(())
    }

    /// An answer of its HTTP server.
    pub(crate) async fn get(&self, path: &str) -> Result<(u16, String)> {
        let address = wait_for("the operator to listen", TIMEOUT, async || self.address().map(Some)).await?;
        let path = path.to_owned();
        tokio::task::spawn_blocking(move || get_here(&address.to_string(), &path)).await?
    }

    fn address(&self) -> Result<SocketAddr> {
        let log = self.log();
        let word = log.split_whitespace().find_map(|word| word.strip_prefix(ADDRESS));
        Ok(word.context("no address in the log yet")?.parse()?)
    }

    /// The value of one of its metrics, named as in the exposition.
    pub(crate) async fn metric(&self, name: &str) -> Result<f64> {
        let (code, text) = self.get("/metrics").await?;
        ensure!(code == 200, "{code}");
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        Ok(line.with_context(|| format!("no {name} in:\n{text}"))?.parse()?)
    }

    /// Waits until it acts, or until it does not.
    pub(crate) async fn wait_leading(&self, leads: bool) -> Result<()> {
        let wanted = f64::from(u8::from(leads));
        let described = format!("an operator {}", if leads { "to lead" } else { "not to lead" });
        wait_for(&described, TIMEOUT * 2, async || {
            let value = self.metric("novaroute_operator_leading").await?;
            ensure!((value - wanted).abs() < f64::EPSILON, "{value}\n{}", self.log());
            Ok(Some(()))
        })
        .await
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        // It may have ended already.
        let _ended = self.kill();
    }
}
