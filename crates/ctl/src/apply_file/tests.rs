use std::path::PathBuf;

use expect_test::{Expect, expect};
use novaroute_api::v1;
use proptest::prelude::*;

use super::*;

fn source(name: &str, text: &str) -> Source {
    Source { name: name.into(), text: text.into(), folder: PathBuf::new() }
}

fn edge() -> Identity {
    Identity { owner: Some("edge".into()), token: Some(String::from("t0p").into()) }
}

fn requests(text: &str) -> Vec<Request> {
    parse(&source("f.yaml", text), &edge()).unwrap()
}

fn problems_of(name: &str, text: &str, identity: &Identity, expected: Expect) {
    expected.assert_eq(&parse(&source(name, text), identity).unwrap_err().to_string());
}

fn problems(text: &str, expected: Expect) {
    problems_of("f.yaml", text, &edge(), expected);
}

const LIST_YAML: &str = "
- action: advertise
  owner: net
  token: own
  prefix: 203.0.113.7/32
  protocol: bgp
  attributes: {communities: [65001:100, no-export], local_pref: 0, med: 7}
- {action: EnableOSPF, interface_name: eth0, area_id: 0, passive: true}
";

const LIST_JSON: &str = r#"[
	{"action": "advertise", "owner": "net", "token": "own", "prefix": "203.0.113.7/32", "protocol": "PROTOCOL_BGP",
	 "attributes": {"communities": ["65001:100", "no-export"], "local_pref": 0, "med": 7}},
	{"action": "enable-ospf", "interface_name": "eth0", "area_id": "0", "passive": true}
]"#;

#[test]
fn json_and_yaml_say_the_same() {
    let attributes = v1::PrefixAttributes {
        communities: vec!["65001:100".into(), "no-export".into()],
        med: 7,
        local_pref: Some(0),
        ..Default::default()
    };
    let advertise = Request::AdvertisePrefix(v1::AdvertisePrefixRequest {
        owner: "net".into(),
        token: "own".into(),
        prefix: "203.0.113.7/32".into(),
        protocol: 1,
        attributes: Some(attributes),
        ..Default::default()
    });
    let enable_ospf = Request::EnableOspf(v1::EnableOspfRequest {
        owner: "edge".into(),
        token: "t0p".into(),
        interface_name: "eth0".into(),
        area_id: "0".into(),
        passive: true,
        ..Default::default()
    });
    let expected = [advertise, enable_ospf];
    assert_eq!(requests(LIST_YAML), expected);
    for name in ["f.json", "stdin"] {
        assert_eq!(parse(&source(name, LIST_JSON), &edge()).unwrap(), expected, "{name}");
    }
    assert_eq!(parse(&source("stdin", LIST_YAML), &edge()).unwrap(), expected);
}

#[test]
fn policies_of_a_peer_are_maps_and_lists() {
    let text = "
peers:
- neighbor_address: 192.0.2.254
  remote_as: 65000
  import_policy: {accept: listed, prefixes: [{prefix: 10.0.0.0/8, le: 24}], refuse_default_route: true}
  export_policy: {announce: own-with-communities, communities: ['65001:0:1']}
  max_prefix_action: restart
  max_prefix_restart_min: 5
";
    let requests = requests(text);
    let Request::ApplyPeer(v1::ApplyPeerRequest { peer: Some(peer), .. }) = &requests[0] else {
        panic!("{:?}", requests[0])
    };
    let prefixes = vec![v1::PrefixRange { prefix: "10.0.0.0/8".into(), ge: 0, le: 24 }];
    let import = v1::ImportPolicy { accept: v1::ImportAccept::Listed.into(), prefixes, refuse_default_route: true };
    assert_eq!(peer.import_policy, Some(import));
    let announce = v1::ExportAnnounce::OwnWithCommunities.into();
    assert_eq!(peer.export_policy, Some(v1::ExportPolicy { announce, communities: vec!["65001:0:1".into()] }));
    assert_eq!((peer.max_prefix_action(), peer.max_prefix_restart_min), (v1::MaxPrefixAction::Restart, 5));
}

