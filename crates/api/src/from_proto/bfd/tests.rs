use std::net::IpAddr;

use novaroute_core::{
    bfd::{BfdKey, BfdSession, BfdTimers, Hop},
    intent::{Change, Intent, IntentKey, Target},
};

use crate::{
    from_proto::testing::{fields_at_fault, parsed},
    v1::{DisableBfdRequest, EnableBfdRequest},
};

fn enable(peer_address: &str) -> EnableBfdRequest {
    EnableBfdRequest { peer_address: peer_address.into(), ..Default::default() }
}

fn multihop(source_address: &str) -> EnableBfdRequest {
    EnableBfdRequest { multihop: true, source_address: source_address.into(), ..enable("10.0.0.2") }
}

fn session(request: &EnableBfdRequest) -> BfdSession {
    match parsed(request) {
        Change::Put(Intent::Bfd(session)) => session,
        other => panic!("{other:?}"),
    }
}

fn target(interface_name: &str, multihop: Option<bool>) -> Target {
    let interface_name = interface_name.into();
    match parsed(&DisableBfdRequest { peer_address: "10.0.0.2".into(), interface_name, multihop, ..Default::default() })
    {
        Change::Remove(target) => target,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_not_set_gets_its_default() {
    let session = session(&enable("10.0.0.2"));
    assert_eq!(session.timers, BfdTimers::new(300, 300, 3).unwrap());
    assert_eq!((session.key.interface, session.key.hop, session.local_address), (None, Hop::Single, None));
}

#[test]
fn ranges_are_closed_at_both_ends() {
    let with = |min_rx_ms, min_tx_ms, detect_multiplier| EnableBfdRequest {
        min_rx_ms,
        min_tx_ms,
        detect_multiplier,
        ..enable("10.0.0.2")
    };
    for good in [with(10, 60_000, 2), with(60_000, 10, 255)] {
        let timers = session(&good).timers;
        assert_eq!((timers.min_rx_ms(), timers.min_tx_ms()), (good.min_rx_ms, good.min_tx_ms));
    }
    assert_eq!(fields_at_fault(&with(9, 60_001, 256)), ["min_rx_ms", "min_tx_ms", "detect_multiplier"]);
    assert_eq!(fields_at_fault(&with(u32::MAX, 0, 1)), ["min_rx_ms", "detect_multiplier"]);
}

#[test]
fn a_multihop_session_has_its_own_address_and_no_interface() {
    let session = session(&multihop("10.1.0.1"));
    assert_eq!((session.key.hop, session.local_address), (Hop::Multi, "10.1.0.1".parse().ok()));
    assert_eq!(fields_at_fault(&multihop("")), ["source_address"]);
    assert_eq!(fields_at_fault(&multihop("fd00::1")), ["source_address"]);
    let tied = EnableBfdRequest { interface_name: "eth0".into(), ..multihop("10.1.0.1") };
    assert_eq!(fields_at_fault(&tied), ["interface_name"]);
}

#[test]
fn a_session_on_a_link_that_names_its_own_address_is_refused_and_not_given_another() {
    let request = EnableBfdRequest { source_address: "10.0.0.1".into(), ..enable("10.0.0.2") };
    assert_eq!(fields_at_fault(&request), ["source_address"]);
}

#[test]
fn a_link_local_address_needs_an_interface() {
    assert_eq!(fields_at_fault(&enable("fe80::1")), ["interface_name"]);
    let tied = EnableBfdRequest { interface_name: "eth0".into(), ..enable("fe80::1") };
    assert!(session(&tied).key.interface.is_some());
}

#[test]
fn a_removal_names_one_session_or_all_to_the_address() {
    let peer: IpAddr = "10.0.0.2".parse().unwrap();
    let key = |interface: Option<&str>, hop| {
        let interface = interface.map(|name| name.parse().unwrap());
        Target::Key(IntentKey::Bfd(BfdKey { peer, interface, hop }))
    };
    assert_eq!(target("", None), Target::BfdSessionsTo(peer));
    assert_eq!(target("", Some(false)), key(None, Hop::Single));
    assert_eq!(target("", Some(true)), key(None, Hop::Multi));
    assert_eq!(target("eth0", None), key(Some("eth0"), Hop::Single));
    assert_eq!(target("eth0", Some(false)), key(Some("eth0"), Hop::Single));
}
