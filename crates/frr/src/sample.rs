//! Desired states for the tests.

use std::collections::BTreeSet;
use std::num::{NonZeroU8, NonZeroU16, NonZeroU32};

use novaroute_core::bfd::{BfdKey, BfdSession, BfdTimers, Hop};
use novaroute_core::bgp::{Asn, BgpInstance, Origin, PrefixAttributes, Prepend};
use novaroute_core::desired::{Desired, DesiredBgp};
use novaroute_core::exchange::{
    Accepted, AllowAsIn, Exchange, ExportPolicy, ImportPolicy, MaxPrefixAction, PrefixRange,
};
use novaroute_core::ospf::{
    AreaType, OspfAuthentication, OspfDigest, OspfInterface, OspfNetwork, OspfSettings, OspfTimers,
};
use novaroute_core::peer::{
    AdvertisementInterval, GracefulRestart, Peer, PeerSettings, PeerTimers, Shutdown, TtlSecurity,
};
use novaroute_core::prefix::Family;
use novaroute_core::secret::Password;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use crate::daemon::{Daemon, Dialect, FrrVersion, Profile};
use crate::{Plan, Removals, diff, render};

pub(crate) const DIALECT: Dialect =
    Dialect { version: FrrVersion { major: 10, minor: 3, patch: 0 }, profile: Profile::Traditional, ospf6d: true };

/// Everything that can be asked for, at least once.
pub(crate) fn full() -> Desired {
    let mut desired = Desired { bgp: Some(bgp()), ..Desired::default() };
    for session in [session("10.13.0.3", Some("r3"), None), session("192.0.2.9", None, Some("10.13.0.1"))] {
        desired.bfd.insert(session.key.clone(), session);
    }
    for ospf in [interface("r2", false, 1, 4), interface("r3", true, 10, 40)] {
        desired.ospf.insert(ospf.interface, ospf);
    }
    desired.ospf_prefixes =
        ["203.0.113.77/32", "2001:db8:7::1/128"].into_iter().map(|text| text.parse().unwrap()).collect();
    desired
}

fn bgp() -> DesiredBgp {
    let peers = [external(), multihop(), internal(), unnumbered()].into_iter().map(|peer| (peer.key, peer)).collect();
    let attributes = PrefixAttributes {
        local_preference: Some(0),
        med: Some(77),
        communities: ["65001:100", "no-export", "65535:3"].into_iter().map(|text| text.parse().unwrap()).collect(),
        ..PrefixAttributes::default()
    };
    let chosen = PrefixAttributes {
        large_communities: ["65001:0:2", "65001:0:1"].into_iter().map(|text| text.parse().unwrap()).collect(),
        extended_communities: ["soo:1.1.1.1:7", "rt:65001:2", "rt:65001:1"]
            .into_iter()
            .map(|text| text.parse().unwrap())
            .collect(),
        as_path_prepend: Prepend::new(2).unwrap(),
        origin: Origin::Incomplete,
        peers: ["10.12.0.2", "10.13.0.3"].into_iter().map(|text| text.parse().unwrap()).collect(),
        ..PrefixAttributes::default()
    };
    let via = |text: &str| PrefixAttributes { next_hop: Some(text.parse().unwrap()), ..PrefixAttributes::default() };
    let prefixes = [
        ("203.0.113.1/32", attributes),
        ("203.0.113.2/32", PrefixAttributes::default()),
        ("203.0.113.3/32", via("10.12.0.77")),
        ("203.0.113.4/32", chosen),
        ("2001:db8:1::1/128", PrefixAttributes::default()),
        ("2001:db8:1::2/128", via("fd12::77")),
    ];
    DesiredBgp {
        instance: instance(65001),
        peers,
        prefixes: prefixes.into_iter().map(|(prefix, attributes)| (prefix.parse().unwrap(), attributes)).collect(),
    }
}

fn instance(asn: u32) -> BgpInstance {
    BgpInstance { local_as: Asn::new(asn).unwrap(), router_id: "1.1.1.1".parse().unwrap() }
}

/// A peer with nothing but what it must have.
pub(crate) fn peer(address: &str, asn: u32) -> Peer {
    Peer::new(address.parse().unwrap(), Asn::new(asn).unwrap())
}

