use novaroute_core::bgp::BgpInstance;
use novaroute_core::exchange::{
    Accepted, AllowAsIn, Exchange, ExportPolicy, ImportPolicy, MaxPrefixAction, PrefixRange,
};
use novaroute_core::peer::{GracefulRestart, Peer, PeerType};
use novaroute_core::prefix::Family;

use super::*;

fn instance(text: &str, variables: &[(&str, &str)]) -> Option<(u32, String)> {
    parse_with(text, variables).config_intents.iter().find_map(|intent| match intent {
        Intent::Bgp(BgpInstance { local_as, router_id }) => Some((local_as.get(), router_id.to_string())),
        _ => None,
    })
}

fn peers(text: &str) -> Vec<Peer> {
    let peer = |intent| match intent {
        Intent::Peer(peer) => Some(peer),
        _ => None,
    };
    parse(text).config_intents.into_iter().filter_map(peer).collect()
}

/// A configuration with one peer that has these fields besides address and AS.
fn with_peer(fields: &str) -> String {
    format!("bgp:\n  peers:\n    - {{neighbor_address: 10.0.0.2, remote_as: 65001, {fields}}}\n")
}

#[test]
fn the_instance_comes_from_the_file_the_node_or_the_environment() {
    let file = "bgp: {local_as: 65000, router_id: 10.0.0.1}";
    let node = "bgp: {as_base: 4200000000, auto_router_id: true}";
    let given = |local_as, router_id: &str| Some((local_as, router_id.to_owned()));
    for (text, variables, expected) in [
        ("{}", &[][..], None),
        ("{bgp: {}}", &[], None),
        (file, &[], given(65000, "10.0.0.1")),
        (node, &[("NODE_IP", "10.1.2.3")], given(4_200_000_515, "10.1.2.3")),
        ("bgp: {as_base: 1, router_id: 1.1.1.1}", &[("NODE_IP", "fd00::ffff")], given(65_536, "1.1.1.1")),
        ("bgp: {local_as: 1, router_id: \"${ID}\"}", &[("ID", "10.0.0.9")], given(1, "10.0.0.9")),
        ("bgp: {local_as: 1, router_id: \"10.0.0.${N}\"}", &[("N", "7")], given(1, "10.0.0.7")),
        ("bgp: {local_as: 1, router_id: 1.1.1.1, auto_router_id: false}", &[], given(1, "1.1.1.1")),
        (file, &[("NOVAROUTE_BGP_LOCAL_AS", "7")], given(7, "10.0.0.1")),
        (file, &[("NOVAROUTE_BGP_ROUTER_ID", "1.2.3.4")], given(65000, "1.2.3.4")),
        (node, &[("NOVAROUTE_BGP_LOCAL_AS", "7"), ("NOVAROUTE_BGP_ROUTER_ID", "1.2.3.4")], given(7, "1.2.3.4")),
        ("{}", &[("NOVAROUTE_BGP_LOCAL_AS", "7"), ("NOVAROUTE_BGP_ROUTER_ID", "1.2.3.4")], given(7, "1.2.3.4")),
        ("{}", &[("NODE_IP", "what is not used is not read")], None),
    ] {
        assert_eq!(instance(text, variables), expected, "{text} {variables:?}");
    }
}

