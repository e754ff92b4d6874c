use expect_test::expect;
use novaroute_core::bgp::Asn;
use novaroute_core::desired::Desired;
use proptest::prelude::*;

use super::*;
use crate::fake::FakeFrr;
use crate::plan::Batch;
use crate::refusals::Refusals;
use crate::render;
use crate::rules::Effect;
use crate::sample::{self, DIALECT};

/// An FRR that runs a desired state.
fn running(desired: &Desired) -> FakeFrr {
    let mut frr = FakeFrr::new();
    let executed = frr.execute(&sample::plan_from_nothing(desired));
    assert_eq!(executed.refused, []);
    frr
}

fn plan(frr: &FakeFrr, desired: &Desired) -> Plan {
    diff(frr.running(), &render(desired, DIALECT), Removals::Apply)
}

fn unicast() -> Context {
    Context::top().child("router bgp 65001").child("address-family ipv4 unicast")
}

#[test]
fn a_withdrawal_and_a_new_attribute() {
    let mut desired = sample::full();
    let frr = running(&desired);
    let bgp = desired.bgp.as_mut().unwrap();
    bgp.prefixes.remove(&"203.0.113.2/32".parse().unwrap());
    bgp.prefixes.get_mut(&"203.0.113.1/32".parse().unwrap()).unwrap().med = None;
    let plan = plan(&frr, &desired);
    assert_eq!(plan.leaves().map(|leaf| leaf.effect).max(), Some(Effect::Soft));
    expect![[r#"
        # bgpd
        route-map NR-A-e16f112706801419 permit 10
         set community 65001:100 65535:3
         set local-preference 0
         set tag 1314017110
        router bgp 65001
         address-family ipv4 unicast
          network 203.0.113.1/32 route-map NR-A-e16f112706801419
          no network 203.0.113.2/32
        no route-map NR-A-4ff67a01273c4f3a permit 10
    "#]]
    .assert_eq(&plan.to_string());
}

#[test]
fn a_peer_is_cleared_of_what_is_not_asked_for_any_more() {
    let mut desired = sample::full();
    let frr = running(&desired);
    let peers = &mut desired.bgp.as_mut().unwrap().peers;
    let address = "10.12.0.2".parse().unwrap();
    peers.insert(address, sample::peer("10.12.0.2", 65002));
    let plan = plan(&frr, &desired);
    assert_eq!(plan.effect(), Effect::Reset);
    let sources = plan.leaves().filter(|leaf| leaf.text.reveal().contains("10.12.0.2")).map(|leaf| &leaf.sources);
    assert!(sources.into_iter().all(|sources| sources.contains(&IntentKey::Peer(address))));
    expect![[r#"
        # bgpd
        route-map NR-OUT-47f7caf4e4bc2bce permit 10
         match tag 1314017109
        route-map NR-OUT-47f7caf4e4bc2bce permit 11
         match tag 1314017110
         set community no-export additive
        route-map NR-OUT-47f7caf4e4bc2bce permit 12
         match tag 1314017111
         set community no-advertise additive
        route-map NR-OUT-47f7caf4e4bc2bce permit 13
         match tag 1314017112
         set community no-export no-advertise additive
        route-map NR-OUT-47f7caf4e4bc2bce permit 14
         match tag 1314017113
         set community local-AS additive
        route-map NR-OUT-47f7caf4e4bc2bce permit 15
         match tag 1314017114
         set community no-export local-AS additive
        route-map NR-OUT-47f7caf4e4bc2bce permit 16
         match tag 1314017115
         set community no-advertise local-AS additive
        route-map NR-OUT-47f7caf4e4bc2bce permit 17
         match tag 1314017116
         set community no-export no-advertise local-AS additive
        route-map NR-OUT-47f7caf4e4bc2bce permit 18
         match tag 4077687312
         set as-path prepend 65001 65001
        router bgp 65001
         address-family ipv6 unicast
          no neighbor 10.12.0.2 activate
        router bgp 65001
         address-family ipv4 unicast
          neighbor 10.12.0.2 route-map NR-IN-fa55bb8a5f83b331 in
          neighbor 10.12.0.2 route-map NR-OUT-47f7caf4e4bc2bce out
        router bgp 65001
         address-family ipv6 unicast
          no neighbor 10.12.0.2 route-map NR-IN-b90fb799aba3826d in
          no neighbor 10.12.0.2 route-map NR-OUT-1fedebdfb454b8af out
          no neighbor 10.12.0.2 maximum-prefix
          no neighbor 10.12.0.2 attribute-unchanged
          no neighbor 10.12.0.2 nexthop-local unchanged
        router bgp 65001
         no neighbor 10.12.0.2 description
         no neighbor 10.12.0.2 timers
         no neighbor 10.12.0.2 password
         no neighbor 10.12.0.2 bfd profile
         no neighbor 10.12.0.2 bfd
        no route-map NR-IN-b90fb799aba3826d deny 10
        no route-map NR-IN-b90fb799aba3826d deny 11
        no route-map NR-IN-b90fb799aba3826d permit 12
        no route-map NR-IN-b90fb799aba3826d permit 13
        no route-map NR-OUT-1fedebdfb454b8af permit 10
        no route-map NR-OUT-1fedebdfb454b8af permit 11
        no route-map NR-OUT-1fedebdfb454b8af permit 12
        no route-map NR-OUT-1fedebdfb454b8af permit 13
        no route-map NR-OUT-1fedebdfb454b8af permit 14
        no route-map NR-OUT-1fedebdfb454b8af permit 15
        no route-map NR-OUT-1fedebdfb454b8af permit 16
        no route-map NR-OUT-1fedebdfb454b8af permit 17
        no route-map NR-OUT-1fedebdfb454b8af permit 18
        no route-map NR-OUT-1fedebdfb454b8af permit 19
        no route-map NR-OUT-1fedebdfb454b8af permit 20
        no route-map NR-OUT-1fedebdfb454b8af permit 21
        no route-map NR-OUT-1fedebdfb454b8af permit 22
        no route-map NR-OUT-1fedebdfb454b8af permit 23
        no ip prefix-list NR-P-3ebcfed9a361b94f permit 10.71.0.0/16 ge 24 le 32
        no ip prefix-list NR-P-b42e18366abaf7d2 permit 0.0.0.0/0
        no ipv6 prefix-list NR-P-4200f5c7a7c4044f permit fd71::/48
        no ipv6 prefix-list NR-P-6d0e7095bc257476 permit ::/0
        no bgp community-list standard NR-C-6f9be7688f7060b2 permit 65001:100
        no bgp large-community-list standard NR-C-96af21ec9a57056e permit 65001:0:1
        # bfdd
        bfd
         no profile NR-B-100-200-4
    "#]]
    .assert_eq(&plan.to_string());
}

#[test]
fn another_as_replaces_the_instance() {
    let mut desired = sample::full();
    let frr = running(&desired);
    desired.bgp.as_mut().unwrap().instance.local_as = Asn::new(65009).unwrap();
    let text = plan(&frr, &desired).to_string();
    let at = |line: &str| text.find(line).unwrap_or_else(|| panic!("{line} is missing in\n{text}"));
    assert!(at("\nno router bgp 65001\n") < at("\nrouter bgp 65009\n"));
    assert!(at(" network 203.0.113.1/32") < at(" neighbor 10.12.0.2 remote-as"), "prefixes come before peers");
    let goes = |line: &&str| line.trim().starts_with("no neighbor") && !line.ends_with(" shutdown");
    assert_eq!(text.lines().find(goes), None, "they went with the instance:\n{text}");
}

#[test]
fn everything_goes_in_order() {
    let frr = running(&sample::full());
    expect![[r#"
        # bfdd
        bfd
         no peer 10.13.0.3 interface r3
         no peer 192.0.2.9 multihop local-address 10.13.0.1
        # staticd
        no ip route 203.0.113.77/32 blackhole tag 1314017107 19
        no ipv6 route 2001:db8:7::1/128 blackhole tag 1314017107 19
        # ospfd
        no ip prefix-list NR-OSPF permit 203.0.113.77/32
        # ospf6d
        no ipv6 prefix-list NR-OSPF permit 2001:db8:7::1/128
        # ospfd
        interface r2
         no ip ospf cost
         no ip ospf hello-interval
         no ip ospf dead-interval
         no ip ospf area
        interface r3
         no ip ospf cost
         no ip ospf dead-interval
         no ip ospf passive
         no ip ospf area
        # ospf6d
        interface r2
         no ipv6 ospf6 cost
         no ipv6 ospf6 hello-interval
         no ipv6 ospf6 dead-interval
         no ipv6 ospf6 area
        interface r3
         no ipv6 ospf6 cost
         no ipv6 ospf6 passive
         no ipv6 ospf6 area
        # bgpd
        no router bgp 65001
        # ospfd
        no router ospf
        # ospf6d
        no router ospf6
        # bgpd
        no route-map NR-A-038805ec9979e5fd permit 10
        no route-map NR-A-2d5223ddf3fbc80c permit 10
        no route-map NR-A-4ff67a01273c4f3a permit 10
        no route-map NR-A-50771a7171fc14f9 permit 10
        no route-map NR-A-6db6d4bc971cacfb permit 10
        no route-map NR-IN permit 10
        no route-map NR-IN-b90fb799aba3826d deny 10
        no route-map NR-IN-b90fb799aba3826d deny 11
        no route-map NR-IN-b90fb799aba3826d permit 12
        no route-map NR-IN-b90fb799aba3826d permit 13
        no route-map NR-IN-fa55bb8a5f83b331 permit 10
        no route-map NR-OUT permit 10
        no route-map NR-OUT permit 11
        no route-map NR-OUT permit 12
        no route-map NR-OUT permit 13
        no route-map NR-OUT permit 14
        no route-map NR-OUT permit 15
        no route-map NR-OUT permit 16
        no route-map NR-OUT permit 17
        no route-map NR-OUT-1fedebdfb454b8af permit 10
        no route-map NR-OUT-1fedebdfb454b8af permit 11
        no route-map NR-OUT-1fedebdfb454b8af permit 12
        no route-map NR-OUT-1fedebdfb454b8af permit 13
        no route-map NR-OUT-1fedebdfb454b8af permit 14
        no route-map NR-OUT-1fedebdfb454b8af permit 15
        no route-map NR-OUT-1fedebdfb454b8af permit 16
        no route-map NR-OUT-1fedebdfb454b8af permit 17
        no route-map NR-OUT-1fedebdfb454b8af permit 18
        no route-map NR-OUT-1fedebdfb454b8af permit 19
        no route-map NR-OUT-1fedebdfb454b8af permit 20
        no route-map NR-OUT-1fedebdfb454b8af permit 21
        no route-map NR-OUT-1fedebdfb454b8af permit 22
        no route-map NR-OUT-1fedebdfb454b8af permit 23
        no route-map NR-OUT-a69936424105f471 permit 10
        no route-map NR-OUT-a69936424105f471 permit 11
        no route-map NR-OUT-a69936424105f471 permit 12
        no route-map NR-OUT-a69936424105f471 permit 13
        no route-map NR-OUT-a69936424105f471 permit 14
        no route-map NR-OUT-a69936424105f471 permit 15
        no route-map NR-OUT-a69936424105f471 permit 16
        no route-map NR-OUT-a69936424105f471 permit 17
        no route-map NR-OUT-a69936424105f471 permit 18
        no route-map NR-OUT-a69936424105f471 permit 19
        no ip prefix-list NR-P-3ebcfed9a361b94f permit 10.71.0.0/16 ge 24 le 32
        no ip prefix-list NR-P-b42e18366abaf7d2 permit 0.0.0.0/0
        no ipv6 prefix-list NR-P-4200f5c7a7c4044f permit fd71::/48
        no ipv6 prefix-list NR-P-6d0e7095bc257476 permit ::/0
        no bgp community-list standard NR-C-6f9be7688f7060b2 permit 65001:100
        no bgp large-community-list standard NR-C-96af21ec9a57056e permit 65001:0:1
        # ospfd
        no route-map NR-IF-r2 permit 10
        no route-map NR-IF-r3 permit 10
        no route-map NR-OSPF permit 10
        # ospf6d
        no route-map NR-IF-r2 permit 10
        no route-map NR-IF-r3 permit 10
        no route-map NR-OSPF permit 10
        # bfdd
        bfd
         no profile NR-B-100-200-4
         no profile NR-B-300-300-3
         no profile NR-B-400-300-5
    "#]]
    .assert_eq(&plan(&frr, &Desired::default()).to_string());
}

#[test]
fn an_area_is_taken_back_before_another_is_given() {
    let mut desired = sample::full();
    let frr = running(&desired);
    desired.ospf.get_mut(&"r2".parse().unwrap()).unwrap().area = "1".parse().unwrap();
    expect![[r#"
        # ospfd
        interface r2
         no ip ospf area
         ip ospf area 0.0.0.1
        # ospf6d
        interface r2
         no ipv6 ospf6 area
         ipv6 ospf6 area 0.0.0.1
    "#]]
    .assert_eq(&plan(&frr, &desired).to_string());
}

#[test]
fn what_others_typed_is_left_alone_and_listed() {
    let desired = sample::full();
    let mut frr = running(&desired);
    let router = Context::top().child("router bgp 65001");
    frr.type_line(Daemon::Bgpd, &router, "neighbor 10.99.0.1 remote-as 65099");
    frr.type_line(Daemon::Bgpd, &unicast(), "network 198.51.100.0/24");
    frr.type_line(Daemon::Bgpd, &unicast(), "redistribute connected");
    frr.type_line(Daemon::Ospfd, &Context::top().child("interface r2"), "ip ospf mtu-ignore");
    frr.type_line(Daemon::Staticd, &Context::top(), "ip route 198.51.100.0/24 blackhole");
    let same = plan(&frr, &desired);
    assert!(same.is_empty(), "{same}");
    assert_eq!(same.foreign.len(), 5);
    let gone = plan(&frr, &Desired::default()).to_string();
    assert!(!gone.contains("no router bgp") && gone.contains("no neighbor 10.12.0.2\n"), "{gone}");
    assert!(!gone.contains("router-id"), "the instance goes on for others:\n{gone}");
    assert!(
        !gone.contains("10.99.0.1") && !gone.contains("198.51.100.0") && gone.contains("no router ospf\n"),
        "{gone}"
    );
}

#[test]
fn a_new_neighbor_of_two_families_is_shut_until_both_are_active() {
    let (desired, frr) = (sample::full(), FakeFrr::new());
    let plan = plan(&frr, &desired);
    let lines: Vec<_> = plan.leaves().map(|leaf| leaf.text.reveal()).collect();
    let at = |wanted: &str| lines.iter().position(|line| *line == wanted).unwrap();
    let (shut, starts) = (at("neighbor 10.12.0.2 shutdown"), at("no neighbor 10.12.0.2 shutdown"));
    assert_eq!(shut, at("neighbor 10.12.0.2 remote-as 65002") + 1);
    let about = |line: &&str| line.starts_with("neighbor 10.12.0.2 ");
    assert!(lines.iter().rposition(about).unwrap() < starts, "{plan}");
    assert_eq!(lines.iter().filter(|line| **line == "neighbor 10.12.0.2 activate").count(), 2);
    assert_eq!(lines.iter().filter(|line| line.ends_with(" shutdown")).count(), 2, "one family needs none: {plan}");
    let resets = plan.leaves().find(|leaf| leaf.kind.is_of_neighbor() && leaf.effect == Effect::Reset);
    assert_eq!(resets, None, "there is no session yet");
}

#[test]
fn what_was_refused_about_a_missing_neighbor_is_sent_again_with_it() {
    let desired = sample::full();
    let mut frr = FakeFrr::new();
    let mut refusals = Refusals::default();
    let whole = refusals.filter(plan(&frr, &desired));
    // A hand removes the neighbor as soon as it is there.
    let at =
        whole.batches.iter().position(|batch| batch.leaves.iter().any(|leaf| leaf.kind == LineKind::NeighborRemoteAs));
    let (made, rest) = whole.batches.split_at(at.unwrap() + 1);
    let part = |batches: &[Batch]| Plan { batches: batches.to_vec(), ..Plan::default() };
    frr.execute(&part(made));
    frr.type_line(Daemon::Bgpd, &Context::top().child("router bgp 65001"), "no neighbor 10.12.0.2");
    let refused = frr.execute(&part(rest)).refused;
    assert!(refused.iter().all(|r| r.line.as_ref().unwrap().reveal().contains("neighbor 10.12.0.2 ")), "{refused:?}");
    assert!(!refused.is_empty());
    refused.into_iter().for_each(|refusal| refusals.record(refusal));
    frr.execute(&refusals.filter(plan(&frr, &desired)));
    let left = plan(&frr, &desired);
    assert!(left.is_empty(), "{left}");
}

#[test]
fn a_hand_edit_of_an_own_object_is_put_back() {
    let desired = sample::full();
    let mut frr = running(&desired);
    let router = Context::top().child("router bgp 65001");
    frr.type_line(Daemon::Bgpd, &router, "neighbor 10.12.0.2 shutdown");
    frr.type_line(Daemon::Bgpd, &router, "neighbor 10.12.0.2 timers 60 180");
    frr.type_line(Daemon::Bgpd, &unicast(), "no network 203.0.113.1/32");
    let repair = plan(&frr, &desired);
    let lines: Vec<_> = repair.leaves().map(|leaf| leaf.text.reveal()).collect();
    assert_eq!(lines.len(), 3, "{repair}");
    assert!(lines.contains(&"no neighbor 10.12.0.2 shutdown"));
    assert!(lines.contains(&"neighbor 10.12.0.2 timers 3 9"));
}

#[test]
fn timers_typed_into_an_own_session_are_taken_back_in_words_that_every_bfdd_knows() {
    let desired = sample::full();
    let mut frr = running(&desired);
    let peer = Context::top().child("bfd").child("peer 10.13.0.3 interface r3");
    for line in
        ["receive-interval 100", "transmit-interval 90", "detect-multiplier 9", "echo receive-interval disabled"]
    {
        frr.type_line(Daemon::Bfdd, &peer, line);
    }
    let plan = plan(&frr, &desired);
    let mut lines: Vec<_> = plan.leaves().map(|leaf| leaf.text.reveal()).collect();
    lines.sort_unstable();
    let expected = ["detect-multiplier 3", "echo receive-interval 50", "receive-interval 300", "transmit-interval 300"];
    assert_eq!(lines, expected);
}

#[test]
fn a_session_that_was_typed_with_an_own_address_is_made_anew() {
    let desired = sample::full();
    let mut frr = running(&Desired::default());
    let typed = "peer 10.13.0.3 local-address 10.13.0.1 interface r3";
    frr.type_line(Daemon::Bfdd, &Context::top().child("bfd"), typed);
    let plan = plan(&frr, &desired);
    let text = plan.to_string();
    let at = |line: &str| text.find(line).unwrap_or_else(|| panic!("{line} is missing in\n{text}"));
    assert!(at(&format!(" no {typed}\n")) < at("\n peer 10.13.0.3 interface r3\n"), "{text}");
}

#[test]
fn what_somebody_typed_about_a_neighbor_goes_before_what_it_may_stand_against() {
    let mut desired = sample::full();
    let mut frr = running(&desired);
    let router = Context::top().child("router bgp 65001");
    frr.type_line(Daemon::Bgpd, &router, "neighbor 10.12.0.2 ttl-security hops 1");
    desired.bgp.as_mut().unwrap().peers.get_mut(&"10.12.0.2".parse().unwrap()).unwrap().ebgp_multihop =
        3.try_into().ok();
    let plan = plan(&frr, &desired);
    let lines: Vec<_> = plan.leaves().map(|leaf| leaf.text.reveal()).collect();
    assert_eq!(lines, ["no neighbor 10.12.0.2 ttl-security hops 1", "neighbor 10.12.0.2 ebgp-multihop 3"]);
}

#[test]
fn a_neighbor_that_was_half_made_is_finished_or_adopted() {
    let desired = sample::full();
    for lines in 0..sample::plan_from_nothing(&desired).len() {
        let mut frr = FakeFrr::new();
        frr.break_after(lines);
        assert!(frr.execute(&sample::plan_from_nothing(&desired)).broken);
        frr.execute(&plan(&frr, &desired));
        let left = plan(&frr, &desired);
        assert!(left.is_empty(), "broken after {lines} lines:\n{left}");
    }
}

#[test]
fn a_refused_line_is_not_sent_again_and_does_not_hold_up_the_others() {
    let desired = sample::full();
    let mut frr = FakeFrr::new();
    frr.refuse("network 203.0.113.1/32 route-map NR-A-0000000000000000");
    frr.refuse("neighbor 10.12.0.2 remote-as 65002");
    let mut refusals = Refusals::default();
    for refusal in frr.execute(&refusals.filter(plan(&frr, &desired))).refused {
        refusals.record(refusal);
    }
    let again = refusals.filter(plan(&frr, &desired));
    assert!(again.is_empty(), "{again}");
    let peer = IntentKey::Peer("10.12.0.2".parse().unwrap());
    assert_eq!(refusals.of(&peer).unwrap().line.as_ref().unwrap().reveal(), "neighbor 10.12.0.2 remote-as 65002");
    refusals.forget(Daemon::Bgpd);
    frr.refuse_nothing();
    frr.execute(&refusals.filter(plan(&frr, &desired)));
    assert!(plan(&frr, &desired).is_empty());
}

#[test]
fn the_static_route_of_an_earlier_release_is_replaced_in_place() {
    let desired = sample::full();
    let mut frr = running(&desired);
    let old = format!("ip route 203.0.113.77/32 blackhole tag {} 254", own::TAG);
    frr.type_line(Daemon::Staticd, &Context::top(), &old);
    let upgrade = plan(&frr, &desired);
    let lines: Vec<_> = upgrade.leaves().map(|leaf| (leaf.op, leaf.text.reveal())).collect();
    let new = format!("ip route 203.0.113.77/32 blackhole tag {} {}", own::STATIC_TAG, own::STATIC_DISTANCE);
    assert_eq!(lines, [(Op::Replace, new.as_str())], "FRR keeps one blackhole to a prefix");
    let gone = plan(&frr, &Desired::default()).to_string();
    assert!(gone.contains(&format!("no {old}\n")), "{gone}");
}

#[test]
fn daemons_that_were_not_read_are_left_out() {
    let desired = render(&sample::full(), DIALECT);
    let mut only_bgpd = Config::default();
    only_bgpd.add_daemon(Daemon::Bgpd);
    assert_eq!(diff(&only_bgpd, &desired, Removals::Apply).daemons(), [Daemon::Bgpd]);
}

proptest! {
    #[test]
    fn the_plan_leads_from_any_state_to_any_other(a in sample::any_desired(), b in sample::any_desired()) {
        let mut frr = running(&a);
        prop_assert!(plan(&frr, &a).is_empty());
        let executed = frr.execute(&plan(&frr, &b));
        prop_assert_eq!(executed.refused, []);
        prop_assert_eq!(frr.running(), &render(&b, DIALECT).without_sources());
    }

    #[test]
    fn a_plan_that_breaks_off_anywhere_is_made_up_for(a in sample::any_desired(), b in sample::any_desired(), at in 0usize..60) {
        let mut frr = running(&a);
        frr.break_after(at);
        frr.execute(&plan(&frr, &b));
        let mut frr = frr.clone();
        frr.break_after(usize::MAX);
        frr.execute(&plan(&frr, &b));
        prop_assert_eq!(frr.running(), &render(&b, DIALECT).without_sources());
    }
}

#[test]
fn what_a_plan_sends_beyond_another_one() {
    let full = sample::plan_from_nothing(&sample::full());
    assert!(full.beyond(&full).is_empty());
    assert_eq!(full.beyond(&Plan::default()).batches, full.batches);
    let mut most = full.clone();
    let last = most.batches.iter_mut().rev().find(|batch| batch.leaves.len() > 1).unwrap();
    let taken = last.leaves.pop().unwrap();
    let beyond = full.beyond(&most);
    assert_eq!(beyond.leaves().map(|leaf| leaf.text.reveal()).collect::<Vec<_>>(), [taken.text.reveal()]);
}
