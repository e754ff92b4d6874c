use novaroute_core::{
    bfd::BfdTimers,
    intent::{Change, Intent},
    peer::Peer,
    prefix::Family,
};

use crate::{
    from_proto::testing::{error, fields_at_fault, parsed},
    v1::{ApplyPeerRequest, BgpPeer},
};

fn minimal() -> BgpPeer {
    BgpPeer { neighbor_address: "10.0.0.2".into(), remote_as: 65001, ..BgpPeer::default() }
}

fn request(change: impl FnOnce(&mut BgpPeer)) -> ApplyPeerRequest {
    let mut peer = minimal();
    change(&mut peer);
    ApplyPeerRequest { peer: Some(peer), ..Default::default() }
}

fn peer(change: impl FnOnce(&mut BgpPeer)) -> Peer {
    match parsed(&request(change)) {
        Change::Put(Intent::Peer(peer)) => peer,
        other => panic!("{other:?}"),
    }
}

fn refused(change: impl FnOnce(&mut BgpPeer)) -> Vec<String> {
    fields_at_fault(&request(change))
}

#[test]
fn what_is_not_set_gets_its_default() {
    let peer = peer(|_| ());
    assert_eq!(peer.families, [Family::Ipv4].into());
    assert_eq!(peer.max_prefix.get(), 1000);
    let unset = (peer.peer_type, peer.timers, peer.bfd, peer.description, peer.source_address, peer.ebgp_multihop);
    assert_eq!(unset, (None, None, None, None, None, None));
    assert_eq!(peer.password, None);
}

#[test]
fn a_request_without_a_peer_is_refused() {
    assert_eq!(fields_at_fault(&ApplyPeerRequest::default()), ["peer"]);
}

#[test]
fn all_bad_fields_are_reported_in_the_order_of_the_message() {
    let all_bad = |peer: &mut BgpPeer| {
        *peer = BgpPeer {
            neighbor_address: "tor".into(),
            remote_as: 0,
            peer_type: 3,
            keepalive: 70_000,
            hold_time: 70_001,
            bfd_enabled: true,
            description: "a\nb".into(),
            address_families: vec![1, 0, 3],
            source_address: "x".into(),
            ebgp_multihop: 256,
            password: "a b".into(),
            max_prefix: 0,
            bfd_min_rx_ms: 9,
            bfd_min_tx_ms: 60_001,
            bfd_detect_multiplier: 1,
            interface_name: String::new(),
            local_as: 0,
            ttl_security_hops: 255,
            passive: true,
            connect_retry_s: 65_536,
            advertisement_interval_s: 601,
            graceful_restart: 4,
            shutdown: false,
            shutdown_message: "a|b".into(),
            // What is exchanged has its own tests.
            ..Default::default()
        }
    };
    let expected = [
        "neighbor_address",
        "remote_as",
        "peer_type",
        "keepalive",
        "hold_time",
        "description",
        "address_families[1]",
        "address_families[2]",
        "source_address",
        "ebgp_multihop",
        "password",
        "bfd_min_rx_ms",
        "bfd_min_tx_ms",
        "bfd_detect_multiplier",
        "ttl_security_hops",
        "connect_retry_s",
        "advertisement_interval_s",
        "shutdown_message",
        "graceful_restart",
    ];
    assert_eq!(refused(all_bad), expected.map(|field| format!("peer.{field}")));
}

#[test]
fn timers_come_in_pairs() {
    assert_eq!(refused(|peer| peer.keepalive = 10), ["peer.hold_time"]);
    assert_eq!(refused(|peer| peer.hold_time = 30), ["peer.keepalive"]);
    let set =
        |keepalive, hold_time| move |peer: &mut BgpPeer| (peer.keepalive, peer.hold_time) = (keepalive, hold_time);
    for (keepalive, hold_time) in [(1, 2), (10, 29), (21_846, 65_535), (1, 65_536)] {
        assert_eq!(refused(set(keepalive, hold_time)), ["peer.hold_time"], "{keepalive} {hold_time}");
    }
    let timers = peer(set(21_845, 65_535)).timers.unwrap();
    assert_eq!((timers.keepalive_s(), timers.hold_s()), (21_845, 65_535));
}

