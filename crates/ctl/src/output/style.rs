//! Colours of states, and text that is safe to show on a terminal.

use std::{env, io::IsTerminal as _};

/// How good a state is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Tone {
    /// Says nothing about good or bad.
    #[default]
    Plain,
    /// As it should be: green.
    Good,
    /// On its way, or waiting for something: yellow.
    Waiting,
    /// Wrong: red.
    Bad,
}

impl Tone {
    /// The tone of a state's word: an intent's state, a BGP, BFD or OSPF
    /// state, in any case.
    pub(crate) fn of(state: &str) -> Self {
        match state.to_lowercase().as_str() {
            "established" | "advertised" | "up" | "connected" => Self::Good,
            "pending" | "stale" | "overridden" | "connect" | "active" | "opensent" | "openconfirm" | "init" => {
                Self::Waiting
            }
            "refused" | "down" | "not connected" => Self::Bad,
            other if other.starts_with("idle") => Self::Bad,
            _ => Self::Plain,
        }
    }

    /// `text` in the colour of the tone, if colours are on.
    pub(crate) fn paint(self, text: &str, colour: bool) -> String {
        let code = match self {
            Self::Plain => return text.to_owned(),
            Self::Good => 32,
            Self::Waiting => 33,
            Self::Bad => 31,
        };
        if colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// Whether stdout takes colours: a terminal, and nobody asked for none
/// (`NO_COLOR`, see no-color.org; `TERM=dumb`).
pub(crate) fn colour() -> bool {
    let asked_for_none = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
    std::io::stdout().is_terminal() && !asked_for_none && !dumb
}

/// `text` with everything escaped that could move the cursor, hide or reorder
/// what is shown: some of it comes from peers by way of FRR.
pub(crate) fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_control() || is_reordering(letter) {
            safe.extend(letter.escape_unicode());
        } else {
            safe.push(letter);
        }
    }
    safe
}

/// Line and paragraph separators and the bidirectional controls (Unicode
/// Standard Annex 9).
fn is_reordering(letter: char) -> bool {
    matches!(letter, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_have_tones() {
        for (state, tone) in [
            ("Established", Tone::Good),
            ("advertised", Tone::Good),
            ("pending", Tone::Waiting),
            ("OpenSent", Tone::Waiting),
            ("Idle (Admin)", Tone::Bad),
            ("refused", Tone::Bad),
            ("programmed", Tone::Plain),
            ("", Tone::Plain),
        ] {
            assert_eq!(Tone::of(state), tone, "{state}");
        }
    }

    #[test]
    fn without_colour_nothing_is_added() {
        assert_eq!(Tone::Bad.paint("down", false), "down");
        assert_eq!(Tone::Bad.paint("down", true), "\x1b[31mdown\x1b[0m");
        assert_eq!(Tone::Plain.paint("down", true), "down");
    }

    #[test]
    fn what_could_drive_the_terminal_is_escaped() {
        assert_eq!(printable("a\x1b[2Jb\n\u{202e}c"), "a\\u{1b}[2Jb\\u{a}\\u{202e}c");
        assert_eq!(printable("Zürich 50% off"), "Zürich 50% off");
    }
}
