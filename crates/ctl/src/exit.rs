//! How a command ends: exit codes and what stands on stderr.

use std::{io::Write as _, process::ExitCode};

use crate::{output::refusal::Refusal, schema::SchemaError};

/// Refused by the agent, or failed on the way.
const FAILED: u8 = 1;
/// Wrong usage; nothing was sent. clap exits with the same code.
const USAGE: u8 = 2;
/// The agent cannot be reached.
const UNREACHABLE: u8 = 3;
/// Done, but for something that could not be translated.
const INCOMPLETE: u8 = 4;

/// Why a command did not do what was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line, its environment or a file it names is wrong; nothing
    /// was sent.
    Usage(String),
    /// Something failed that is neither usage nor the agent's answer.
    Failed(String),
    /// The agent said no, or could not be asked.
    Refused {
        /// What was tried, as in `advertise 203.0.113.7/32`.
        what: String,
        /// The answer.
        refusal: Box<Refusal>,
    },
    /// As the others, and what there is to say has been said on stdout.
    Told {
        /// Whether it was for want of an agent.
        unreachable: bool,
    },
    /// Something was left out, as has been said on stderr.
    Incomplete,
    /// Whoever read our output has gone. That is their right.
    ClosedPipe,
}

impl Failure {
    fn code(&self) -> ExitCode {
        match self {
            Self::Usage(_) => ExitCode::from(USAGE),
            Self::Refused { refusal, .. } if refusal.is_unreachable() => ExitCode::from(UNREACHABLE),
            Self::Told { unreachable: true } => ExitCode::from(UNREACHABLE),
            Self::Failed(_) | Self::Refused { .. } | Self::Told { .. } => ExitCode::from(FAILED),
            Self::Incomplete => ExitCode::from(INCOMPLETE),
            Self::ClosedPipe => ExitCode::SUCCESS,
        }
    }

    /// What to say on stderr; nothing where everything has been said.
    pub(crate) fn text(&self) -> Option<String> {
        match self {
            Self::Usage(text) | Self::Failed(text) => Some(text.clone()),
            Self::Refused { what, refusal } => Some(format!("{what}: {refusal}")),
            Self::Told { .. } | Self::Incomplete | Self::ClosedPipe => None,
        }
    }
}

impl From<SchemaError> for Failure {
    fn from(error: SchemaError) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Says on stderr what went wrong, if anything did, and picks the exit code.
pub(crate) fn report(done: Result<(), Failure>) -> ExitCode {
    let Err(failure) = done else { return ExitCode::SUCCESS };
    if let Some(text) = failure.text() {
        complain(&text);
    }
    failure.code()
}

/// Writes `text` to stderr under our name.
pub(crate) fn complain(text: &str) {
    // With stderr gone too there is nobody left to tell.
    let _ = writeln!(std::io::stderr(), "novaroutectl: {text}");
}