#[test]
fn an_error_names_field_value_and_range() {
    let text = error(&request(|peer| peer.ebgp_multihop = 300)).to_string();
    assert_eq!(text, "peer.ebgp_multihop: 300 is not a number of hops from 1 to 255, or 0 for none");
}

#[test]
fn bfd_timers_are_checked_and_kept_only_with_bfd() {
    let timers = |peer: &mut BgpPeer| (peer.bfd_min_rx_ms, peer.bfd_detect_multiplier) = (10, 255);
    assert_eq!(peer(timers).bfd, None);
    let with_bfd = peer(|peer| {
        timers(peer);
        peer.bfd_enabled = true;
    });
    assert_eq!(with_bfd.bfd, BfdTimers::new(10, 300, 255).ok());
    assert_eq!(refused(|peer| peer.bfd_min_tx_ms = 5), ["peer.bfd_min_tx_ms"]);
}

#[test]
fn a_peer_is_known_by_its_address_or_by_an_interface() {
    let unnumbered = |peer: &mut BgpPeer| {
        peer.neighbor_address.clear();
        peer.interface_name = "eth1".into();
    };
    assert_eq!(peer(unnumbered).key, "eth1".parse().unwrap());
    assert_eq!(refused(|peer| peer.neighbor_address.clear()), ["peer.neighbor_address"]);
    assert_eq!(refused(|peer| peer.neighbor_address = "eth1".into()), ["peer.neighbor_address"]);
    assert_eq!(refused(|peer| peer.interface_name = "eth1".into()), ["peer.interface_name"]);
    for name in ["10.0.0.2", "NR-IN", "eth1 remote-as 1", "fe80::1"] {
        let named = |peer: &mut BgpPeer| {
            unnumbered(peer);
            peer.interface_name = name.into();
        };
        assert_eq!(refused(named), ["peer.interface_name"], "{name}");
    }
    let far = |peer: &mut BgpPeer| {
        unnumbered(peer);
        (peer.source_address, peer.ebgp_multihop) = ("10.0.0.1".into(), 2);
    };
    assert_eq!(refused(far), ["peer.source_address", "peer.ebgp_multihop"]);
}

#[test]
fn settings_that_exclude_each_other_are_refused() {
    assert_eq!(refused(|peer| peer.local_as = peer.remote_as), ["peer.local_as"]);
    let both = |peer: &mut BgpPeer| (peer.ebgp_multihop, peer.ttl_security_hops) = (2, 2);
    assert_eq!(refused(both), ["peer.ttl_security_hops"]);
    assert_eq!(refused(|peer| peer.shutdown_message = "maintenance".into()), ["peer.shutdown_message"]);
    let told = peer(|peer| (peer.shutdown, peer.shutdown_message) = (true, "back at 10:00".into()));
    assert_eq!(told.settings.shutdown.unwrap().message.unwrap().as_str(), "back at 10:00");
}

#[test]
fn the_source_has_the_family_of_the_peer() {
    assert_eq!(refused(|peer| peer.source_address = "fd00::1".into()), ["peer.source_address"]);
    let peer = peer(|peer| peer.source_address = "10.0.0.1".into());
    assert_eq!(peer.source_address, "10.0.0.1".parse().ok());
}

#[test]
fn a_password_of_80_characters_passes_and_none_is_ever_shown() {
    assert!(peer(|peer| peer.password = "x".repeat(80)).password.is_some());
    for bad in ["hunter 2", "hunter|2", "hunter\u{7f}", "hünter", &"hunter".repeat(14)] {
        let text = error(&request(|peer| peer.password = bad.into())).to_string();
        assert!(text.starts_with("peer.password: "), "{text}");
        assert!(!text.contains("unter") && !text.contains(bad), "{text}");
    }
}

#[test]
fn a_family_that_is_listed_twice_is_one() {
    assert_eq!(peer(|peer| peer.address_families = vec![2, 1, 2]).families, Family::ALL.into());
}
