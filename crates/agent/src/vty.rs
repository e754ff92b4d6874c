//! A connection to the VTY socket of one daemon.

mod live_log;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use novaroute_frr::vty::{BadCommand, BadFrame, Command, Decoder, Reply};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::time::timeout;

pub use live_log::{LiveLog, LiveLogError};

/// Commands that may be on their way without an answer: enough to hide the round trip, and few enough that
/// neither side's socket buffer fills.
const WINDOW: usize = 256;
/// Bytes read at once.
const READ_BYTES: usize = 64 << 10;

/// Why a daemon could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum VtyError {
    /// Nothing listens on the socket, or the connection broke.
    #[error("disconnected: {0}")]
    Disconnected(#[from] io::Error),
    /// The daemon does not answer; it may be stopped, or busy for too long.
    #[error("no answer within {} s", .0.as_secs())]
    TimedOut(Duration),
    /// The answer cannot be read.
    #[error(transparent)]
    BadFrame(#[from] BadFrame),
    /// A command must not be sent. Parsing makes this impossible; it is checked all the same.
    #[error("not sent: {0}")]
    BadCommand(#[from] BadCommand),
}

/// The VTY of one daemon; it connects when it is asked and again after a failure.
#[derive(Debug)]
pub struct Vty {
    path: PathBuf,
    limits: Limits,
    connection: Option<Connection>,
    connections: u64,
}

/// How long a daemon may take. One that is stopped or hangs is noticed by this.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// To accept a connection.
    pub connect: Duration,
    /// To give one answer.
    pub reply: Duration,
}

#[derive(Debug)]
struct Connection {
    stream: UnixStream,
    decoder: Decoder,
    reply_limit: Duration,
}

impl Vty {
    /// The daemon that listens on `path`.
    #[must_use]
    pub fn new(path: PathBuf, limits: Limits) -> Self {
        Self { path, limits, connection: None, connections: 0 }
    }

    /// How often a connection was made: more than before means that the daemon was restarted or did not answer.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.connections
    }

    /// Sends commands one behind the other without waiting, and returns their answers in order.
    ///
    /// # Errors
    /// The connection broke or an answer did not come in time; the commands may or may not have been executed.
    /// The next call connects anew.
    pub async fn pipeline<S: AsRef<str>>(&mut self, lines: &[S]) -> Result<Vec<Reply>, VtyError> {
        let commands = lines.iter().map(|line| Command::new(line.as_ref())).collect::<Result<Vec<_>, _>>()?;
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        // A connection that failed is not put back: what is still on its way would answer the next command.
        let replies = connection.exchange(&commands).await?;
        self.connection = Some(connection);
        Ok(replies)
    }

    async fn connect(&mut self) -> Result<Connection, VtyError> {
        let connection = Connection::open(&self.path, self.limits).await?;
        self.connections += 1;
        Ok(connection)
    }

    /// Sends one command and returns its answer.
    ///
    /// # Errors
    /// As [`Vty::pipeline`].
    pub async fn command(&mut self, line: &str) -> Result<Reply, VtyError> {
        let mut replies = self.pipeline(&[line]).await?;
        replies.pop().ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof).into())
    }

    /// The text that a `show` command prints.
    ///
    /// # Errors
    /// As [`Vty::pipeline`].
    pub async fn show(&mut self, command: &str) -> Result<String, VtyError> {
        Ok(self.command(command).await?.text)
    }
}

impl Connection {
    /// Connects and enters the enable node. `XFRR_end_configuration` comes first: where another client died
    /// between FRR's bulk markers, bgpd holds back new sessions until somebody ends the bulk.
    async fn open(path: &Path, limits: Limits) -> Result<Self, VtyError> {
        let connect = timeout(limits.connect, UnixStream::connect(path)).await;
        let stream = connect.map_err(|_| VtyError::TimedOut(limits.connect))??;
        let mut connection = Self { stream, decoder: Decoder::default(), reply_limit: limits.reply };
        connection.exchange(&[Command::new("enable")?, Command::new("XFRR_end_configuration")?]).await?;
        Ok(connection)
    }

