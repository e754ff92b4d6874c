//! One case for each row: a line and, where it has a value, another one.

use anyhow::{Context as _, Result};
use novaroute_e2e::FrrRelease;
use novaroute_frr::Daemon::{self, Bfdd, Bgpd, Ospf6d, Ospfd, Staticd};
use novaroute_frr::config::Context;
use novaroute_frr::rules::{Change, Effect, Matched, Rule, classify};

/// What is done for a row.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) daemon: Daemon,
    /// The lines that lead to where it stands.
    pub(crate) context: &'static [&'static str],
    /// The line with a value, and with another one.
    pub(crate) lines: &'static [&'static str],
    /// For a row that resets: whether the session is up with each of these values, and what comes next ends it.
    pub(crate) up: &'static [bool],
    /// What the router of the rack needs so that the session is up with the last value, and how it takes that back.
    pub(crate) peer: Option<[&'static [&'static str]; 2]>,
    /// FRR 8 leaves the session alone, whatever the row says.
    pub(crate) since_frr_10: bool,
    /// The line is about another session than the one that is up here, which it leaves alone. What it does to its own is
    /// shown by the suite `bgp`.
    pub(crate) of_another: bool,
    /// What both routers run beside it, and how that is taken back; `LINK` is the interface between them.
    pub(crate) given: Option<[&'static [&'static str]; 2]>,
    /// FRR 8 has no such line.
    pub(crate) only_frr_10: bool,
    /// FRR 10 needs no line to be taken back first, whatever the row says.
    pub(crate) in_place_in_frr_10: bool,
}

impl Case {
    /// Where the line stands.
    pub(crate) fn context(&self) -> Context {
        self.context.iter().fold(Context::top(), |context, line| context.child(*line))
    }

    /// The row of a line of this case, and what tells the line from others.
    pub(crate) fn matched(&self, line: &str) -> Result<Matched> {
        classify(self.daemon, &self.context(), line).with_context(|| format!("no row for {line}"))
    }

    /// The row.
    pub(crate) fn rule(&self) -> Result<&'static Rule> {
        Ok(self.matched(self.lines[0])?.rule)
    }

    /// The row as it holds on a release.
    pub(crate) fn rule_on(&self, release: FrrRelease) -> Result<Rule> {
        let mut rule = *self.rule()?;
        if self.of_another || self.since_frr_10 && release == FrrRelease::Distribution {
            (rule.effect, rule.undo_effect) = (Effect::None, Effect::None);
        }
        if self.in_place_in_frr_10 && release == FrrRelease::Next {
            rule.change = Change::InPlace;
        }
        Ok(rule)
    }
}

const fn case(daemon: Daemon, context: &'static [&'static str], lines: &'static [&'static str]) -> Case {
    let (since_frr_10, only_frr_10, in_place_in_frr_10) = (false, false, false);
    Case {
        daemon,
        context,
        lines,
        up: &[],
        peer: None,
        since_frr_10,
        of_another: false,
        given: None,
        only_frr_10,
        in_place_in_frr_10,
    }
}

impl Case {
    const fn up(mut self, up: &'static [bool]) -> Self {
        self.up = up;
        self
    }

    const fn resets_since_frr_10(mut self) -> Self {
        self.since_frr_10 = true;
        self
    }

    const fn of_another_session(mut self) -> Self {
        self.of_another = true;
        self
    }

    const fn given(mut self, set: &'static [&'static str], undo: &'static [&'static str]) -> Self {
        self.given = Some([set, undo]);
        self
    }

    const fn only_frr_10(mut self) -> Self {
        self.only_frr_10 = true;
        self
    }

    const fn in_place_in_frr_10(mut self) -> Self {
        self.in_place_in_frr_10 = true;
        self
    }

    /// Whether a release has such a line.
    pub(crate) fn is_on(&self, release: FrrRelease) -> bool {
        !self.only_frr_10 || release == FrrRelease::Next
    }

    const fn peer(mut self, set: &'static [&'static str], undo: &'static [&'static str]) -> Self {
        self.peer = Some([set, undo]);
        self
    }
}