#[test]
fn what_cannot_be_an_instance_is_refused() {
    assert_each_refused(&[
        ("bgp: {local_as: 0, router_id: 1.1.1.1}", "bgp.local_as: 0 is not an AS number from 1 to 4294967295"),
        ("bgp: {local_as: 4294967296, router_id: 1.1.1.1}", "bgp.local_as: \"4294967296\" is not a whole number"),
        ("bgp: {local_as: \"1\", router_id: 1.1.1.1}", "bgp.local_as: is text where a number belongs"),
        ("bgp: {local_as: 1, router_id: 0.0.0.0}", "bgp.router_id: \"0.0.0.0\" is not a router id"),
        ("bgp: {local_as: 1, router_id: \"${ID}\"}", "bgp.router_id: the variable ID is not set"),
        ("bgp: {local_as: 1, as_base: 1, router_id: 1.1.1.1}", "bgp.as_base: cannot be together with bgp.local_as"),
        (
            "bgp: {local_as: 1, auto_router_id: true, router_id: 1.1.1.1}",
            "bgp.auto_router_id: cannot be together with bgp.router_id",
        ),
        ("bgp: {local_as: 1}", "bgp: the AS is set and the router id is not; set bgp.router_id"),
        ("bgp: {router_id: 1.1.1.1}", "bgp: the router id is set and the AS is not; set bgp.local_as"),
        (
            "bgp: {as_base: 1, router_id: 1.1.1.1}",
            "bgp.as_base: needs the node's address, and the environment variable",
        ),
        ("bgp: {local_as: 1, auto_router_id: true}", "bgp.auto_router_id: needs the node's address"),
        ("bgp: {localas: 1}", "bgp.localas: unknown key; did you mean \"local_as\"?"),
    ]);
}

#[test]
fn what_the_node_or_the_environment_gives_is_checked_too() {
    let base = "bgp: {as_base: 4294967000, router_id: 1.1.1.1}";
    let plain = "bgp: {local_as: 1, router_id: 1.1.1.1}";
    for (text, variables, words) in [
        (base, ("NODE_IP", "10.0.1.40"), "4294967000 plus 296, the low 16 bits of NODE_IP, is more than 4294967295"),
        (base, ("NODE_IP", "here"), "environment variable NODE_IP: \"here\" is not an IP address"),
        ("bgp: {local_as: 1, auto_router_id: true}", ("NODE_IP", "fd00::1"), "a router id is an IPv4 address"),
        (plain, ("NOVAROUTE_BGP_LOCAL_AS", "0"), "environment variable NOVAROUTE_BGP_LOCAL_AS: \"0\" is not an AS"),
        (plain, ("NOVAROUTE_BGP_LOCAL_AS", ""), "environment variable NOVAROUTE_BGP_LOCAL_AS: \"\" is not an AS"),
        (plain, ("NOVAROUTE_BGP_LOCAL_AS", "+1"), "\"+1\" is not an AS number"),
        (
            plain,
            ("NOVAROUTE_BGP_ROUTER_ID", "x"),
            "environment variable NOVAROUTE_BGP_ROUTER_ID: \"x\" is not a router",
        ),
        ("{}", ("NOVAROUTE_BGP_LOCAL_AS", "7"), "bgp: the AS is set and the router id is not"),
    ] {
        let errors = errors_with(text, &[variables]);
        assert!(errors.len() == 1 && errors[0].contains(words), "{text} {variables:?}: {errors:#?}");
    }
    let largest = [("NODE_IP", "10.0.1.39")];
    assert_eq!(instance(base, &largest), Some((u32::MAX, "1.1.1.1".to_owned())));
}

