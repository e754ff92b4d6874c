//! What the agent is asked for.

use std::collections::{BTreeMap, BTreeSet};

use novaroute_api::client::{self, Intent};
use novaroute_core::intent::IntentKey;

use crate::crd::Problem;

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

impl Desired {
    /// The same for the agent.
    pub(super) fn for_the_agent(&self) -> client::Desired {
        let incomplete = (!self.complete).then(|| "it is not known of every resource what it asks for".to_owned());
        client::Desired {
            intents: self.intents.iter().map(|(key, asked)| (key.clone(), asked.intent.clone())).collect(),
            withheld: self.withheld.clone(),
            incomplete,
            confirm_removals: self.confirm_removals,
        }
    }
}
