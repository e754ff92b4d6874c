//! What the owner task publishes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use novaroute_core::engine::Engine;
use novaroute_core::name::{ChangeId, OwnerName};
use novaroute_core::pending::{ConfirmWithin, PendingTerms};
use novaroute_core::policy::Policy;
use novaroute_core::store::Snapshot;
use tokio::time::Instant;

/// What everybody may read at any time.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// What is wanted, and where each intent is.
    pub snapshot: Snapshot,
    /// Owners with an open session.
    pub sessions: Arc<BTreeSet<OwnerName>>,
    /// What each owner may ask for.
    pub policies: Arc<BTreeMap<OwnerName, Policy>>,
    /// Changes that wait to be confirmed.
    pub pending: Arc<[WaitingChange]>,
}

/// A change that waits to be confirmed.
#[derive(Debug, Clone)]
pub struct WaitingChange {
    /// Whose.
    pub owner: OwnerName,
    /// Its name.
    pub id: ChangeId,
    /// How long it waits in all.
    pub within: ConfirmWithin,
    /// How many intents would be as they were.
    pub intents: usize,
    /// When it goes back, as long as the agent is awake.
    pub ends: Instant,
}

pub(super) fn view_of(engine: &Engine, now_ms: u64) -> View {
    let now = Instant::now();
    let pending = engine.pending().iter().map(|(owner, pending)| {
        let left = Duration::from_millis(pending.ends_at.saturating_sub(now_ms));
        let PendingTerms { id, within, undo } = &pending.terms;
        WaitingChange { owner: owner.clone(), id: id.clone(), within: *within, intents: undo.len(), ends: now + left }
    });
    View {
        snapshot: engine.snapshot().clone(),
        sessions: Arc::clone(engine.sessions().open()),
        policies: Arc::clone(engine.policies()),
        pending: pending.collect(),
    }
}