const TOP: &[&str] = &[];
const MAP: &[&str] = &["route-map NR-OUT permit 10"];
const OSPF_MAP: &[&str] = &["route-map NR-OSPF permit 10"];
const BGP: &[&str] = &["router bgp 65001"];
const IPV4: &[&str] = &["router bgp 65001", "address-family ipv4 unicast"];
const IPV6: &[&str] = &["router bgp 65001", "address-family ipv6 unicast"];
const BFD: &[&str] = &["bfd"];
const PROFILE: &[&str] = &["bfd", "profile NR-B-1"];
const PEER: &[&str] = &["bfd", "peer 10.0.1.67"];
const OSPF: &[&str] = &["router ospf"];
const OSPF6: &[&str] = &["router ospf6"];
const LINK: &[&str] = &["interface tor1"];

const KEY: &[&str] = &["key chain NR-K-link", "key 1"];
/// OSPF authenticated by a key chain.
const CHAIN: [&[&str]; 2] = [
    &[
        "key chain NR-K-link",
        "key 1",
        "cryptographic-algorithm hmac-sha-256",
        "key-string one",
        "exit",
        "exit",
        "interface LINK",
        "ip ospf authentication key-chain NR-K-link",
    ],
    &["interface LINK", "no ip ospf authentication", "exit", "no key chain NR-K-link"],
];
/// The link in another area than the backbone.
const AREA: [&[&str]; 2] = [
    &["interface LINK", "no ip ospf area 0.0.0.0", "ip ospf area 0.0.0.9"],
    &["interface LINK", "no ip ospf area 0.0.0.9", "ip ospf area 0.0.0.0"],
];
const AREA6: [&[&str]; 2] = [
    &["interface LINK", "no ipv6 ospf6 area 0.0.0.0", "ipv6 ospf6 area 0.0.0.9"],
    &["interface LINK", "no ipv6 ospf6 area 0.0.0.9", "ipv6 ospf6 area 0.0.0.0"],
];

