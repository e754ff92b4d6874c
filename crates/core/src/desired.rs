//! What the node should look like: all live intents composed into one state, free of FRR's words.

use std::collections::{BTreeMap, BTreeSet};

use crate::bfd::{BfdKey, BfdSession, Hop};
use crate::bgp::{BgpInstance, PrefixAttributes, Prepend};
use crate::intent::{Intent, IntentKey, Protocol};
use crate::name::InterfaceName;
use crate::ospf::{AreaId, AreaType, OspfInterface};
use crate::peer::{Peer, PeerKey};
use crate::prefix::Prefix;
use crate::state::{IntentState, IntentStatus, Reason};
use crate::store::Snapshot;

/// The state that FRR should be in. The keys of the maps are the keys of the intents behind them, so each
/// line that is rendered from here can name its intent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Desired {
    /// BGP, when an instance is configured.
    pub bgp: Option<DesiredBgp>,
    /// BFD sessions that owners asked for by themselves.
    pub bfd: BTreeMap<BfdKey, BfdSession>,
    /// OSPF interfaces.
    pub ospf: BTreeMap<InterfaceName, OspfInterface>,
    /// Prefixes that OSPF (IPv4) and OSPFv3 (IPv6) carry.
    pub ospf_prefixes: BTreeSet<Prefix>,
    /// Intents that cannot be part of the state now, and why.
    pub blocked: BTreeMap<IntentKey, IntentStatus>,
}

/// The BGP part of the desired state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DesiredBgp {
    /// The instance.
    pub instance: BgpInstance,
    /// Peers; `bfd` holds the timers that shall run, an explicit session's before the peer's own.
    pub peers: BTreeMap<PeerKey, Peer>,
    /// Prefixes that BGP announces.
    pub prefixes: BTreeMap<Prefix, PrefixAttributes>,
}

impl Desired {
    /// The desired state of a snapshot: its live intents composed, less what is drained.
    #[must_use]
    pub fn of(snapshot: &Snapshot) -> Self {
        let mut desired = compose(snapshot.live_intents());
        desired.drain_as(snapshot);
        desired
    }

    fn drain_as(&mut self, snapshot: &Snapshot) {
        for ((protocol, prefix), phase) in snapshot.drained_prefixes() {
            self.drain(protocol, prefix, phase);
        }
        for (peer, shutdown) in snapshot.shut_peers() {
            self.shut(peer, shutdown);
        }
    }

    /// The part of [`Desired::of`] that may have to do with one intent. Of other prefixes these are the ones that are for
    /// some peers only, or go out with a longer path: they show in what each peer is given.
    #[must_use]
    pub fn around(snapshot: &Snapshot, key: &IntentKey) -> Self {
        let special = |a: &PrefixAttributes| !a.peers.is_empty() || a.as_path_prepend != Prepend::default();
        let counts = |intent: &&Intent| match intent {
            Intent::Prefix(a) => intent.key() == *key || special(&a.attributes),
            _ => true,
        };
        let mut desired = compose(snapshot.live_intents().filter(counts));
        desired.drain_as(snapshot);
        desired
    }

    /// The intents of which nothing, or not all, can be done before another one is there: those of BGP without an
    /// instance, prefixes of OSPF without an interface.
    #[must_use]
    pub fn waiting(&self) -> BTreeSet<IntentKey> {
        let waits = |status: &IntentStatus| status.cause.as_ref().is_some_and(|c| c.reason == Reason::BgpNotConfigured);
        let blocked = self.blocked.iter().filter(|(_, status)| waits(status)).map(|(key, _)| key.clone());
        let carried = !self.ospf.is_empty();
        let prefixes = self.ospf_prefixes.iter().filter(|_| !carried);
        blocked.chain(prefixes.map(|prefix| IntentKey::Prefix(Protocol::Ospf, *prefix))).collect()
    }
}

impl Desired {
    /// All interfaces of an area say what type it is, and FRR has one for each. Of those that differ, the interface with the
    /// first name counts, so that the order of calls makes no difference.
    fn agree_on_areas(&mut self) {
        let mut areas: BTreeMap<AreaId, (InterfaceName, AreaType)> = BTreeMap::new();
        for ospf in self.ospf.values() {
            let said = || (ospf.interface, ospf.settings.area_type);
            let (first, area_type) = areas.entry(ospf.area).or_insert_with(said);
            if *area_type != ospf.settings.area_type {
                let status = area_mismatch(ospf, first, *area_type);
                self.blocked.insert(IntentKey::Ospf(ospf.interface), status);
            }
        }
        self.ospf.retain(|interface, _| !self.blocked.contains_key(&IntentKey::Ospf(*interface)));
    }
}

