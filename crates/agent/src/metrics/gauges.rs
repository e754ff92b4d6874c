//! Gauges: made anew for each scrape, so that a series ends with what it tells of.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use novaroute_core::bfd::{BfdKey, Hop};
use novaroute_core::intent::{Intent, IntentKey, Protocol};
use novaroute_core::live::{BfdState, Live, SessionState, effective_status};
use novaroute_core::name::{InterfaceName, OwnerName};
use novaroute_core::peer::Peer;
use novaroute_core::prefix::Prefix;
use novaroute_core::store::{Entry, Snapshot};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::{Labels, new_registry};

type Gauges<const N: usize> = Family<Labels<N>, Gauge<u64, AtomicU64>>;

/// The state of the agent at the time of a scrape.
#[derive(Debug, Clone, Default)]
pub struct Scrape {
    /// What is wanted.
    pub snapshot: Snapshot,
    /// What FRR does.
    pub live: Arc<Live>,
    /// Owners with an open session.
    pub sessions: Arc<BTreeSet<OwnerName>>,
    /// Every daemon of FRR that is needed answers.
    pub frr_connected: bool,
}

impl Scrape {
    /// The gauges, registered.
    pub(super) fn registry(&self) -> Registry {
        let gauges = ScrapeGauges::default();
        for owner in self.sessions.iter().chain(self.snapshot.holders()) {
            gauges.begin_at_zero(owner);
        }
        let seen = Seen { live: &self.live, bfd_claimed: self.bfd_intents() };
        for (key, entry) in self.snapshot.entries() {
            gauges.count_state(key, entry, &self.live);
        }
        for entry in self.snapshot.slots().filter_map(|(_, slot)| slot.live()) {
            gauges.look_at(entry, &seen);
        }
        self.register(gauges)
    }

    fn bfd_intents(&self) -> Vec<&BfdKey> {
        let sessions = self.snapshot.slots().filter_map(|(key, _)| match key {
            IntentKey::Bfd(bfd) => Some(bfd),
            _ => None,
        });
        sessions.collect()
    }

    fn register(&self, gauges: ScrapeGauges) -> Registry {
        let mut registry = new_registry();
        let mut single = |name: &str, help: &str, value: u64| {
            let gauge: Gauge<u64, AtomicU64> = Gauge::default();
            gauge.set(value);
            registry.register(name, help, gauge);
        };
        let owners = u64::try_from(self.sessions.len()).unwrap_or(u64::MAX);
        single("registered_owners", "Owners with an open session", owners);
        single("frr_connected", "Whether every daemon of FRR that is needed answers", self.frr_connected.into());
        gauges.register(&mut registry);
        registry
    }
}

/// What was seen of FRR, with the sessions that BFD intents ask for.
struct Seen<'a> {
    live: &'a Live,
    bfd_claimed: Vec<&'a BfdKey>,
}

#[derive(Default)]
struct ScrapeGauges {
    active_peers: Gauges<1>,
    active_prefixes: Gauges<2>,
    active_bfd_sessions: Gauges<1>,
    active_ospf_interfaces: Gauges<1>,
    intent_state: Gauges<3>,
    peer_established: Gauges<2>,
    peer_flaps: Family<Labels<2>, Counter>,
    bfd_session_up: Gauges<4>,
    ospf_neighbors: Gauges<2>,
}

impl ScrapeGauges {
    fn register(self, registry: &mut Registry) {
        registry.register("active_peers", "BGP peers that are established", self.active_peers);
        registry.register("active_prefixes", "Prefixes that are announced", self.active_prefixes);
        registry.register("active_bfd_sessions", "BFD sessions that are up", self.active_bfd_sessions);
        registry.register("active_ospf_interfaces", "Interfaces that OSPF runs on", self.active_ospf_interfaces);
        registry.register("intent_state", "Intents in each state", self.intent_state);
        registry.register("peer_established", "Whether the BGP session is established", self.peer_established);
        registry.register("peer_flaps", "Times that the BGP session went down", self.peer_flaps);
        registry.register("bfd_session_up", "Whether the BFD session is up", self.bfd_session_up);
        registry.register("ospf_neighbors", "OSPF neighbors in their final state", self.ospf_neighbors);
    }

    /// An owner that has nothing active shows as 0, which an alert can see, and not as a missing series.
    fn begin_at_zero(&self, owner: &OwnerName) {
        for family in [&self.active_peers, &self.active_bfd_sessions, &self.active_ospf_interfaces] {
            let _zero = family.get_or_create(&of(owner));
        }
        for protocol in [Protocol::Bgp, Protocol::Ospf] {
            let _zero = self.active_prefixes.get_or_create(&of_protocol(owner, protocol));
        }
    }

