//! Walking the tree: a cursor stands on one value, knows its key, and reports what is wrong with it.
//!
//! Every reading method returns `None` after it has reported a fault, so that the walk goes on with the next key.

use std::fmt::Display;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use novaroute_core::invalid::Invalid;

use super::duration;
use super::error::{Place, Position, Report};
use super::tree::{Name, Node, Value};

/// Farthest that a wrong key may be from the key that it was meant to be, in edits.
const EDITS_MAX: usize = 3;

/// One value of the file.
pub(super) struct Cursor<'a> {
    node: &'a Node,
    key: String,
    report: &'a Report,
}

impl<'a> Cursor<'a> {
    pub(super) fn root(node: &'a Node, report: &'a Report) -> Self {
        Self { node, key: String::new(), report }
    }

    /// The dotted key.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// Where faults are collected.
    pub(super) fn report(&self) -> &'a Report {
        self.report
    }

    /// Reports that this value is wrong.
    pub(super) fn fail(&self, message: impl Display) {
        self.fail_at(self.node.at, &self.key, message);
    }

    fn fail_at(&self, at: Position, key: &str, message: impl Display) {
        self.report.error(Place::At(at), key, message.to_string());
    }

    /// The value of `result`, or `None` with its error reported here.
    pub(super) fn check<T, E: Display>(&self, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.fail(error)).ok()
    }

    /// The value as a table that has only `known` keys.
    pub(super) fn table(&self, known: &'static [&'static str]) -> Option<Table<'a>> {
        let table = self.entries()?;
        for (name, _) in table.entries {
            if !known.contains(&name.text.as_str()) {
                self.fail_at(name.at, &self.child_key(&name.text), unknown_key(&name.text, known));
            }
        }
        Some(table)
    }

    /// The value as a table whose keys are names of things; each name comes once.
    pub(super) fn entries(&self) -> Option<Table<'a>> {
        let Value::Table(entries) = &self.node.value else {
            self.expected("a table of keys", "");
            return None;
        };
        for (index, (name, _)) in entries.iter().enumerate() {
            if let Some((first, _)) = entries[..index].iter().find(|(earlier, _)| earlier.text == name.text) {
                let message = format!("given twice, first in line {}; keep one of the two", first.at.line);
                self.fail_at(name.at, &self.child_key(&name.text), message);
            }
        }
        Some(Table { entries, at: self.node.at, key: self.key.clone(), report: self.report })
    }

    /// The items of a list.
    pub(super) fn list(&self) -> Option<Vec<Cursor<'a>>> {
        let Value::List(items) = &self.node.value else {
            self.expected("a list", "");
            return None;
        };
        let item = |(index, node)| Cursor { node, key: format!("{}[{index}]", self.key), report: self.report };
        Some(items.iter().enumerate().map(item).collect())
    }

    /// Text. What would be a number or a truth value without quotes must have them, so that JSON and YAML agree.
    pub(super) fn text(&self) -> Option<&'a str> {
        match &self.node.value {
            Value::Scalar { text, plain } if !plain || is_text(text) => Some(text),
            Value::Scalar { .. } => {
                self.expected("text", "; put it in quotes");
                None
            }
            Value::List(_) | Value::Table(_) => {
                self.expected("text", "");
                None
            }
        }
    }

    /// Text without its quotes or a plain number, as it is written.
    pub(super) fn word(&self) -> Option<&'a str> {
        match &self.node.value {
            Value::Scalar { text, plain } if !plain || is_text(text) || is_number(text) => Some(text),
            _ => {
                self.expected("text or a number", "");
                None
            }
        }
    }

    /// `true` or `false`.
    pub(super) fn flag(&self) -> Option<bool> {
        match &self.node.value {
            Value::Scalar { text, plain: true } if text == "true" => Some(true),
            Value::Scalar { text, plain: true } if text == "false" => Some(false),
            _ => {
                self.expected("true or false", "; write it without quotes");
                None
            }
        }
    }

    /// A whole number within 32 bits.
    pub(super) fn number(&self) -> Option<u32> {
        let text = match &self.node.value {
            Value::Scalar { text, plain: true } if is_number(text) => text,
            _ => {
                self.expected("a number", "; write it without quotes");
                return None;
            }
        };
        let digits = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
        let number = digits.then(|| text.parse().ok()).flatten();
        if number.is_none() {
            self.fail(Invalid::new(text, "a whole number from 0 to 4294967295, in decimal"));
        }
        number
    }

    /// A number of things, at least one and at most `most`.
    pub(super) fn count(&self, most: u32) -> Option<u32> {
        let number = self.number()?;
        if (1..=most).contains(&number) {
            return Some(number);
        }
        self.fail(Invalid::number(number, format!("a number from 1 to {most}")));
        None
    }

    /// Text that a domain type takes.
    pub(super) fn parse<T: FromStr<Err = Invalid>>(&self) -> Option<T> {
        self.check(self.text()?.parse())
    }

    /// One of the given words.
    pub(super) fn choice<T: Copy>(&self, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text()?;
        let found = choices.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
            self.fail(Invalid::new(text, format!("one of {}", words.join(", "))));
        }
        found
    }

    /// A duration from `least` to `most`.
    pub(super) fn duration(&self, least: Duration, most: Duration) -> Option<Duration> {
        let text = self.word()?;
        let parsed = duration::parse(text);
        if let Some(duration) = parsed.filter(|duration| (least..=most).contains(duration)) {
            return Some(duration);
        }
        let form = if parsed.is_some() { "" } else { ": seconds as a number, or text such as \"5s\" or \"500ms\"" };
        let (least, most) = (duration::shown(least), duration::shown(most));
        self.fail(Invalid::new(text, format!("a duration from {least} to {most}{form}")));
        None
    }

    /// An absolute path without control characters.
    pub(super) fn path(&self) -> Option<PathBuf> {
        let text = self.text()?;
        if text.starts_with('/') && !text.chars().any(char::is_control) {
            return Some(PathBuf::from(text));
        }
        self.fail(Invalid::new(text, "an absolute path; begin it with '/'"));
        None
    }

    fn expected(&self, what: &str, way_out: &str) {
        let found = match &self.node.value {
            Value::Table(_) => "a table",
            Value::List(_) => "a list",
            Value::Scalar { plain: false, .. } => "text",
            Value::Scalar { text, .. } if is_null(text) => {
                return self.fail(format!("has no value; give {what}, or leave the key out"));
            }
            Value::Scalar { text, .. } if is_number(text) => "a number",
            Value::Scalar { text, .. } if is_truth(text) => "a truth value",
            Value::Scalar { .. } => "text",
        };
        self.fail(format!("is {found} where {what} belongs{way_out}"));
    }

    fn child_key(&self, name: &str) -> String {
        child_key(&self.key, name)
    }
}

