//! `owners` and `intents`.

use expect_test::expect;
use novaroute_api::v1::{self, intent_item::Change};

use crate::fake::{Fake, Script};

fn owners() -> v1::ListOwnersResponse {
    let count = |kind: &str, state: &str, count| v1::IntentCount { kind: kind.into(), state: state.into(), count };
    let edge = v1::OwnerStatus {
        owner: "edge".into(),
        registered: true,
        epoch: 3,
        instance: "edge-0".into(),
        lease_s: 60,
        lapses_in_ms: Some(41_999),
        expires_in_ms: Some(71_999),
        intents: vec![
            count("peers", "programmed", 1),
            count("prefixes", "advertised", 7),
            count("prefixes", "refused", 2),
        ],
        refusals: vec![v1::RefusalCount { reason: "PEER_NOT_ALLOWED".into(), count: 4 }],
        ..Default::default()
    };
    v1::ListOwnersResponse { owners: vec![edge, v1::OwnerStatus { owner: "net".into(), ..Default::default() }] }
}

fn page(prefix: &str) -> v1::ListIntentsResponse {
    let request = v1::AdvertisePrefixRequest { prefix: prefix.into(), protocol: 1, ..Default::default() };
    let intent = v1::HeldIntent {
        key: format!("prefix bgp {prefix}"),
        owner: "edge".into(),
        state: "advertised".into(),
        intent: Some(v1::IntentItem { change: Some(Change::AdvertisePrefix(request)) }),
        ..Default::default()
    };
    v1::ListIntentsResponse { intents: vec![intent], ..Default::default() }
}

fn shown(line: &str) -> String {
    let pages = vec![page("10.0.0.1/32"), page("10.0.0.2/32")];
    let ran = Fake::start(Script { owners: owners(), pages, ..Default::default() }).run(line);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{line}");
    ran.stdout
}

#[test]
fn owners_are_a_table() {
    expect![[r#"
        OWNER  SESSION  ENDS IN  PEERS  PREFIXES  BFD  OSPF  NOT IN FORCE  REFUSED CALLS
        edge   open     41s      1      9         0    0     2             4
        net    -        -        0      0         0    0     0             0
    "#]]
    .assert_eq(&shown("owners"));
    assert!(shown("owners -o wide").contains("1 peers programmed, 7 prefixes advertised, 2 prefixes refused"));
}

#[test]
fn intents_of_all_pages_are_one_table() {
    expect![[r#"
        INTENT                  STATE       OWNER
        prefix bgp 10.0.0.1/32  advertised  edge
        prefix bgp 10.0.0.2/32  advertised  edge
    "#]]
    .assert_eq(&shown("intents"));
}

#[test]
fn programs_read_the_fields_of_the_proto_file() {
    let owners: serde_json::Value = serde_json::from_str(&shown("owners -o json")).unwrap();
    assert_eq!((&owners["owners"][0]["lease_s"], &owners["owners"][0]["lapses_in_ms"]), (&60.into(), &41_999.into()));
    assert_eq!(owners["owners"][1].get("lapses_in_ms"), None);
    let intents: serde_json::Value = serde_json::from_str(&shown("intents -o json")).unwrap();
    assert_eq!(intents["intents"].as_array().unwrap().len(), 2);
    assert_eq!(intents["intents"][1]["intent"]["advertise_prefix"]["protocol"], "bgp");
}

#[test]
fn nothing_is_said_to_be_nothing() {
    let ran = Fake::start(Script::default()).run("owners");
    assert_eq!(ran.stdout, "Owners: none\n");
    assert_eq!(Fake::start(Script::default()).run("intents").stdout, "Intents: none\n");
}
