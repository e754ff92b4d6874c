use novaroute_core::exchange::{Accepted, Exchange, ExportPolicy, MaxPrefixAction};
use novaroute_core::intent::{Change, Intent};

use crate::{
    from_proto::{
        EXPORT_COMMUNITIES_MAX, IMPORT_PREFIXES_MAX,
        testing::{fields_at_fault, parsed},
    },
    v1::{self, ApplyPeerRequest, BgpPeer},
};

fn request(peer: BgpPeer) -> ApplyPeerRequest {
    let peer = BgpPeer { neighbor_address: "10.0.0.2".into(), remote_as: 65001, ..peer };
    ApplyPeerRequest { peer: Some(peer), ..Default::default() }
}

fn exchange(peer: BgpPeer) -> Exchange {
    match parsed(&request(peer)) {
        Change::Put(Intent::Peer(peer)) => peer.exchange,
        other => panic!("{other:?}"),
    }
}

fn import(accept: i32, prefixes: Vec<v1::PrefixRange>) -> BgpPeer {
    let import_policy = Some(v1::ImportPolicy { accept, prefixes, refuse_default_route: false });
    BgpPeer { import_policy, ..Default::default() }
}

fn export(announce: i32, communities: &[String]) -> BgpPeer {
    let export_policy = Some(v1::ExportPolicy { announce, communities: communities.to_vec() });
    BgpPeer { export_policy, ..Default::default() }
}

fn range(prefix: &str, ge: u32, le: u32) -> v1::PrefixRange {
    v1::PrefixRange { prefix: prefix.into(), ge, le }
}

#[test]
fn what_is_not_said_is_what_a_peer_without_policies_has() {
    assert_eq!(exchange(BgpPeer::default()), Exchange::default());
    for (accept, announce) in [(0, 0), (1, 1)] {
        let peer = BgpPeer { export_policy: export(announce, &[]).export_policy, ..import(accept, Vec::new()) };
        assert_eq!(exchange(BgpPeer { max_prefix_action: accept, ..peer }), Exchange::default());
    }
}

#[test]
fn listed_prefixes_are_a_set_of_ranges() {
    let listed = vec![range("10.0.0.9/8", 0, 0), range("10.0.0.0/8", 8, 8), range("fd00::/16", 64, 0)];
    let Accepted::Listed(ranges) = exchange(import(2, listed)).import.accepted else { panic!("not listed") };
    assert_eq!(ranges.iter().map(ToString::to_string).collect::<Vec<_>>(), ["10.0.0.0/8", "fd00::/16 ge 64 le 128"]);
    for (bad, field) in [
        (import(2, Vec::new()), "peer.import_policy.prefixes"),
        (import(1, vec![range("10.0.0.0/8", 0, 0)]), "peer.import_policy.prefixes"),
        (import(3, vec![range("10.0.0.0/8", 0, 0)]), "peer.import_policy.prefixes"),
        (import(2, vec![range("10.0.0.0", 0, 0)]), "peer.import_policy.prefixes[0].prefix"),
        (import(2, vec![range("10.0.0.0/8", 24, 16)]), "peer.import_policy.prefixes[0]"),
        (import(2, vec![range("10.0.0.0/8", 0, 33)]), "peer.import_policy.prefixes[0]"),
        (import(2, vec![range("10.0.0.0/8", 0, 256)]), "peer.import_policy.prefixes[0]"),
        (import(4, Vec::new()), "peer.import_policy.accept"),
    ] {
        assert_eq!(fields_at_fault(&request(bad)), [field]);
    }
    let numbered =
        |count: usize| (0..count).map(|n| range(&format!("10.{}.{}.0/24", n / 256, n % 256), 0, 0)).collect();
    assert!(fields_at_fault(&request(import(2, numbered(IMPORT_PREFIXES_MAX + 1)))) == ["peer.import_policy.prefixes"]);
    let Accepted::Listed(most) = exchange(import(2, numbered(IMPORT_PREFIXES_MAX))).import.accepted else { panic!() };
    assert_eq!(most.len(), IMPORT_PREFIXES_MAX);
}

#[test]
fn communities_of_an_export_policy_are_standard_or_large() {
    let texts = ["65001:1", "65001:1:1", "no-export"].map(str::to_owned);
    let ExportPolicy::OwnWith(standard, large) = exchange(export(2, &texts)).export else { panic!("not with") };
    assert_eq!((standard.len(), large.len()), (2, 1));
    assert_eq!(exchange(export(3, &[])).export, ExportPolicy::Transit);
    let (good, extended) = ("65001:1".to_owned(), "rt:65001:1".to_owned());
    for (bad, field) in [
        (export(2, &[]), "peer.export_policy.communities"),
        (export(1, std::slice::from_ref(&good)), "peer.export_policy.communities"),
        (export(3, std::slice::from_ref(&good)), "peer.export_policy.communities"),
        (export(2, &[good.clone(), extended]), "peer.export_policy.communities[1]"),
        (export(4, &[]), "peer.export_policy.announce"),
    ] {
        assert_eq!(fields_at_fault(&request(bad)), [field]);
    }
    let numbered: Vec<_> = (0..=EXPORT_COMMUNITIES_MAX).map(|n| format!("65001:{n}")).collect();
    assert_eq!(fields_at_fault(&request(export(2, &numbered))), ["peer.export_policy.communities"]);
}

#[test]
fn minutes_go_with_a_restart() {
    let action =
        |action, minutes| BgpPeer { max_prefix_action: action, max_prefix_restart_min: minutes, ..Default::default() };
    assert!(matches!(exchange(action(2, 65_535)).max_prefix_action, MaxPrefixAction::Restart(_)));
    assert_eq!(exchange(action(3, 0)).max_prefix_action, MaxPrefixAction::ShutDown);
    for (bad, field) in [
        (action(2, 0), "peer.max_prefix_restart_min"),
        (action(2, 65_536), "peer.max_prefix_restart_min"),
        (action(1, 5), "peer.max_prefix_restart_min"),
        (action(4, 0), "peer.max_prefix_action"),
    ] {
        assert_eq!(fields_at_fault(&request(bad)), [field]);
    }
    assert_eq!(fields_at_fault(&request(BgpPeer { allowas_in: 11, ..Default::default() })), ["peer.allowas_in"]);
}