/// All cases. NR-OUT is the outbound policy of the session.
#[rustfmt::skip]
pub(crate) const CASES: &[Case] = &[
    case(Bgpd, TOP, &["route-map NR-OTHER permit 10"]),
    case(Bgpd, MAP, &["match tag 5", "match tag 6"]),
    case(Bgpd, MAP, &["match ip address prefix-list NR-L", "match ip address prefix-list NR-M"]),
    case(Bgpd, MAP, &["match community NR-C-1", "match community NR-C-2"]),
    case(Bgpd, MAP, &["match large-community NR-C-1", "match large-community NR-C-2"]),
    case(Bgpd, MAP, &["set community 65001:1", "set community 65001:1 65001:2"]),
    case(Bgpd, MAP, &["set large-community 65001:0:1", "set large-community 65001:0:1 4294967295:4294967295:0"]),
    case(Bgpd, MAP, &["set extcommunity rt 65001:1", "set extcommunity rt 0:4294967295 65536:65535"]),
    case(Bgpd, MAP, &["set extcommunity soo 192.0.2.1:7", "set extcommunity soo 192.0.2.1:7 192.0.2.1:8"]),
    case(Bgpd, MAP, &["set as-path prepend 65001", "set as-path prepend 4200000000 4200000000"]),
    case(Bgpd, MAP, &["set origin incomplete", "set origin egp"]),
    case(Bgpd, MAP, &["set local-preference 0", "set local-preference 200"]),
    case(Bgpd, MAP, &["set metric 0", "set metric 4294967295"]),
    case(Bgpd, MAP, &["set tag 5", "set tag 1314017109"]),
    case(Bgpd, MAP, &["set ip next-hop 10.0.1.77", "set ip next-hop 10.0.1.78"]),
    case(Bgpd, MAP, &["set ipv6 next-hop global fd00:1::77", "set ipv6 next-hop global fd00:1::78"]),
    case(Bgpd, MAP, &["set ip next-hop peer-address"]),
    case(Bgpd, MAP, &["set ipv6 next-hop peer-address"]),
    case(Bgpd, TOP, &["bgp community-list standard NR-C-1 permit 65001:1"]),
    case(Bgpd, TOP, &["bgp large-community-list standard NR-C-1 permit 65001:0:1"]),
    case(Bgpd, TOP, &["ip prefix-list NR-P-1 permit 10.66.0.0/16 ge 24 le 32"]),
    case(Bgpd, TOP, &["ipv6 prefix-list NR-P-1 permit ::/0 le 128"]),
    case(Ospfd, TOP, &["route-map NR-OTHER permit 10"]),
    case(Ospf6d, TOP, &["route-map NR-OTHER permit 10"]),
    case(Ospfd, OSPF_MAP, &["match ip address prefix-list NR-L", "match ip address prefix-list NR-M"]),
    case(Ospf6d, OSPF_MAP, &["match ipv6 address prefix-list NR-L", "match ipv6 address prefix-list NR-M"]),
    case(Ospfd, TOP, &["ip prefix-list NR-OSPF permit 10.66.0.1/32"]),
    case(Ospf6d, TOP, &["ipv6 prefix-list NR-OSPF permit fd66::1/128"]),
    case(Bgpd, TOP, &["router bgp 65001", "router bgp 65009"]).up(&[true, false]),
    case(Bgpd, BGP, &["bgp router-id 10.0.1.1", "bgp router-id 10.0.1.9"]).up(&[true, true]),
    case(Bgpd, BGP, &["bgp log-neighbor-changes"]),
    case(Bgpd, BGP, &["no bgp default ipv4-unicast"]),
    case(Bgpd, BGP, &["no bgp network import-check"]),
    case(Bgpd, BGP, &["bgp graceful-restart preserve-fw-state"]),
    case(Bgpd, IPV4, &["network 10.66.0.0/24 route-map NR-IN", "network 10.66.0.0/24 route-map NR-IN-2"]),
    case(Bgpd, IPV4, &["table-map NR-IN", "table-map NR-IN-2"]),
    case(Bgpd, BGP, &["neighbor 10.0.1.2 remote-as 65100", "neighbor 10.0.1.2 remote-as 65101"]).up(&[true, false]),
    case(Bgpd, BGP, &["neighbor 10.0.1.2 remote-as 65100"]).up(&[true]),
    case(Bgpd, BGP, &["neighbor tor1 interface remote-as 65100", "neighbor tor1 interface remote-as 65101"]).of_another_session(),
    case(Bgpd, BGP, &["neighbor 10.0.1.2 shutdown"]).up(&[false]),
    case(Bgpd, BGP, &["neighbor 10.0.1.2 shutdown message one", "neighbor 10.0.1.2 shutdown message two words"]).up(&[false, false]),
    case(Bgpd, BGP, &["neighbor 10.0.1.2 local-as 65055 no-prepend replace-as", "neighbor 10.0.1.2 local-as 65056 no-prepend replace-as"]).up(&[false, false])
        .peer(&["router bgp 65100", "neighbor 10.0.1.1 remote-as 65056"], &["router bgp 65100", "neighbor 10.0.1.1 remote-as 65001"]),
    case(Bgpd, BGP, &["neighbor 10.0.1.2 description one", "neighbor 10.0.1.2 description two words"]),
    case(Bgpd, BGP, &["neighbor 10.0.1.2 timers connect 1", "neighbor 10.0.1.2 timers connect 2"]),
    case(Bgpd, BGP, &["neighbor 10.0.1.2 timers 3 9", "neighbor 10.0.1.2 timers 4 12"]),
    case(Bgpd, BGP, &["neighbor 10.0.1.2 graceful-restart"]).up(&[true]).resets_since_frr_10(),
    case(Bgpd, BGP, &["neighbor 10.0.1.2 graceful-restart-disable"]).up(&[true]).resets_since_frr_10(),
    case(Bgpd, BGP, &["neighbor 10.0.1.2 graceful-restart-helper"]),
    case(Bgpd, BGP, &["neighbor 10.0.1.2 update-source 10.0.1.7", "neighbor 10.0.1.2 update-source 10.0.1.1"]).up(&[false, true]),
    case(Bgpd, BGP, &["neighbor 10.0.1.2 advertisement-interval 1", "neighbor 10.0.1.2 advertisement-interval 2"]),
    case(Bgpd, BGP, &["neighbor 10.0.1.2 passive"]).up(&[false])
        .peer(&["router bgp 65100", "no neighbor 10.0.1.1 passive"], &["router bgp 65100", "neighbor 10.0.1.1 passive"]),
    case(Bgpd, BGP, &["neighbor 10.0.1.2 ttl-security hops 1", "neighbor 10.0.1.2 ttl-security hops 2"]).up(&[false, false])
        .peer(&["router bgp 65100", "neighbor 10.0.1.1 ttl-security hops 1"], &["router bgp 65100", "no neighbor 10.0.1.1 ttl-security hops 1"]),
    case(Bgpd, BGP, &["neighbor 10.0.1.2 ebgp-multihop 2", "neighbor 10.0.1.2 ebgp-multihop 3"]).up(&[true, true]),
    case(Bgpd, BGP, &["neighbor 10.0.1.2 password one", "neighbor 10.0.1.2 password two"]).up(&[false, false])
        .peer(&["router bgp 65100", "neighbor 10.0.1.1 password two"], &["router bgp 65100", "no neighbor 10.0.1.1 password"]),
    case(Bgpd, BGP, &["neighbor 10.0.1.2 bfd"]).up(&[true])
        .peer(&["router bgp 65100", "neighbor 10.0.1.1 bfd"], &["router bgp 65100", "no neighbor 10.0.1.1 bfd"]),
    case(Bgpd, BGP, &["neighbor 10.0.1.2 bfd profile NR-B-2", "neighbor 10.0.1.2 bfd profile NR-B-3"]),
    case(Bgpd, IPV6, &["neighbor 10.0.1.2 activate"]).up(&[true]),
    case(Bgpd, IPV4, &["neighbor 10.0.1.2 route-map NR-IN in", "neighbor 10.0.1.2 route-map NR-IN-2 in"]),
    case(Bgpd, IPV4, &["neighbor 10.0.1.2 route-map NR-OUT out", "neighbor 10.0.1.2 route-map NR-IN-2 out"]),
    case(Bgpd, IPV4, &["neighbor 10.0.1.2 maximum-prefix 1000 warning-only", "neighbor 10.0.1.2 maximum-prefix 500 warning-only"]),
    case(Bgpd, IPV4, &["neighbor 10.0.1.2 maximum-prefix 1000 restart 5", "neighbor 10.0.1.2 maximum-prefix 1000"]),
    case(Bgpd, IPV4, &["neighbor 10.0.1.2 allowas-in", "neighbor 10.0.1.2 allowas-in 10"]),
    case(Bgpd, IPV4, &["neighbor 10.0.1.2 next-hop-self"]),
    case(Bgpd, IPV4, &["neighbor 10.0.1.2 attribute-unchanged next-hop"]),
    case(Bgpd, IPV6, &["neighbor 10.0.1.2 nexthop-local unchanged"]),
    case(Bfdd, BFD, &["profile NR-B-4"]),
    case(Bfdd, PROFILE, &["receive-interval 100", "receive-interval 200"]),
    case(Bfdd, PROFILE, &["transmit-interval 100", "transmit-interval 200"]),
    case(Bfdd, PROFILE, &["detect-multiplier 4", "detect-multiplier 255"]),
    case(Bfdd, BFD, &["peer 10.0.1.66"]),
    case(Bfdd, BFD, &["peer 10.0.1.66 multihop local-address 10.0.1.1"]),
    case(Bfdd, &["bfd", "peer 10.0.1.67"], &["profile NR-B-2", "profile NR-B-3"]),
    // Nobody writes these: they are taken back where somebody typed them.
    case(Bfdd, PROFILE, &["echo transmit-interval 100", "echo transmit-interval 200"]),
    case(Bfdd, PROFILE, &["echo receive-interval 100", "echo receive-interval disabled"]),
    case(Bfdd, PROFILE, &["minimum-ttl 100", "minimum-ttl 200"]),
    case(Bfdd, PEER, &["receive-interval 100", "receive-interval 200"]),
    case(Bfdd, PEER, &["transmit-interval 100", "transmit-interval 200"]),
    case(Bfdd, PEER, &["detect-multiplier 4", "detect-multiplier 5"]),
    case(Bfdd, PEER, &["echo transmit-interval 100", "echo transmit-interval 200"]),
    case(Bfdd, PEER, &["echo receive-interval 100", "echo receive-interval disabled"]),
    case(Bfdd, PEER, &["passive-mode"]),
    case(Bfdd, PEER, &["shutdown"]),
    case(Ospfd, OSPF, &["ospf router-id 10.0.1.1", "ospf router-id 10.0.1.9"]),
    // ospf6d begins anew with the id that it had already; another one waits for an operator.
    case(Ospf6d, OSPF6, &["ospf6 router-id 10.0.1.7", "ospf6 router-id 10.0.1.9"]).up(&[false, true]),
    case(Ospfd, OSPF, &["log-adjacency-changes detail"]),
    case(Ospf6d, OSPF6, &["log-adjacency-changes detail"]),
    case(Ospfd, OSPF, &["timers throttle lsa all 1200", "timers throttle lsa all 2000"]),
    case(Ospfd, OSPF, &["redistribute kernel route-map NR-OSPF", "redistribute kernel route-map NR-OTHER"]),
    case(Ospf6d, OSPF6, &["redistribute static route-map NR-OSPF", "redistribute static route-map NR-OTHER"]),
    case(Ospfd, OSPF, &["default-information originate always route-map NR-OSPF", "default-information originate always metric 30 route-map NR-OSPF"]),
    case(Ospf6d, OSPF6, &["default-information originate always route-map NR-OSPF"]),
    case(Ospfd, LINK, &["ip ospf cost 20", "ip ospf cost 30"]),
    case(Ospf6d, LINK, &["ipv6 ospf6 cost 20", "ipv6 ospf6 cost 30"]),
    case(Ospfd, LINK, &["ip ospf hello-interval 2", "ip ospf hello-interval 3"]).up(&[false, false])
        .peer(&["interface node", "ip ospf hello-interval 3"], &["interface node", "ip ospf hello-interval 1"]),
    case(Ospf6d, LINK, &["ipv6 ospf6 hello-interval 2", "ipv6 ospf6 hello-interval 3"]).up(&[false, false])
        .peer(&["interface node", "ipv6 ospf6 hello-interval 3"], &["interface node", "ipv6 ospf6 hello-interval 1"]),
    case(Ospfd, LINK, &["ip ospf dead-interval 5", "ip ospf dead-interval 6"]).up(&[false, false])
        .peer(&["interface node", "ip ospf dead-interval 6"], &["interface node", "ip ospf dead-interval 4"]),
    case(Ospf6d, LINK, &["ipv6 ospf6 dead-interval 5", "ipv6 ospf6 dead-interval 6"]).up(&[false, false])
        .peer(&["interface node", "ipv6 ospf6 dead-interval 6"], &["interface node", "ipv6 ospf6 dead-interval 4"]),
    case(Ospfd, LINK, &["ip ospf passive"]).up(&[false]),
    case(Ospf6d, LINK, &["ipv6 ospf6 passive"]).up(&[false]),
    case(Ospfd, LINK, &["ip ospf area 0.0.0.0", "ip ospf area 255.255.255.255"]).up(&[true, false]),
    case(Ospf6d, LINK, &["ipv6 ospf6 area 0.0.0.0", "ipv6 ospf6 area 255.255.255.255"]).up(&[true, false]),
    case(Ospfd, TOP, &["key chain NR-K-other"]).only_frr_10(),
    case(Ospfd, &["key chain NR-K-other"], &["key 5"]).only_frr_10(),
    case(Ospfd, KEY, &["key-string one", "key-string two"]).up(&[true, false]).given(CHAIN[0], CHAIN[1]).only_frr_10(),
    case(Ospfd, KEY, &["cryptographic-algorithm hmac-sha-256"]).up(&[true]).given(CHAIN[0], CHAIN[1]).only_frr_10(),
    case(Ospfd, LINK, &["ip ospf network point-to-point", "ip ospf network point-to-multipoint"]).up(&[false, false]),
    case(Ospf6d, LINK, &["ipv6 ospf6 network point-to-point"]).up(&[false]),
    case(Ospfd, LINK, &["ip ospf priority 0", "ip ospf priority 255"]),
    case(Ospf6d, LINK, &["ipv6 ospf6 priority 0", "ipv6 ospf6 priority 255"]),
    case(Ospfd, LINK, &["ip ospf authentication", "ip ospf authentication message-digest"]).up(&[false, false]),
    case(Ospfd, LINK, &["ip ospf authentication-key one", "ip ospf authentication-key two"]).up(&[false, false])
        .given(&["interface LINK", "ip ospf authentication"], &["interface LINK", "no ip ospf authentication"]),
    case(Ospfd, LINK, &["ip ospf message-digest-key 1 md5 one", "ip ospf message-digest-key 1 md5 two"]).up(&[false, false])
        .given(&["interface LINK", "ip ospf authentication message-digest"], &["interface LINK", "no ip ospf authentication"]),
    case(Ospf6d, LINK, &["ipv6 ospf6 authentication key-id 1 hash-algo md5 key one", "ipv6 ospf6 authentication key-id 2 hash-algo hmac-sha-256 key two"])
        .up(&[false, false]),
    case(Ospfd, LINK, &["ip ospf bfd"]),
    case(Ospf6d, LINK, &["ipv6 ospf6 bfd"]),
    case(Ospfd, LINK, &["ip ospf bfd profile NR-B-2", "ip ospf bfd profile NR-B-3"])
        .given(&["interface LINK", "ip ospf bfd"], &["interface LINK", "no ip ospf bfd"]),
    case(Ospf6d, LINK, &["ipv6 ospf6 bfd profile NR-B-2", "ipv6 ospf6 bfd profile NR-B-3"])
        .given(&["interface LINK", "ipv6 ospf6 bfd"], &["interface LINK", "no ipv6 ospf6 bfd"]),
    case(Ospfd, OSPF, &["area 0.0.0.9 stub", "area 0.0.0.9 stub no-summary"]).up(&[false, false]).given(AREA[0], AREA[1]),
    case(Ospf6d, OSPF6, &["area 0.0.0.9 stub", "area 0.0.0.9 stub no-summary"]).up(&[false, false]).given(AREA6[0], AREA6[1]),
    case(Ospfd, OSPF, &["area 0.0.0.9 nssa no-summary", "area 0.0.0.9 nssa"]).up(&[false, false]).given(AREA[0], AREA[1])
        .in_place_in_frr_10(),
    case(Ospf6d, OSPF6, &["area 0.0.0.9 nssa no-summary", "area 0.0.0.9 nssa"]).up(&[false, false]).given(AREA6[0], AREA6[1]),
    case(Ospfd, TOP, &["router ospf"]).up(&[true]),
    case(Ospf6d, TOP, &["router ospf6"]).up(&[true]),
    case(Staticd, TOP, &["ip route 10.66.0.1/32 blackhole tag 1314017109 254", "ip route 10.66.0.1/32 blackhole tag 1314017107 19"]),
    case(Staticd, TOP, &["ipv6 route fd66::1/128 blackhole tag 1314017109 254", "ipv6 route fd66::1/128 blackhole tag 1314017107 19"]),
];