fn external() -> Peer {
    Peer {
        timers: Some(PeerTimers::new(3, 9).unwrap()),
        bfd: Some(BfdTimers::new(100, 200, 4).unwrap()),
        description: Some("tor 1 at 010.0.0.1".parse().unwrap()),
        families: Family::ALL.into(),
        password: Some(Password::new("s3cret").unwrap()),
        exchange: Exchange {
            import: ImportPolicy { accepted: Accepted::Listed(ranges().into()), refuse_default_route: true },
            export: ExportPolicy::OwnWith(
                ["65001:100", "no-export"].map(|text| text.parse().unwrap()).into(),
                ["65001:0:1".parse().unwrap()].into(),
            ),
            ..Exchange::default()
        },
        ..peer("10.12.0.2", 65002)
    }
}

fn ranges() -> [PrefixRange; 2] {
    let range = |prefix: &str, ge, le| PrefixRange::new(prefix.parse().unwrap(), ge, le).unwrap();
    [range("10.71.0.0/16", Some(24), None), range("fd71::/48", None, None)]
}

fn multihop() -> Peer {
    Peer {
        families: [Family::Ipv6].into(),
        source_address: Some("fd12::1".parse().unwrap()),
        ebgp_multihop: NonZeroU8::new(255),
        graceful_restart: GracefulRestart::Full,
        bfd: Some(BfdTimers::default()),
        max_prefix: NonZeroU32::new(5).unwrap(),
        ..peer("2001:db8:ffff::2", 65003)
    }
}

fn internal() -> Peer {
    let exchange = Exchange {
        export: ExportPolicy::Transit,
        next_hop_self: true,
        allowas_in: AllowAsIn::new(4).unwrap(),
        max_prefix_action: MaxPrefixAction::ShutDown,
        ..Exchange::default()
    };
    Peer { ebgp_multihop: NonZeroU8::new(5), exchange, ..peer("10.13.0.3", 65001) }
}

fn unnumbered() -> Peer {
    let settings = PeerSettings {
        local_as: Asn::new(65009).ok(),
        ttl_security: TtlSecurity::from_number(1).unwrap(),
        passive: true,
        connect_retry_s: NonZeroU16::new(30),
        advertisement_interval: AdvertisementInterval::from_number(5).unwrap(),
        shutdown: Some(Shutdown { message: Some("down at 010.0.0.1".parse().unwrap()) }),
    };
    Peer { families: Family::ALL.into(), settings, ..peer("r3", 65004) }
}

fn session(address: &str, interface: Option<&str>, local: Option<&str>) -> BfdSession {
    let hop = if local.is_some() { Hop::Multi } else { Hop::Single };
    let interface = interface.map(|name| name.parse().unwrap());
    BfdSession {
        key: BfdKey { peer: address.parse().unwrap(), interface, hop },
        local_address: local.map(|text| text.parse().unwrap()),
        timers: BfdTimers::new(400, 300, 5).unwrap(),
    }
}

fn interface(name: &str, passive: bool, hello_s: u16, dead_s: u16) -> OspfInterface {
    OspfInterface {
        interface: name.parse().unwrap(),
        area: "0".parse().unwrap(),
        passive,
        cost: NonZeroU16::new(10).unwrap(),
        timers: OspfTimers::new(hello_s, dead_s).unwrap(),
        settings: OspfSettings::default(),
    }
}

/// What a node is sent that runs nothing.
pub(crate) fn plan_from_nothing(desired: &Desired) -> Plan {
    let mut nothing = crate::config::Config::default();
    Daemon::ALL.into_iter().for_each(|daemon| nothing.add_daemon(daemon));
    diff(&nothing, &render(desired, DIALECT), Removals::Apply)
}

