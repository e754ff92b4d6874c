//! Starting and ending a router's daemons.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::os::unix::fs::chown;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::lab::lock;
use crate::vty::Vty;
use crate::{Daemon, Router, Signal, procfs};

/// Longest wait for a daemon to answer after its start, and to end after a signal.
const DAEMON_TIMEOUT: Duration = Duration::from_secs(10);

/// How often a starting or ending daemon is looked at.
const POLL: Duration = Duration::from_millis(5);

/// Lines of a daemon's output and log that errors show; a wrong option is named above the whole list
/// of options.
const TAIL_LINES: usize = 60;

/// Runs in the private mount namespace that `ip netns exec` makes, so the mounts go with the
/// daemon: the router's folders take the places where FRR looks, whatever the release.
/// Arguments: the router's folder, the release's root (empty for `/`), then the command.
const ENTER: &str = r#"
set -e
router=$1 root=$2
shift 2
mount --bind "$router/run" "$root/run/frr"
mount --bind "$router/etc" "$root/etc/frr"
mount --bind "$router/lib" "$root/var/lib/frr"
if [ -z "$root" ]; then exec "$@"; fi
mount --rbind /dev "$root/dev"
mount --rbind /sys "$root/sys"
mount --bind /proc "$root/proc"
exec chroot "$root" "$@"
"#;

impl Router {
    /// Sets the options that `daemon` gets beside the lab's own from its next start on, such as
    /// `["-M", "bmp"]`.
    pub fn set_args(&self, daemon: Daemon, args: &[&str]) {
        let args = args.iter().map(|arg| (*arg).to_owned()).collect();
        lock(&self.0.args).insert(daemon, args);
    }

    /// Starts daemons and returns when each answers on its VTY socket.
    ///
    /// The first start on a release that has mgmtd starts that too. Order does not matter: mgmtd
    /// and zebra go first, the rest side by side.
    ///
    /// # Errors
    /// When one runs already, is not in the release or does not come up; with the end of its log.
    pub async fn start(&self, daemons: &[Daemon]) -> Result<()> {
        let mut wanted = daemons.to_vec();
        let never_started = !lock(&self.0.daemons).contains_key(&Daemon::Mgmtd);
        if never_started && self.release().has(Daemon::Mgmtd) {
            wanted.push(Daemon::Mgmtd);
        }
        wanted.sort_by_key(|daemon| (daemon.start_stage(), *daemon));
        wanted.dedup();
        for stage in wanted.chunk_by(|a, b| a.start_stage() == b.start_stage()) {
            for daemon in stage {
                self.launch(*daemon)?;
            }
            let mut starting = JoinSet::new();
            for daemon in stage.iter().copied() {
                let router = self.clone();
                starting.spawn(async move { router.ready(daemon).await });
            }
            while let Some(ready) = starting.join_next().await {
                ready.context("waiting for a daemon panicked")??;
            }
        }
        Ok(())
    }

    /// Sends `signal` to a daemon and does not wait: `STOP` hangs it, `CONT` lets it go on.
    ///
    /// # Errors
    /// When it is not running.
    pub fn signal(&self, daemon: Daemon, signal: Signal) -> Result<()> {
        let pid = self.pid(daemon)?;
        procfs::signal(pid, signal).with_context(|| format!("cannot send {signal:?} to {daemon} of {}", self.name()))
    }

    /// Sends `signal` to a daemon and waits until it has ended.
    ///
    /// # Errors
    /// When it is not running, or runs on for 10 s.
    pub async fn stop(&self, daemon: Daemon, signal: Signal) -> Result<()> {
        self.signal(daemon, signal)?;
        let deadline = Instant::now() + DAEMON_TIMEOUT;
        while self.is_running(daemon) {
            if Instant::now() > deadline {
                bail!("{daemon} of {} did not end by {signal:?}{}", self.name(), self.tails(daemon));
            }
            sleep(POLL).await;
        }
        Ok(())
    }

    /// Ends a daemon by `KILL` and waits until it is dead.
    ///
    /// # Errors
    /// When it is not running.
    pub async fn kill(&self, daemon: Daemon) -> Result<()> {
        self.stop(daemon, Signal::KILL).await
    }

    /// Ends a daemon by `TERM` if it runs, and starts it again.
    ///
    /// # Errors
    /// As [`Self::stop`] and [`Self::start`].
    pub async fn restart(&self, daemon: Daemon) -> Result<()> {
        if self.is_running(daemon) {
            self.stop(daemon, Signal::TERM).await?;
        }
        self.start(&[daemon]).await
    }

    /// The process id of a running daemon.
    ///
    /// # Errors
    /// When it is not running; with how it ended and the end of its log.
    pub fn pid(&self, daemon: Daemon) -> Result<u32> {
        match self.status(daemon) {
            Status::Running(pid) => Ok(pid),
            Status::Ended(how) => Err(anyhow!("{daemon} of {} ended ({how}){}", self.name(), self.tails(daemon))),
            Status::NotStarted => Err(anyhow!("{daemon} of {} was not started", self.name())),
        }
    }

