//! Changes that go back by themselves unless their owner confirms them in time. Time is an argument, as in
//! [`session`](crate::session).

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;

use crate::intent::Change;
use crate::invalid::Invalid;
use crate::name::{ChangeId, OwnerName};

/// Longest time to confirm in seconds: a day.
pub const CONFIRM_S_MAX: u32 = 86_400;

/// How long a change waits to be confirmed: 1 to 86400 seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConfirmWithin(NonZeroU32);

impl ConfirmWithin {
    /// So many seconds; 0: the change counts at once.
    ///
    /// # Errors
    /// It is longer than a day.
    pub fn new(seconds: u32) -> Result<Option<Self>, Invalid> {
        if seconds > CONFIRM_S_MAX {
            let expected = format!("a time to confirm of 1 to {CONFIRM_S_MAX} seconds; 0 means that none is needed");
            return Err(Invalid::number(seconds, expected));
        }
        Ok(NonZeroU32::new(seconds).map(Self))
    }

    /// Seconds.
    #[must_use]
    pub fn seconds(self) -> u32 {
        self.0.get()
    }
}

/// What the journal keeps of a change that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingTerms {
    /// Its name.
    pub id: ChangeId,
    /// How long it waits.
    pub within: ConfirmWithin,
    /// What leads back to what the owner held before.
    pub undo: Vec<Change>,
}

/// What the journal says of changes that wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PendingStep {
    /// One waits from now on.
    Opened(PendingTerms),
    /// One was confirmed, went back, or has lost its meaning.
    Settled(ChangeId),
}

/// What an owner says of its change that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    /// Which; `None`: whichever waits.
    pub change: Option<ChangeId>,
    /// It goes back; otherwise it counts.
    pub roll_back: bool,
}

/// A change that waits, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// What was agreed on.
    pub terms: PendingTerms,
    /// When it goes back.
    pub ends_at: u64,
}

impl Pending {
    /// One that waits from now on.
    #[must_use]
    pub fn opened(terms: PendingTerms, now_ms: u64) -> Self {
        let ends_at = now_ms.saturating_add(u64::from(terms.within.seconds()) * 1000);
        Self { terms, ends_at }
    }
}

/// The change of each owner that waits, at most one; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct PendingChanges(Arc<BTreeMap<OwnerName, Pending>>);

impl PendingChanges {
    /// That of an owner.
    #[must_use]
    pub fn get(&self, owner: &OwnerName) -> Option<&Pending> {
        self.0.get(owner)
    }

    /// All of them, in the order of their owners.
    pub fn iter(&self) -> impl Iterator<Item = (&OwnerName, &Pending)> {
        self.0.iter()
    }

    /// When the next one goes back; `None`: none waits.
    #[must_use]
    pub fn next_end(&self) -> Option<u64> {
        self.0.values().map(|pending| pending.ends_at).min()
    }

    /// The owners whose time to confirm is over.
    #[must_use]
    pub fn over(&self, now_ms: u64) -> Vec<OwnerName> {
        self.0.iter().filter(|(_, pending)| pending.ends_at <= now_ms).map(|(owner, _)| owner.clone()).collect()
    }

    pub(crate) fn put(&mut self, owner: &OwnerName, pending: Pending) {
        Arc::make_mut(&mut self.0).insert(owner.clone(), pending);
    }

    pub(crate) fn take(&mut self, owner: &OwnerName) -> Option<Pending> {
        if self.0.contains_key(owner) { Arc::make_mut(&mut self.0).remove(owner) } else { None }
    }
}
