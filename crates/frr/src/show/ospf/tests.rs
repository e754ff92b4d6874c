use expect_test::expect;
use novaroute_core::live::{Look, Told, Window};

use super::*;
use crate::show::tests::both_versions;

/// One line for each interface.
fn shown(seen: BTreeMap<InterfaceName, OspfLive>) -> String {
    seen.into_iter().map(|(name, ospf)| format!("{name}: {} {:?}\n", ospf.state, ospf.neighbors)).collect()
}

#[test]
fn neighbors_stand_under_their_interface() {
    let [states8, states10] = both_versions!("ospf_interface.json");
    let [neighbors8, neighbors10] = both_versions!("ospf_neighbor.json");
    let frr8 = interfaces(states8, neighbors8).unwrap();
    assert_eq!(interfaces(states10, neighbors10).unwrap(), frr8);
    expect![[r#"
        lo: Loopback {}
        r2: DR {"ospf 2.2.2.2 10.12.0.2": "Full"}
        r3: Point-To-Point {"ospf 3.3.3.3 10.13.0.3": "Full"}
    "#]]
    .assert_eq(&shown(frr8));
}

#[test]
fn two_links_to_one_router_are_two_neighbors() {
    let text = r#"{"neighbors": {"2.2.2.2": [
        {"nbrState": "Full/DR", "ifaceAddress": "10.0.1.2", "ifaceName": "eth1:10.0.1.1"},
        {"nbrState": "Init/DROther", "ifaceAddress": "10.0.2.2", "ifaceName": "eth2:10.0.2.1"},
        {"nbrState": "2-Way/DROther", "ifaceAddress": "10.0.3.2", "ifaceName": "eth2:10.0.3.1"},
        {"nbrState": "Full/DR", "ifaceAddress": "10.0.4.2", "ifaceName": "not a name:10.0.4.1"}]}}"#;
    let seen = interfaces(r#"{"interfaces": {"eth2": {"state": "DROther"}}}"#, text).unwrap();
    let up: Vec<_> = seen.values().flat_map(OspfLive::neighbors_up).map(String::as_str).collect();
    assert_eq!(up, ["ospf 2.2.2.2 10.0.1.2", "ospf 2.2.2.2 10.0.3.2"]);
    assert_eq!(seen.len(), 2);
}

fn prefixes(texts: &[&str]) -> BTreeSet<Prefix> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

#[test]
fn own_external_lsas() {
    for text in both_versions!("ospf_external.json") {
        assert_eq!(external_lsas(text), Ok(prefixes(&["203.0.113.7/32", "203.0.113.64/26"])));
    }
}

#[test]
fn a_withdrawn_lsa_is_gone_although_it_is_still_printed() {
    for text in both_versions!("ospf_external_flushed.json") {
        assert!(text.contains("203.0.113.7"));
        assert_eq!(external_lsas(text), Ok(prefixes(&["203.0.113.64/26"])));
    }
}

#[test]
fn host_bits_of_the_link_state_id_are_cleared_and_nonsense_is_left_out() {
    let text = r#"{"asExternalLinkStates": [
        {"linkStateId": "203.0.113.127", "networkMask": 26, "lsaAge": 1},
        {"linkStateId": "203.0.113.1", "networkMask": 33},
        {"linkStateId": "203.0.113.2", "networkMask": 288},
        {"linkStateId": "203.0.113.3"},
        {"networkMask": 32}, 7]}"#;
    assert_eq!(external_lsas(text), Ok(prefixes(&["203.0.113.64/26"])));
}

#[test]
fn both_versions_of_ospf_come_together() {
    let v2 = interfaces(
        include_str!("../testdata/10.3/ospf_interface.json"),
        include_str!("../testdata/10.3/ospf_neighbor.json"),
    );
    let v3 = crate::show::ospf6::interfaces(
        include_str!("../testdata/10.3/ospf6_interface.json"),
        include_str!("../testdata/10.3/ospf6_neighbor.json"),
    );
    let mut told = Told::default();
    for (daemon, interfaces) in [("ospfd", v2), ("ospf6d", v3)] {
        let when = Window { asked: 1, answered: 1 };
        told.look(daemon, Look::Ospf { interfaces: interfaces.unwrap(), lsdb: BTreeSet::new() }, when);
    }
    expect![[r#"
        lo: Loopback {}
        r2: ospf DR, ospf3 BDR {"ospf 2.2.2.2 10.12.0.2": "Full", "ospf3 2.2.2.2": "Full"}
        r3: Point-To-Point {"ospf 3.3.3.3 10.13.0.3": "Full"}
    "#]]
    .assert_eq(&shown(told.live().ospf));
}