    async fn exchange(&mut self, commands: &[Command]) -> Result<Vec<Reply>, VtyError> {
        let mut replies = Vec::with_capacity(commands.len());
        let mut sent = 0;
        while replies.len() < commands.len() {
            // Refill when half of the window is answered, so that writes stay few and long.
            if sent < commands.len() && sent - replies.len() <= WINDOW / 2 {
                let until = commands.len().min(replies.len() + WINDOW);
                self.send(&commands[sent..until]).await?;
                sent = until;
            }
            replies.push(self.receive().await?);
        }
        Ok(replies)
    }

    async fn send(&mut self, commands: &[Command]) -> Result<(), VtyError> {
        let mut bytes = Vec::new();
        for command in commands {
            command.encode(&mut bytes);
        }
        let written = timeout(self.reply_limit, self.stream.write_all(&bytes)).await;
        Ok(written.map_err(|_| VtyError::TimedOut(self.reply_limit))??)
    }

    async fn receive(&mut self) -> Result<Reply, VtyError> {
        loop {
            if let Some(reply) = self.decoder.next_reply()? {
                return Ok(reply);
            }
            let mut buffer = vec![0; READ_BYTES];
            let read = timeout(self.reply_limit, self.stream.read(&mut buffer)).await;
            match read.map_err(|_| VtyError::TimedOut(self.reply_limit))?? {
                0 => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                length => self.decoder.push(&buffer[..length]),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::UnixListener;

    use super::*;

    const LIMITS: Limits = Limits { connect: Duration::from_secs(1), reply: Duration::from_secs(5) };

    /// Answers each command with its own text, in chunks of seven bytes.
    async fn echo(listener: UnixListener, answers: usize) {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut pending = Vec::new();
        let mut answered = 0;
        while answered < answers {
            let mut buffer = [0; 512];
            let length = stream.read(&mut buffer).await.unwrap();
            if length == 0 {
                return;
            }
            pending.extend_from_slice(&buffer[..length]);
            while let Some(end) = pending.iter().position(|byte| *byte == 0) {
                let mut answer: Vec<u8> = pending.drain(..=end).collect();
                answer.extend_from_slice(&[0, 0, 0]);
                for chunk in answer.chunks(7) {
                    stream.write_all(chunk).await.unwrap();
                }
                answered += 1;
            }
        }
    }

    #[tokio::test]
    async fn answers_come_in_order_whatever_the_window() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bgpd.vty");
        let server = tokio::spawn(echo(UnixListener::bind(&path).unwrap(), 1_002));
        let mut vty = Vty::new(path, LIMITS);
        let lines: Vec<String> = (0..1_000).map(|number| format!("line {number}")).collect();
        let replies = vty.pipeline(&lines).await.unwrap();
        assert_eq!(replies.into_iter().map(|reply| reply.text).collect::<Vec<_>>(), lines);
        server.await.unwrap();
    }

    #[tokio::test]
    async fn a_daemon_that_ends_is_told_and_the_next_call_connects_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bgpd.vty");
        let mut vty = Vty::new(path.clone(), LIMITS);
        assert!(matches!(vty.show("a").await, Err(VtyError::Disconnected(_))));
        let first = tokio::spawn(echo(UnixListener::bind(&path).unwrap(), 2));
        assert!(matches!(vty.show("a").await, Err(VtyError::Disconnected(_))));
        first.await.unwrap();
        std::fs::remove_file(&path).unwrap();
        let second = tokio::spawn(echo(UnixListener::bind(&path).unwrap(), 3));
        assert_eq!(vty.show("a").await.unwrap(), "a");
        second.await.unwrap();
    }

    #[tokio::test]
    async fn what_must_not_be_sent_is_not_sent() {
        let mut vty = Vty::new("/nonexistent".into(), LIMITS);
        assert!(matches!(vty.show("a\nb").await, Err(VtyError::BadCommand(_))));
    }
}
