use novaroute_core::{
    intent::{Change, Intent},
    ospf::{AreaType, OspfDigest, OspfInterface, OspfNetwork, OspfSettings},
};

use crate::{
    from_proto::testing::{error, fields_at_fault, parsed},
    v1::{EnableOspfRequest, OspfAreaType, OspfAuthentication, OspfNetworkType},
};

fn enable(area_id: &str, hello_interval: u32, dead_interval: u32) -> EnableOspfRequest {
    EnableOspfRequest {
        interface_name: "eth0".into(),
        area_id: area_id.into(),
        hello_interval,
        dead_interval,
        ..Default::default()
    }
}

fn interface(request: &EnableOspfRequest) -> OspfInterface {
    match parsed(request) {
        Change::Put(Intent::Ospf(interface)) => interface,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_not_set_gets_its_default() {
    let interface = interface(&enable("0", 0, 0));
    assert_eq!((interface.cost.get(), interface.timers.hello_s(), interface.timers.dead_s()), (10, 10, 40));
    assert!(!interface.passive);
}

#[test]
fn an_area_is_dotted_or_a_number() {
    assert_eq!(interface(&enable("1", 0, 0)).area, interface(&enable("0.0.0.1", 0, 0)).area);
    for bad in ["", "4294967296", "0.0.0", "backbone"] {
        assert_eq!(fields_at_fault(&enable(bad, 0, 0)), ["area_id"], "{bad}");
    }
}

#[test]
fn dead_is_not_below_hello() {
    assert_eq!(fields_at_fault(&enable("0", 10, 9)), ["dead_interval"]);
    assert_eq!(interface(&enable("0", 65_535, 65_535)).timers.hello_s(), 65_535);
    assert_eq!(fields_at_fault(&enable("0", 65_536, 65_537)), ["hello_interval", "dead_interval"]);
}

#[test]
fn a_hello_above_the_default_dead_interval_needs_one_of_its_own() {
    assert_eq!(interface(&enable("0", 40, 0)).timers.dead_s(), 40);
    let text = error(&enable("0", 41, 0)).to_string();
    assert_eq!(text, "dead_interval: is not set, and its default of 40 s is below hello_interval (41 s): set it");
}

#[test]
fn costs_end_at_65535() {
    let cost = |cost| EnableOspfRequest { cost, ..enable("0", 0, 0) };
    assert_eq!(interface(&cost(65_535)).cost.get(), 65_535);
    assert_eq!(fields_at_fault(&cost(65_536)), ["cost"]);
}

#[test]
fn settings_that_are_not_set_are_those_of_frr() {
    assert_eq!(interface(&enable("0", 0, 0)).settings, OspfSettings::default());
}

#[test]
fn each_setting_arrives() {
    let settings = interface(&EnableOspfRequest {
        network_type: OspfNetworkType::PointToPoint.into(),
        priority: Some(0),
        authentication: OspfAuthentication::HmacSha256.into(),
        authentication_key: "x".repeat(64),
        area_type: OspfAreaType::Nssa.into(),
        bfd_enabled: true,
        bfd_min_tx_ms: 50,
        ..enable("1", 0, 0)
    })
    .settings;
    assert_eq!((settings.network, settings.priority), (Some(OspfNetwork::PointToPoint), 0));
    assert_eq!((settings.area_type, settings.bfd.unwrap().min_tx_ms()), (AreaType::Nssa, 50));
    let authentication = settings.authentication.unwrap();
    assert_eq!((authentication.digest(), authentication.key_id().get()), (OspfDigest::HmacSha256, 1));
}

#[test]
fn settings_that_contradict_each_other_are_named() {
    let with = |change: fn(&mut EnableOspfRequest)| {
        let mut request = enable("0", 0, 0);
        change(&mut request);
        fields_at_fault(&request)
    };
    assert_eq!(with(|r| r.priority = Some(256)), ["priority"]);
    assert_eq!(with(|r| r.network_type = 9), ["network_type"]);
    assert_eq!(with(|r| r.area_type = OspfAreaType::Stub.into()), ["area_type"]);
    assert_eq!(with(|r| r.area_type = 9), ["area_type"]);
    assert_eq!(with(|r| r.authentication = 9), ["authentication"]);
    assert_eq!(with(|r| r.authentication = OspfAuthentication::Md5.into()), ["authentication_key"]);
    assert_eq!(with(|r| r.authentication_key = "secret".into()), ["authentication_key"]);
    assert_eq!(with(|r| r.bfd_min_rx_ms = 9), ["bfd_min_rx_ms"]);
    assert_eq!(
        with(|r| {
            r.authentication = OspfAuthentication::Simple.into();
            r.authentication_key_id = 1;
        }),
        ["authentication_key_id"]
    );
    let long = EnableOspfRequest {
        authentication: OspfAuthentication::Simple.into(),
        authentication_key: "123456789".into(),
        ..enable("0", 0, 0)
    };
    let text = error(&long).to_string();
    assert!(text.starts_with("authentication_key: ") && !text.contains("123456789"), "{text}");
}
