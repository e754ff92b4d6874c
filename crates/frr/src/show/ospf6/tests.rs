use expect_test::expect;

use super::*;
use crate::show::tests::both_versions;

/// One line for each interface.
fn shown(states: &str, adjacencies: &str) -> String {
    let seen = interfaces(states, adjacencies).unwrap();
    seen.into_iter().map(|(name, ospf)| format!("{name}: {} {:?}\n", ospf.state, ospf.neighbors)).collect()
}

#[test]
fn interfaces_that_ospf6d_does_not_run_on_are_left_out() {
    let [states8, states10] = both_versions!("ospf6_interface.json");
    let [neighbors8, neighbors10] = both_versions!("ospf6_neighbor.json");
    assert!(states8.contains("\"r3\"") && states10.contains("\"r3\""));
    expect![[r#"
        lo: Loopback {}
        r2: DR {"ospf3 2.2.2.2": "Full"}
    "#]]
    .assert_eq(&shown(states8, neighbors8));
    expect![[r#"
        lo: Loopback {}
        r2: BDR {"ospf3 2.2.2.2": "Full"}
    "#]]
    .assert_eq(&shown(states10, neighbors10));
}

#[test]
fn a_neighbor_in_two_way_is_up_where_it_stays_so() {
    let text = r#"{"neighbors": [{"neighborId": "2.2.2.2", "state": "Twoway", "interfaceName": "eth0"},
        {"neighborId": "3.3.3.3", "state": "Init", "interfaceName": "eth0"}, {"neighborId": "4.4.4.4"}, 7]}"#;
    let up = |state: &str| {
        let interface = format!(r#"{{"eth0": {{"attachedToArea": true, "ospf6InterfaceState": "{state}"}}}}"#);
        let seen = interfaces(&interface, text).unwrap();
        seen.values().flat_map(OspfLive::neighbors_up).cloned().collect::<Vec<_>>()
    };
    assert_eq!(up("DROther"), ["ospf3 2.2.2.2"]);
    assert!(up("Waiting").is_empty());
}

fn prefixes(texts: &[&str]) -> BTreeSet<Prefix> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

#[test]
fn own_external_lsas() {
    for text in both_versions!("ospf6_external.json") {
        assert_eq!(external_lsas(text), Ok(prefixes(&["fd77::7/128", "fd78::/48"])));
    }
}

/// As both versions print it.
#[test]
fn the_default_route_is_printed_without_its_length() {
    let text = r#"{"asScopedLinkStateDb":[{"lsa":[{"type":"ASE","lsId":"0.0.0.1","advRouter":"10.0.1.1","age":12,
        "seqNum":2147483649,"payload":"::"}]}]}"#;
    assert_eq!(external_lsas(text), Ok(prefixes(&["::/0"])));
}

#[test]
fn a_withdrawn_lsa_is_gone_although_it_is_still_printed() {
    for text in both_versions!("ospf6_external_flushed.json") {
        assert!(text.contains("fd77::7/128"));
        assert_eq!(external_lsas(text), Ok(prefixes(&["fd78::/48"])));
    }
}
