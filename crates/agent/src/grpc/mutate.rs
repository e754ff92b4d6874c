//! The mutating calls: parse, authenticate, submit.

use novaroute_api::error::to_status;
use novaroute_api::from_proto::{self, Call};
use novaroute_api::v1;
use novaroute_core::bgp::BgpInstance;
use novaroute_core::intent::IntentKey;
use novaroute_core::name::OwnerName;
use novaroute_core::store::Snapshot;
use tonic::{Request, Status};

use super::wait::{Asked, Patience};
use super::{Service, caller};
use crate::owner::{Accepted, shutting_down};
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
        let owner = self.gate.admit(&credentials, caller::uid(request)).map_err(|refused| to_status(&refused))?;
        let asked = Asked::new(wait, &change, &self.live.borrow());
        let accepted = self.owner.submit(owner.clone(), change).await.map_err(|refused| to_status(&refused))?;
        self.wait(asked.goals(&owner, &accepted), patience).await.map_err(|refused| to_status(&refused))?;
        Ok((owner, accepted))
    }

    pub(super) async fn register_owner(
        &self,
        request: &Request<v1::RegisterRequest>,
    ) -> Result<v1::RegisterResponse, Status> {
        let (owner, accepted) = self.mutate(request).await?;
        let (current_prefixes, current_peers) = held_by(&accepted.snapshot, &owner);
        Ok(v1::RegisterResponse { session_id: random_id(), current_prefixes, current_peers })
    }

    pub(super) async fn set_bgp_instance(
        &self,
        request: &Request<v1::ConfigureBgpRequest>,
    ) -> Result<v1::ConfigureBgpResponse, Status> {
        let (_, accepted) = self.mutate(request).await?;
        Ok(accepted.previous_bgp.map_or_else(v1::ConfigureBgpResponse::default, previous))
    }
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
