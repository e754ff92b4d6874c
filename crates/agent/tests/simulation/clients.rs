//! The owners and what they ask for: few keys, so that they get into each other's way.

use std::collections::{BTreeMap, BTreeSet};
use std::num::{NonZeroU8, NonZeroU16, NonZeroU32};

use novaroute_core::batch::{Batch, Item};
use novaroute_core::bfd::{BfdKey, BfdSession, BfdTimers, Hop};
use novaroute_core::bgp::{Asn, BgpInstance, PrefixAttributes, Prepend};
use novaroute_core::exchange::{Accepted, AllowAsIn, Exchange, ExportPolicy, ImportPolicy, MaxPrefixAction};
use novaroute_core::intent::{Advertisement, Change, Intent, IntentKey, Kind, Protocol, Target};
use novaroute_core::name::OwnerName;
use novaroute_core::ospf::{OspfInterface, OspfSettings, OspfTimers};
use novaroute_core::peer::{GracefulRestart, Peer, PeerSettings, PeerTimers, PeerType, Shutdown};
use novaroute_core::policy::{Policy, PrefixType};
use novaroute_core::prefix::Family;
use novaroute_core::secret::Password;
use novaroute_core::session::Registration;

use crate::rng::Rng;

const OWNERS: [&str; 5] = ["edge", "lb", "net", "ops", "root"];
const PREFIXES: [&str; 8] = [
    "10.0.0.1/32",
    "10.0.0.2/32",
    "10.0.1.0/24",
    "fd00::1/128",
    "fd00:1::/64",
    "10.9.0.1/32",
    "192.168.0.0/16",
    "0.0.0.0/0",
];
const PEERS: [&str; 4] = ["172.16.0.2", "172.16.0.3", "fd12::2", "fd12::3"];
const INTERFACES: [&str; 2] = ["eth0", "eth1"];

/// What each owner may do.
pub(crate) fn policies() -> BTreeMap<OwnerName, Policy> {
    let all = Policy::default();
    let lb = Policy {
        permissions: BTreeSet::from([Kind::Prefixes, Kind::Bfd]),
        prefix_type: PrefixType::HostOnly,
        allowed_cidrs: vec!["10.0.0.0/8".parse().unwrap(), "fd00::/16".parse().unwrap()],
        max_prefixes: Some(3),
        ..all.clone()
    };
    let edge = Policy { max_peers: Some(2), allowed_peers: vec!["172.16.0.0/16".parse().unwrap()], ..all.clone() };
    let ops = Policy { can_override: true, allow_default_route: true, ..all.clone() };
    let root = Policy { can_override: true, ..all.clone() };
    [edge, lb, all, ops, root].into_iter().zip(OWNERS).map(|(policy, name)| (name.parse().unwrap(), policy)).collect()
}

/// Whether an owner may take over what another one holds.
pub(crate) fn may_override(owner: &OwnerName) -> bool {
    matches!(owner.as_str(), "ops" | "root")
}

/// A request of one of the owners.
pub(crate) fn request(rng: &mut Rng) -> (OwnerName, Change) {
    let owner = rng.pick(&OWNERS).parse().unwrap();
    let change = match rng.below(20) {
        0 => Change::Deregister { withdraw_all: rng.percent(50) },
        1 => Change::Register(Registration { reassert_intents: rng.percent(50), ..Registration::default() }),
        2 => Change::Remove(Target::BfdSessionsTo(rng.pick(&PEERS).parse().unwrap())),
        3..=7 => Change::Remove(Target::Key(any_intent(rng).key())),
        _ => Change::Put(any_intent(rng)),
    };
    (owner, change)
}

/// Many changes of one owner in one call.
pub(crate) fn batch(rng: &mut Rng) -> (OwnerName, Batch) {
    let owner = rng.pick(&OWNERS).parse().unwrap();
    let items = (0..2 + rng.below(5)).map(|_| {
        let intent = any_intent(rng);
        let removes = rng.percent(25);
        Item::from(if removes { Change::Remove(Target::Key(intent.key())) } else { Change::Put(intent) })
    });
    let items = items.collect();
    (owner, Batch { atomic: rng.percent(30), items, ..Batch::default() })
}

/// The instance that most other things wait for.
pub(crate) fn instance(rng: &mut Rng) -> Intent {
    let local_as = Asn::new(rng.pick(&[65_001, 65_001, 65_001, 65_002])).unwrap();
    let router_id = rng.pick(&["1.1.1.1", "1.1.1.1", "2.2.2.2"]).parse().unwrap();
    Intent::Bgp(BgpInstance { local_as, router_id })
}