/// Composes intents into the desired state. The order in which they come makes no difference.
pub fn compose<'a>(intents: impl IntoIterator<Item = &'a Intent>) -> Desired {
    let mut sorted = Sorted::default();
    for intent in intents {
        sorted.add(intent);
    }
    sorted.into_desired()
}

/// The intents by kind, before it is known what they mean for each other.
#[derive(Default)]
struct Sorted {
    instance: Option<BgpInstance>,
    peers: BTreeMap<PeerKey, Peer>,
    prefixes: BTreeMap<Prefix, PrefixAttributes>,
    rest: Desired,
}

impl Sorted {
    fn add(&mut self, intent: &Intent) {
        match intent {
            Intent::Bgp(instance) => self.instance = Some(*instance),
            Intent::Peer(peer) => drop(self.peers.insert(peer.key, peer.clone())),
            Intent::Prefix(a) => match a.protocol {
                Protocol::Bgp => drop(self.prefixes.insert(a.prefix, a.attributes.clone())),
                Protocol::Ospf => drop(self.rest.ospf_prefixes.insert(a.prefix)),
            },
            Intent::Bfd(session) => drop(self.rest.bfd.insert(session.key.clone(), session.clone())),
            Intent::Ospf(ospf) => drop(self.rest.ospf.insert(ospf.interface, ospf.clone())),
        }
    }

    fn into_desired(self) -> Desired {
        let Self { instance, mut peers, prefixes, rest: mut desired } = self;
        desired.agree_on_areas();
        let Some(instance) = instance else {
            let keys = peers.into_keys().map(IntentKey::Peer);
            let keys = keys.chain(prefixes.into_keys().map(|p| IntentKey::Prefix(Protocol::Bgp, p)));
            desired.blocked.extend(keys.map(|key| (key, waits_for_instance())));
            return desired;
        };
        peers.retain(|key, peer| {
            let fits = peer.type_fits(instance.local_as);
            if !fits {
                desired.blocked.insert(IntentKey::Peer(*key), type_mismatch(peer, instance));
            }
            fits
        });
        for peer in peers.values_mut() {
            let explicit = session_of_peer(desired.bfd.keys(), peer, instance).and_then(|key| desired.bfd.get(key));
            peer.bfd = peer.bfd.map(|own| explicit.map_or(own, |session| session.timers));
        }
        desired.bgp = Some(DesiredBgp { instance, peers, prefixes });
        desired
    }
}

/// The session among `explicit`, in key order, that is the one which a peer asks for, so that its timers are those that run.
///
/// bgpd asks for a session across routers where an external peer is set to multihop, and where no link leads to an
/// internal one. Whether one does is not known here, so for an internal peer either kind counts, on a link first.
/// Several sessions on a link differ in their interface only; the first counts.
pub fn session_of_peer<'a>(
    explicit: impl Iterator<Item = &'a BfdKey> + Clone,
    peer: &Peer,
    instance: BgpInstance,
) -> Option<&'a BfdKey> {
    let internal = peer.is_internal(instance.local_as);
    let across = peer.ebgp_multihop.is_some_and(|hops| hops.get() > 1);
    let hops: &[Hop] = match (internal, across) {
        (true, _) => &[Hop::Single, Hop::Multi],
        (false, true) => &[Hop::Multi],
        (false, false) => &[Hop::Single],
    };
    let to_peer = |hop: Hop| explicit.clone().find(|key| peer.key.is_of_session(key) && key.hop == hop);
    hops.iter().find_map(|hop| to_peer(*hop))
}

fn waits_for_instance() -> IntentStatus {
    IntentStatus::because(
        IntentState::Pending,
        Reason::BgpNotConfigured,
        "no BGP instance is configured on this node: call ConfigureBGP or set bgp.local_as",
    )
}

fn area_mismatch(ospf: &OspfInterface, first: &InterfaceName, area_type: AreaType) -> IntentStatus {
    let (area, ours, theirs) = (ospf.area, ospf.settings.area_type.as_str(), area_type.as_str());
    IntentStatus::because(
        IntentState::Refused,
        Reason::OspfAreaMismatch,
        format!("area {area} is {theirs} by interface {first}, and cannot be {ours} by this one: ask for one type"),
    )
}

fn type_mismatch(peer: &Peer, instance: BgpInstance) -> IntentStatus {
    let (local, remote) = (instance.local_as, peer.remote_as);
    let is = if local == remote { "internal" } else { "external" };
    IntentStatus::because(
        IntentState::Refused,
        Reason::PeerTypeMismatch,
        format!("remote AS {remote} makes the peer {is} on a node of AS {local}, its peer_type says otherwise"),
    )
}

#[cfg(test)]
mod tests;
