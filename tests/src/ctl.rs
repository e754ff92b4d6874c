//! `novaroutectl` as a user runs it.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::agent::Agent;
use crate::binary::binary;
use crate::config::token;
use crate::terminal::{Size, Terminal};

/// How a run ended.
#[derive(Debug)]
pub struct Ran {
    /// The exit code.
    pub code: i32,
    /// What it printed.
    pub stdout: String,
    /// What it complained about.
    pub stderr: String,
}

impl Ran {
    fn of(output: Output) -> Result<Self> {
        let code = output.status.code().context("it was killed")?;
        Ok(Self { code, stdout: String::from_utf8(output.stdout)?, stderr: String::from_utf8(output.stderr)? })
    }

    /// Fails unless it ended with 0 and complained about nothing.
    ///
    /// # Errors
    /// It did not.
    pub fn done(self) -> Result<Self> {
        ensure!(self.code == 0 && self.stderr.is_empty(), "{self:?}");
        Ok(self)
    }

    /// Stdout as one JSON document.
    ///
    /// # Errors
    /// It is none.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.stdout).with_context(|| format!("no JSON: {self:?}"))
    }

    /// Stdout as one JSON document a line.
    ///
    /// # Errors
    /// A line is none.
    pub fn json_lines(&self) -> Result<Vec<Value>> {
        let lines = self.stdout.lines().map(serde_json::from_str);
        lines.collect::<Result<_, _>>().with_context(|| format!("no JSON lines: {self:?}"))
    }
}

/// `novaroutectl` with the socket, the owner and the token of its environment.
#[derive(Debug, Clone)]
pub struct Ctl {
    socket: PathBuf,
    owner: String,
}

impl Ctl {
    /// Speaks for `owner` to this agent.
    #[must_use]
    pub fn new(agent: &Agent, owner: &str) -> Self {
        Self::on(&agent.socket(), owner)
    }

    /// Speaks for `owner` to whoever serves the socket.
    #[must_use]
    pub fn on(socket: &Path, owner: &str) -> Self {
        Self { socket: socket.to_owned(), owner: owner.to_owned() }
    }

    /// The command with the words of `line`; its environment is nothing but what is set here.
    ///
    /// # Errors
    /// The binary is missing.
    pub fn command(&self, line: &str) -> Result<Command> {
        let mut command = Command::new(binary("novaroutectl")?);
        command.env_clear().env("NOVAROUTE_SOCKET", &self.socket).env("NOVAROUTE_OWNER", &self.owner);
        command.env("NOVAROUTE_TOKEN", token(&self.owner)).args(line.split_whitespace());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        Ok(command)
    }

    /// Runs the words of `line` to their end.
    ///
    /// # Errors
    /// The binary is missing, or was killed.
    pub async fn run(&self, line: &str) -> Result<Ran> {
        let ran = Ran::of(self.command(line)?.output().await?)?;
        let secret = token(&self.owner);
        ensure!(!ran.stdout.contains(&secret) && !ran.stderr.contains(&secret), "the token was printed: {ran:?}");
        Ok(ran)
    }

    /// Starts the words of `line` on a terminal.
    ///
    /// # Errors
    /// The binary or the terminal is missing.
    pub fn on_terminal(&self, line: &str, size: Size) -> Result<Terminal> {
        Terminal::run(self.command(line)?.as_std(), size)
    }

    /// Starts the words of `line`, to be read line by line.
    ///
    /// # Errors
    /// The binary is missing.
    pub fn follow(&self, line: &str) -> Result<Following> {
        let mut child = self.command(line)?.spawn()?;
        let stdout = child.stdout.take().context("no stdout")?;
        Ok(Following { child, lines: BufReader::new(stdout).lines() })
    }
}

/// A run that goes on until it is interrupted.
#[derive(Debug)]
pub struct Following {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Following {
    /// The next line.
    ///
    /// # Errors
    /// It ended.
    pub async fn line(&mut self) -> Result<String> {
        self.lines.next_line().await?.context("it ended")
    }

    /// Presses Ctrl-C and tells how it ended.
    ///
    /// # Errors
    /// It does not run any more, or was killed.
    pub async fn interrupt(self) -> Result<Ran> {
        let Self { child, lines } = self;
        let id = child.id().context("it has ended already")?;
        let pid = rustix::process::Pid::from_raw(i32::try_from(id)?).context("no process id")?;
        rustix::process::kill_process(pid, rustix::process::Signal::INT)?;
        Self { child, lines }.ended().await
    }

    /// Waits until it ends by itself and tells how.
    ///
    /// # Errors
    /// It was killed.
    pub async fn ended(self) -> Result<Ran> {
        let Self { child, lines } = self;
        // It may be writing: its pipe stays open until it has ended.
        let ended = child.wait_with_output().await?;
        drop(lines);
        Ran::of(ended)
    }
}
