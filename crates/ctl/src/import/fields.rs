//! The fields of a map, taken one by one. What nobody has taken in the end is
//! told, so that nothing goes by unseen.

use std::{ops::RangeInclusive, time::Duration};

use jiff::SignedDuration;

use super::report::{Report, Spot};
use crate::node::{Entries, Node};

/// What is left of a map.
#[derive(Debug)]
pub(super) struct Fields {
    entries: Entries,
    spot: Spot,
}

impl Fields {
    /// The fields of `node`; none, and a problem, where it is no map.
    pub(super) fn of(node: Node, spot: Spot, report: &mut Report) -> Self {
        let entries = match node {
            Node::Map(entries) => entries,
            Node::Null => Entries::new(),
            other => {
                expected::<()>("a map", &other, &spot, report);
                Entries::new()
            }
        };
        Self { entries, spot }
    }

    /// Where the map stands.
    pub(super) fn spot(&self) -> &Spot {
        &self.spot
    }

    /// Where one of its fields stands.
    pub(super) fn at(&self, key: &str) -> Spot {
        self.spot.key(key)
    }

    /// The value of a field; a null is none.
    pub(super) fn take(&mut self, key: &str) -> Option<Node> {
        let at = self.entries.iter().position(|(other, _)| other == key)?;
        Some(self.entries.remove(at).1).filter(|node| *node != Node::Null)
    }

    /// A text that stays.
    pub(super) fn peek(&self, key: &str) -> Option<&str> {
        match self.entries.iter().find(|(other, _)| other == key) {
            Some((_, Node::Text(text))) => Some(text),
            _ => None,
        }
    }

    pub(super) fn text(&mut self, key: &str, report: &mut Report) -> Option<String> {
        let node = self.take(key)?;
        text(node, &self.at(key), report).filter(|text| !text.is_empty())
    }

    pub(super) fn flag(&mut self, key: &str, report: &mut Report) -> bool {
        match self.take(key) {
            None => false,
            Some(Node::Bool(yes)) => yes,
            Some(other) => {
                expected::<()>("true or false", &other, &self.at(key), report);
                false
            }
        }
    }

    pub(super) fn number(&mut self, key: &str, range: RangeInclusive<u32>, report: &mut Report) -> Option<u32> {
        let node = self.take(key)?;
        let spot = self.at(key);
        let Node::Integer(number) = node else {
            return expected("a whole number", &node, &spot, report);
        };
        let fits = u32::try_from(number).ok().filter(|number| range.contains(number));
        if fits.is_none() {
            report.problem(&spot, format!("{number} is not between {} and {}", range.start(), range.end()));
        }
        fits
    }

    /// A number that must be there.
    pub(super) fn needed_number(&mut self, key: &str, range: RangeInclusive<u32>, report: &mut Report) -> Option<u32> {
        if !self.has(key) {
            report.problem(&self.at(key), "is missing");
        }
        self.number(key, range, report)
    }

    /// Whether a field is there, and not yet taken.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|(other, node)| other == key && *node != Node::Null)
    }

    /// A time as Go writes it: `90s`, `1m30s`.
    pub(super) fn time(&mut self, key: &str, report: &mut Report) -> Option<Duration> {
        let text = self.text(key, report)?;
        let time = text.parse::<SignedDuration>().ok().and_then(|time| Duration::try_from(time).ok());
        if time.is_none() {
            report.problem(&self.at(key), format!("expected a time such as 90s, found `{}`", text.escape_debug()));
        }
        time
    }

    pub(super) fn map(&mut self, key: &str, report: &mut Report) -> Option<Fields> {
        let node = self.take(key)?;
        Some(Fields::of(node, self.at(key), report))
    }

    pub(super) fn list(&mut self, key: &str, report: &mut Report) -> Vec<(Spot, Node)> {
        let spot = self.at(key);
        match self.take(key) {
            None => Vec::new(),
            Some(Node::List(nodes)) => {
                nodes.into_iter().enumerate().map(|(index, node)| (spot.index(index), node)).collect()
            }
            Some(other) => {
                expected::<()>("a list", &other, &spot, report);
                Vec::new()
            }
        }
    }

    pub(super) fn maps(&mut self, key: &str, report: &mut Report) -> Vec<Fields> {
        let items = self.list(key, report).into_iter();
        items.map(|(spot, node)| Fields::of(node, spot, report)).collect()
    }

    pub(super) fn texts(&mut self, key: &str, report: &mut Report) -> Vec<(Spot, String)> {
        let items = self.list(key, report).into_iter();
        items.filter_map(|(spot, node)| Some((spot.clone(), text(node, &spot, report)?))).collect()
    }

    /// All that is left, as texts by key.
    pub(super) fn into_texts(self, report: &mut Report) -> Vec<(String, String)> {
        let Self { entries, spot } = self;
        let texts = entries.into_iter();
        texts.filter_map(|(key, node)| text(node, &spot.key(&key), report).map(|text| (key, text))).collect()
    }

    /// All that is left.
    pub(super) fn into_entries(self) -> Entries {
        self.entries
    }

    /// Tells what nobody took.
    pub(super) fn finish(self, report: &mut Report) {
        for (key, node) in self.entries {
            if node != Node::Null {
                let why = "is not known here; look up what it does, and whether the new resources need it";
                report.left_out(&self.spot.key(&key), "", why);
            }
        }
    }
}

fn text(node: Node, spot: &Spot, report: &mut Report) -> Option<String> {
    match node {
        Node::Text(text) => Some(text),
        Node::Integer(_) | Node::Float(_) | Node::Bool(_) => {
            report.problem(spot, "expected text; put it in quotes");
            None
        }
        other => expected("text", &other, spot, report),
    }
}

fn expected<T>(what: &str, found: &Node, spot: &Spot, report: &mut Report) -> Option<T> {
    report.problem(spot, format!("expected {what}, found {}", found.kind()));
    None
}
