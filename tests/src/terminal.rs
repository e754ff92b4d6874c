//! A terminal: a program runs on it, keys are pressed, the screen is read.

mod svg;

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::num::NonZeroU16;
use std::os::fd::AsFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result, bail, ensure};
use novaroute_lab::wait_for;
use rustix::process::{Pid, Signal};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};
use vt100::{Parser, Screen};

use crate::scene::TIMEOUT;
pub use svg::svg;

/// Gives the program the terminal as its own, so that it is told when the size changes and when the terminal is closed.
const SETSID: &str = "/usr/bin/setsid";

/// Columns and lines.
#[derive(Debug, Clone, Copy)]
pub struct Size(pub u16, pub u16);

impl Size {
    /// The smallest terminal that anybody has.
    pub const SMALL: Self = Self(80, 24);

    fn lines_and_columns(self) -> Result<(NonZeroU16, NonZeroU16)> {
        Ok((NonZeroU16::try_from(self.1)?, NonZeroU16::try_from(self.0)?))
    }

    fn winsize(self) -> Winsize {
        Winsize { ws_row: self.1, ws_col: self.0, ws_xpixel: 0, ws_ypixel: 0 }
    }
}

/// A program on a terminal of its own.
pub struct Terminal {
    child: tokio::process::Child,
    /// What a user types on and looks at.
    master: File,
    /// Kept, so that the state in which the program leaves it can be read.
    slave: File,
    parser: Arc<Mutex<Parser>>,
}

impl Terminal {
    /// Starts `command` on a terminal of this size that knows 256 colours.
    ///
    /// # Errors
    /// There is no terminal, or the program is missing.
    pub fn run(command: &Command, size: Size) -> Result<Self> {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        tcsetwinsize(&master, size.winsize())?;
        let name = ptsname(&master, Vec::new())?;
        let slave = OpenOptions::new().read(true).write(true).open(OsStr::from_bytes(name.as_bytes()))?;
        let child = spawn(command, &slave)?;
        let (lines, columns) = size.lines_and_columns()?;
        let parser = Arc::new(Mutex::new(Parser::new(lines, columns, 0)));
        let shown = Arc::clone(&parser);
        let output = File::from(master.try_clone()?);
        std::thread::spawn(move || display(output, &shown));
        Ok(Self { child, master: File::from(master), slave, parser })
    }

    /// Types these letters.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn press(&mut self, keys: &str) -> Result<()> {
        Ok(self.master.write_all(keys.as_bytes())?)
    }

    /// Pulls the window to another size.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn resize(&self, size: Size) -> Result<()> {
        let (lines, columns) = size.lines_and_columns()?;
        self.parser().set_size(lines, columns);
        Ok(tcsetwinsize(self.master.as_fd(), size.winsize())?)
    }

    /// What is on the screen.
    #[must_use]
    pub fn screen(&self) -> Screen {
        self.parser().screen().clone()
    }

    /// Waits until the screen is as it is asked for; gives its text.
    ///
    /// # Errors
    /// It does not become so within 15 s; the error has the screen.
    pub async fn wait(&self, what: &str, is_so: impl Fn(&str) -> bool) -> Result<String> {
        wait_for(&format!("the screen to show {what}"), TIMEOUT, async || {
            let text = self.screen().contents();
            if is_so(&text) { Ok(Some(text)) } else { bail!("the screen:\n{text}") }
        })
        .await
    }

    /// Waits until `text` is on the screen.
    ///
    /// # Errors
    /// As [`Self::wait`].
    pub async fn shows(&self, text: &str) -> Result<String> {
        self.wait(text, |screen| screen.contains(text)).await
    }

    /// Sends a signal to the program.
    ///
    /// # Errors
    /// It has ended.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        let id = self.child.id().context("it has ended already")?;
        let pid = Pid::from_raw(i32::try_from(id)?).context("no process id")?;
        Ok(rustix::process::kill_process(pid, signal)?)
    }

    /// Waits for the end of the program; gives its exit code. The terminal must be as it was before.
    ///
    /// # Errors
    /// It does not end within 15 s, was killed by a signal, or leaves the terminal otherwise.
    pub async fn ended(mut self) -> Result<i32> {
        let status = tokio::time::timeout(TIMEOUT, self.child.wait()).await.context("it does not end")??;
        let code = status.code().with_context(|| format!("killed by signal {:?}", status.signal()))?;
        wait_for("the screen to be as before", TIMEOUT, async || {
            let screen = self.screen();
            let ours = screen.alternate_screen() || screen.hide_cursor();
            if ours { bail!("the alternate screen or no cursor:\n{}", screen.contents()) } else { Ok(Some(())) }
        })
        .await?;
        let modes = tcgetattr(&self.slave)?.local_modes;
        ensure!(modes.contains(LocalModes::ICANON | LocalModes::ECHO), "the terminal is still raw: {modes:?}");
        Ok(code)
    }

    fn parser(&self) -> MutexGuard<'_, Parser> {
        self.parser.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Terminal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Terminal").field("screen", &self.screen().contents()).finish_non_exhaustive()
    }
}

fn spawn(command: &Command, terminal: &File) -> Result<tokio::process::Child> {
    let mut own = tokio::process::Command::new(SETSID);
    own.arg("--ctty").arg(command.get_program()).args(command.get_args()).env_clear();
    own.envs(command.get_envs().filter_map(|(name, value)| value.map(|value| (name, value))));
    own.current_dir(command.get_current_dir().unwrap_or(Path::new(".")));
    own.env("TERM", "xterm-256color").kill_on_drop(true);
    own.stdin(Stdio::from(terminal.try_clone()?)).stdout(Stdio::from(terminal.try_clone()?));
    own.stderr(Stdio::from(terminal.try_clone()?)).spawn().context("starting it by setsid (util-linux)")
}

/// Shows what the program writes until the terminal is gone.
fn display(mut output: File, parser: &Mutex<Parser>) {
    let mut bytes = [0; 4096];
    while let Ok(count @ 1..) = output.read(&mut bytes) {
        parser.lock().unwrap_or_else(PoisonError::into_inner).process(&bytes[..count]);
    }
}
