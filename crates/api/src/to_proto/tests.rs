//! What goes out comes back the same.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    num::{NonZeroU8, NonZeroU16, NonZeroU32},
};

use novaroute_core::{
    bfd::{BfdKey, BfdSession, BfdTimers, Hop},
    bgp::{Asn, BgpInstance, Community, Origin, PrefixAttributes, Prepend, RouterId},
    community::LargeCommunity,
    drain::{DrainDelay, DrainScope, DrainTerms},
    event::{Event, EventType},
    exchange::{Accepted, AllowAsIn, Exchange, ExportPolicy, ImportPolicy, MaxPrefixAction, PrefixRange},
    intent::{Advertisement, Change, Intent, IntentKey, Protocol, Target},
    name::{ChangeId, Description, InstanceName, InterfaceName, OwnerName, SessionId, ShutdownMessage},
    ospf::{AreaId, AreaType, OspfAuthentication, OspfDigest, OspfInterface, OspfNetwork, OspfSettings, OspfTimers},
    peer::{
        AdvertisementInterval, GracefulRestart, Peer, PeerKey, PeerSettings, PeerTimers, PeerType, Shutdown,
        TtlSecurity,
    },
    pending::{ConfirmWithin, PendingStep, PendingTerms},
    prefix::{Family, Prefix, parse_host_address},
    secret::Password,
    session::{Lease, Registration, SessionTerms},
    state::Reason,
};
use proptest::{collection::btree_set, option, prelude::*};
use prost::Message as _;

use super::*;
use crate::from_proto;

/// Addresses of one family that a host can have.
fn host(family: Family) -> BoxedStrategy<IpAddr> {
    match family {
        Family::Ipv4 => (0x0b00_0000_u32..0x7e00_0000).prop_map(|bits| Ipv4Addr::from(bits).into()).boxed(),
        Family::Ipv6 => (0x2001_u128 << 112..0x2002_u128 << 112).prop_map(|bits| Ipv6Addr::from(bits).into()).boxed(),
    }
}

fn family() -> impl Strategy<Value = Family> {
    prop::sample::select(Family::ALL.to_vec())
}

fn parse<T: std::str::FromStr<Err: std::fmt::Debug>>(text: impl ToString) -> T {
    text.to_string().parse().unwrap()
}

fn interface() -> impl Strategy<Value = InterfaceName> {
    "[A-Za-z0-9][A-Za-z0-9_.-]{0,14}".prop_map(parse::<InterfaceName>)
}

fn bfd_timers() -> impl Strategy<Value = BfdTimers> {
    (10_u32..=60_000, 10_u32..=60_000, 2_u32..=255).prop_map(|(rx, tx, mult)| BfdTimers::new(rx, tx, mult).unwrap())
}

fn peer_timers() -> impl Strategy<Value = PeerTimers> {
    let hold = |keepalive: u16| (Just(keepalive), (3 * keepalive).max(3)..=u16::MAX);
    (1_u16..=21_845).prop_flat_map(hold).prop_map(|(keepalive, hold)| PeerTimers::new(keepalive, hold).unwrap())
}

fn peer_names() -> impl Strategy<Value = (Option<Description>, Option<Password>)> {
    let description = "[!-{}~é東]{1,20}( [!-{}~é東]{1,20}){0,2}".prop_map(parse::<Description>);
    let password = "[!-{}~]{1,80}".prop_map(|text| Password::new(&text).unwrap());
    (option::of(description), option::of(password))
}

/// The key of a peer, and what only one that is known by an address has: the own address and the hops.
fn peer_ends() -> BoxedStrategy<(PeerKey, Option<IpAddr>, Option<NonZeroU8>)> {
    let numbered =
        family().prop_flat_map(|family| (host(family), option::of(host(family)), any::<Option<NonZeroU8>>()));
    let numbered = numbered.prop_map(|(address, source, hops)| (parse::<PeerKey>(address), source, hops));
    let unnumbered = "[a-z][A-Za-z0-9_.-]{0,14}".prop_map(|name| (parse::<PeerKey>(name), None, None));
    prop_oneof![numbered, unnumbered].boxed()
}

