//! What an owner asks for, as requests.

use std::collections::{BTreeMap, BTreeSet};

use novaroute_core::intent::{Change, IntentKey};

use crate::from_proto::{BadFields, Fields, Request};
use crate::v1;

/// A request that asks for something. Who asks (`owner`, `token`) and `wait` are filled in when it is sent.
#[derive(Debug, Clone, PartialEq)]
pub enum Intent {
    /// The node's BGP instance.
    Bgp(v1::ConfigureBgpRequest),
    /// A BGP peer.
    Peer(v1::ApplyPeerRequest),
    /// A prefix.
    Prefix(v1::AdvertisePrefixRequest),
    /// A BFD session.
    Bfd(v1::EnableBfdRequest),
    /// An OSPF interface.
    Ospf(v1::EnableOspfRequest),
}

impl Intent {
    /// The node's BGP instance: AS number and router identifier.
    #[must_use]
    pub fn bgp(local_as: u32, router_id: &str) -> Self {
        let router_id = router_id.to_owned();
        Self::Bgp(v1::ConfigureBgpRequest { local_as, router_id, ..Default::default() })
    }

    /// A BGP peer.
    #[must_use]
    pub fn peer(peer: v1::BgpPeer) -> Self {
        Self::Peer(v1::ApplyPeerRequest { peer: Some(peer), ..Default::default() })
    }

    /// A prefix, with attributes if it is to have any.
    #[must_use]
    pub fn prefix(prefix: &str, protocol: v1::Protocol, attributes: Option<v1::PrefixAttributes>) -> Self {
        let (prefix, protocol) = (prefix.to_owned(), protocol.into());
        Self::Prefix(v1::AdvertisePrefixRequest { prefix, protocol, attributes, ..Default::default() })
    }

    /// A BFD session.
    #[must_use]
    pub fn bfd(session: v1::EnableBfdRequest) -> Self {
        Self::Bfd(session)
    }

    /// An OSPF interface.
    #[must_use]
    pub fn ospf(interface: v1::EnableOspfRequest) -> Self {
        Self::Ospf(interface)
    }

    /// What tells it from others, by the one translation that the agent has as well: two spellings of an address are
    /// one key.
    ///
    /// # Errors
    /// The fields that the agent would refuse.
    pub fn key(&self) -> Result<IntentKey, BadFields> {
        match self {
            Self::Bgp(request) => key(request),
            Self::Peer(request) => key(request),
            Self::Prefix(request) => key(request),
            Self::Bfd(request) => key(request),
            Self::Ospf(request) => key(request),
        }
    }
}

fn key(request: &impl Request) -> Result<IntentKey, BadFields> {
    let mut fields = Fields::default();
    let change = request.change(&mut fields);
    match fields.finish(change)? {
        Change::Put(intent) => Ok(intent.key()),
        // None of the requests above.
        _ => Err(Fields::default().refused("(message)", "asks for nothing".to_owned())),
    }
}

/// Everything that an owner wants the node to have.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Desired {
    /// What is to be there.
    pub intents: BTreeMap<IntentKey, Intent>,
    /// What is to go at once, also before it is known what else is wanted.
    pub withheld: BTreeSet<IntentKey>,
    /// Why it is not known yet what else is wanted: what the agent has besides stays. `None`: this is all.
    pub incomplete: Option<String>,
    /// More than half of what the agent has may go at once.
    pub confirm_removals: bool,
}

impl Desired {
    /// Nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Wants this too, in place of what was wanted under the same key; the key, by which it can be removed.
    ///
    /// # Errors
    /// The fields that the agent would refuse; then nothing changes.
    pub fn put(&mut self, intent: Intent) -> Result<IntentKey, BadFields> {
        let key = intent.key()?;
        self.intents.insert(key.clone(), intent);
        Ok(key)
    }

    /// Wants this no longer; what was wanted.
    pub fn remove(&mut self, key: &IntentKey) -> Option<Intent> {
        self.intents.remove(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_prefix_are_one_intent() {
        let mut desired = Desired::new();
        let first = desired.put(Intent::prefix("10.0.0.9/24", v1::Protocol::Bgp, None)).unwrap();
        let second = desired.put(Intent::prefix("10.0.0.0/24", v1::Protocol::Bgp, None)).unwrap();
        assert_eq!((first == second, desired.intents.len()), (true, 1));
        assert_eq!(first.to_string(), "prefix bgp 10.0.0.0/24");
        assert!(desired.remove(&first).is_some() && desired.intents.is_empty());
    }

    #[test]
    fn what_the_agent_would_refuse_is_not_wanted() {
        let mut desired = Desired::new();
        let peer = v1::BgpPeer { neighbor_address: "192.0.2.1".into(), ..Default::default() };
        let bad = desired.put(Intent::peer(peer)).unwrap_err();
        assert_eq!(bad.violations()[0].field, "peer.remote_as");
        assert!(desired.intents.is_empty());
    }

    #[test]
    fn each_kind_has_its_key() {
        let bfd = v1::EnableBfdRequest { peer_address: "192.0.2.1".into(), ..Default::default() };
        let ospf = v1::EnableOspfRequest { interface_name: "eth0".into(), area_id: "0".into(), ..Default::default() };
        let all = [Intent::bgp(65001, "192.0.2.1"), Intent::bfd(bfd), Intent::ospf(ospf)];
        let keys = all.map(|intent| intent.key().unwrap().kind().to_string());
        assert_eq!(keys, ["bgp_global", "bfd", "ospf"]);
    }
}
