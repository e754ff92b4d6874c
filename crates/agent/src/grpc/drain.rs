//! Drain and Undrain.

use std::sync::Arc;

use novaroute_api::{from_proto, v1};
use novaroute_core::drain::{DrainPhase, DrainScope, phase_of};
use novaroute_core::intent::IntentKey;
use novaroute_core::store::{Entry, Snapshot};
use novaroute_core::wait::Goal;
use tonic::{Request, Status};

use super::Service;
use super::mutate::Done;

impl Service {
    pub(super) async fn start_drain(&self, request: &Request<v1::DrainRequest>) -> Result<v1::DrainResponse, Status> {
        let (prefixes, plan) = self.change_drain(request).await?;
        Ok(v1::DrainResponse { prefixes, plan })
    }

    pub(super) async fn end_drain(&self, request: &Request<v1::UndrainRequest>) -> Result<v1::UndrainResponse, Status> {
        let (prefixes, plan) = self.change_drain(request).await?;
        Ok(v1::UndrainResponse { prefixes, plan })
    }

    /// Answers how many prefixes are concerned.
    async fn change_drain<R: from_proto::Request>(
        &self,
        request: &Request<R>,
    ) -> Result<(u32, Option<v1::Plan>), Status> {
        let Done { accepted, plan, .. } = self.mutate(request).await?;
        let scope = accepted.drained.as_ref();
        Ok((scope.map_or(0, |scope| count_in(&accepted.snapshot, scope)), plan))
    }
}

/// What a drain, or its end, waits for: each prefix announced as it now shall be, or held back.
pub(super) fn goals(snapshot: &Snapshot, scope: &DrainScope) -> Vec<Goal> {
    let goal = |(key, entry): (&IntentKey, &Arc<Entry>)| match phase_of(snapshot.drains(), &entry.owner) {
        Some(DrainPhase::Withdrawn | DrainPhase::Shut) => Goal::HeldBack(key.clone(), snapshot.revision()),
        Some(DrainPhase::Marked) | None => Goal::There(entry.owner.clone(), entry.intent.clone()),
    };
    snapshot.prefixes_in(scope).map(goal).collect()
}

/// How many prefixes a drain is about.
pub(super) fn count_in(snapshot: &Snapshot, scope: &DrainScope) -> u32 {
    u32::try_from(snapshot.prefixes_in(scope).count()).unwrap_or(u32::MAX)
}
