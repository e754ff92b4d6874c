//! A small client of a daemon's VTY socket (FRR `lib/vty.c`).
//!
//! A command goes out as its text and one NUL. The answer is text, three NULs and a status byte.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::time::timeout;

/// Runs commands one after the other on a daemon's socket, from the enable node, and returns their texts.
///
/// All run over one connection, so `configure terminal` leads the commands after it to where it leads a person.
///
/// # Errors
/// When nobody listens, or at the first command that the daemon refuses; those before it stay done.
pub async fn run_commands<S: AsRef<str>>(socket: &Path, commands: &[S]) -> Result<Vec<String>> {
    let mut vty = Vty::connect(socket).await?;
    let mut texts = Vec::with_capacity(commands.len());
    for command in commands {
        texts.push(vty.run(command.as_ref()).await?);
    }
    Ok(texts)
}

/// Longest wait for one answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// Largest answer: a table of a few hundred thousand routes still fits.
const ANSWER_BYTES_MAX: usize = 256 << 20;

/// Room for one read.
const READ_BYTES: usize = 64 << 10;

/// `CMD_SUCCESS` (FRR `lib/command.h`).
const SUCCESS: u8 = 0;

/// One answer of a daemon.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    status: u8,
    text: String,
}

/// A connection to one daemon, in the enable node.
#[derive(Debug)]
pub(crate) struct Vty {
    path: PathBuf,
    stream: UnixStream,
    buffer: Vec<u8>,
}

impl Vty {
    /// Connects and enters the enable node.
    pub(crate) async fn connect(path: &Path) -> Result<Self> {
        let stream = timeout(ANSWER_TIMEOUT, UnixStream::connect(path))
            .await
            .map_err(anyhow::Error::from)
            .and_then(|connected| Ok(connected?))
            .with_context(|| format!("cannot connect to {}", path.display()))?;
        let mut vty = Self { path: path.to_owned(), stream, buffer: Vec::new() };
        vty.run("enable").await?;
        Ok(vty)
    }

    /// Runs one command and returns its text.
    ///
    /// FRR may answer "success" to a line that it refused, so text that starts with `% ` counts as
    /// a refusal too.
    pub(crate) async fn run(&mut self, command: &str) -> Result<String> {
        ensure!(!command.contains('\0'), "command {command:?} holds a NUL: it would be two commands");
        let answer = timeout(ANSWER_TIMEOUT, self.exchange(command))
            .await
            .map_err(|_| anyhow::anyhow!("no answer within {} s", ANSWER_TIMEOUT.as_secs()))
            .and_then(|answer| answer)
            .with_context(|| format!("'{command}' on {}", self.path.display()))?;
        if answer.status != SUCCESS || answer.text.starts_with("% ") {
            let socket = self.path.file_name().unwrap_or_default().to_string_lossy();
            bail!("{socket} refused '{command}' (status {}): {}", answer.status, answer.text.trim());
        }
        Ok(answer.text)
    }

    async fn exchange(&mut self, command: &str) -> Result<Answer> {
        let mut line = command.as_bytes().to_vec();
        line.push(0);
        self.stream.write_all(&line).await.context("cannot send")?;
        let mut without_nul = 0;
        loop {
            if !self.buffer[without_nul..].contains(&0) {
                without_nul = self.buffer.len();
            } else if let Some((answer, length)) = parse(&self.buffer)? {
                self.buffer.drain(..length);
                return Ok(answer);
            }
            self.buffer.reserve(READ_BYTES);
            ensure!(self.buffer.len() < ANSWER_BYTES_MAX, "the answer exceeds {ANSWER_BYTES_MAX} bytes");
            let read = self.stream.read_buf(&mut self.buffer).await.context("cannot read")?;
            ensure!(read > 0, "the daemon closed the connection");
        }
    }
}

/// The first whole answer in `bytes` and its length, or `None` while more is to come.
fn parse(bytes: &[u8]) -> Result<Option<(Answer, usize)>> {
    let Some(end) = bytes.iter().position(|byte| *byte == 0) else { return Ok(None) };
    let Some(&[a, b, c, status]) = bytes.get(end..end + 4) else { return Ok(None) };
    ensure!([a, b, c] == [0; 3], "not an answer of a VTY: three NULs expected after the text");
    let text = String::from_utf8_lossy(&bytes[..end]).into_owned();
    Ok(Some((Answer { status, text }, end + 4)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_answers_from_a_stream() {
        let bytes = b"hello\n\0\0\0\0% bad\0\0\0\x02";
        let (first, length) = parse(bytes).unwrap().unwrap();
        assert_eq!(first, Answer { status: 0, text: "hello\n".into() });
        let (second, rest) = parse(&bytes[length..]).unwrap().unwrap();
        assert_eq!(second, Answer { status: 2, text: "% bad".into() });
        assert_eq!(length + rest, bytes.len());
    }

    #[test]
    fn waits_for_the_status_byte() {
        for part in [&b""[..], b"text", b"text\0\0", b"text\0\0\0"] {
            assert_eq!(parse(part).unwrap(), None, "{part:?}");
        }
    }

    #[test]
    fn refuses_what_is_no_answer() {
        assert!(parse(b"text\0abc").is_err());
    }
}
