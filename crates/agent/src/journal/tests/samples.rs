//! Changes to journal: at least one of each kind, with every field in use.

use std::num::NonZeroU8;

use novaroute_core::bfd::{BfdKey, BfdSession, BfdTimers, Hop};
use novaroute_core::bgp::{Asn, BgpInstance, Origin, PrefixAttributes, Prepend};
use novaroute_core::exchange::Exchange;
use novaroute_core::intent::{Advertisement, Change, Intent, IntentKey, Protocol, Target};
use novaroute_core::name::SessionId;
use novaroute_core::ospf::{
    AreaType, OspfAuthentication, OspfDigest, OspfInterface, OspfNetwork, OspfSettings, OspfTimers,
};
use novaroute_core::peer::{GracefulRestart, Peer, PeerSettings, PeerTimers, PeerType};
use novaroute_core::prefix::Family;
use novaroute_core::secret::Password;
use novaroute_core::session::{Lease, Registration, SessionTerms};

pub(super) fn put_prefix(host: u8) -> Change {
    let prefix = format!("198.51.100.{host}/32").parse().unwrap();
    Change::Put(Intent::Prefix(Advertisement {
        protocol: Protocol::Bgp,
        prefix,
        attributes: PrefixAttributes::default(),
    }))
}

/// One of the changes of [`every_change`] by a name of its own.
pub(super) fn change(name: &str) -> Change {
    match name {
        "peer" => Change::Put(Intent::Peer(peer())),
        "bgp" => Change::Put(Intent::Bgp(BgpInstance {
            local_as: Asn::new(65_001).unwrap(),
            router_id: "192.0.2.1".parse().unwrap(),
        })),
        "ospf" => Change::Put(Intent::Ospf(OspfInterface {
            interface: "eth0".parse().unwrap(),
            area: "0.0.0.1".parse().unwrap(),
            passive: true,
            cost: 20.try_into().unwrap(),
            timers: OspfTimers::new(5, 20).unwrap(),
            settings: OspfSettings {
                network: Some(OspfNetwork::PointToPoint),
                priority: 0,
                authentication: Some(OspfAuthentication::new(OspfDigest::Md5, NonZeroU8::MAX, "s3cret").unwrap()),
                area_type: AreaType::TotallyNssa,
                bfd: Some(BfdTimers::new(50, 60, 5).unwrap()),
            },
        })),
        "bfd" => Change::Put(Intent::Bfd(BfdSession {
            key: bfd_key(),
            local_address: Some("192.0.2.1".parse().unwrap()),
            timers: BfdTimers::new(50, 60, 5).unwrap(),
        })),
        other => panic!("no change is called {other}"),
    }
}

pub(super) fn every_change() -> Vec<Change> {
    let remove = |key| Change::Remove(Target::Key(key));
    let mut changes: Vec<_> = ["bgp", "peer", "bfd", "ospf"].map(change).into();
    changes.extend([
        put_prefix_with_attributes(),
        remove(IntentKey::Bgp),
        remove(IntentKey::Peer("192.0.2.2".parse().unwrap())),
        remove(IntentKey::Prefix(Protocol::Ospf, "2001:db8::/64".parse().unwrap())),
        remove(IntentKey::Bfd(bfd_key())),
        remove(IntentKey::Ospf("eth0".parse().unwrap())),
        Change::Remove(Target::BfdSessionsTo("192.0.2.9".parse().unwrap())),
        Change::Register(Registration { reassert_intents: true, ..Registration::default() }),
        Change::Reopen(session(3)),
        Change::Deregister { withdraw_all: true },
    ]);
    changes
}

pub(super) fn session(epoch: u64) -> SessionTerms {
    let lease = Lease::new(60).unwrap();
    SessionTerms {
        id: SessionId::of_epoch(epoch),
        epoch,
        lease,
        instance: Some("edge-0".parse().unwrap()),
        bound: true,
    }
}

fn peer() -> Peer {
    Peer {
        key: "192.0.2.2".parse().unwrap(),
        remote_as: Asn::new(65_002).unwrap(),
        peer_type: Some(PeerType::External),
        timers: Some(PeerTimers::new(3, 9).unwrap()),
        bfd: Some(BfdTimers::default()),
        description: Some("tor 1".parse().unwrap()),
        families: [Family::Ipv4, Family::Ipv6].into(),
        source_address: Some("192.0.2.1".parse().unwrap()),
        ebgp_multihop: Some(3.try_into().unwrap()),
        password: Some(Password::new("hunter2").unwrap()),
        max_prefix: 500.try_into().unwrap(),
        graceful_restart: GracefulRestart::Full,
        settings: PeerSettings { passive: true, ..PeerSettings::default() },
        exchange: Exchange { next_hop_self: true, ..Exchange::default() },
    }
}

fn bfd_key() -> BfdKey {
    BfdKey { peer: "192.0.2.9".parse().unwrap(), interface: None, hop: Hop::Multi }
}

fn put_prefix_with_attributes() -> Change {
    let attributes = PrefixAttributes {
        local_preference: Some(0),
        med: Some(50),
        communities: ["65001:100".parse().unwrap()].into(),
        next_hop: Some("2001:db8::1".parse().unwrap()),
        large_communities: ["65001:0:1".parse().unwrap()].into(),
        extended_communities: ["rt:65001:1".parse().unwrap()].into(),
        as_path_prepend: Prepend::new(2).unwrap(),
        origin: Origin::Incomplete,
        peers: ["10.0.0.2".parse().unwrap()].into(),
    };
    let prefix = "2001:db8:1::/64".parse().unwrap();
    Change::Put(Intent::Prefix(Advertisement { protocol: Protocol::Bgp, prefix, attributes }))
}
