//! Changes that wait to be confirmed: Confirm, and how they are shown.

use novaroute_api::{from_proto, v1};
use novaroute_core::live::Live;
use novaroute_core::name::OwnerName;
use novaroute_core::pending::Settlement;
use tokio::time::Instant;
use tonic::{Request, Status};

use super::Service;
use super::mutate::Done;
use super::wait::Asked;
use crate::owner::{Demand, WaitingChange};

impl Service {
    pub(super) async fn settle(&self, request: &Request<v1::ConfirmRequest>) -> Result<v1::ConfirmResponse, Status> {
        let call = from_proto::confirm(request.get_ref());
        let asked = |wait, _: &Settlement, _: &Live| Asked::for_removals(wait);
        let Done { accepted, plan, .. } = self.ask(request, call, Demand::Settle, asked).await?;
        let change_id = accepted.batch.and_then(|outcome| outcome.pending);
        Ok(v1::ConfirmResponse { change_id: change_id.map(|id| id.to_string()).unwrap_or_default(), plan })
    }

    /// The changes that wait, as of now.
    pub(super) fn pending_changes(&self, of: Option<&OwnerName>) -> Vec<v1::PendingChange> {
        let pending = self.view.borrow().pending.clone();
        pending.iter().filter(|change| of.is_none_or(|owner| change.owner == *owner)).map(row).collect()
    }
}

fn row(change: &WaitingChange) -> v1::PendingChange {
    let WaitingChange { owner, id, within, intents, ends } = change;
    let left = ends.saturating_duration_since(Instant::now());
    v1::PendingChange {
        change_id: id.to_string(),
        owner: owner.to_string(),
        confirm_within_s: within.seconds(),
        left_ms: u64::try_from(left.as_millis()).unwrap_or(u64::MAX),
        intents: u32::try_from(*intents).unwrap_or(u32::MAX),
    }
}
