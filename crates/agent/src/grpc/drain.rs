//! Drain and Undrain: decided by the owner task, waited for here.

use novaroute_api::error::to_status;
use novaroute_api::from_proto::{self, Call};
use novaroute_api::v1;
use novaroute_core::drain::{DrainPhase, DrainScope, phase_of};
use novaroute_core::intent::Change;
use novaroute_core::name::OwnerName;
use novaroute_core::store::Snapshot;
use novaroute_core::wait::Goal;
use tonic::{Request, Status};

use super::Service;
use super::wait::{Goals, Patience};
use crate::owner::{Demand, shutting_down};

impl Service {
    pub(super) async fn start_drain(&self, request: &Request<v1::DrainRequest>) -> Result<v1::DrainResponse, Status> {
        Ok(v1::DrainResponse { prefixes: self.change_drain(request).await? })
    }

    pub(super) async fn end_drain(&self, request: &Request<v1::UndrainRequest>) -> Result<v1::UndrainResponse, Status> {
        Ok(v1::UndrainResponse { prefixes: self.change_drain(request).await? })
    }

    /// Answers how many prefixes are concerned.
    async fn change_drain<R: from_proto::Request>(&self, request: &Request<R>) -> Result<u32, Status> {
        if self.shutdown.is_cancelled() {
            return Err(to_status(&shutting_down()));
        }
        let patience = Patience::of(request.metadata());
        let Call { credentials, change, wait } = from_proto::call(request.get_ref())?;
        let named = match &change {
            Change::Drain(scope, _) | Change::Undrain(scope) => scope.clone(),
            _ => return Err(Status::internal("the call is no drain")),
        };
        let (owner, accepted) = self.submit(request, &credentials, Demand::Change(change)).await?;
        let scope = named.unwrap_or(DrainScope::Owner(owner));
        let goals = Goals::of(wait, goals(&accepted.snapshot, &scope), accepted.changed);
        self.wait(goals, patience).await.map_err(|refused| to_status(&refused))?;
        Ok(count_in(&accepted.snapshot, &scope))
    }
}

/// What to wait for: each prefix announced as it now shall be, or held back.
fn goals(snapshot: &Snapshot, scope: &DrainScope) -> Vec<Goal> {
    let held_back = |owner: &OwnerName| phase_of(snapshot.drains(), owner) == Some(DrainPhase::Withdrawn);
    let goal = |(key, entry): (&novaroute_core::intent::IntentKey, &std::sync::Arc<novaroute_core::store::Entry>)| {
        if held_back(&entry.owner) {
            Goal::HeldBack(key.clone(), snapshot.revision())
        } else {
            Goal::There(entry.owner.clone(), entry.intent.clone())
        }
    };
    snapshot.prefixes_in(scope).map(goal).collect()
}

/// How many prefixes a drain is about.
pub(super) fn count_in(snapshot: &Snapshot, scope: &DrainScope) -> u32 {
    u32::try_from(snapshot.prefixes_in(scope).count()).unwrap_or(u32::MAX)
}
