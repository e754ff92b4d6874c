//! What a change would do, worked out and dropped.

use novaroute_core::engine::Engine;
use novaroute_core::name::OwnerName;
use novaroute_core::rejection::Rejection;
use novaroute_core::session::Origin;
use novaroute_core::store::Snapshot;

use super::{Accepted, Demand, Group};

/// A change that was decided as ever and of which nothing came.
#[derive(Debug, Clone)]
pub struct Rehearsal {
    /// What is wanted without it.
    pub before: Snapshot,
    /// What the answer to it would have been.
    pub accepted: Accepted,
}

impl Rehearsal {
    pub(super) fn on(draft: Engine, owner: &OwnerName, demand: Demand, origin: &Origin) -> Result<Self, Rejection> {
        let before = draft.snapshot().clone();
        let mut group = Group::on(draft);
        let decided = group.decide(owner, demand, origin)?;
        let accepted = decided.accepted(group.draft.snapshot().clone());
        Ok(Self { before, accepted })
    }

    /// Whether FRR would be asked for anything that it is not asked for without it.
    #[must_use]
    pub fn asks_of_frr(&self) -> bool {
        self.before.revision() != self.accepted.snapshot.revision()
    }
}
