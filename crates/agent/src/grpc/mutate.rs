//! The mutating calls: parse, authenticate, submit.

use novaroute_api::error::to_status;
use novaroute_api::from_proto::{self, BadFields, Call, Credentials, SessionRequest};
use novaroute_api::v1;
use novaroute_core::bgp::BgpInstance;
use novaroute_core::intent::IntentKey;
use novaroute_core::live::Live;
use novaroute_core::name::OwnerName;
use novaroute_core::rejection::Rejection;
use novaroute_core::session::{Lease, Origin, SessionCall, SessionTerms};
use novaroute_core::store::Snapshot;
use novaroute_core::wait::Wait;
use tonic::{Request, Status};
use tracing::info;

use super::wait::{Asked, Patience};
use super::{Service, caller};
use crate::owner::{Accepted, Demand, shutting_down};
use crate::random::random_id;

/// What became of a call.
pub(super) struct Done {
    pub(super) owner: OwnerName,
    pub(super) accepted: Accepted,
    /// What a dry run has found out.
    pub(super) plan: Option<v1::Plan>,
}

impl Service {
    /// Parses a request, checks who sent it, has it decided and waits for what the caller wants to wait for; or, for a
    /// dry run, finds out what would come of it.
    pub(super) async fn mutate<R: from_proto::Request>(&self, request: &Request<R>) -> Result<Done, Status> {
        self.ask(request, from_proto::call(request.get_ref()), Demand::Change, Asked::for_change).await
    }

    /// The same for a request about the owner's session.
    async fn mutate_session<R: SessionRequest>(&self, request: &Request<R>) -> Result<Done, Status> {
        let asked = |wait, _: &SessionCall, _: &Live| Asked::for_removals(wait);
        self.ask(request, request.get_ref().session_call(), Demand::Session, asked).await
    }

    pub(super) async fn ask<R, T>(
        &self,
        request: &Request<R>,
        call: Result<Call<T>, BadFields>,
        demand: impl FnOnce(T) -> Demand,
        asked: impl FnOnce(Wait, &T, &Live) -> Asked,
    ) -> Result<Done, Status> {
        if self.shutdown.is_cancelled() {
            return Err(to_status(&shutting_down()));
        }
        let patience = Patience::of(request.metadata());
        let Call { credentials, change, wait, dry_run } = call?;
        let asked = asked(wait, &change, &self.live.borrow());
        let (owner, origin) = self.admit(request, &credentials)?;
        let done = if dry_run {
            self.rehearse(owner, demand(change), origin).await
        } else {
            self.submit(owner, demand(change), origin, asked, patience).await
        };
        done.map_err(|refused| to_status(&refused))
    }

    /// Who calls, if it is who it says, and from where.
    pub(super) fn admit<R>(
        &self,
        request: &Request<R>,
        credentials: &Credentials,
    ) -> Result<(OwnerName, Origin), Status> {
        let session = from_proto::session_metadata(request.metadata())?;
        let owner = self.owner_of(request, credentials)?;
        let connection = caller::connection(request).map(|connection| connection.id);
        Ok((owner, Origin { session, connection, new_session: random_id().parse().ok(), now_ms: 0 }))
    }

    async fn submit(
        &self,
        owner: OwnerName,
        demand: Demand,
        origin: Origin,
        asked: Asked,
        patience: Patience,
    ) -> Result<Done, Rejection> {
        let accepted = self.owner.submit_from(owner.clone(), demand, origin).await?;
        self.wait(asked.goals(&owner, &accepted), patience).await?;
        Ok(Done { owner, accepted, plan: None })
    }

    /// The owner that the caller names, if it may speak for it.
    fn owner_of<R>(&self, request: &Request<R>, credentials: &Credentials) -> Result<OwnerName, Status> {
        self.gate.admit(credentials, caller::uid(request)).map_err(|refused| to_status(&refused))
    }