#[test]
fn every_field_of_a_peer_is_read() {
    let peer = &peers(&with_peer(
        "peer_type: external, keepalive: 3, hold_time: 9, bfd_enabled: true, description: \"rack 1\", \
         address_families: [ipv4_unicast, ipv6_unicast], source_address: 10.0.0.1, ebgp_multihop: 2, \
         password: s3cret, max_prefix: 5, bfd_min_rx_ms: 50, bfd_min_tx_ms: 60, bfd_detect_multiplier: 4, \
         graceful_restart: full, local_as: 65009, passive: true, connect_retry_s: 30, advertisement_interval_s: 5, \
         shutdown: true, shutdown_message: \"back at 10:00\", \
         max_prefix_action: shut-down, next_hop_self: true, \
         allowas_in: 2, import_policy: {accept: listed, prefixes: [{prefix: 10.0.0.0/8, ge: 16, le: 24}], \
         refuse_default_route: true}, export_policy: {announce: own_with_communities, communities: [\"65001:1\"]}",
    ))[0];
    assert_eq!((peer.key.to_string().as_str(), peer.remote_as.get()), ("10.0.0.2", 65001));
    assert_eq!(peer.peer_type, Some(PeerType::External));
    assert_eq!(peer.timers.map(|timers| (timers.keepalive_s(), timers.hold_s())), Some((3, 9)));
    let bfd = peer.bfd.unwrap();
    assert_eq!((bfd.min_rx_ms(), bfd.min_tx_ms(), bfd.detect_multiplier()), (50, 60, 4));
    assert_eq!(peer.description.as_ref().unwrap().as_str(), "rack 1");
    assert_eq!(peer.families, Family::ALL.into());
    assert_eq!(peer.source_address, Some("10.0.0.1".parse().unwrap()));
    assert_eq!(peer.ebgp_multihop.unwrap().get(), 2);
    assert_eq!(peer.password.as_ref().unwrap().reveal(), "s3cret");
    assert_eq!(peer.max_prefix.get(), 5);
    assert_eq!(peer.graceful_restart, GracefulRestart::Full);
    let settings = &peer.settings;
    assert_eq!((settings.local_as.unwrap().get(), settings.passive), (65009, true));
    assert_eq!(settings.connect_retry_s.unwrap().get(), 30);
    assert_eq!(settings.advertisement_interval.unwrap().seconds(), 5);
    let message = settings.shutdown.as_ref().and_then(|shutdown| shutdown.message.as_ref()).unwrap();
    assert_eq!(message.as_str(), "back at 10:00");
    assert!(!format!("{peer:?}").contains("s3cret"));
    let range = PrefixRange::new("10.0.0.0/8".parse().unwrap(), Some(16), Some(24)).unwrap();
    let expected = Exchange {
        import: ImportPolicy { accepted: Accepted::Listed([range].into()), refuse_default_route: true },
        export: ExportPolicy::OwnWith(["65001:1".parse().unwrap()].into(), [].into()),
        next_hop_self: true,
        allowas_in: AllowAsIn::new(2).unwrap(),
        max_prefix_action: MaxPrefixAction::ShutDown,
    };
    assert_eq!(peer.exchange, expected);
}

#[test]
fn a_bad_field_of_a_peer_is_reported_at_its_key() {
    for (fields, words) in [
        ("hold_time: 9", "3:7: bgp.peers[0]: keepalive: is not set"),
        ("keepalive: 10, hold_time: 9", "bgp.peers[0].hold_time: 9 is not a hold time"),
        ("peer_type: friend", "bgp.peers[0].peer_type: \"friend\" is not one of external, internal"),
        ("address_families: [ipv5_unicast]", "peers[0].address_families[0]: \"ipv5_unicast\" is not one of"),
        ("address_families: [unspecified]", "bgp.peers[0].address_families: \"0\" is not an address family"),
        ("ebgp_multihop: 256", "bgp.peers[0].ebgp_multihop: 256 is not"),
        ("source_address: \"fd00::1\"", "bgp.peers[0].source_address: \"fd00::1\" is not an IPv4 address"),
        ("password: \"\"", "bgp.peers[0].password: is empty; give a password"),
        ("password: \"a b\"", "bgp.peers[0].password: the given secret is not a password"),
        ("password: 12345", "bgp.peers[0].password: is a number where text belongs; put it in quotes"),
        ("bfd_min_rx_ms: 5", "bgp.peers[0].bfd_min_rx_ms: 5 is not an interval"),
        ("description: \"a  b\"", "bgp.peers[0].description: \"a  b\" is not a description"),
        ("ebgp_multihop: 2, ttl_security_hops: 2", "bgp.peers[0].ttl_security_hops: 2 is set beside"),
        ("shutdown_message: soon", "bgp.peers[0].shutdown_message: is set while"),
        ("max_prefix_action: restart", "bgp.peers[0]: max_prefix_restart_min: 0 is not a number of minutes"),
        ("import_policy: {accept: some}", "import_policy.accept: \"some\" is not one of all, listed, nothing"),
        ("import_policy: {accept: listed}", "bgp.peers[0].import_policy: is empty"),
        ("import_policy: {prefixes: [10.0.0.0/8]}", "bgp.peers[0].import_policy.prefixes[0]: is text where"),
        ("export_policy: {announce: transit, communities: [\"1:1\"]}", "bgp.peers[0].export_policy: is set"),
        ("holdtime: 9", "bgp.peers[0].holdtime: unknown key; did you mean \"hold_time\"?"),
    ] {
        let errors = errors(&with_peer(fields));
        assert!(errors.len() == 1 && errors[0].contains(words), "{fields}: {errors:#?}");
    }
}

