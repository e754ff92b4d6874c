//! What happened, as far back as watches may ask.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::Value;

/// How many events are kept.
const KEPT: usize = 1000;

/// One change of one object.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) revision: u64,
    /// The qualified plural of its kind.
    pub(crate) resource: String,
    /// What it was; `None` where it was created.
    pub(crate) old: Option<Arc<Value>>,
    /// What it became; `None` where it was deleted.
    pub(crate) new: Option<Arc<Value>>,
}

/// The latest changes, oldest first.
#[derive(Debug, Default)]
pub(crate) struct History {
    changes: VecDeque<Change>,
    /// The revision of the latest change that was forgotten.
    forgotten: u64,
}

impl History {
    pub(crate) fn push(&mut self, change: Change) {
        self.changes.push_back(change);
        if self.changes.len() > KEPT {
            let oldest = self.changes.pop_front();
            self.forgotten = oldest.map_or(self.forgotten, |change| change.revision);
        }
    }

    /// Forgets every change so far.
    pub(crate) fn compact(&mut self, revision: u64) {
        self.changes.clear();
        self.forgotten = revision;
    }

    /// The latest revision that was forgotten: what asks for changes after an earlier one comes too late.
    pub(crate) fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// The changes after `revision`.
    pub(crate) fn after(&self, revision: u64) -> impl Iterator<Item = &Change> {
        self.changes.iter().skip_while(move |change| change.revision <= revision)
    }
}
