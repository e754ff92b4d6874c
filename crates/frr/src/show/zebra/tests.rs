use super::*;

/// As FRR 8.4 and 10.3 print it, without what is not read.
const ROUTES: &str = r#"{"10.0.1.0/24": [
    {"protocol": "ospf", "nexthops": [{"directlyConnected": true, "interfaceName": "tor1"}]},
    {"protocol": "connected", "selected": true, "nexthops": [{"directlyConnected": true, "interfaceName": "tor1"}]}]}"#;

#[test]
fn the_route_that_is_used_is_told() {
    let (prefix, protocol) = ("10.0.1.0/24".to_owned(), "connected".to_owned());
    assert_eq!(route(ROUTES), Ok(Some(Route { prefix, protocol, via: vec!["tor1".to_owned()], connected: true })));
    let far = r#"{"0.0.0.0/0": [{"protocol": "kernel", "selected": true, "nexthops": [{"ip": "10.0.1.2", "interfaceName": "tor1"}]}]}"#;
    let far = route(far).unwrap().unwrap();
    assert_eq!((far.via, far.connected), (vec!["10.0.1.2 on tor1".to_owned()], false));
    let blackhole = r#"{"10.9.0.0/16": [{"protocol": "static", "selected": true, "nexthops": [{"blackhole": true}]}]}"#;
    assert_eq!(route(blackhole).unwrap().unwrap().via, ["nowhere"]);
    for none in [r#"{"0.0.0.0/0": []}"#, "{}", "", r#"{"10.0.0.0/8": [{"protocol": "ospf"}]}"#] {
        assert_eq!(route(none), Ok(None), "{none}");
    }
}

#[test]
fn commands_name_the_family() {
    assert_eq!(route_command(&"10.0.0.9/24".parse().unwrap()), "show ip route 10.0.0.0/24 json");
    assert_eq!(route_to_command("fd00::2".parse().unwrap()), "show ipv6 route fd00::2 json");
}

#[test]
fn an_interface_that_is_there_is_told() {
    let text = |operational: &str| {
        format!(
            r#"{{"tor1": {{"administrativeStatus": "up", "operationalStatus": "{operational}",
                "ipAddresses": [{{"address": "10.0.1.1/24"}}, {{"address": "fd00:1::1/64"}}]}}}}"#
        )
    };
    let seen = interface(&text("up")).unwrap().unwrap();
    assert!(seen.up);
    assert_eq!(seen.addresses, ["10.0.1.1/24", "fd00:1::1/64"]);
    assert!(!interface(&text("down")).unwrap().unwrap().up);
    assert_eq!(interface("{}"), Ok(None));
    assert_eq!(interface(""), Ok(None));
}
