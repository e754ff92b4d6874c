//! The protocol of a daemon's VTY socket (FRR `lib/vty.c`, `vtysh/vtysh.c`).
//!
//! A command goes out as its text and a NUL. The answer comes back as text, three NULs and one byte with the
//! return code. The text never holds a NUL, so the first one ends it. A new connection is in the view node;
//! `enable` and `configure terminal` lead on from there.

use std::fmt;

/// Longest command in bytes, the NUL not counted. FRR 8 drops the beginning of a line that does not fit its
/// 4096-byte buffer and *executes the rest*, so nothing comes near it.
pub const COMMAND_BYTES_MAX: usize = 1000;
/// Longest answer in bytes that is taken in. A running configuration with 100,000 prefixes has about 6 MiB.
pub const REPLY_BYTES_MAX: usize = 64 << 20;

/// A command that may be sent: one line, within the limit, without a byte that FRR would take for its end.
#[derive(Clone, PartialEq, Eq)]
pub struct Command(String);

/// A line that must not be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadCommand {
    /// Longer than [`COMMAND_BYTES_MAX`].
    #[error("the line is longer than {COMMAND_BYTES_MAX} bytes")]
    TooLong,
    /// Holds a control character; a NUL would begin a new command.
    #[error("the line holds a control character")]
    ControlCharacter,
    /// Holds `|`, from which on FRR reads an output filter.
    #[error("the line holds a '|'")]
    Pipe,
}

impl Command {
    /// Checks a line. This is the second door: what reaches it was parsed before.
    ///
    /// # Errors
    /// [`BadCommand`] when FRR would not read the line as one command.
    pub fn new(line: &str) -> Result<Self, BadCommand> {
        if line.len() > COMMAND_BYTES_MAX {
            return Err(BadCommand::TooLong);
        }
        if line.chars().any(char::is_control) {
            return Err(BadCommand::ControlCharacter);
        }
        if line.contains('|') {
            return Err(BadCommand::Pipe);
        }
        Ok(Self(line.to_owned()))
    }

    /// Appends the command's bytes as they go out.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.0.as_bytes());
        out.push(0);
    }
}

impl fmt::Debug for Command {
    /// Without the text, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Command({} bytes)", self.0.len())
    }
}

/// FRR's return code of a command (`lib/command.h`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReturnCode {
    /// `CMD_SUCCESS`.
    Success,
    /// `CMD_WARNING`.
    Warning,
    /// `CMD_ERR_NO_MATCH`: no such command.
    NoMatch,
    /// `CMD_ERR_AMBIGUOUS`.
    Ambiguous,
    /// `CMD_ERR_INCOMPLETE`.
    Incomplete,
    /// `CMD_WARNING_CONFIG_FAILED`.
    ConfigFailed,
    /// Any other code.
    Other(u8),
}

impl ReturnCode {
    fn from_byte(byte: u8) -> Self {
        match byte {
            0 => Self::Success,
            1 => Self::Warning,
            2 => Self::NoMatch,
            3 => Self::Ambiguous,
            4 => Self::Incomplete,
            13 => Self::ConfigFailed,
            other => Self::Other(other),
        }
    }

    /// Whether a daemon that found a lock held answers so. What cannot be parsed has its own codes, and may quote any
    /// words; mgmtd answers -1 when a line finds its datastore locked (`lib/vty.c`, `vty_mgmt_send_config_data`).
    fn may_be_locked(self) -> bool {
        matches!(self, Self::Warning | Self::ConfigFailed | Self::Other(_))
    }

    /// The number as FRR sends it.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Warning => 1,
            Self::NoMatch => 2,
            Self::Ambiguous => 3,
            Self::Incomplete => 4,
            Self::ConfigFailed => 13,
            Self::Other(other) => other,
        }
    }
}

/// The answer to one command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The return code.
    pub code: ReturnCode,
    /// What was printed.
    pub text: String,
}

/// What an answer to a configuration line means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Taken, with nothing to say.
    Accepted,
    /// Taken, with words that an operator may want to read.
    AcceptedWith(String),
    /// Refused, in FRR's words.
    Refused(String),
    /// Not taken now, in FRR's words: somebody else has locked the configuration. To be sent again.
    Busy(String),
}

/// What FRR says of a lock that somebody else holds (`lib/vty.c`, `lib/northbound.c`). mgmtd also holds one itself
/// while a daemon that it configures starts.
const LOCKED: [&str; 4] = ["could not lock ", "locked by another ", "locked by other client", "resource is locked"];

impl Reply {
    /// Reads the answer to a configuration line. Success is not proof by itself: some refusals come with code 0
    /// and a text that begins with `% `; and some successes have words.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let text = self.text.trim();
        match self.code {
            ReturnCode::Success if text.is_empty() => Verdict::Accepted,
            ReturnCode::Success if !text.starts_with("% ") => Verdict::AcceptedWith(text.to_owned()),
            _ if self.code.may_be_locked() && LOCKED.iter().any(|words| text.contains(words)) => {
                Verdict::Busy(text.to_owned())
            }
            _ if text.is_empty() => Verdict::Refused(format!("return code {}", self.code.number())),
            _ => Verdict::Refused(text.to_owned()),
        }
    }
}

/// The stream cannot be read any further; the connection must be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadFrame {
    /// The answer grew past the limit.
    #[error("the answer is longer than {REPLY_BYTES_MAX} bytes")]
    TooLong,
    /// Something other than two more NULs stood behind the first one.
    #[error("the answer is not framed as FRR frames it")]
    Malformed,
}

/// Cuts the stream of answers into frames.
#[derive(Debug, Default)]
pub struct Decoder {
    buffer: Vec<u8>,
    /// Bytes of the buffer that are known to hold no NUL.
    scanned: usize,
}

impl Decoder {
    /// Takes in bytes as they arrive.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole answer, if it has arrived. Text that is not UTF-8 is read with replacement characters.
    ///
    /// # Errors
    /// [`BadFrame`]; the stream is out of step from here on.
    pub fn next_reply(&mut self) -> Result<Option<Reply>, BadFrame> {
        let Some(offset) = self.buffer[self.scanned..].iter().position(|byte| *byte == 0) else {
            self.scanned = self.buffer.len();
            return if self.scanned > REPLY_BYTES_MAX { Err(BadFrame::TooLong) } else { Ok(None) };
        };
        let end = self.scanned + offset;
        self.scanned = end;
        let Some(trailer) = self.buffer.get(end..end + 4) else { return Ok(None) };
        if trailer[..3] != [0, 0, 0] {
            return Err(BadFrame::Malformed);
        }
        let code = ReturnCode::from_byte(trailer[3]);
        let text = String::from_utf8_lossy(&self.buffer[..end]).into_owned();
        self.buffer.drain(..end + 4);
        self.scanned = 0;
        Ok(Some(Reply { code, text }))
    }
}

#[cfg(test)]
mod tests;