    /// Has the owner task told when the connection of this call is gone: a session may be bound to it.
    fn watch_connection<R>(&self, request: &Request<R>) {
        let Some((id, gone)) = caller::connection(request).and_then(|c| Some((c.id, c.watch()?))) else { return };
        let (owner, shutdown) = (self.owner.clone(), self.shutdown.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = gone.cancelled() => owner.disconnected(id).await,
                () = shutdown.cancelled() => {}
            }
        });
    }

    /// Ends the agent and leaves FRR as it is. The answer goes out before the end: open calls are waited for.
    pub(super) async fn hand_off(&self, request: &Request<v1::HandoffRequest>) -> Result<v1::HandoffResponse, Status> {
        let v1::HandoffRequest { owner, token, dry_run, .. } = request.get_ref();
        let credentials = from_proto::credentials(owner, token)?;
        let owner = self.owner_of(request, &credentials)?;
        self.owner.may_hand_off(owner.clone()).await.map_err(|refused| to_status(&refused))?;
        if *dry_run {
            return Ok(v1::HandoffResponse { plan: Some(v1::Plan::default()) });
        }
        info!(%owner, "asked to hand off");
        self.handoff.cancel();
        Ok(v1::HandoffResponse { plan: None })
    }

    pub(super) async fn register_owner(
        &self,
        request: &Request<v1::RegisterRequest>,
    ) -> Result<v1::RegisterResponse, Status> {
        if request.get_ref().bind_to_connection && !request.get_ref().dry_run {
            self.watch_connection(request);
        }
        let Done { owner, accepted, plan } = self.mutate(request).await?;
        let (current_prefixes, current_peers) = held_by(&accepted.snapshot, &owner);
        let SessionTerms { id, epoch, lease, .. } = open_session(accepted.session)?;
        Ok(v1::RegisterResponse {
            session_id: if plan.is_none() { id.to_string() } else { String::new() },
            current_prefixes,
            current_peers,
            epoch,
            has_state: accepted.snapshot.holders().any(|holder| *holder == owner),
            lease_s: lease.map_or(0, Lease::seconds),
            plan,
        })
    }

    pub(super) async fn renew_session(&self, request: &Request<v1::RenewRequest>) -> Result<v1::RenewResponse, Status> {
        if !request.get_ref().dry_run {
            self.watch_connection(request);
        }
        let Done { accepted, plan, .. } = self.mutate_session(request).await?;
        let SessionTerms { epoch, lease, .. } = open_session(accepted.session)?;
        Ok(v1::RenewResponse { lease_s: lease.map_or(0, Lease::seconds), epoch, plan })
    }

    pub(super) async fn end_replay(
        &self,
        request: &Request<v1::EndOfReplayRequest>,
    ) -> Result<v1::EndOfReplayResponse, Status> {
        let Done { accepted, plan, .. } = self.mutate_session(request).await?;
        Ok(v1::EndOfReplayResponse { removed: accepted.removed.iter().map(IntentKey::to_string).collect(), plan })
    }

    pub(super) async fn set_bgp_instance(
        &self,
        request: &Request<v1::ConfigureBgpRequest>,
    ) -> Result<v1::ConfigureBgpResponse, Status> {
        let Done { accepted, plan, .. } = self.mutate(request).await?;
        let previous = accepted.previous_bgp.map_or_else(v1::ConfigureBgpResponse::default, previous);
        Ok(v1::ConfigureBgpResponse { plan, ..previous })
    }
}

/// Whoever has just opened or renewed a session has one.
fn open_session(session: Option<SessionTerms>) -> Result<SessionTerms, Status> {
    session.ok_or_else(|| Status::internal("the session that was asked for is not there"))
}

fn previous(instance: BgpInstance) -> v1::ConfigureBgpResponse {
    v1::ConfigureBgpResponse {
        previous_as: instance.local_as.get(),
        previous_router_id: instance.router_id.to_string(),
        ..Default::default()
    }
}

/// The prefixes and the peers that an owner holds, overridden ones too.
fn held_by(snapshot: &Snapshot, owner: &OwnerName) -> (Vec<String>, Vec<String>) {
    let mut prefixes = Vec::new();
    let mut peers = Vec::new();
    for (key, _) in snapshot.entries().filter(|(_, entry)| entry.owner == *owner) {
        match key {
            IntentKey::Prefix(_, prefix) => prefixes.push(prefix.to_string()),
            IntentKey::Peer(peer) => peers.push(peer.to_string()),
            IntentKey::Bgp | IntentKey::Bfd(_) | IntentKey::Ospf(_) => {}
        }
    }
    (prefixes, peers)
}