fn settings() -> BoxedStrategy<PeerSettings> {
    let message = option::of("[!-{}~é東]{1,20}( [!-{}~é東]{1,20}){0,2}".prop_map(parse::<ShutdownMessage>));
    let shutdown = option::of(message.prop_map(|message| Shutdown { message }));
    (option::of(1..=u32::MAX), 0..=254_u32, any::<bool>(), any::<Option<NonZeroU16>>(), 0..=600_u32, shutdown)
        .prop_map(|(local_as, hops, passive, connect_retry_s, interval, shutdown)| PeerSettings {
            local_as: local_as.and_then(|number| Asn::new(number).ok()),
            ttl_security: TtlSecurity::from_number(hops).unwrap(),
            passive,
            connect_retry_s,
            advertisement_interval: AdvertisementInterval::from_number(interval).unwrap(),
            shutdown,
        })
        .boxed()
}

/// What excludes each other is not asked for.
fn consistent(mut peer: Peer) -> Peer {
    peer.settings.local_as = peer.settings.local_as.filter(|local_as| *local_as != peer.remote_as);
    peer.settings.ttl_security = peer.settings.ttl_security.filter(|_| peer.ebgp_multihop.is_none());
    peer
}

fn peer() -> BoxedStrategy<Peer> {
    let types = prop::sample::select(vec![None, Some(PeerType::External), Some(PeerType::Internal)]);
    let numbers = (1..=u32::MAX, any::<NonZeroU32>());
    let families = btree_set(family(), 1..=2);
    let restart = prop::sample::select(vec![GracefulRestart::Helper, GracefulRestart::Full, GracefulRestart::Off]);
    let timers = (option::of(peer_timers()), option::of(bfd_timers()), restart);
    let more = (settings(), exchange());
    (peer_ends(), types, numbers, families, timers, peer_names(), more)
        .prop_map(
            |(
                (key, source_address, multihop),
                peer_type,
                (remote_as, max_prefix),
                families,
                timers,
                names,
                (settings, exchange),
            )| {
                consistent(Peer {
                    key,
                    remote_as: Asn::new(remote_as).unwrap(),
                    peer_type,
                    timers: timers.0,
                    bfd: timers.1,
                    description: names.0,
                    families,
                    source_address,
                    ebgp_multihop: multihop,
                    password: names.1,
                    max_prefix,
                    graceful_restart: timers.2,
                    settings,
                    exchange,
                })
            },
        )
        .boxed()
}

fn range() -> impl Strategy<Value = PrefixRange> {
    let lengths = |prefix: Prefix| {
        let most = prefix.family().host_length();
        (Just(prefix), prefix.length()..=most, prefix.length()..=most)
    };
    prefix()
        .prop_flat_map(lengths)
        .prop_map(|(prefix, one, other)| PrefixRange::new(prefix, Some(one.min(other)), Some(one.max(other))).unwrap())
}

fn exchange() -> impl Strategy<Value = Exchange> {
    let listed = btree_set(range(), 1..=4).prop_map(Accepted::Listed);
    let accepted = prop_oneof![Just(Accepted::All), listed, Just(Accepted::Nothing)];
    let large = btree_set(any::<[u32; 3]>().prop_map(LargeCommunity::new), 1..=2);
    let with = (communities(), large).prop_map(|(standard, large)| ExportPolicy::OwnWith(standard, large));
    let export = prop_oneof![Just(ExportPolicy::Own), with, Just(ExportPolicy::Transit)];
    let restart = any::<std::num::NonZeroU16>().prop_map(MaxPrefixAction::Restart);
    let action = prop_oneof![Just(MaxPrefixAction::Warn), restart, Just(MaxPrefixAction::ShutDown)];
    (accepted, any::<[bool; 2]>(), export, 0..=u32::from(AllowAsIn::MAX), action).prop_map(
        |(accepted, [refuse_default_route, next_hop_self], export, allowed, action)| Exchange {
            import: ImportPolicy { accepted, refuse_default_route },
            export,
            next_hop_self,
            allowas_in: AllowAsIn::new(allowed).unwrap(),
            max_prefix_action: action,
        },
    )
}

