//! Lines that begin with a mark: good, bad, or something else.

use super::style::{Tone, printable};

/// One line.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    pub(crate) mark: &'static str,
    pub(crate) tone: Tone,
    pub(crate) name: String,
    pub(crate) text: &'a str,
    /// What to do; empty means nothing.
    pub(crate) next: &'a str,
}

/// The lines, with the texts below each other.
pub(crate) fn lines(lines: &[Line<'_>], colour: bool) -> String {
    let width = lines.iter().map(|line| line.name.chars().count()).max().unwrap_or_default();
    let mut text = String::new();
    for Line { mark, tone, name, text: found, next } in lines {
        let padding = " ".repeat(width - name.chars().count());
        text += &format!("{} {name}{padding}  {}\n", tone.paint(mark, colour), printable(found));
        if !next.is_empty() {
            text += &format!("  {}  next: {}\n", " ".repeat(width), printable(next));
        }
    }
    text
}