fn any_peer(address: &'static str) -> impl Strategy<Value = Peer> {
    let timers = prop::option::of(Just(PeerTimers::new(3, 9).unwrap()));
    let bfd = prop::option::of(any_bfd_timers());
    let families = subsequence(Family::ALL.to_vec(), 1..=2);
    let text = prop::option::of(select(vec!["a", "no neighbor 10.0.0.1", "FD00::1 x"]));
    let password = prop::option::of(select(vec!["x", "FD00::1", "!#"]));
    let restart = select(vec![GracefulRestart::Helper, GracefulRestart::Full, GracefulRestart::Off]);
    let hops = prop::option::of(1u8..);
    let numbers = (select(vec![65001, 65002]), hops, 1u32..3);
    let more = (restart, any_settings(), any_exchange());
    (numbers, timers, bfd, families, text, password, more).prop_map(
        move |((asn, hops, max), timers, bfd, families, text, password, (restart, settings, exchange))| Peer {
            timers,
            bfd,
            families: families.into_iter().collect(),
            description: text.map(|text| text.parse().unwrap()),
            password: password.map(|text| Password::new(text).unwrap()),
            ebgp_multihop: hops.and_then(NonZeroU8::new),
            max_prefix: NonZeroU32::new(max).unwrap(),
            graceful_restart: restart,
            settings: PeerSettings { ttl_security: settings.ttl_security.filter(|_| hops.is_none()), ..settings },
            exchange,
            ..peer(address, asn)
        },
    )
}

fn any_settings() -> impl Strategy<Value = PeerSettings> {
    let message = prop::option::of(select(vec!["a", "no neighbor 10.0.0.1", "FD00::1 x"]));
    let shutdown = prop::option::of(message.prop_map(|text| text.map(|text| text.parse().unwrap())));
    let numbers = (0u32..3, prop::option::of(1u16..3), 0u32..3);
    (select(vec![0, 65001, 65055]), numbers, any::<bool>(), shutdown).prop_map(
        |(local_as, (hops, retry, interval), passive, shutdown)| PeerSettings {
            local_as: Asn::new(local_as).ok(),
            ttl_security: TtlSecurity::from_number(hops).unwrap(),
            passive,
            connect_retry_s: retry.and_then(NonZeroU16::new),
            advertisement_interval: AdvertisementInterval::from_number(interval).unwrap(),
            shutdown: shutdown.map(|message| Shutdown { message }),
        },
    )
}

fn any_exchange() -> impl Strategy<Value = Exchange> {
    let accepted = select(vec![Accepted::All, Accepted::Listed(ranges().into()), Accepted::Nothing]);
    let with = ExportPolicy::OwnWith(["1:2", "no-export"].map(|text| text.parse().unwrap()).into(), BTreeSet::new());
    let export = select(vec![ExportPolicy::Own, with, ExportPolicy::Transit]);
    let actions = vec![MaxPrefixAction::Warn, MaxPrefixAction::Restart(NonZeroU16::MIN), MaxPrefixAction::ShutDown];
    (accepted, export, any::<[bool; 2]>(), 2u32..5, select(actions)).prop_map(
        |(accepted, export, [refuse_default_route, next_hop_self], allowed, max_prefix_action)| Exchange {
            import: ImportPolicy { accepted, refuse_default_route },
            export,
            next_hop_self,
            allowas_in: AllowAsIn::new(allowed).unwrap(),
            max_prefix_action,
        },
    )
}

fn any_bfd_timers() -> impl Strategy<Value = BfdTimers> {
    (select(vec![300, 100]), select(vec![300, 50]), select(vec![3, 5]))
        .prop_map(|(rx, tx, multiplier)| BfdTimers::new(rx, tx, multiplier).unwrap())
}

fn any_attributes() -> impl Strategy<Value = PrefixAttributes> {
    let communities = subsequence(vec!["1:2", "no-export", "0:0", "65535:6", "65535:666"], 0..=5);
    let lists = (subsequence(vec!["1:2:3", "0:0:0"], 0..=2), subsequence(vec!["rt:1:2", "soo:1:2"], 0..=2));
    let audience = (0u32..2, subsequence(vec!["10.12.0.2", "fd12::2", "10.99.0.9"], 0..=2));
    let origins = select(vec![Origin::Igp, Origin::Egp]);
    let numbers = (prop::option::of(0u32..2), prop::option::of(0u32..2));
    (numbers, communities, lists, audience, origins).prop_map(
        |((local_preference, med), communities, (large, extended), (times, peers), origin)| PrefixAttributes {
            local_preference,
            med,
            communities: communities.into_iter().map(|text| text.parse().unwrap()).collect(),
            next_hop: None,
            large_communities: large.into_iter().map(|text| text.parse().unwrap()).collect(),
            extended_communities: extended.into_iter().map(|text| text.parse().unwrap()).collect(),
            as_path_prepend: Prepend::new(times).unwrap(),
            origin,
            peers: peers.into_iter().map(|text| text.parse().unwrap()).collect(),
        },
    )
}

