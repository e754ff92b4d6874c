//! Writing to stdout.

use std::io::{self, IsTerminal as _, Write as _};

use super::{Format, style};
use crate::exit::Failure;

/// To the top left corner, and everything below it away.
const REDRAW: &str = "\x1b[H\x1b[J";

/// Stdout, and how to write for whoever reads it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Screen {
    pub(crate) format: Format,
    pub(crate) colour: bool,
    terminal: bool,
}

impl Screen {
    pub(crate) fn new(format: Format) -> Self {
        Self { format, colour: style::colour(), terminal: io::stdout().is_terminal() }
    }

    /// Writes `text` as it is.
    ///
    /// # Errors
    /// Stdout is closed ([`Failure::ClosedPipe`]) or cannot be written.
    pub(crate) fn write(&self, text: &str) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(|error| match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::ClosedPipe,
            _ => Failure::Failed(format!("cannot write to stdout: {error}")),
        })
    }

    /// Writes the `nth` picture of a series, counted from 0: on a terminal in
    /// place of the one before, elsewhere after an empty line.
    pub(crate) fn picture(&self, nth: usize, text: &str) -> Result<(), Failure> {
        self.write(&format!("{}{text}", before_picture(self.terminal, nth)))
    }
}

fn before_picture(terminal: bool, nth: usize) -> &'static str {
    match (terminal, nth) {
        (true, _) => REDRAW,
        (false, 0) => "",
        (false, _) => "\n",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_terminal_is_redrawn() {
        assert_eq!([0, 1, 2].map(|nth| before_picture(true, nth)), [REDRAW; 3]);
        assert_eq!([0, 1, 2].map(|nth| before_picture(false, nth)), ["", "\n", "\n"]);
    }
}