fn prefix() -> impl Strategy<Value = Prefix> {
    let longer = |family: Family| (host(family), 4..=family.host_length());
    family().prop_flat_map(longer).prop_map(|(address, length)| Prefix::new(address, length).unwrap())
}

fn communities() -> impl Strategy<Value = BTreeSet<Community>> {
    let well_known = prop::sample::select(vec![0xffff_0000_u32, 0xffff_ff01, 0xffff_029a]);
    btree_set(prop_oneof![any::<u32>(), well_known].prop_map(Community::from_bits), 0..=8)
}

/// What is given by words and numbers in lists.
fn lists() -> impl Strategy<Value = PrefixAttributes> {
    let large = btree_set(any::<[u32; 3]>().prop_map(LargeCommunity::new), 0..=4);
    let extended =
        prop::sample::subsequence(vec!["rt:0:0", "rt:65535:4294967295", "soo:192.0.2.1:7", "rt:65536:1"], 0..=4);
    let origins = prop::sample::select(vec![Origin::Igp, Origin::Egp, Origin::Incomplete]);
    let peers = btree_set(family().prop_flat_map(host).prop_map(parse), 0..=3);
    (large, extended, 0..=u32::from(Prepend::MAX), origins, peers).prop_map(
        |(large, extended, times, origin, peers)| PrefixAttributes {
            large_communities: large,
            extended_communities: extended.into_iter().map(|text| text.parse().unwrap()).collect(),
            as_path_prepend: Prepend::new(times).unwrap(),
            origin,
            peers,
            ..PrefixAttributes::default()
        },
    )
}

fn advertisement() -> impl Strategy<Value = Advertisement> {
    let bgp = prefix().prop_flat_map(|prefix| {
        let next_hop = option::of(host(prefix.family()));
        (Just(prefix), any::<(Option<u32>, Option<u32>)>(), communities(), next_hop, lists())
    });
    let bgp = bgp.prop_map(|(prefix, (local_preference, med), communities, next_hop, lists)| Advertisement {
        protocol: Protocol::Bgp,
        prefix,
        attributes: PrefixAttributes { local_preference, med, communities, next_hop, ..lists },
    });
    let attributes = PrefixAttributes::default;
    let ospf =
        prefix().prop_map(move |prefix| Advertisement { protocol: Protocol::Ospf, prefix, attributes: attributes() });
    prop_oneof![bgp, ospf]
}

fn bfd_session() -> impl Strategy<Value = BfdSession> {
    let ends = family().prop_flat_map(|family| (host(family), host(family)));
    let single = option::of(interface()).prop_map(|interface| (interface, Hop::Single));
    let multi = Just((None, Hop::Multi));
    (ends, prop_oneof![single, multi], bfd_timers()).prop_map(|((peer, own), (interface, hop), timers)| BfdSession {
        key: BfdKey { peer, interface, hop },
        local_address: (hop == Hop::Multi).then_some(own),
        timers,
    })
}

fn ospf_interface() -> impl Strategy<Value = OspfInterface> {
    let timers = (1..=u16::MAX).prop_flat_map(|hello| (Just(hello), hello..=u16::MAX));
    (interface(), any::<u32>(), any::<bool>(), any::<NonZeroU16>(), timers, ospf_settings()).prop_map(
        |(interface, area, passive, cost, (hello, dead), settings)| OspfInterface {
            interface,
            area: AreaId::from_bits(area),
            passive,
            cost,
            timers: OspfTimers::new(hello, dead).unwrap(),
            // The backbone is normal.
            settings: OspfSettings {
                area_type: if area == 0 { AreaType::Normal } else { settings.area_type },
                ..settings
            },
        },
    )
}

