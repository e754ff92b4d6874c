use std::num::NonZeroU8;

use expect_test::expect;
use novaroute_core::bgp::PrefixAttributes;
use novaroute_core::ospf::{OspfAuthentication, OspfDigest};
use proptest::prelude::*;

use super::*;
use crate::daemon::{FrrVersion, Profile};
use crate::fake::FakeFrr;
use crate::parse;
use crate::sample;

const DIALECT: Dialect = sample::DIALECT;

#[test]
fn a_full_node() {
    let plan = sample::plan_from_nothing(&sample::full());
    expect![[r#"
        # bfdd
        bfd
         profile NR-B-100-200-4
          receive-interval 100
          transmit-interval 200
          detect-multiplier 4
        bfd
         profile NR-B-300-300-3
        bfd
         profile NR-B-400-300-5
          receive-interval 400
          detect-multiplier 5
        bfd
         peer 10.13.0.3 interface r3
          profile NR-B-400-300-5
        bfd
         peer 192.0.2.9 multihop local-address 10.13.0.1
          profile NR-B-400-300-5
        # bgpd
        ip prefix-list NR-P-3ebcfed9a361b94f permit 10.71.0.0/16 ge 24 le 32
        ip prefix-list NR-P-b42e18366abaf7d2 permit 0.0.0.0/0
        ipv6 prefix-list NR-P-4200f5c7a7c4044f permit fd71::/48
        ipv6 prefix-list NR-P-6d0e7095bc257476 permit ::/0
        bgp community-list standard NR-C-6f9be7688f7060b2 permit 65001:100
        bgp large-community-list standard NR-C-96af21ec9a57056e permit 65001:0:1
        route-map NR-A-038805ec9979e5fd permit 10
         set tag 1314017109
         set ip next-hop 10.12.0.77
        route-map NR-A-2d5223ddf3fbc80c permit 10
         set large-community 65001:0:1 65001:0:2
         set extcommunity rt 65001:1 65001:2
         set extcommunity soo 1.1.1.1:7
         set origin incomplete
         set tag 4077687312
        route-map NR-A-4ff67a01273c4f3a permit 10
         set community 65001:100 65535:3
         set local-preference 0
         set metric 77
         set tag 1314017110
        route-map NR-A-50771a7171fc14f9 permit 10
         set tag 1314017109
         set ipv6 next-hop global fd12::77
        route-map NR-A-6db6d4bc971cacfb permit 10
         set tag 1314017109
        route-map NR-IN permit 10
        route-map NR-IN-b90fb799aba3826d deny 10
         match ip address prefix-list NR-P-b42e18366abaf7d2
        route-map NR-IN-b90fb799aba3826d deny 11
         match ipv6 address prefix-list NR-P-6d0e7095bc257476
        route-map NR-IN-b90fb799aba3826d permit 12
         match ip address prefix-list NR-P-3ebcfed9a361b94f
         set tag 1314017100
        route-map NR-IN-b90fb799aba3826d permit 13
         match ipv6 address prefix-list NR-P-4200f5c7a7c4044f
         set tag 1314017100
        route-map NR-IN-fa55bb8a5f83b331 permit 10
         set tag 1314017100
        route-map NR-OUT permit 10
         match tag 1314017109
        route-map NR-OUT permit 11
         match tag 1314017110
         set community no-export additive
        route-map NR-OUT permit 12
         match tag 1314017111
         set community no-advertise additive
        route-map NR-OUT permit 13
         match tag 1314017112
         set community no-export no-advertise additive
        route-map NR-OUT permit 14
         match tag 1314017113
         set community local-AS additive
        route-map NR-OUT permit 15
         match tag 1314017114
         set community no-export local-AS additive
        route-map NR-OUT permit 16
         match tag 1314017115
         set community no-advertise local-AS additive
        route-map NR-OUT permit 17
         match tag 1314017116
         set community no-export no-advertise local-AS additive
        route-map NR-OUT-1fedebdfb454b8af permit 10
         match tag 1314017109
         match community NR-C-6f9be7688f7060b2
        route-map NR-OUT-1fedebdfb454b8af permit 11
         match tag 1314017109
         match large-community NR-C-96af21ec9a57056e
        route-map NR-OUT-1fedebdfb454b8af permit 12
         match tag 1314017110
         set community no-export additive
        route-map NR-OUT-1fedebdfb454b8af permit 13
         match tag 1314017111
         match community NR-C-6f9be7688f7060b2
         set community no-advertise additive
        route-map NR-OUT-1fedebdfb454b8af permit 14
         match tag 1314017111
         match large-community NR-C-96af21ec9a57056e
         set community no-advertise additive
        route-map NR-OUT-1fedebdfb454b8af permit 15
         match tag 1314017112
         set community no-export no-advertise additive
        route-map NR-OUT-1fedebdfb454b8af permit 16
         match tag 1314017113
         match community NR-C-6f9be7688f7060b2
         set community local-AS additive
        route-map NR-OUT-1fedebdfb454b8af permit 17
         match tag 1314017113
         match large-community NR-C-96af21ec9a57056e
         set community local-AS additive
        route-map NR-OUT-1fedebdfb454b8af permit 18
         match tag 1314017114
         set community no-export local-AS additive
        route-map NR-OUT-1fedebdfb454b8af permit 19
         match tag 1314017115
         match community NR-C-6f9be7688f7060b2
         set community no-advertise local-AS additive
        route-map NR-OUT-1fedebdfb454b8af permit 20
         match tag 1314017115
         match large-community NR-C-96af21ec9a57056e
         set community no-advertise local-AS additive
        route-map NR-OUT-1fedebdfb454b8af permit 21
         match tag 1314017116
         set community no-export no-advertise local-AS additive
        route-map NR-OUT-1fedebdfb454b8af permit 22
         match tag 4077687312
         match community NR-C-6f9be7688f7060b2
         set as-path prepend 65001 65001
        route-map NR-OUT-1fedebdfb454b8af permit 23
         match tag 4077687312
         match large-community NR-C-96af21ec9a57056e
         set as-path prepend 65001 65001
        route-map NR-OUT-a69936424105f471 permit 10
         match tag 1314017109
        route-map NR-OUT-a69936424105f471 permit 11
         match tag 1314017110
         set community no-export additive
        route-map NR-OUT-a69936424105f471 permit 12
         match tag 1314017111
         set community no-advertise additive
        route-map NR-OUT-a69936424105f471 permit 13
         match tag 1314017112
         set community no-export no-advertise additive
        route-map NR-OUT-a69936424105f471 permit 14
         match tag 1314017113
         set community local-AS additive
        route-map NR-OUT-a69936424105f471 permit 15
         match tag 1314017114
         set community no-export local-AS additive
        route-map NR-OUT-a69936424105f471 permit 16
         match tag 1314017115
         set community no-advertise local-AS additive
        route-map NR-OUT-a69936424105f471 permit 17
         match tag 1314017116
         set community no-export no-advertise local-AS additive
        route-map NR-OUT-a69936424105f471 permit 18
         match tag 4077687312
        route-map NR-OUT-a69936424105f471 permit 19
         match tag 1314017100
        # ospfd
        ip prefix-list NR-OSPF permit 203.0.113.77/32
        route-map NR-IF-r2 permit 10
        route-map NR-IF-r3 permit 10
        route-map NR-OSPF permit 10
         match ip address prefix-list NR-OSPF
        # ospf6d
        ipv6 prefix-list NR-OSPF permit 2001:db8:7::1/128
        route-map NR-IF-r2 permit 10
        route-map NR-IF-r3 permit 10
        route-map NR-OSPF permit 10
         match ipv6 address prefix-list NR-OSPF
        # bgpd
        router bgp 65001
         bgp router-id 1.1.1.1
         bgp log-neighbor-changes
         no bgp default ipv4-unicast
         no bgp network import-check
         bgp graceful-restart preserve-fw-state
        # ospfd
        router ospf
         ospf router-id 1.1.1.1
         log-adjacency-changes detail
         timers throttle lsa all 1200
         redistribute connected route-map NR-OSPF
         redistribute kernel route-map NR-OSPF
         redistribute static route-map NR-OSPF
        # ospf6d
        router ospf6
         ospf6 router-id 1.1.1.1
         log-adjacency-changes detail
         redistribute connected route-map NR-OSPF
         redistribute kernel route-map NR-OSPF
         redistribute static route-map NR-OSPF
        # bgpd
        router bgp 65001
         address-family ipv4 unicast
          network 203.0.113.1/32 route-map NR-A-4ff67a01273c4f3a
          network 203.0.113.2/32 route-map NR-A-6db6d4bc971cacfb
          network 203.0.113.3/32 route-map NR-A-038805ec9979e5fd
          network 203.0.113.4/32 route-map NR-A-2d5223ddf3fbc80c
        router bgp 65001
         address-family ipv6 unicast
          network 2001:db8:1::1/128 route-map NR-A-6db6d4bc971cacfb
          network 2001:db8:1::2/128 route-map NR-A-50771a7171fc14f9
        router bgp 65001
         neighbor 10.12.0.2 remote-as 65002
         neighbor 10.12.0.2 shutdown
         neighbor 10.13.0.3 remote-as 65001
         neighbor 2001:db8:ffff::2 remote-as 65003
         neighbor r3 interface remote-as 65004
         neighbor r3 shutdown message down at 010.0.0.1
        router bgp 65001
         address-family ipv4 unicast
          neighbor 10.12.0.2 route-map NR-IN-b90fb799aba3826d in
          neighbor 10.13.0.3 route-map NR-IN-fa55bb8a5f83b331 in
          neighbor r3 route-map NR-IN-fa55bb8a5f83b331 in
          neighbor 10.12.0.2 route-map NR-OUT-1fedebdfb454b8af out
          neighbor 10.13.0.3 route-map NR-OUT-a69936424105f471 out
          neighbor r3 route-map NR-OUT out
          neighbor 10.12.0.2 maximum-prefix 1000 warning-only
          neighbor 10.13.0.3 maximum-prefix 1000
          neighbor r3 maximum-prefix 1000 warning-only
          neighbor 10.13.0.3 allowas-in 4
          neighbor 10.13.0.3 next-hop-self
          neighbor 10.12.0.2 attribute-unchanged next-hop
          neighbor r3 attribute-unchanged next-hop
        router bgp 65001
         address-family ipv6 unicast
          neighbor 10.12.0.2 route-map NR-IN-b90fb799aba3826d in
          neighbor 2001:db8:ffff::2 route-map NR-IN-fa55bb8a5f83b331 in
          neighbor r3 route-map NR-IN-fa55bb8a5f83b331 in
          neighbor 10.12.0.2 route-map NR-OUT-1fedebdfb454b8af out
          neighbor 2001:db8:ffff::2 route-map NR-OUT out
          neighbor r3 route-map NR-OUT out
          neighbor 10.12.0.2 maximum-prefix 1000 warning-only
          neighbor 2001:db8:ffff::2 maximum-prefix 5 warning-only
          neighbor r3 maximum-prefix 1000 warning-only
          neighbor 10.12.0.2 attribute-unchanged next-hop
          neighbor 2001:db8:ffff::2 attribute-unchanged next-hop
          neighbor r3 attribute-unchanged next-hop
          neighbor 10.12.0.2 nexthop-local unchanged
          neighbor 2001:db8:ffff::2 nexthop-local unchanged
        router bgp 65001
         neighbor r3 local-as 65009 no-prepend replace-as
         neighbor 10.12.0.2 description tor 1 at 010.0.0.1
         neighbor 10.12.0.2 timers 3 9
         neighbor 10.12.0.2 timers connect 1
         neighbor 10.13.0.3 timers connect 1
         neighbor 2001:db8:ffff::2 timers connect 1
         neighbor r3 timers connect 30
         neighbor 2001:db8:ffff::2 graceful-restart
         neighbor r3 advertisement-interval 5
         neighbor r3 passive
         neighbor 2001:db8:ffff::2 ebgp-multihop 255
         neighbor r3 ttl-security hops 1
         neighbor 10.12.0.2 password ********
         neighbor 10.12.0.2 bfd profile NR-B-100-200-4
         neighbor 2001:db8:ffff::2 bfd profile NR-B-300-300-3
         neighbor 10.12.0.2 bfd
         neighbor 2001:db8:ffff::2 bfd
         neighbor 2001:db8:ffff::2 update-source fd12::1
        router bgp 65001
         address-family ipv4 unicast
          neighbor 10.12.0.2 activate
          neighbor 10.13.0.3 activate
          neighbor r3 activate
        router bgp 65001
         address-family ipv6 unicast
          neighbor 10.12.0.2 activate
          neighbor 2001:db8:ffff::2 activate
          neighbor r3 activate
        router bgp 65001
         no neighbor 10.12.0.2 shutdown
        # ospfd
        interface r2
         ip ospf cost 10
         ip ospf hello-interval 1
         ip ospf dead-interval 4
         ip ospf area 0.0.0.0
        interface r3
         ip ospf cost 10
         ip ospf dead-interval 40
         ip ospf passive
         ip ospf area 0.0.0.0
        # ospf6d
        interface r2
         ipv6 ospf6 cost 10
         ipv6 ospf6 hello-interval 1
         ipv6 ospf6 dead-interval 4
         ipv6 ospf6 area 0.0.0.0
        interface r3
         ipv6 ospf6 cost 10
         ipv6 ospf6 passive
         ipv6 ospf6 area 0.0.0.0
        # staticd
        ip route 203.0.113.77/32 blackhole tag 1314017107 19
        ipv6 route 2001:db8:7::1/128 blackhole tag 1314017107 19
    "#]]
    .assert_eq(&plan.to_string());
}

#[test]
fn what_is_the_default_of_the_profile_is_not_written() {
    let datacenter = Dialect { profile: Profile::Datacenter, ..DIALECT };
    let count = |dialect| render(&sample::full(), dialect).len();
    assert_eq!(count(datacenter) + 1, count(DIALECT));
}

#[test]
fn without_ospf6d_nothing_is_said_to_it() {
    let dialect = Dialect { ospf6d: false, version: FrrVersion { major: 8, minor: 4, patch: 4 }, ..DIALECT };
    let config = render(&sample::full(), dialect);
    assert!(!config.daemons().contains(&Daemon::Ospf6d));
    let v6 = IntentKey::Prefix(novaroute_core::intent::Protocol::Ospf, "2001:db8:7::1/128".parse().unwrap());
    assert!(!config.intents().contains(&v6));
}

#[test]
fn prefixes_with_the_same_attributes_share_a_map() {
    let desired = sample::full();
    let config = render(&desired, DIALECT);
    let maps = config.contexts().filter(|(daemon, context, _)| {
        *daemon == Daemon::Bgpd && context.path().first().is_some_and(|line| line.starts_with("route-map NR-A-"))
    });
    let kinds: std::collections::BTreeSet<_> = desired.bgp.unwrap().prefixes.into_values().collect();
    assert_eq!(maps.count(), kinds.len());
}

#[test]
fn communities_that_bgpd_would_heed_itself_are_added_by_the_outbound_policy() {
    let mut desired = sample::full();
    let prefixes = &mut desired.bgp.as_mut().unwrap().prefixes;
    let prefix = "203.0.113.9/32".parse().unwrap();
    let communities = ["no-export", "local-AS", "65000:1"].map(|text| text.parse().unwrap()).into();
    prefixes.clear();
    prefixes.insert(prefix, PrefixAttributes { communities, ..PrefixAttributes::default() });
    let plan = sample::plan_from_nothing(&desired).to_string();
    for lines in [
        " permit 10\n set community 65000:1\n set tag 1314017114\n",
        "route-map NR-OUT permit 15\n match tag 1314017114\n set community no-export local-AS additive\n",
    ] {
        assert!(plan.contains(lines), "{lines} is not in:\n{plan}");
    }
}

#[test]
fn a_default_route_of_ospf_is_originated_and_blackholes_nothing() {
    let mut desired = sample::full();
    desired.ospf_prefixes = ["0.0.0.0/0", "::/0"].into_iter().map(|text| text.parse().unwrap()).collect();
    let config = render(&desired, DIALECT);
    assert!(config.slots(Daemon::Staticd, &Context::top()).is_none());
    for (daemon, router, prefix) in
        [(Daemon::Ospfd, "router ospf", "0.0.0.0/0"), (Daemon::Ospf6d, "router ospf6", "::/0")]
    {
        let mut lines = config.slots(daemon, &Context::top().child(router)).unwrap().values();
        let line = lines.find(|line| line.text.reveal().starts_with("default-information ")).unwrap();
        let key = IntentKey::Prefix(novaroute_core::intent::Protocol::Ospf, prefix.parse().unwrap());
        assert_eq!(line.sources, [key].into());
    }
}

#[test]
fn a_password_is_sent_and_not_shown() {
    let plan = sample::plan_from_nothing(&sample::full());
    assert!(plan.leaves().any(|leaf| leaf.text.reveal().ends_with(" password s3cret")));
    assert!(!format!("{plan}{plan:?}").contains("s3cret"));
}

#[test]
fn an_interface_is_authenticated_as_asked_for_or_does_not_run() {
    let mut desired = sample::full();
    for ospf in desired.ospf.values_mut() {
        let authentication = OspfAuthentication::new(OspfDigest::HmacSha256, NonZeroU8::MIN, "k3y");
        ospf.settings.authentication = Some(authentication.unwrap());
    }
    let runs = |dialect, daemon| {
        let config = render(&desired, dialect);
        config.slots(daemon, &Context::top().child("interface r2")).is_some()
    };
    let old = Dialect { version: FrrVersion { major: 9, minor: 0, patch: 0 }, ..DIALECT };
    assert!(runs(DIALECT, Daemon::Ospfd) && runs(DIALECT, Daemon::Ospf6d));
    assert!(!runs(old, Daemon::Ospfd) && runs(old, Daemon::Ospf6d));
    let plan = sample::plan_from_nothing(&desired);
    assert!(plan.leaves().any(|leaf| leaf.text.reveal() == "key-string k3y"));
    assert!(!format!("{plan}{plan:?}").contains("k3y"));
}

proptest! {
    #[test]
    fn every_line_has_a_rule_and_reads_back_as_it_is(desired in sample::any_desired()) {
        let config = render(&desired, DIALECT);
        prop_assert_eq!(config.unknown().len(), 0);
        let mut frr = FakeFrr::new();
        let executed = frr.execute(&crate::diff(frr.running(), &config, crate::Removals::Apply));
        prop_assert_eq!(executed.refused, []);
        let mut read = Config::default();
        Daemon::ALL.into_iter().for_each(|daemon| parse(daemon, &frr.print(daemon), &mut read));
        prop_assert_eq!(read, config.without_sources());
    }
}
