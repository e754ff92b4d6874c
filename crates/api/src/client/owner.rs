//! The calls of an owner.

use std::fmt;
use std::time::Duration;

use novaroute_core::intent::{Change, IntentKey, Target};
use tonic::metadata::AsciiMetadataValue;
use tonic::transport::Channel;
use tonic::{Code, Request};

use super::{CallError, Intent};
use crate::from_proto::SESSION_METADATA;
use crate::journal::journal_record::Change as Asked;
use crate::to_proto;
use crate::v1;
use crate::v1::route_control_client::RouteControlClient;

/// Longest time that a call may take which waits for nothing. The agent answers in milliseconds, or hangs.
const CALL_TIMEOUT: Duration = Duration::from_secs(15);
/// The same of one that waits: what the agent allows where nothing is said.
const WAIT_TIMEOUT: Duration = Duration::from_secs(30);

/// An owner that speaks to the agent. Clones share the connection.
#[derive(Clone)]
pub struct Owner {
    client: RouteControlClient<Channel>,
    name: String,
    token: String,
    session: Option<AsciiMetadataValue>,
    wait: v1::Wait,
    timeout: Duration,
}

/// Without the token.
impl fmt::Debug for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { client: _, name, token: _, session, wait, timeout } = self;
        let mut text = f.debug_struct("Owner");
        text.field("name", name).field("session", session).field("wait", wait).field("timeout", timeout);
        text.finish_non_exhaustive()
    }
}

/// A request with who asks, and when to answer.
macro_rules! signed {
    ($owner:expr, $message:ident, $asked:expr) => {
        $owner.request(v1::$message {
            owner: $owner.name.clone(),
            token: $owner.token.clone(),
            wait: $owner.wait.into(),
            ..$asked
        })
    };
}

impl Owner {
    /// The owner `name`, which shows `token`, over a connection.
    #[must_use]
    pub fn new(client: RouteControlClient<Channel>, name: &str, token: &str) -> Self {
        let (name, token) = (name.to_owned(), token.to_owned());
        Self { client, name, token, session: None, wait: v1::Wait::None, timeout: CALL_TIMEOUT }
    }

    /// The same owner, whose calls answer when what they ask for has come about, within 30 s.
    #[must_use]
    pub fn waiting(&self, wait: v1::Wait) -> Self {
        let timeout = if wait == v1::Wait::None { CALL_TIMEOUT } else { WAIT_TIMEOUT };
        Self { wait, timeout, ..self.clone() }
    }

    /// The same owner, who speaks within the session of another connection.
    pub(super) fn in_session_of(self, other: Option<&Self>) -> Self {
        Self { session: other.and_then(|other| other.session.clone()), ..self }
    }

    /// The same owner, whose calls may take so long.
    #[must_use]
    pub fn within(&self, timeout: Duration) -> Self {
        Self { timeout, ..self.clone() }
    }

    /// Opens a session; how long it lasts, `terms` says. The owner that is answered speaks within the session: once
    /// another one has been opened, its calls change nothing.
    ///
    /// # Errors
    /// What the agent says, or the transport in its place.
    pub async fn register(&self, terms: v1::RegisterRequest) -> Result<(Self, v1::RegisterResponse), CallError> {
        let request = signed!(self, RegisterRequest, terms);
        let response = self.client.clone().register(request).await?.into_inner();
        let session = response.session_id.parse().map_err(|_| CallError::Broken {
            code: Code::Internal,
            message: "the agent's session has no name of letters".to_owned(),
        })?;
        Ok((Self { session: Some(session), ..self.clone() }, response))
    }

    /// Asks for something, in place of what was asked for under the same key.
    ///
    /// # Errors
    /// What the agent says, or the transport in its place.
    pub async fn put(&self, intent: &Intent) -> Result<(), CallError> {
        let mut client = self.client.clone();
        match intent.clone() {
            Intent::Bgp(asked) => client.configure_bgp(signed!(self, ConfigureBgpRequest, asked)).await.map(drop),
            Intent::Peer(asked) => client.apply_peer(signed!(self, ApplyPeerRequest, asked)).await.map(drop),
            Intent::Prefix(asked) => {
                client.advertise_prefix(signed!(self, AdvertisePrefixRequest, asked)).await.map(drop)
            }
            Intent::Bfd(asked) => client.enable_bfd(signed!(self, EnableBfdRequest, asked)).await.map(drop),
            Intent::Ospf(asked) => client.enable_ospf(signed!(self, EnableOspfRequest, asked)).await.map(drop),
        }
        .map_err(CallError::from)
    }

    /// No longer asks for something. The BGP instance cannot be asked back: it stays until a replay without it ends.
    ///
    /// # Errors
    /// What the agent says, or the transport in its place.
    pub async fn remove(&self, key: &IntentKey) -> Result<(), CallError> {
        let mut client = self.client.clone();
        match to_proto::change(&Change::Remove(Target::Key(key.clone()))) {
            Asked::RemovePeer(asked) => client.remove_peer(signed!(self, RemovePeerRequest, asked)).await.map(drop),
            Asked::WithdrawPrefix(asked) => {
                client.withdraw_prefix(signed!(self, WithdrawPrefixRequest, asked)).await.map(drop)
            }
            Asked::DisableBfd(asked) => client.disable_bfd(signed!(self, DisableBfdRequest, asked)).await.map(drop),
            Asked::DisableOspf(asked) => client.disable_ospf(signed!(self, DisableOspfRequest, asked)).await.map(drop),
            // There is no call for it.
            _ => Ok(()),
        }
        .map_err(CallError::from)
    }

    /// Ends the replay: what the owner holds and has not asked for since it registered goes; the keys of it.
    ///
    /// # Errors
    /// What the agent says, or the transport in its place.
    pub async fn end_of_replay(&self, confirm_removals: bool) -> Result<Vec<String>, CallError> {
        let session_id = self.session_id();
        let asked = v1::EndOfReplayRequest { session_id, confirm_removals, ..Default::default() };
        let request = signed!(self, EndOfReplayRequest, asked);
        Ok(self.client.clone().end_of_replay(request).await?.into_inner().removed)
    }

    /// Has the lease of the session begin anew.
    ///
    /// # Errors
    /// What the agent says, or the transport in its place.
    pub async fn renew(&self) -> Result<v1::RenewResponse, CallError> {
        let asked = v1::RenewRequest { session_id: self.session_id(), ..Default::default() };
        Ok(self.client.clone().renew(signed!(self, RenewRequest, asked)).await?.into_inner())
    }

    /// Ends the session. What was asked for stays, unless all of it is to go.
    ///
    /// # Errors
    /// What the agent says, or the transport in its place.
    pub async fn deregister(&self, withdraw_all: bool) -> Result<(), CallError> {
        let asked = v1::DeregisterRequest { withdraw_all, ..Default::default() };
        self.client.clone().deregister(signed!(self, DeregisterRequest, asked)).await?;
        Ok(())
    }

    /// What the owner holds, joined with FRR's live state.
    ///
    /// # Errors
    /// What the agent says, or the transport in its place.
    pub async fn status(&self) -> Result<v1::GetStatusResponse, CallError> {
        let request = self.request(v1::GetStatusRequest { owner_filter: self.name.clone() });
        Ok(self.client.clone().get_status(request).await?.into_inner())
    }

    fn session_id(&self) -> String {
        self.session.as_ref().and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned()
    }

    /// A request of this session: one that was replaced changes nothing.
    fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.set_timeout(self.timeout);
        if let Some(session) = &self.session {
            request.metadata_mut().insert(SESSION_METADATA, session.clone());
        }
        request
    }
}
