//! The agent as a process.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use novaroute_api::v1;
use novaroute_api::v1::route_control_client::RouteControlClient;
use novaroute_lab::{Router, wait_for};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::process::{Child, Command};
use tonic::transport::Channel;

use crate::binary::binary;
use crate::{config, http};

/// Longest wait for the agent to be ready, in which it also does its first reconcile.
const READY_TIMEOUT: Duration = Duration::from_secs(15);
/// Longest wait for the process to end.
const EXIT_TIMEOUT: Duration = Duration::from_secs(15);

/// A client of the agent.
pub type Client = RouteControlClient<Channel>;

/// An agent on a router of the lab. Dropping it kills it.
#[derive(Debug)]
pub struct Agent {
    router: Router,
    dir: PathBuf,
    program: PathBuf,
    environment: Vec<(String, String)>,
    child: Option<Child>,
}

impl Agent {
    /// Starts the agent on `router` with the base configuration changed by `change`, and waits until it is ready.
    ///
    /// # Errors
    /// It did not become ready; its log is part of the error.
    pub async fn start(router: &Router, change: impl FnOnce(&mut Value)) -> Result<Self> {
        let agent = Self::spawn(router, change)?;
        agent.wait_ready().await?;
        Ok(agent)
    }

    /// Starts the agent without waiting for anything.
    ///
    /// # Errors
    /// The binary is missing, or its files cannot be written.
    pub fn spawn(router: &Router, change: impl FnOnce(&mut Value)) -> Result<Self> {
        let dir = router.dir().join("agent");
        fs::create_dir_all(&dir)?;
        let mut value = config::base(&dir, &router.socket_dir());
        change(&mut value);
        let program = binary("novaroute-agent")?;
        let mut agent = Self { router: router.clone(), dir, program, environment: Vec::new(), child: None };
        agent.write_config(&value)?;
        agent.respawn()?;
        Ok(agent)
    }

    /// Writes the configuration file anew.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write_config(&self, value: &Value) -> Result<()> {
        fs::write(self.config_path(), serde_json::to_string_pretty(value)?).context("writing the configuration")
    }

    /// The configuration as it stands in the file.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read_config(&self) -> Result<Value> {
        Ok(serde_json::from_str(&fs::read_to_string(self.config_path())?)?)
    }

    /// Starts the process again with the same files.
    ///
    /// # Errors
    /// The binary is missing.
    pub fn respawn(&mut self) -> Result<()> {
        let log = File::options().create(true).append(true).open(self.log_path())?;
        let mut command = self.command()?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        self.child = Some(command.spawn().context("starting the agent")?);
        Ok(())
    }

    /// The program that the next start runs, and what it finds in its environment.
    pub fn set_program(&mut self, program: PathBuf, environment: &[(&str, &str)]) {
        self.program = program;
        self.environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    }

    /// The command that starts this agent, for a test that wants to see it fail.
    ///
    /// # Errors
    /// The binary is missing.
    pub fn command(&self) -> Result<Command> {
        let mut command = self.router.command(&self.program);
        command.arg("--config").arg(self.config_path()).envs(self.environment.iter().cloned());
        Ok(command)
    }

    /// Waits until `/readyz` says that the first reconcile is done.
    ///
    /// # Errors
    /// It did not within 15 s; the log is part of the error.
    pub async fn wait_ready(&self) -> Result<()> {
        let ready = wait_for("the agent to be ready", READY_TIMEOUT, async || match self.get("/readyz").await? {
            (200, _) => Ok(Some(())),
            (code, text) => bail!("{code} {text}"),
        });
        ready.await.with_context(|| format!("log of the agent:\n{}", self.log()))
    }

    /// A client on the agent's socket.
    ///
    /// # Errors
    /// Nobody serves it.
    pub async fn client(&self) -> Result<Client> {
        let connect = || async { Ok(Some(novaroute_api::client::connect(self.socket()).await?)) };
        wait_for("the agent's socket", Duration::from_secs(5), connect).await
    }

    /// The status of everything.
    ///
    /// # Errors
    /// The agent does not answer.
    pub async fn status(&self) -> Result<v1::GetStatusResponse> {
        let request = v1::GetStatusRequest::default();
        Ok(self.client().await?.get_status(request).await?.into_inner())
    }

    /// `GET path` from the agent's HTTP address.
    ///
    /// # Errors
    /// Nothing listens there.
    pub async fn get(&self, path: &str) -> Result<(u16, String)> {
        http::get(&self.router, "127.0.0.1:9102", path).await
    }

    /// The value of a metric, given as it stands in the exposition with its labels in order.
    ///
    /// # Errors
    /// The exposition does not have it.
    pub async fn metric(&self, series: &str) -> Result<f64> {
        let (_, text) = self.get("/metrics").await?;
        let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        Ok(line.with_context(|| format!("no series {series}"))?.trim().parse()?)
    }

    /// The process id of the agent itself.
    ///
    /// # Errors
    /// It is not running.
    pub fn pid(&self) -> Result<Pid> {
        // `ip netns exec` replaces itself by the program it runs, so the child is the agent.
        let id = self.child.as_ref().and_then(Child::id).context("the agent is not running")?;
        Pid::from_raw(i32::try_from(id)?).context("no process id")
    }

    /// Sends a signal.
    ///
    /// # Errors
    /// It is not running.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        Ok(kill_process(self.pid()?, signal)?)
    }

    /// Kills it as a crash would.
    ///
    /// # Errors
    /// It is not running.
    pub async fn kill(&mut self) -> Result<()> {
        self.signal(Signal::KILL)?;
        self.wait_exit().await.map(drop)
    }

    /// Ends it with SIGTERM and tells its exit code and how long it took.
    ///
    /// # Errors
    /// It did not end within 15 s.
    pub async fn terminate(&mut self) -> Result<(Option<i32>, Duration)> {
        let started = Instant::now();
        self.signal(Signal::TERM)?;
        let code = self.wait_exit().await?;
        Ok((code, started.elapsed()))
    }

    /// Waits for the process to end and tells its exit code; `None` after a signal.
    ///
    /// # Errors
    /// It did not end within 15 s.
    pub async fn wait_exit(&mut self) -> Result<Option<i32>> {
        let mut child = self.child.take().context("the agent is not running")?;
        let status = tokio::time::timeout(EXIT_TIMEOUT, child.wait()).await.context("the agent did not end")??;
        Ok(status.code())
    }

    /// The Unix socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.dir.join("novaroute.sock")
    }

    /// The folder with socket, state, configuration and log.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The configuration file.
    #[must_use]
    pub fn config_path(&self) -> PathBuf {
        self.dir.join("config.json")
    }

    fn log_path(&self) -> PathBuf {
        self.dir.join("agent.log")
    }

    /// What the agent has logged so far.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_else(|error| format!("(no log: {error})"))
    }
}