/// A prefix that asks for nothing else.
pub(crate) fn host_prefix() -> Intent {
    let (prefix, attributes) = (PREFIXES[0].parse().unwrap(), PrefixAttributes::default());
    Intent::Prefix(Advertisement { protocol: Protocol::Bgp, prefix, attributes })
}

/// A node with something of every kind, of both families and with what they depend on.
pub(crate) fn one_of_each() -> Vec<Intent> {
    let peer = |address| Peer {
        bfd: Some(BfdTimers::default()),
        families: Family::ALL.into(),
        max_prefix: NonZeroU32::MIN,
        ..external_peer(address)
    };
    let prefix = |protocol, text: &str| {
        let attributes = PrefixAttributes::default();
        Intent::Prefix(Advertisement { protocol, prefix: text.parse().unwrap(), attributes })
    };
    let key = BfdKey { peer: "172.16.0.9".parse().unwrap(), interface: None, hop: Hop::Single };
    let interface = |name: &str| OspfInterface {
        interface: name.parse().unwrap(),
        area: "0".parse().unwrap(),
        passive: false,
        cost: NonZeroU16::MIN,
        timers: OspfTimers::default(),
        settings: OspfSettings::default(),
    };
    let local_as = Asn::new(65_001).unwrap();
    vec![
        Intent::Bgp(BgpInstance { local_as, router_id: "1.1.1.1".parse().unwrap() }),
        Intent::Peer(peer(PEERS[0])),
        Intent::Peer(peer(PEERS[2])),
        prefix(Protocol::Bgp, PREFIXES[0]),
        prefix(Protocol::Bgp, PREFIXES[3]),
        prefix(Protocol::Ospf, PREFIXES[1]),
        prefix(Protocol::Ospf, PREFIXES[3]),
        Intent::Bfd(BfdSession { key, local_address: None, timers: timers()[1] }),
        Intent::Ospf(interface(INTERFACES[0])),
        Intent::Ospf(interface(INTERFACES[1])),
    ]
}

/// An external peer without anything that can be left out.
pub(crate) fn plain_peer() -> Peer {
    external_peer(PEERS[0])
}

fn external_peer(address: &str) -> Peer {
    Peer::new(address.parse().unwrap(), Asn::new(65_010).unwrap())
}

fn any_intent(rng: &mut Rng) -> Intent {
    match rng.below(16) {
        0 => instance(rng),
        1..=4 => Intent::Peer(peer(rng)),
        5..=9 => Intent::Prefix(bgp_prefix(rng)),
        10..=11 => Intent::Prefix(ospf_prefix(rng)),
        12..=13 => Intent::Bfd(session(rng)),
        _ => Intent::Ospf(interface(rng)),
    }
}

fn peer(rng: &mut Rng) -> Peer {
    let address: &str = rng.pick(&PEERS);
    let source = if address.contains(':') { "fd12::1" } else { "172.16.0.1" };
    Peer {
        key: address.parse().unwrap(),
        remote_as: Asn::new(rng.pick(&[65_001, 65_010, 65_010])).unwrap(),
        peer_type: rng.pick(&[None, None, None, Some(PeerType::External), Some(PeerType::Internal)]),
        timers: rng.maybe(&[PeerTimers::new(3, 9).unwrap(), PeerTimers::new(10, 30).unwrap()]),
        bfd: rng.maybe(&timers()),
        description: rng.maybe(&["spine".parse().unwrap(), "leaf 2".parse().unwrap()]),
        families: rng.pick(&[[Family::Ipv4].into(), [Family::Ipv6].into(), Family::ALL.into()]),
        source_address: rng.maybe(&[source.parse().unwrap()]),
        ebgp_multihop: rng.maybe(&[NonZeroU8::new(3).unwrap(), NonZeroU8::MAX]),
        password: rng.maybe(&[Password::new("first").unwrap(), Password::new("second").unwrap()]),
        max_prefix: NonZeroU32::new(rng.pick(&[10, 1000])).unwrap(),
        graceful_restart: rng.pick(&[GracefulRestart::Helper, GracefulRestart::Full, GracefulRestart::Off]),
        settings: settings(rng),
        exchange: exchange(rng),
    }
}

