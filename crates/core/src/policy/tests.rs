use super::*;
use crate::bgp::PrefixAttributes;
use crate::intent::{Advertisement, Protocol};
use crate::ospf::{AreaId, OspfInterface, OspfSettings, OspfTimers};

fn advertise(prefix: &str) -> Intent {
    Intent::Prefix(Advertisement {
        protocol: Protocol::Bgp,
        prefix: prefix.parse().unwrap(),
        attributes: PrefixAttributes::default(),
    })
}

fn verdict(policy: &Policy, intent: &Intent) -> Option<Reason> {
    evaluate(policy, intent).err().map(|rejection| rejection.reason)
}

#[test]
fn prefix_types() {
    use PrefixType::{Any, HostOnly, Subnet};
    let refused = Some(Reason::PrefixTypeNotAllowed);
    let rows = [
        (HostOnly, "10.0.0.1/32", None),
        (HostOnly, "fd00::1/128", None),
        (HostOnly, "10.0.0.0/31", refused),
        (HostOnly, "fd00::/127", refused),
        (HostOnly, "0.0.0.0/0", refused),
        (Subnet, "10.0.0.0/31", None),
        (Subnet, "128.0.0.0/1", None),
        (Subnet, "fd00::/127", None),
        (Subnet, "10.0.0.1/32", refused),
        (Subnet, "fd00::1/128", refused),
        (Subnet, "::/0", refused),
        (Any, "10.0.0.1/32", None),
        (Any, "10.0.0.0/8", None),
        (Any, "0.0.0.0/0", refused),
        (Any, "::/0", refused),
    ];
    for (prefix_type, prefix, expected) in rows {
        let policy = Policy { prefix_type, ..Policy::default() };
        assert_eq!(verdict(&policy, &advertise(prefix)), expected, "{prefix_type:?} {prefix}");
    }
}

#[test]
fn the_default_route_needs_its_own_permission() {
    let policy = Policy { allow_default_route: true, ..Policy::default() };
    assert_eq!(verdict(&policy, &advertise("0.0.0.0/0")), None);
}

#[test]
fn cidrs_must_contain_the_whole_prefix() {
    let policy = Policy { allowed_cidrs: vec!["10.1.0.0/16".parse().unwrap()], ..Policy::default() };
    assert_eq!(verdict(&policy, &advertise("10.1.2.0/24")), None);
    assert_eq!(verdict(&policy, &advertise("10.0.0.0/8")), Some(Reason::PrefixNotInAllowedCidrs));
    assert_eq!(verdict(&policy, &advertise("fd00::1/128")), Some(Reason::PrefixNotInAllowedCidrs));
    let rejection = evaluate(&policy, &advertise("10.2.0.1/32")).unwrap_err();
    assert_eq!(rejection.metadata["allowed"], "10.1.0.0/16");
}

#[test]
fn lengths_per_family() {
    let policy = Policy { lengths: [(Family::Ipv4, 24..=32)].into(), ..Policy::default() };
    assert_eq!(verdict(&policy, &advertise("10.0.0.0/23")), Some(Reason::PrefixLengthNotAllowed));
    assert_eq!(verdict(&policy, &advertise("10.0.0.0/24")), None);
    assert_eq!(verdict(&policy, &advertise("fd00::/48")), None);
}

#[test]
fn communities() {
    let policy = Policy { allowed_communities: Some(["65000:1".parse().unwrap()].into()), ..Policy::default() };
    let with = |community: &str| {
        let attributes = PrefixAttributes { communities: [community.parse().unwrap()].into(), ..Default::default() };
        Intent::Prefix(Advertisement { protocol: Protocol::Bgp, prefix: "10.0.0.1/32".parse().unwrap(), attributes })
    };
    assert_eq!(verdict(&policy, &with("65000:1")), None);
    assert_eq!(verdict(&policy, &with("65000:2")), Some(Reason::CommunityNotAllowed));
}

#[test]
fn who_is_held_to_some_communities_cannot_use_another_kind() {
    let allowed = ["65000:1", "65000:1:1", "rt:65000:1"].map(|text| text.parse().unwrap());
    let policy = Policy { allowed_communities: Some(allowed.into()), ..Policy::default() };
    let with = |large: &str, extended: &str| {
        let attributes = PrefixAttributes {
            large_communities: [large.parse().unwrap()].into(),
            extended_communities: [extended.parse().unwrap()].into(),
            ..Default::default()
        };
        Intent::Prefix(Advertisement { protocol: Protocol::Bgp, prefix: "10.0.0.1/32".parse().unwrap(), attributes })
    };
    assert_eq!(verdict(&policy, &with("65000:1:1", "rt:65000:1")), None);
    for (large, extended) in [("65000:1:2", "rt:65000:1"), ("65000:1:1", "soo:65000:1")] {
        assert_eq!(verdict(&policy, &with(large, extended)), Some(Reason::CommunityNotAllowed));
        let standard = Policy { allowed_communities: Some(["65000:1".parse().unwrap()].into()), ..Policy::default() };
        assert_eq!(verdict(&standard, &with(large, extended)), Some(Reason::CommunityNotAllowed));
    }
}

#[test]
fn interfaces_and_permissions() {
    let ospf = Intent::Ospf(OspfInterface {
        interface: "eth1".parse().unwrap(),
        area: AreaId::from_bits(0),
        passive: false,
        cost: std::num::NonZeroU16::MIN,
        timers: OspfTimers::default(),
        settings: OspfSettings::default(),
    });
    let policy = Policy { allowed_interfaces: Some(["eth0".parse().unwrap()].into()), ..Policy::default() };
    assert_eq!(verdict(&policy, &ospf), Some(Reason::InterfaceNotAllowed));
    let policy = Policy { permissions: [Kind::Bfd].into(), ..Policy::default() };
    let rejection = check_permission(&policy, Kind::Ospf).unwrap_err();
    assert_eq!((rejection.reason, rejection.metadata["allowed"].as_str()), (Reason::KindNotPermitted, "bfd"));
    assert!(check_permission(&policy, Kind::Bfd).is_ok());
}