fn ospf_settings() -> impl Strategy<Value = OspfSettings> {
    use AreaType::{Normal, Nssa, Stub, TotallyNssa, TotallyStub};
    let network = prop::sample::select(vec![OspfNetwork::PointToPoint, OspfNetwork::PointToMultipoint]);
    let area_type = prop::sample::select(vec![Normal, Stub, TotallyStub, Nssa, TotallyNssa]);
    let parts =
        (option::of(network), any::<u8>(), option::of(ospf_authentication()), area_type, option::of(bfd_timers()));
    parts.prop_map(|(network, priority, authentication, area_type, bfd)| OspfSettings {
        network,
        priority,
        authentication,
        area_type,
        bfd,
    })
}

fn ospf_authentication() -> impl Strategy<Value = OspfAuthentication> {
    let simple = Just((OspfDigest::Simple, NonZeroU8::MIN));
    let digest = prop::sample::select(vec![OspfDigest::Md5, OspfDigest::HmacSha256]);
    let with_number = (digest, any::<NonZeroU8>());
    (prop_oneof![simple, with_number], "[!-{}~]{1,8}")
        .prop_map(|((digest, id), key)| OspfAuthentication::new(digest, id, &key).unwrap())
}

fn instance() -> impl Strategy<Value = BgpInstance> {
    (1..=u32::MAX, 1_u32..0xe000_0000).prop_map(|(local_as, router_id)| BgpInstance {
        local_as: Asn::new(local_as).unwrap(),
        router_id: RouterId::new(router_id.into()).unwrap(),
    })
}

fn intent() -> impl Strategy<Value = Intent> {
    prop_oneof![
        instance().prop_map(Intent::Bgp),
        peer().prop_map(Intent::Peer),
        advertisement().prop_map(Intent::Prefix),
        bfd_session().prop_map(Intent::Bfd),
        ospf_interface().prop_map(Intent::Ospf),
    ]
}

fn lease() -> impl Strategy<Value = Option<Lease>> {
    (0_u32..=86_400).prop_map(|seconds| Lease::new(seconds).unwrap())
}

fn instance_name() -> impl Strategy<Value = Option<InstanceName>> {
    option::of("[A-Za-z0-9][A-Za-z0-9_.:/@-]{0,40}".prop_map(parse::<InstanceName>))
}

fn registration() -> impl Strategy<Value = Registration> {
    (any::<bool>(), lease(), instance_name(), any::<bool>()).prop_map(
        |(reassert_intents, lease, instance, bind_to_connection)| Registration {
            reassert_intents,
            lease,
            instance,
            bind_to_connection,
        },
    )
}

fn terms() -> impl Strategy<Value = SessionTerms> {
    let id = "[a-z0-9][a-z0-9_.-]{0,63}".prop_map(parse::<SessionId>);
    (id, any::<u64>(), lease(), instance_name(), any::<bool>())
        .prop_map(|(id, epoch, lease, instance, bound)| SessionTerms { id, epoch, lease, instance, bound })
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => intent().prop_map(Change::Put),
        4 => intent().prop_map(|intent| Change::Remove(Target::Key(intent.key()))),
        1 => family().prop_flat_map(host).prop_map(|peer| Change::Remove(Target::BfdSessionsTo(peer))),
        1 => registration().prop_map(Change::Register),
        1 => terms().prop_map(Change::Reopen),
        1 => pending().prop_map(Change::Pending),
        1 => any::<bool>().prop_map(|withdraw_all| Change::Deregister { withdraw_all }),
        1 => (option::of(drain_scope()), drain_terms()).prop_map(|(scope, terms)| Change::Drain(scope, terms)),
        1 => drain_scope().prop_map(Change::DrainDue),
        1 => option::of(drain_scope()).prop_map(Change::Undrain),
    ]
}