#[test]
fn peers_must_be_complete_and_distinct_and_fit_the_local_as() {
    assert_each_refused(&[
        ("bgp: {peers: [{remote_as: 1}]}", "bgp.peers[0]: neighbor_address is missing; set it"),
        ("bgp: {peers: [{neighbor_address: 10.0.0.2}]}", "bgp.peers[0]: remote_as is missing; set it"),
        (
            "bgp: {peers: [{neighbor_address: \"fd00::1\", remote_as: 1}, {neighbor_address: \"fd00:0::1\", remote_as: 2}]}",
            "bgp.peers[1]: fd00::1 is already the peer of bgp.peers[0]",
        ),
        (
            "bgp: {local_as: 1, router_id: 1.1.1.1, peers: [{neighbor_address: 10.0.0.2, remote_as: 1, peer_type: external}]}",
            "bgp.peers[0]: with the remote AS 1 and the local AS 1 the peer is internal",
        ),
    ]);
    assert_eq!(
        peers(&with_peer("peer_type: internal")).len(),
        1,
        "without a local AS there is nothing to compare with"
    );
}

/// What each line says begins like this, in order.
fn assert_all(text: &str, variables: &[(&str, &str)], words: &[&str]) {
    let errors = errors_with(text, variables);
    let told = errors.len() == words.len() && errors.iter().zip(words).all(|(error, words)| error.contains(words));
    assert!(told, "{text}\nwanted: {words:#?}\ngot: {errors:#?}");
}

#[test]
fn two_keys_for_one_value_hide_no_other_fault() {
    assert_all(
        "bgp: {as_base: 4200000000, local_as: 0, router_id: 1.1.1.1}",
        &[("NOVAROUTE_BGP_LOCAL_AS", "many")],
        &[
            "bgp.as_base: cannot be together with bgp.local_as",
            "bgp.local_as: 0 is not an AS number",
            "environment variable NOVAROUTE_BGP_LOCAL_AS: \"many\" is not an AS number",
        ],
    );
    assert_all(
        "bgp: {local_as: 1, router_id: nowhere, auto_router_id: true}",
        &[("NOVAROUTE_BGP_ROUTER_ID", "elsewhere")],
        &[
            "bgp.router_id: \"nowhere\" is not a router id",
            "bgp.auto_router_id: cannot be together with bgp.router_id",
            "environment variable NOVAROUTE_BGP_ROUTER_ID: \"elsewhere\" is not a router id",
        ],
    );
}

#[test]
fn a_faulty_peer_hides_no_clash_with_others() {
    assert_all(
        "bgp: {local_as: 1, router_id: 1.1.1.1, peers: [\
         {neighbor_address: 10.0.0.2, remote_as: 1, peer_type: external, hold_time: 9}, \
         {neighbor_address: 10.0.0.2, remote_as: 2, ebgp_multihop: many}]}",
        &[],
        &[
            "bgp.peers[0]: keepalive: is not set while peer.hold_time is 9",
            "bgp.peers[0]: with the remote AS 1 and the local AS 1 the peer is internal",
            "bgp.peers[1]: 10.0.0.2 is already the peer of bgp.peers[0]",
            "bgp.peers[1].ebgp_multihop",
        ],
    );
}