    fn count_state(&self, key: &IntentKey, entry: &Entry, live: &Live) {
        let state = effective_status(key, entry, live).state;
        let labels = [
            ("owner", entry.owner.to_string()),
            ("type", key.kind().as_str().to_owned()),
            ("state", state.to_string()),
        ];
        self.intent_state.get_or_create(&labels).inc();
    }

    fn look_at(&self, entry: &Entry, seen: &Seen<'_>) {
        let owner = &entry.owner;
        match &entry.intent {
            Intent::Bgp(_) => {}
            Intent::Peer(peer) => self.look_at_peer(owner, peer, seen),
            Intent::Prefix(a) => self.look_at_prefix(owner, a.protocol, a.prefix, seen),
            Intent::Bfd(session) => self.look_at_bfd(owner, &session.key, seen),
            Intent::Ospf(ospf) => self.look_at_ospf(owner, &ospf.interface, seen),
        }
    }

    fn look_at_peer(&self, owner: &OwnerName, peer: &Peer, seen: &Seen<'_>) {
        let labels = [("peer", peer.key.to_string()), ("owner", owner.to_string())];
        let of_peer = seen.live.peers.get(&peer.key);
        let established = of_peer.is_some_and(|peer| peer.state == SessionState::Established);
        self.peer_established.get_or_create(&labels).set(established.into());
        self.active_peers.get_or_create(&of(owner)).inc_by(established.into());
        // Without bgpd the number is not known: a 0 would look like a reset and count old flaps again.
        if let Some(of_peer) = of_peer {
            self.peer_flaps.get_or_create(&labels).inc_by(of_peer.flaps.into());
        }
        if peer.bfd.is_some() && !seen.bfd_claimed.iter().any(|session| peer.key.is_of_session(session)) {
            let up = seen.live.bfd_to(peer.key).is_some_and(|(_, bfd)| bfd.state == BfdState::Up);
            self.bfd_session(owner, [peer.key.to_string(), String::new(), String::new()], up);
        }
    }

    fn look_at_prefix(&self, owner: &OwnerName, protocol: Protocol, prefix: Prefix, seen: &Seen<'_>) {
        let announced = seen.live.advertised.contains_key(&(protocol, prefix));
        self.active_prefixes.get_or_create(&of_protocol(owner, protocol)).inc_by(announced.into());
    }

    fn look_at_bfd(&self, owner: &OwnerName, key: &BfdKey, seen: &Seen<'_>) {
        let up = seen.live.bfd_of(key).any(|(_, bfd)| bfd.state == BfdState::Up);
        let interface = key.interface.as_ref().map(ToString::to_string).unwrap_or_default();
        let hop = match key.hop {
            Hop::Single => "single",
            Hop::Multi => "multi",
        };
        self.bfd_session(owner, [key.peer.to_string(), interface, hop.to_owned()], up);
    }

    fn bfd_session(&self, owner: &OwnerName, [peer, interface, hop]: [String; 3], up: bool) {
        let labels = [("peer", peer), ("interface", interface), ("hop", hop), ("owner", owner.to_string())];
        self.bfd_session_up.get_or_create(&labels).set(up.into());
        self.active_bfd_sessions.get_or_create(&of(owner)).inc_by(up.into());
    }

    fn look_at_ospf(&self, owner: &OwnerName, interface: &InterfaceName, seen: &Seen<'_>) {
        let ospf = seen.live.ospf.get(interface);
        let runs = ospf.is_some_and(|ospf| !ospf.state.is_empty() && !ospf.state.eq_ignore_ascii_case("down"));
        let neighbors = ospf.map_or(0, |ospf| ospf.neighbors_up().count());
        let labels = [("interface", interface.to_string()), ("owner", owner.to_string())];
        self.ospf_neighbors.get_or_create(&labels).set(u64::try_from(neighbors).unwrap_or(u64::MAX));
        self.active_ospf_interfaces.get_or_create(&of(owner)).inc_by(runs.into());
    }
}

fn of(owner: &OwnerName) -> Labels<1> {
    [("owner", owner.to_string())]
}

fn of_protocol(owner: &OwnerName, protocol: Protocol) -> Labels<2> {
    [("owner", owner.to_string()), ("protocol", protocol.to_string())]
}