fn drain_terms() -> impl Strategy<Value = DrainTerms> {
    let message = option::of("[a-z]{1,8}( [a-z]{1,8}){0,3}".prop_map(parse::<ShutdownMessage>));
    let shut = option::of(message.prop_map(|message| Shutdown { message }));
    (option::of(0_u32..=86_400), shut).prop_map(|(delay, shut)| DrainTerms {
        withdraw_after: delay.map(|seconds| DrainDelay::new(seconds).unwrap()),
        shut_sessions: shut.filter(|_| delay.is_some()),
    })
}

fn drain_scope() -> impl Strategy<Value = DrainScope> {
    let owner = "[a-z][a-z0-9_.-]{0,62}".prop_map(parse::<OwnerName>);
    prop_oneof![Just(DrainScope::Node), owner.prop_map(DrainScope::Owner)]
}

fn pending() -> impl Strategy<Value = PendingStep> {
    let id = || "[a-z0-9][a-z0-9.-]{0,63}".prop_map(parse::<ChangeId>);
    let undo = prop_oneof![
        intent().prop_map(Change::Put),
        intent().prop_map(|intent| Change::Remove(Target::Key(intent.key()))),
    ];
    let terms = (id(), 1_u32..=86_400, proptest::collection::vec(undo, 0..3)).prop_map(|(id, seconds, undo)| {
        let within = ConfirmWithin::new(seconds).unwrap().unwrap();
        PendingStep::Opened(PendingTerms { id, within, undo })
    });
    prop_oneof![terms, id().prop_map(PendingStep::Settled)]
}

fn owner() -> impl Strategy<Value = OwnerName> {
    prop_oneof!["[a-z][a-z0-9_.-]{0,62}".prop_map(parse::<OwnerName>), Just(OwnerName::config())]
}

proptest! {
    #[test]
    fn a_record_is_read_back_as_the_changes_that_were_written(
        owner in owner(), revision: u64, changes in proptest::collection::vec(change(), 1..4)
    ) {
        let bytes = record(&owner, revision, &changes).encode_to_vec();
        let read = from_proto::record(&JournalRecord::decode(bytes.as_slice()).unwrap());
        prop_assert_eq!(read, Ok(from_proto::Record { owner, revision, changes }));
    }

    #[test]
    fn reading_a_damaged_record_never_panics(bytes: Vec<u8>) {
        if let Ok(damaged) = JournalRecord::decode(bytes.as_slice()) {
            let _ = from_proto::record(&damaged).map_err(|bad| bad.to_string());
        }
    }
}

#[test]
fn a_record_without_a_change_is_refused() {
    let empty = JournalRecord { owner: "edge".into(), revision: 1, change: None };
    assert_eq!(from_proto::record(&empty).unwrap_err().violations()[0].field, "change");
}

#[test]
fn an_event_keeps_what_it_is_about() {
    let address = parse_host_address("10.0.0.2").unwrap();
    let key = IntentKey::Peer(parse(address));
    let happened = Event::new(EventType::IntentRefused, "no").of(&parse("edge")).about(&key);
    let happened = happened.because(Reason::FrrRefused).with("daemon", "bgpd");
    let sent = event(&happened, Stamp { sequence: 7, timestamp_ns: 1_999_999_999, boot_id: "b" });
    assert_eq!((sent.r#type(), sent.sequence), (v1::EventType::IntentRefused, 7));
    assert_eq!((sent.timestamp_unix, sent.timestamp_ns), (1, 1_999_999_999));
    assert_eq!((sent.owner.as_str(), sent.intent.as_str()), ("edge", "peer 10.0.0.2"));
    assert_eq!((sent.reason.as_str(), sent.boot_id.as_str()), ("FRR_REFUSED", "b"));
    assert_eq!(sent.metadata["daemon"], "bgpd");
}
