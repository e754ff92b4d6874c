//! The mutating calls: parse, authenticate, submit.

use novaroute_api::error::to_status;
use novaroute_api::from_proto::{self, Call, Credentials, SessionRequest};
use novaroute_api::v1;
use novaroute_core::bgp::BgpInstance;
use novaroute_core::intent::IntentKey;
use novaroute_core::name::OwnerName;
use novaroute_core::session::{Lease, Origin, SessionTerms};
use novaroute_core::store::Snapshot;
use tonic::{Request, Status};
use tracing::info;

use super::wait::{Asked, Patience};
use super::{Service, caller};
use crate::owner::{Accepted, Demand, shutting_down};
use crate::random::random_id;

impl Service {
    /// Parses a request, checks who sent it, has it decided and waits for what the caller wants to wait for.
    pub(super) async fn mutate<R: from_proto::Request>(
        &self,
        request: &Request<R>,
    ) -> Result<(OwnerName, Accepted), Status> {
        if self.shutdown.is_cancelled() {
            return Err(to_status(&shutting_down()));
        }
        let patience = Patience::of(request.metadata());
        let Call { credentials, change, wait } = from_proto::call(request.get_ref())?;
        let asked = Asked::new(wait, &change, &self.live.borrow());
        let (owner, accepted) = self.submit(request, &credentials, Demand::Change(change)).await?;
        self.wait(asked.goals(&owner, &accepted), patience).await.map_err(|refused| to_status(&refused))?;
        Ok((owner, accepted))
    }

    /// The same for a request about the owner's session.
    async fn mutate_session<R: SessionRequest>(&self, request: &Request<R>) -> Result<Accepted, Status> {
        if self.shutdown.is_cancelled() {
            return Err(to_status(&shutting_down()));
        }
        let patience = Patience::of(request.metadata());
        let (credentials, call, wait) = request.get_ref().session_call()?;
        let (owner, accepted) = self.submit(request, &credentials, Demand::Session(call)).await?;
        let goals = Asked::for_removals(wait).goals(&owner, &accepted);
        self.wait(goals, patience).await.map_err(|refused| to_status(&refused))?;
        Ok(accepted)
    }

    pub(super) async fn submit<R>(
        &self,
        request: &Request<R>,
        credentials: &Credentials,
        demand: Demand,
    ) -> Result<(OwnerName, Accepted), Status> {
        let session = from_proto::session_metadata(request.metadata())?;
        let owner = self.gate.admit(credentials, caller::uid(request)).map_err(|refused| to_status(&refused))?;
        let connection = caller::connection(request).map(|connection| connection.id);
        let origin = Origin { session, connection, new_session: random_id().parse().ok(), now_ms: 0 };
        let accepted = self.owner.submit_from(owner.clone(), demand, origin).await;
        Ok((owner, accepted.map_err(|refused| to_status(&refused))?))
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
        let v1::HandoffRequest { owner, token, .. } = request.get_ref();
        let credentials = from_proto::credentials(owner, token)?;
        let owner = self.gate.admit(&credentials, caller::uid(request)).map_err(|refused| to_status(&refused))?;
        self.owner.may_hand_off(owner.clone()).await.map_err(|refused| to_status(&refused))?;
        info!(%owner, "asked to hand off");
        self.handoff.cancel();
        Ok(v1::HandoffResponse {})
    }

    pub(super) async fn register_owner(
        &self,
        request: &Request<v1::RegisterRequest>,
    ) -> Result<v1::RegisterResponse, Status> {
        if request.get_ref().bind_to_connection {
            self.watch_connection(request);
        }
        let (owner, accepted) = self.mutate(request).await?;
        let (current_prefixes, current_peers) = held_by(&accepted.snapshot, &owner);
        let SessionTerms { id, epoch, lease, .. } = open_session(accepted.session)?;
        Ok(v1::RegisterResponse {
            session_id: id.to_string(),
            current_prefixes,
            current_peers,
            epoch,
            has_state: accepted.snapshot.holders().any(|holder| *holder == owner),
            lease_s: lease.map_or(0, Lease::seconds),
        })
    }

    pub(super) async fn renew_session(&self, request: &Request<v1::RenewRequest>) -> Result<v1::RenewResponse, Status> {
        self.watch_connection(request);
        let SessionTerms { epoch, lease, .. } = open_session(self.mutate_session(request).await?.session)?;
        Ok(v1::RenewResponse { lease_s: lease.map_or(0, Lease::seconds), epoch })
    }

    pub(super) async fn end_replay(
        &self,
        request: &Request<v1::EndOfReplayRequest>,
    ) -> Result<v1::EndOfReplayResponse, Status> {
        let removed = self.mutate_session(request).await?.removed;
        Ok(v1::EndOfReplayResponse { removed: removed.iter().map(IntentKey::to_string).collect() })
    }

    pub(super) async fn set_bgp_instance(
        &self,
        request: &Request<v1::ConfigureBgpRequest>,
    ) -> Result<v1::ConfigureBgpResponse, Status> {
        let (_, accepted) = self.mutate(request).await?;
        Ok(accepted.previous_bgp.map_or_else(v1::ConfigureBgpResponse::default, previous))
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
    }
}

/// The prefixes and the peers that an owner holds, overridden ones too.
fn held_by(snapshot: &Snapshot, owner: &OwnerName) -> (Vec<String>, Vec<String>) {
    let mut prefixes = Vec::new();
    let mut peers = Vec::new();
    for (key, _) in snapshot.entries().filter(|(_, entry)| entry.owner == *owner) {
        match key {
            IntentKey::Prefix(_, prefix) => prefixes.push(prefix.to_string()),
            IntentKey::Peer(address) => peers.push(address.to_string()),
            IntentKey::Bgp | IntentKey::Bfd(_) | IntentKey::Ospf(_) => {}
        }
    }
    (prefixes, peers)
}
