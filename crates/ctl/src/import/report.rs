//! What is said of an import beside its resources: what is wrong with the
//! input, and what has become of what could not be translated as it was.

use std::{fmt, rc::Rc};

use crate::{
    output::style::printable,
    problem::{Place, Problems},
};

/// Most characters of a value that a note shows.
const VALUE_CHARS_MAX: usize = 60;

/// A field of a resource, and where that stands in which file.
#[derive(Debug, Clone)]
pub(crate) struct Spot {
    /// Number of the file, counted from 0.
    source: usize,
    place: Place,
    /// The resource, as in `BGPPeer metallb-system/rack`.
    subject: Rc<str>,
}

impl Spot {
    /// The document `document` of a file, before it is known what it is.
    pub(super) fn document(source: usize, document: &str) -> Self {
        Self { source, place: Place::item(document.into()), subject: document.into() }
    }

    /// The same, when it is known.
    pub(super) fn of(&self, subject: &str) -> Self {
        let place = Place::item(format!("{}: {subject}", self.place.name()));
        Self { source: self.source, place, subject: subject.into() }
    }

    pub(super) fn key(&self, key: &str) -> Self {
        Self { place: self.place.key(key), ..self.clone() }
    }

    pub(super) fn index(&self, index: usize) -> Self {
        Self { place: self.place.index(index), ..self.clone() }
    }

    /// The keys inside the resource.
    pub(super) fn path(&self) -> &str {
        self.place.path()
    }

    /// Number of the file, counted from 0.
    pub(super) fn source(&self) -> usize {
        self.source
    }

    /// The resource.
    pub(super) fn subject(&self) -> &str {
        &self.subject
    }
}

/// What has become of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// There is nothing that does the same.
    LeftOut,
    /// It is there, and does not do the same.
    Changed,
    /// It takes somebody to do something.
    ToDo,
    /// It did nothing where it comes from.
    NoEffect,
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LeftOut => "left out",
            Self::Changed => "changed",
            Self::ToDo => "to do",
            Self::NoEffect => "no effect",
        })
    }
}

/// One line: what, where, its value, why, and what to do.
#[derive(Debug)]
pub(crate) struct Note {
    fate: Fate,
    subject: Rc<str>,
    path: String,
    value: String,
    text: String,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.fate)?;
        let parts = [&*self.subject, &self.path, &self.value].into_iter().filter(|part| !part.is_empty());
        for part in parts {
            write!(f, "{}: ", printable(part))?;
        }
        f.write_str(&printable(&self.text))
    }
}

/// Collects what there is to say.
#[derive(Debug)]
pub(crate) struct Report {
    notes: Vec<Note>,
    problems: Vec<Problems>,
}

impl Report {
    /// For files of these names.
    pub(super) fn new<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        Self { notes: Vec::new(), problems: names.map(Problems::new).collect() }
    }

    /// Says that the input cannot be read.
    pub(super) fn problem(&mut self, spot: &Spot, text: impl Into<String>) {
        self.problems[spot.source].push(&spot.place, text.into());
    }

    /// Says what has become of a field. A secret's `value` is empty.
    pub(super) fn note(&mut self, fate: Fate, spot: &Spot, value: impl fmt::Display, text: impl Into<String>) {
        let (subject, path) = (Rc::clone(&spot.subject), spot.place.path().to_owned());
        self.notes.push(Note { fate, subject, path, value: short(&value.to_string()), text: text.into() });
    }

    pub(super) fn left_out(&mut self, spot: &Spot, value: impl fmt::Display, text: impl Into<String>) {
        self.note(Fate::LeftOut, spot, value, text);
    }

    /// The notes, if the input could be read.
    ///
    /// # Errors
    /// What is wrong with it, a line each.
    pub(super) fn done(self) -> Result<Vec<Note>, String> {
        let wrong = self.problems.into_iter().filter_map(|problems| problems.or(()).err());
        let wrong: Vec<String> = wrong.map(|problems| problems.to_string()).collect();
        if wrong.is_empty() { Ok(self.notes) } else { Err(wrong.join("\n")) }
    }
}

impl Note {
    /// Whether something is lost.
    pub(crate) fn is_loss(&self) -> bool {
        self.fate == Fate::LeftOut
    }
}

fn short(value: &str) -> String {
    match value.char_indices().nth(VALUE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_owned(),
    }
}
