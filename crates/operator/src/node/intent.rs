//! What the agent is asked for.

use std::collections::{BTreeMap, BTreeSet};

use novaroute_api::from_proto::{self, BadFields, Request};
use novaroute_api::v1;
use novaroute_core::intent::{Change, IntentKey};

use crate::crd::{COMPANION_OWNER, Problem};

/// Stands for the token until a request is sent.
const NO_TOKEN_YET: &str = "-";

/// A request that asks for a peer or a prefix, but for the token.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Intent {
    Peer(v1::ApplyPeerRequest),
    Prefix(v1::AdvertisePrefixRequest),
}

/// An intent, and the resource that asks for it, such as `NovaRoutePeer/rack`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Asked {
    pub(super) intent: Intent,
    pub(super) resource: String,
}

/// Everything that this node is to have.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Desired {
    pub(super) intents: BTreeMap<IntentKey, Asked>,
    /// What of the resources cannot be done.
    pub(super) problems: Vec<Problem>,
    /// It is known of every resource what it asks for: what the agent has besides was asked for by one that is gone.
    pub(super) complete: bool,
    /// The API server has not told everything that it was asked for yet.
    pub(super) unheard: bool,
    /// What resources ask for and is not to be there while the node is drained.
    pub(super) withheld: BTreeSet<IntentKey>,
    /// Somebody agrees that more than half of what the agent has may go at once.
    pub(super) confirm_removals: bool,
}

impl Intent {
    pub(super) fn peer(peer: v1::BgpPeer) -> Self {
        let (owner, token) = (COMPANION_OWNER.to_owned(), NO_TOKEN_YET.to_owned());
        Self::Peer(v1::ApplyPeerRequest { owner, token, peer: Some(peer), ..Default::default() })
    }

    pub(super) fn prefix(prefix: &str, protocol: v1::Protocol, attributes: Option<v1::PrefixAttributes>) -> Self {
        let (owner, token, prefix) = (COMPANION_OWNER.to_owned(), NO_TOKEN_YET.to_owned(), prefix.to_owned());
        let protocol = protocol.into();
        Self::Prefix(v1::AdvertisePrefixRequest { owner, token, prefix, protocol, attributes, ..Default::default() })
    }

    /// What tells it from others; by the one translation that the agent has as well.
    ///
    /// # Errors
    /// The fields of the request that the agent would refuse.
    pub(super) fn key(&self) -> Result<Option<IntentKey>, BadFields> {
        match self {
            Self::Peer(request) => key(request),
            Self::Prefix(request) => key(request),
        }
    }
}

/// `None` of a request that asks for nothing, which none of ours is.
fn key(request: &impl Request) -> Result<Option<IntentKey>, BadFields> {
    match from_proto::call(request)?.change {
        Change::Put(intent) => Ok(Some(intent.key())),
        _ => Ok(None),
    }
}