    /// Whether a daemon runs; a stopped one (`STOP`) does.
    #[must_use]
    pub fn is_running(&self, daemon: Daemon) -> bool {
        matches!(self.status(daemon), Status::Running(_))
    }

    /// What a daemon has logged (informational and above) since the router was made.
    ///
    /// # Errors
    /// When there is no log.
    pub fn log(&self, daemon: Daemon) -> Result<String> {
        let path = self.socket_dir().join(format!("{daemon}.log"));
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn status(&self, daemon: Daemon) -> Status {
        lock(&self.0.daemons).get_mut(&daemon).map_or(Status::NotStarted, Status::of)
    }

    /// Starts the process; it may not be ready yet.
    fn launch(&self, daemon: Daemon) -> Result<()> {
        let release = self.release();
        ensure!(release.has(daemon), "FRR ({release}) has no {daemon}");
        // Held throughout, so that of two starts at once one is refused.
        let mut daemons = lock(&self.0.daemons);
        let status = daemons.get_mut(&daemon).map_or(Status::NotStarted, Status::of);
        ensure!(!matches!(status, Status::Running(_)), "{daemon} of {} runs already", self.name());
        let child = self
            .ensure_config(daemon)
            .and_then(|()| self.launch_command(daemon))
            .and_then(|mut command| Ok(command.spawn()?))
            .with_context(|| format!("cannot start {daemon} of {}", self.name()))?;
        daemons.insert(daemon, child);
        Ok(())
    }

    /// An empty configuration file, unless the test has written one: without, FRR logs an error.
    fn ensure_config(&self, daemon: Daemon) -> Result<()> {
        let path = self.config_dir().join(format!("{daemon}.conf"));
        if !path.exists() {
            let (uid, gid) = self.release().ids()?;
            File::create(&path)
                .and_then(|_| chown(&path, Some(uid), Some(gid)))
                .with_context(|| format!("cannot create {}", path.display()))?;
        }
        Ok(())
    }

    fn launch_command(&self, daemon: Daemon) -> Result<Command> {
        let output = File::options().create(true).append(true).open(self.dir().join(format!("{daemon}.out")))?;
        let mut command = Command::new("ip");
        command
            .args(["netns", "exec", self.namespace(), "sh", "-c", ENTER, "sh"])
            .arg(self.dir())
            .arg(self.chroot())
            .arg(format!("/usr/lib/frr/{daemon}"))
            .args(["-A", "127.0.0.1", "-P", "0", "--log-level", "informational"])
            .args(["--log", &format!("file:/var/run/frr/{daemon}.log")])
            .args(daemon.standard_args())
            .args(lock(&self.0.args).get(&daemon).into_iter().flatten())
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output);
        Ok(command)
    }

    /// The release's root, empty for `/`.
    fn chroot(&self) -> std::path::PathBuf {
        let root = self.release().root();
        if root == Path::new("/") { std::path::PathBuf::new() } else { root }
    }

    /// Waits until the daemon answers: it has then read its configuration file.
    async fn ready(&self, daemon: Daemon) -> Result<()> {
        let socket = self.socket_dir().join(format!("{daemon}.vty"));
        let deadline = Instant::now() + DAEMON_TIMEOUT;
        loop {
            self.pid(daemon)?;
            let error = match timeout(DAEMON_TIMEOUT, Vty::connect(&socket)).await {
                Ok(Ok(_)) => return Ok(()),
                Ok(Err(error)) => error,
                Err(elapsed) => elapsed.into(),
            };
            if Instant::now() > deadline {
                let tails = self.tails(daemon);
                return Err(error.context(format!("{daemon} of {} does not answer{tails}", self.name())));
            }
            sleep(POLL).await;
        }
    }

    /// The ends of the daemon's output and log, to be appended to an error.
    pub(crate) fn tails(&self, daemon: Daemon) -> String {
        let mut text = String::new();
        let files = [self.dir().join(format!("{daemon}.out")), self.socket_dir().join(format!("{daemon}.log"))];
        for file in files {
            let Ok(bytes) = fs::read(&file) else { continue };
            let content = String::from_utf8_lossy(&bytes);
            let lines: Vec<&str> = content.lines().collect();
            let last = &lines[lines.len().saturating_sub(TAIL_LINES)..];
            if !last.is_empty() {
                let name = file.file_name().unwrap_or_default().to_string_lossy();
                // Writing to a String cannot fail.
                let _ = write!(text, "\n--- end of {name}:\n{}", last.join("\n"));
            }
        }
        text
    }
}

/// Where a daemon's process is.
enum Status {
    NotStarted,
    /// With its process id.
    Running(u32),
    /// With how it ended.
    Ended(String),
}

impl Status {
    fn of(child: &mut Child) -> Self {
        match child.try_wait() {
            Ok(None) => Self::Running(child.id()),
            Ok(Some(status)) => Self::Ended(status.to_string()),
            Err(error) => Self::Ended(error.to_string()),
        }
    }
}
