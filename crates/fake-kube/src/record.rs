//! What was asked of the server.

use std::collections::BTreeMap;
use std::sync::Mutex;

use crate::sync::lock;

/// A request that may write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// `create`, `update`, `patch`, `apply`, `delete` or `deletecollection`.
    pub verb: &'static str,
    /// The path, without the query.
    pub path: String,
    /// The field manager; empty for deletions.
    pub manager: String,
    /// The status of the answer.
    pub code: u16,
    /// Whether something was stored or removed.
    pub changed: bool,
}

/// Counters, and the writes in their order.
#[derive(Debug, Default)]
pub(crate) struct Record {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// By verb and qualified plural.
    requests: BTreeMap<(&'static str, String), u64>,
    bytes_out: u64,
    writes: Vec<Write>,
}

impl Record {
    pub(crate) fn count(&self, verb: &'static str, plural: String) {
        *lock(&self.inner).requests.entry((verb, plural)).or_default() += 1;
    }

    pub(crate) fn sent(&self, bytes: usize) {
        lock(&self.inner).bytes_out += bytes as u64;
    }

    pub(crate) fn wrote(&self, write: Write) {
        lock(&self.inner).writes.push(write);
    }

    pub(crate) fn requests(&self) -> BTreeMap<(&'static str, String), u64> {
        lock(&self.inner).requests.clone()
    }

    pub(crate) fn bytes_out(&self) -> u64 {
        lock(&self.inner).bytes_out
    }

    pub(crate) fn writes(&self) -> Vec<Write> {
        lock(&self.inner).writes.clone()
    }
}