fn any_bgp() -> impl Strategy<Value = DesiredBgp> {
    let peers = (
        prop::option::of(any_peer("10.12.0.2")),
        prop::option::of(any_peer("10.13.0.3")),
        prop::option::of(any_peer("fd12::2")),
        prop::option::of(any_peer("r2")),
    );
    let prefix = select(vec!["203.0.113.1/32", "10.0.0.0/8", "0.0.0.0/0", "::1.2.3.4/128", "2001:db8::/32"]);
    let prefixes = prop::collection::btree_map(prefix, any_attributes(), 0..5);
    (select(vec![65001, 65002]), peers, prefixes).prop_map(|(asn, peers, prefixes)| DesiredBgp {
        instance: instance(asn),
        peers: [peers.0, peers.1, peers.2, peers.3].into_iter().flatten().map(|peer| (peer.key, peer)).collect(),
        prefixes: prefixes.into_iter().map(|(prefix, attributes)| (prefix.parse().unwrap(), attributes)).collect(),
    })
}

fn any_interface(name: &'static str) -> impl Strategy<Value = OspfInterface> {
    let area = select(vec!["0", "1", "4294967295"]);
    (area, any::<bool>(), 9u16..11, 39u16..41, 9u16..11, any_ospf_settings()).prop_map(
        move |(area, passive, hello, dead, cost, settings)| OspfInterface {
            area: area.parse().unwrap(),
            cost: NonZeroU16::new(cost).unwrap(),
            settings,
            ..interface(name, passive, hello, dead)
        },
    )
}

/// An area has one type in whatever is desired, so that it follows from nothing that differs here.
fn any_ospf_settings() -> impl Strategy<Value = OspfSettings> {
    use OspfDigest::{HmacSha256, Md5, Simple};
    let network = select(vec![None, Some(OspfNetwork::PointToPoint), Some(OspfNetwork::PointToMultipoint)]);
    let key = (select(vec![Simple, Md5, HmacSha256]), select(vec!["one", "two"]));
    let key = key.prop_map(|(digest, key)| OspfAuthentication::new(digest, NonZeroU8::MIN, key).unwrap());
    let bfd = prop::option::of(any_bfd_timers());
    (network, 0u8..3, prop::option::of(key), bfd).prop_map(|(network, priority, authentication, bfd)| OspfSettings {
        network,
        priority,
        authentication,
        area_type: AreaType::TotallyNssa,
        bfd,
    })
}

fn any_session() -> impl Strategy<Value = BfdSession> {
    let interface = prop::option::of(Just("r3"));
    let local = prop::option::of(Just("10.9.9.9"));
    (select(vec!["10.13.0.3", "fd13::3"]), interface, local, any_bfd_timers()).prop_map(
        |(address, interface, local, timers)| BfdSession {
            timers,
            ..session(address, interface.filter(|_| local.is_none()), local)
        },
    )
}

/// Any small desired state over few keys, so that two of them differ in every way.
pub(crate) fn any_desired() -> impl Strategy<Value = Desired> {
    let interfaces = (prop::option::of(any_interface("r2")), prop::option::of(any_interface("r3")));
    let prefixes = subsequence(vec!["203.0.113.7/32", "0.0.0.0/0", "2001:db8:7::/64", "::/0"], 0..=4);
    let sessions = prop::collection::vec(any_session(), 0..3);
    (prop::option::of(any_bgp()), sessions, interfaces, prefixes).prop_map(|(bgp, sessions, interfaces, prefixes)| {
        Desired {
            bgp,
            bfd: sessions.into_iter().map(|session| (session.key.clone(), session)).collect(),
            ospf: [interfaces.0, interfaces.1].into_iter().flatten().map(|i| (i.interface, i)).collect(),
            ospf_prefixes: prefixes.into_iter().map(|text| text.parse().unwrap()).collect(),
            ..Desired::default()
        }
    })
}