/// A table of the file.
pub(super) struct Table<'a> {
    entries: &'a [(Name, Node)],
    at: Position,
    key: String,
    report: &'a Report,
}

impl<'a> Table<'a> {
    /// The value of a key, if it is there.
    pub(super) fn get(&self, name: &str) -> Option<Cursor<'a>> {
        self.entries.iter().find(|(found, _)| found.text == name).map(|entry| self.cursor(entry))
    }

    /// All names with their values.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'a str, Cursor<'a>)> {
        self.entries.iter().map(|entry| (entry.0.text.as_str(), self.cursor(entry)))
    }

    /// Reports a fault of the table as a whole.
    pub(super) fn fail(&self, message: impl Display) {
        self.report.error(Place::At(self.at), &self.key, message.to_string());
    }

    /// Reports a fault of one name, where the name stands.
    pub(super) fn fail_name(&self, name: &str, message: impl Display) {
        let at = self.entries.iter().find(|(found, _)| found.text == name).map_or(self.at, |(found, _)| found.at);
        self.report.error(Place::At(at), &child_key(&self.key, name), message.to_string());
    }

    fn cursor(&self, (name, node): &'a (Name, Node)) -> Cursor<'a> {
        Cursor { node, key: child_key(&self.key, &name.text), report: self.report }
    }
}

/// A name from the file may be anything: it is printed as it is only when it is an ordinary word.
fn child_key(key: &str, name: &str) -> String {
    let ordinary = !name.is_empty()
        && name.len() <= novaroute_core::name::OWNER_NAME_BYTES_MAX
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
    let shown = if ordinary { name.to_owned() } else { shown(name) };
    if key.is_empty() { shown } else { format!("{key}.{shown}") }
}

/// A name in quotes, shortened and escaped as [`Invalid`] does it.
fn shown(name: &str) -> String {
    let text = Invalid::new(name, "").to_string();
    text.strip_suffix(" is not ").unwrap_or(&text).to_owned()
}

fn unknown_key(name: &str, known: &[&str]) -> String {
    let nearest = known.iter().map(|key| (strsim::osa_distance(&name.to_ascii_lowercase(), key), key)).min();
    match nearest {
        Some((edits, key)) if edits <= EDITS_MAX && edits < key.len() => {
            format!("unknown key; did you mean \"{key}\"?")
        }
        _ => format!("unknown key; known here: {}", known.join(", ")),
    }
}

fn is_text(plain: &str) -> bool {
    !(is_null(plain) || is_truth(plain) || is_number(plain))
}

fn is_null(plain: &str) -> bool {
    matches!(plain, "" | "~" | "null" | "Null" | "NULL")
}

fn is_truth(plain: &str) -> bool {
    matches!(plain, "true" | "True" | "TRUE" | "false" | "False" | "FALSE")
}

/// What some YAML reader takes for a number: beginning like one and with nothing in it that numbers do not have.
fn is_number(plain: &str) -> bool {
    let unsigned = plain.strip_prefix(['-', '+']).unwrap_or(plain);
    let based = |prefix| unsigned.strip_prefix(prefix).is_some_and(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
    let begins = unsigned.strip_prefix('.').unwrap_or(unsigned).bytes().next().is_some_and(|b| b.is_ascii_digit());
    let special = matches!(unsigned.to_ascii_lowercase().as_str(), ".inf" | ".nan");
    special || based("0x") || based("0o") || (begins && unsigned.replace('_', "").parse::<f64>().is_ok())
}

#[cfg(test)]
mod tests;