#[test]
fn a_description_is_sent_in_the_order_that_makes_sense() {
    let text = "
prefixes:
- {prefix: 203.0.113.7/32, protocol: bgp}
- {prefix: 203.0.113.8/32, protocol: ospf}
peers:
- {neighbor_address: 192.0.2.254, remote_as: 65000, address_families: [ipv4, IPV6_UNICAST], peer_type: external}
bfd:
- {peer_address: 192.0.2.9, multihop: true, source_address: 192.0.2.1}
ospf:
- {interface_name: eth0, area_id: 0.0.0.1}
bgp: {local_as: 65001, router_id: 192.0.2.1}
owner: lb
token: own
";
    let requests = requests(text);
    let titles: Vec<_> = requests.iter().map(|request| format!("{} {}", request.owner(), request.title())).collect();
    expect![[r#"
        lb configure-bgp AS 65001 router-id 192.0.2.1
        lb enable-ospf eth0
        lb enable-bfd 192.0.2.9
        lb apply-peer 192.0.2.254
        lb advertise 203.0.113.7/32 (bgp)
        lb advertise 203.0.113.8/32 (ospf)"#]]
    .assert_eq(&titles.join("\n"));
    let Request::ApplyPeer(v1::ApplyPeerRequest { peer: Some(peer), token, .. }) = &requests[3] else {
        panic!("{:?}", requests[3])
    };
    assert_eq!(token, "own");
    assert_eq!((peer.remote_as, peer.peer_type, &peer.address_families[..]), (65000, 1, &[1, 2][..]));
}

#[test]
fn all_problems_of_a_list_are_reported_at_once() {
    problems(
        "
- {action: advertize, prefix: 1.2.3.4/32}
- {action: advertise, prefix: 1.2.3.4/32, protocol: bpg, atributes: {}}
- {prefix: 1.2.3.4/32}
- advertise
- {action: apply-peer, peer: {neighbour_address: 192.0.2.1, remote_as: '65000', hold_time: -1, bfd_enabled: yes}}
- {action: AdvertisePrefix, prefix: 10, protocol: [bgp], attributes: {communities: [65001:1, 7], next_hop: }}
- {action: enable-bfd, peer_address: 192.0.2.1, min_rx_ms: 4294967296}
- {action: 3}
",
        expect![[r#"
            f.yaml: item 1: unknown action `advertize`; did you mean `advertise`?
            f.yaml: item 2 (advertise): protocol: unknown word `bpg`; did you mean `bgp`?
            f.yaml: item 2 (advertise): unknown key `atributes`; did you mean `attributes`?
            f.yaml: item 3: no `action`; known: register, deregister, configure-bgp, apply-peer, remove-peer, advertise, withdraw, enable-bfd, disable-bfd, enable-ospf, disable-ospf, end-of-replay, renew, handoff, drain, undrain, confirm
            f.yaml: item 4: expected a map, found text
            f.yaml: item 5 (apply-peer): peer: unknown key `neighbour_address`; did you mean `neighbor_address`?
            f.yaml: item 5 (apply-peer): peer.remote_as: expected a whole number, found text
            f.yaml: item 5 (apply-peer): peer.hold_time: -1 is not between 0 and 4294967295
            f.yaml: item 5 (apply-peer): peer.bfd_enabled: expected true or false, found text
            f.yaml: item 6 (advertise): prefix: expected text; put it in quotes
            f.yaml: item 6 (advertise): protocol: expected one of bgp, ospf, found a list
            f.yaml: item 6 (advertise): attributes.communities[1]: expected text; put it in quotes
            f.yaml: item 6 (advertise): attributes.next_hop: it has no value; leave the key out
            f.yaml: item 7 (enable-bfd): min_rx_ms: 4294967296 is not between 0 and 4294967295
            f.yaml: item 8: `action`: expected text, found a number"#]],
    );
}

#[test]
fn all_problems_of_a_description_are_reported_at_once() {
    problems(
        "
prefixs: []
bgp: [{local_as: 1}]
peers: {neighbor_address: 192.0.2.1}
ospf:
- eth0
bfd:
- {peer_address: 192.0.2.1, owner: other}
- {peer: 192.0.2.1}
",
        expect![[r#"
            f.yaml: unknown key `prefixs`; did you mean `prefixes`?
            f.yaml: bgp: expected a map, found a list
            f.yaml: ospf item 1: expected a map, found text
            f.yaml: bfd item 1: `owner` stands once, at the top of the file
            f.yaml: bfd item 2: unknown key `peer`; known: owner, token, peer_address, min_rx_ms, min_tx_ms, detect_multiplier, interface_name, multihop, source_address, wait, dry_run
            f.yaml: peers: expected a list, found a map"#]],
    );
}

#[test]
fn what_is_not_a_file_of_ours_is_refused() {
    problems("7", expect!["f.yaml: expected a list of requests, or a map of what an owner wants, found a number"]);
    problems("", expect!["f.yaml: expected a list of requests, or a map of what an owner wants, found nothing"]);
    problems_of(
        "f.json",
        "[{\"action\": \"register\", \"action\": \"deregister\"}]",
        &edge(),
        expect!["f.json: the key `action` stands twice at line 1 column 32"],
    );
    problems_of("f.json", "[", &edge(), expect!["f.json: EOF while parsing a list at line 1 column 1"]);
}

#[test]
fn a_syntax_error_shows_no_secret_of_the_file() {
    let text = "owner: edge\ntoken: s3cret\ntoken: s3cret\nbgp: [";
    let shown = parse(&source("f.yaml", text), &edge()).unwrap_err().to_string();
    assert!(!shown.contains("s3cret"), "{shown}");
    assert!(shown.contains("line 3"), "{shown}");
}

#[test]
fn somebody_has_to_ask() {
    problems_of(
        "f.yaml",
        "- {action: register}\n- {action: register, owner: edge}",
        &Identity::default(),
        expect![[r#"
            f.yaml: item 1 (register): no owner: write `owner` here, or give --owner
            f.yaml: item 1 (register): no token: write `token_file` here, or give --token-file
            f.yaml: item 2 (register): no token: write `token_file` here, or give --token-file"#]],
    );
}

#[test]
fn secrets_come_from_files_beside_the_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("edge.token"), "from-file\n").unwrap();
    std::fs::write(folder.path().join("peer.secret"), "md5\n").unwrap();
    for (text, place) in [
        ("tokenFile: edge.token\npeers:\n- {neighbor_address: 192.0.2.1, password_file: peer.secret}", "description"),
        ("- {action: apply-peer, token_file: edge.token, peer: {password_file: peer.secret}}", "list"),
    ] {
        let source = Source { folder: folder.path().into(), ..source("f.yaml", text) };
        let requests = parse(&source, &edge()).unwrap();
        let [Request::ApplyPeer(v1::ApplyPeerRequest { token, peer: Some(peer), .. })] = &requests[..] else {
            panic!("{place}: {requests:?}")
        };
        assert_eq!((token.as_str(), peer.password.as_str()), ("from-file", "md5"), "{place}");
    }
}

#[test]
fn a_secret_file_that_cannot_be_read_is_one_problem() {
    problems_of(
        "f.yaml",
        "- {action: register, owner: edge, token_file: no/such/file}\n- {action: register, token: a, token_file: b}",
        &Identity { token: None, ..edge() },
        expect![[r#"
            f.yaml: item 1 (register): token_file: cannot read the secret in no/such/file: No such file or directory (os error 2)
            f.yaml: item 2 (register): token_file: give `token` or `token_file`, and once"#]],
    );
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC*|[-{}\\[\\]:, \n\"a-z0-9]*") {
        let _ = parse(&source("stdin", &text), &edge()).map(|requests| requests.len());
    }

    #[test]
    fn no_key_is_dropped_in_silence(key in "[a-z_]{1,12}") {
        let known = ["action", "owner", "token", "prefix", "protocol", "token_file"];
        prop_assume!(!known.contains(&key.as_str()));
        let text = format!("- {{action: withdraw, prefix: p, \"{key}\": x}}");
        let shown = parse(&source("f.yaml", &text), &edge()).map_err(|problems| problems.to_string());
        let named = format!("unknown key `{key}`");
        prop_assert!(shown.is_err_and(|text| text.contains(&named)));
    }
}