fn settings(rng: &mut Rng) -> PeerSettings {
    PeerSettings {
        local_as: rng.maybe(&[Asn::new(65_055).unwrap(), Asn::new(65_056).unwrap()]),
        passive: rng.pick(&[true, false, false]),
        connect_retry_s: rng.maybe(&[NonZeroU16::new(5).unwrap()]),
        shutdown: rng.maybe(&[Shutdown::default(), Shutdown { message: Some("moving".parse().unwrap()) }]),
        ..PeerSettings::default()
    }
}

fn exchange(rng: &mut Rng) -> Exchange {
    let with = ExportPolicy::OwnWith(["65001:1".parse().unwrap()].into(), [].into());
    Exchange {
        import: ImportPolicy {
            accepted: rng.pick(&[Accepted::All, Accepted::All, Accepted::Nothing]),
            refuse_default_route: rng.below(2) == 0,
        },
        export: rng.pick(&[ExportPolicy::Own, ExportPolicy::Own, with]),
        next_hop_self: rng.below(4) == 0,
        allowas_in: AllowAsIn::new(rng.pick(&[0, 0, 3])).unwrap(),
        max_prefix_action: rng.pick(&[MaxPrefixAction::Warn, MaxPrefixAction::ShutDown]),
    }
}

fn timers() -> [BfdTimers; 2] {
    [BfdTimers::default(), BfdTimers::new(100, 150, 5).unwrap()]
}

fn bgp_prefix(rng: &mut Rng) -> Advertisement {
    let communities = rng.maybe(&["65001:1", "no-export"]).into_iter().map(|text| text.parse().unwrap());
    let attributes = PrefixAttributes {
        local_preference: rng.maybe(&[0, 200]),
        med: rng.maybe(&[0, 50]),
        communities: communities.collect(),
        large_communities: rng.maybe(&["65001:0:1"]).into_iter().map(|text| text.parse().unwrap()).collect(),
        as_path_prepend: Prepend::new(rng.maybe(&[1, 10]).unwrap_or_default()).unwrap(),
        peers: rng.maybe(&PEERS).into_iter().map(|text| text.parse().unwrap()).collect(),
        ..PrefixAttributes::default()
    };
    Advertisement { protocol: Protocol::Bgp, prefix: rng.pick(&PREFIXES).parse().unwrap(), attributes }
}

fn ospf_prefix(rng: &mut Rng) -> Advertisement {
    let prefix = rng.pick(&PREFIXES[..5]).parse().unwrap();
    Advertisement { protocol: Protocol::Ospf, prefix, attributes: PrefixAttributes::default() }
}

fn session(rng: &mut Rng) -> BfdSession {
    let peer: &str = rng.pick(&PEERS);
    let multi = rng.percent(30);
    let own = if peer.contains(':') { ["fd12::1", "fd12::9"] } else { ["172.16.0.1", "172.16.0.9"] };
    let key = BfdKey {
        peer: peer.parse().unwrap(),
        interface: if multi { None } else { rng.maybe(&["eth0".parse().unwrap()]) },
        hop: if multi { Hop::Multi } else { Hop::Single },
    };
    let local_address = multi.then(|| rng.pick(&own).parse().unwrap());
    BfdSession { key, local_address, timers: rng.pick(&timers()) }
}

fn interface(rng: &mut Rng) -> OspfInterface {
    OspfInterface {
        interface: rng.pick(&INTERFACES).parse().unwrap(),
        area: rng.pick(&["0", "0", "0.0.0.1"]).parse().unwrap(),
        passive: rng.percent(30),
        cost: NonZeroU16::new(rng.pick(&[10, 20])).unwrap(),
        timers: rng.pick(&[OspfTimers::default(), OspfTimers::new(1, 4).unwrap()]),
        settings: OspfSettings::default(),
    }
}

/// The keys that a change may touch, given what its owner holds.
pub(crate) fn keys_of(change: &Change, held: impl Iterator<Item = IntentKey>) -> BTreeSet<IntentKey> {
    match change {
        Change::Put(intent) => BTreeSet::from([intent.key()]),
        Change::Remove(Target::Key(key)) => BTreeSet::from([key.clone()]),
        Change::Remove(Target::BfdSessionsTo(peer)) => {
            held.filter(|key| matches!(key, IntentKey::Bfd(bfd) if bfd.peer == *peer)).collect()
        }
        Change::Deregister { .. } => held.collect(),
        Change::Register(_)
        | Change::Reopen(_)
        | Change::Drain(..)
        | Change::DrainDue(_)
        | Change::Undrain(_)
        | Change::Pending(_) => BTreeSet::new(),
    }
}
