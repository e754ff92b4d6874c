//! Calls of the agent within a session.

use std::fmt;
use std::time::Duration;

use novaroute_api::error::code_word;
use novaroute_api::from_proto::SESSION_METADATA;
use novaroute_api::v1;
use novaroute_api::v1::route_control_client::RouteControlClient;
use novaroute_core::intent::IntentKey;
use tonic::metadata::AsciiMetadataValue;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;

use super::intent::Intent;
use crate::crd::COMPANION_OWNER;

/// Longest time that a call may take. The agent answers in milliseconds, or hangs.
pub(super) const CALL_TIMEOUT: Duration = Duration::from_secs(15);

/// The agent, as an owner in session speaks to it.
#[derive(Clone)]
pub(super) struct Agent {
    client: RouteControlClient<Channel>,
    token: String,
    session: String,
}

/// A change.
#[derive(Debug, Clone)]
pub(super) enum Operation {
    Ask(Box<Intent>),
    Remove(IntentKey),
}

/// Without the token.
impl fmt::Debug for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Agent").field("session", &self.session).finish_non_exhaustive()
    }
}

impl Agent {
    pub(super) fn new(client: RouteControlClient<Channel>, token: String, session: String) -> Self {
        Self { client, token, session }
    }

    pub(super) async fn perform(&self, operation: &Operation) -> Result<(), Status> {
        match operation {
            Operation::Ask(intent) => self.ask((**intent).clone()).await,
            Operation::Remove(key) => match self.remove(key).await {
                // It went by itself, or is somebody else's by now.
                Err(status) if matches!(status.code(), Code::NotFound | Code::PermissionDenied) => Ok(()),
                removed => removed,
            },
        }
    }

    /// How many intents the agent has withdrawn because of it.
    pub(super) async fn end_of_replay(&self, confirm_removals: bool) -> Result<usize, Status> {
        let request = v1::EndOfReplayRequest {
            owner: COMPANION_OWNER.to_owned(),
            token: self.token.clone(),
            session_id: self.session.clone(),
            confirm_removals,
            ..Default::default()
        };
        let response = self.client.clone().end_of_replay(self.fenced(request)?).await?;
        Ok(response.into_inner().removed.len())
    }

    async fn ask(&self, intent: Intent) -> Result<(), Status> {
        let (mut client, token) = (self.client.clone(), self.token.clone());
        match intent {
            Intent::Peer(request) => {
                client.apply_peer(self.fenced(v1::ApplyPeerRequest { token, ..request })?).await.map(drop)
            }
            Intent::Prefix(request) => {
                client.advertise_prefix(self.fenced(v1::AdvertisePrefixRequest { token, ..request })?).await.map(drop)
            }
        }
    }

    async fn remove(&self, key: &IntentKey) -> Result<(), Status> {
        let (mut client, owner, token) = (self.client.clone(), COMPANION_OWNER.to_owned(), self.token.clone());
        match key {
            IntentKey::Peer(peer) => {
                let request = v1::RemovePeerRequest { owner, token, ..novaroute_api::to_proto::remove_peer(*peer) };
                client.remove_peer(self.fenced(request)?).await.map(drop)
            }
            IntentKey::Prefix(protocol, prefix) => {
                let (prefix, protocol) = (prefix.to_string(), novaroute_api::to_proto::protocol(*protocol).into());
                let request = v1::WithdrawPrefixRequest { owner, token, prefix, protocol, ..Default::default() };
                client.withdraw_prefix(self.fenced(request)?).await.map(drop)
            }
            // Nothing else is ever asked for.
            IntentKey::Bgp | IntentKey::Bfd(_) | IntentKey::Ospf(_) => Ok(()),
        }
    }

    /// A request of this session: one that was replaced changes nothing.
    fn fenced<T>(&self, message: T) -> Result<Request<T>, Status> {
        let session: AsciiMetadataValue =
            self.session.parse().map_err(|_| Status::internal("the agent's session has no name of letters"))?;
        let mut request = Request::new(message);
        request.set_timeout(CALL_TIMEOUT);
        request.metadata_mut().insert(SESSION_METADATA, session);
        Ok(request)
    }
}

/// The stable word for why a call failed, or the code.
pub(super) fn reason_of(status: &Status) -> String {
    let details = status.get_error_details();
    details.error_info().map_or_else(|| code_word(status.code()).to_owned(), |info| info.reason.clone())
}
