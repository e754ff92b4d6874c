use super::*;

fn kind(daemon: Daemon, path: &[&str], line: &str) -> Option<(LineKind, String)> {
    let context = path.iter().fold(Context::top(), |context, line| context.child(*line));
    classify(daemon, &context, line).map(|m| (m.rule.kind, m.id))
}

#[test]
fn lines_find_their_rule_and_identity() {
    use Daemon::{Bfdd, Bgpd, Ospfd, Staticd};
    let bgp = ["router bgp 65001"];
    let unicast = ["router bgp 65001", "address-family ipv4 unicast"];
    for (daemon, path, line, expected, id) in [
        (Bgpd, &[][..], "router bgp 65001", LineKind::RouterBgp, ""),
        (Bgpd, &[], "route-map NR-OUT permit 10", LineKind::RouteMap, "NR-OUT permit 10"),
        (Bgpd, &bgp, "neighbor 10.0.0.2 bfd", LineKind::NeighborBfd, "10.0.0.2"),
        (Bgpd, &bgp, "neighbor 10.0.0.2 bfd profile P", LineKind::NeighborBfdProfile, "10.0.0.2"),
        (Bgpd, &bgp, "neighbor 10.0.0.2 timers connect 1", LineKind::NeighborTimersConnect, "10.0.0.2"),
        (Bgpd, &bgp, "neighbor 10.0.0.2 timers 3 9", LineKind::NeighborTimers, "10.0.0.2"),
        (Bgpd, &bgp, "neighbor 10.0.0.2 shutdown", LineKind::NeighborShutdown, "10.0.0.2"),
        (Bgpd, &unicast, "network 10.0.0.0/8", LineKind::Network, "10.0.0.0/8"),
        (Bgpd, &unicast, "network 10.0.0.0/8 route-map NR-A-1", LineKind::Network, "10.0.0.0/8"),
        (Bfdd, &["bfd"], "peer 10.0.0.2 interface r2", LineKind::BfdPeer, "peer 10.0.0.2 interface r2"),
        (
            Bfdd,
            &["bfd"],
            "peer 10.0.0.2 local-address 10.0.0.1 interface r2",
            LineKind::BfdPeer,
            "peer 10.0.0.2 interface r2",
        ),
        (
            Bfdd,
            &["bfd"],
            "peer 10.0.0.2 multihop local-address 10.0.0.1",
            LineKind::BfdPeer,
            "peer 10.0.0.2 multihop local-address 10.0.0.1",
        ),
        (Bfdd, &["bfd", "peer 10.0.0.2"], "shutdown", LineKind::Unexpected, "shutdown"),
        (Ospfd, &["interface r2"], "ip ospf area 0.0.0.0", LineKind::OspfArea, ""),
        (Ospfd, &["interface r2"], "ip ospf message-digest-key 7 md5 x", LineKind::OspfMessageDigestKey, "7"),
        (Ospfd, &["router ospf"], "area 0.0.0.1 nssa no-summary", LineKind::OspfAreaNssa, "0.0.0.1"),
        (Ospfd, &["key chain NR-K-r2", "key 1"], "key-string x", LineKind::KeyString, ""),
        (
            Ospfd,
            &[],
            "ip prefix-list NR-OSPF permit 10.0.0.0/8",
            LineKind::PrefixList,
            "ip prefix-list NR-OSPF permit 10.0.0.0/8",
        ),
        (Staticd, &[], "ip route 10.0.0.0/8 blackhole tag 1 254", LineKind::StaticRoute, "ip 10.0.0.0/8"),
    ] {
        assert_eq!(kind(daemon, path, line), Some((expected, id.to_owned())), "{line}");
    }
    assert_eq!(kind(Bgpd, &["router bgp 65001 vrf X"], "bgp router-id 1.1.1.1"), None);
    assert_eq!(kind(Bgpd, &["router bgp 65001 vrf X as-notation dot"], "bgp router-id 1.1.1.1"), None);
    assert_eq!(kind(Ospfd, &["interface r2"], "ip ospf mtu-ignore"), None);
}

#[test]
fn undo_is_the_inverse() {
    let rule = rule_of(LineKind::BgpNoDefaultIpv4Unicast, Daemon::Bgpd).unwrap();
    assert_eq!(rule.undo("no bgp default ipv4-unicast", ""), "bgp default ipv4-unicast");
    let rule = rule_of(LineKind::NeighborRemoteAs, Daemon::Bgpd).unwrap();
    assert_eq!(rule.undo("neighbor 10.0.0.2 remote-as 1", "10.0.0.2"), "no neighbor 10.0.0.2");
}

#[test]
fn what_is_used_comes_before_its_user() {
    let add = |kind, daemon| rule_of(kind, daemon).unwrap().add;
    let remove = |kind, daemon| rule_of(kind, daemon).unwrap().remove;
    use Daemon::{Bfdd, Bgpd, Ospfd, Staticd};
    use LineKind as K;
    assert!(add(K::RouteMap, Bgpd) < add(K::Network, Bgpd));
    assert!(add(K::Network, Bgpd) < add(K::NeighborRemoteAs, Bgpd));
    assert!(add(K::NeighborRouteMapOut, Bgpd) < add(K::NeighborActivate, Bgpd));
    assert!(add(K::BfdProfile, Bfdd) < add(K::NeighborBfdProfile, Bgpd));
    assert!(add(K::PrefixList, Ospfd) < add(K::StaticRoute, Staticd));
    assert!(remove(K::BfdPeer, Bfdd) < add(K::BfdPeer, Bfdd));
    assert!(remove(K::NeighborActivate, Bgpd) < remove(K::NeighborRouteMapOut, Bgpd));
    assert!(remove(K::Network, Bgpd) < remove(K::NeighborRemoteAs, Bgpd));
    assert!(remove(K::NeighborRemoteAs, Bgpd) < remove(K::RouteMap, Bgpd));
}

#[test]
fn each_rule_has_a_row() {
    let table = markdown_table();
    let written = RULES.iter().filter(|r| !matches!(r.kind, LineKind::Unexpected | LineKind::NeighborOther)).count();
    assert_eq!(table.lines().count(), written + 2);
    assert!(table.contains("| neighbor *key* password … | bgpd |"));
}
