use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use novaroute_core::bfd::{BfdKey, BfdSession, BfdTimers, Hop};
use novaroute_core::bgp::{Asn, PrefixAttributes};
use novaroute_core::intent::{Advertisement, Intent, Protocol};
use novaroute_core::live::{BfdLive, BfdState, Live, OspfLive, PeerLive, SessionState};
use novaroute_core::ospf::{OspfInterface, OspfSettings, OspfTimers};
use novaroute_core::peer::Peer;
use novaroute_core::state::{IntentState, IntentStatus};
use novaroute_core::store::{Place, Store};

use super::*;

fn owner(name: &str) -> OwnerName {
    name.parse().unwrap()
}

fn metrics() -> Metrics {
    Metrics::new("1.2.3", "abc")
}

fn text_of(scrape: &Scrape) -> String {
    metrics().encode(scrape).unwrap()
}

#[track_caller]
fn assert_line(text: &str, line: &str) {
    assert!(text.lines().any(|found| found == line), "no line {line:?} in\n{text}");
}

#[track_caller]
fn assert_no_series(text: &str, beginning: &str) {
    let found = text.lines().find(|line| line.starts_with(beginning));
    assert_eq!(found, None);
}

fn peer(address: &str, bfd: bool) -> Intent {
    let plain = Peer::new(address.parse().unwrap(), Asn::new(65_002).unwrap());
    Intent::Peer(Peer { bfd: bfd.then(BfdTimers::default), ..plain })
}

fn prefix(protocol: Protocol, prefix: &str) -> Intent {
    let prefix = prefix.parse().unwrap();
    Intent::Prefix(Advertisement { protocol, prefix, attributes: PrefixAttributes::default() })
}

fn bfd_key(peer: &str, interface: Option<&str>, hop: Hop) -> BfdKey {
    BfdKey { peer: peer.parse().unwrap(), interface: interface.map(|name| name.parse().unwrap()), hop }
}

fn bfd(key: BfdKey) -> Intent {
    Intent::Bfd(BfdSession { key, local_address: None, timers: BfdTimers::default() })
}

fn ospf(interface: &str) -> Intent {
    Intent::Ospf(OspfInterface {
        interface: interface.parse().unwrap(),
        area: "0".parse().unwrap(),
        passive: false,
        cost: 10.try_into().unwrap(),
        timers: OspfTimers::default(),
        settings: OspfSettings::default(),
    })
}

fn scrape(intents: impl IntoIterator<Item = Intent>, live: Live) -> Scrape {
    let mut store = Store::default();
    for intent in intents {
        store.put(&owner("edge"), intent, Place::Base);
    }
    Scrape { snapshot: store.snapshot().clone(), live: Arc::new(live), ..Scrape::default() }
}

fn up() -> BfdLive {
    BfdLive { state: BfdState::Up, ..BfdLive::default() }
}

#[test]
fn every_name_of_the_contract_is_there_once_and_counters_end_in_total_once() {
    let metrics = metrics();
    metrics.intent(&owner("edge"), Some(Kind::Prefixes), "set");
    metrics.policy_violation(&owner("edge"), Reason::PeerNotAllowed);
    metrics.monitoring_error("bgp");
    metrics.grpc_request("GetStatus", Code::Ok, 0.002);
    let live = Live { peers: [("192.0.2.2".parse().unwrap(), PeerLive::default())].into(), ..Live::default() };
    let text = metrics.encode(&scrape([peer("192.0.2.2", true), ospf("eth0")], live)).unwrap();
    for (name, kind) in [
        ("intents", "counter"),
        ("frr_transactions", "counter"),
        ("policy_violations", "counter"),
        ("events", "counter"),
        ("events_dropped", "counter"),
        ("monitoring_errors", "counter"),
        ("drift_repairs", "counter"),
        ("reconcile_cycles", "counter"),
        ("peer_flaps", "counter"),
        ("active_peers", "gauge"),
        ("active_prefixes", "gauge"),
        ("active_bfd_sessions", "gauge"),
        ("active_ospf_interfaces", "gauge"),
        ("registered_owners", "gauge"),
        ("frr_connected", "gauge"),
        ("peer_established", "gauge"),
        ("intent_state", "gauge"),
        ("bfd_session_up", "gauge"),
        ("ospf_neighbors", "gauge"),
        ("frr_transaction_duration_seconds", "histogram"),
        ("grpc_request_duration_seconds", "histogram"),
        ("reconcile_cycle_duration_seconds", "histogram"),
        ("intent_programmed_seconds", "histogram"),
        ("intent_advertised_seconds", "histogram"),
        ("build", "info"),
    ] {
        let line = format!("# TYPE novaroute_{name} {kind}");
        assert_eq!(text.lines().filter(|found| *found == line).count(), 1, "{line} in\n{text}");
    }
    assert!(!text.contains("total_total") && text.ends_with("# EOF\n"), "{text}");
    assert_eq!(text.matches("# EOF").count(), 1);
}

#[test]
fn counters_count_under_their_labels() {
    let metrics = metrics();
    metrics.intent(&owner("edge"), Some(Kind::Prefixes), "set");
    metrics.intent(&owner("edge"), Some(Kind::Prefixes), "set");
    metrics.intent(&owner("edge"), None, "deregister");
    metrics.policy_violation(&owner("net"), Reason::PrefixNotInAllowedCidrs);
    metrics.frr_transaction(TransactionResult::Refused, 0.3);
    metrics.event(EventType::PeerDown);
    metrics.events_dropped(7);
    metrics.monitoring_error("ospf");
    metrics.pushes_lost("bgpd", 3);
    metrics.drift_repaired(2);
    metrics.reconcile_cycle(RoundEnd::Retry, 0.1);
    let text = metrics.encode(&Scrape::default()).unwrap();
    for line in [
        r#"novaroute_intents_total{owner="edge",type="prefixes",operation="set"} 2"#,
        r#"novaroute_intents_total{owner="edge",type="all",operation="deregister"} 1"#,
        r#"novaroute_policy_violations_total{owner="net",reason="PREFIX_NOT_IN_ALLOWED_CIDRS"} 1"#,
        r#"novaroute_frr_transactions_total{result="refused"} 1"#,
        r#"novaroute_frr_transactions_total{result="ok"} 0"#,
        r#"novaroute_events_total{type="PEER_DOWN"} 1"#,
        r#"novaroute_events_total{type="PEER_UP"} 0"#,
        "novaroute_events_dropped_total 7",
        r#"novaroute_monitoring_errors_total{protocol="ospf"} 1"#,
        r#"novaroute_pushes_lost_total{daemon="bgpd"} 3"#,
        r#"novaroute_pushes_lost_total{daemon="bfdd"} 0"#,
        r#"novaroute_changes_found_by_look_total{daemon="bgpd"} 0"#,
        "novaroute_drift_repairs_total 2",
        r#"novaroute_reconcile_cycles_total{result="retry"} 1"#,
        r#"novaroute_reconcile_cycles_total{result="settled"} 0"#,
        r#"novaroute_build_info{version="1.2.3",revision="abc"} 1"#,
    ] {
        assert_line(&text, line);
    }
}

#[test]
fn histograms_tell_a_millisecond_from_two() {
    let metrics = metrics();
    metrics.intent_programmed(0.0008);
    metrics.intent_programmed(0.002);
    metrics.intent_advertised(0.3);
    metrics.reconcile_cycle(RoundEnd::Settled, 12.0);
    metrics.frr_transaction(TransactionResult::Ok, 0.02);
    metrics.grpc_request("StreamEvents", Code::Unavailable, 3600.0);
    let text = metrics.encode(&Scrape::default()).unwrap();
    for line in [
        r#"novaroute_intent_programmed_seconds_bucket{le="0.001"} 1"#,
        r#"novaroute_intent_programmed_seconds_bucket{le="0.0025"} 2"#,
        "novaroute_intent_advertised_seconds_count 1",
        r#"novaroute_reconcile_cycle_duration_seconds_bucket{le="30.0"} 1"#,
        "novaroute_frr_transaction_duration_seconds_sum 0.02",
        r#"novaroute_grpc_request_duration_seconds_count{method="StreamEvents",code="UNAVAILABLE"} 1"#,
        r#"novaroute_grpc_request_duration_seconds_bucket{le="30.0",method="StreamEvents",code="UNAVAILABLE"} 0"#,
    ] {
        assert_line(&text, line);
    }
}

#[test]
fn a_peer_is_active_while_it_is_established() {
    let address = "192.0.2.2".parse().unwrap();
    let seen = |state, flaps| Live {
        peers: [(address, PeerLive { state, flaps, ..PeerLive::default() })].into(),
        ..Live::default()
    };
    for (state, value) in [(SessionState::Established, 1), (SessionState::Active, 0)] {
        let text = text_of(&scrape([peer("192.0.2.2", false)], seen(state, 3)));
        assert_line(&text, &format!(r#"novaroute_active_peers{{owner="edge"}} {value}"#));
        assert_line(&text, &format!(r#"novaroute_peer_established{{peer="192.0.2.2",owner="edge"}} {value}"#));
        assert_line(&text, r#"novaroute_peer_flaps_total{peer="192.0.2.2",owner="edge"} 3"#);
    }
    let text = text_of(&scrape([peer("192.0.2.2", false)], Live::default()));
    assert_line(&text, r#"novaroute_peer_established{peer="192.0.2.2",owner="edge"} 0"#);
    assert_no_series(&text, "novaroute_peer_flaps_total");
    // Somebody else's neighbor is nobody's series.
    let text = text_of(&scrape([], seen(SessionState::Established, 0)));
    assert_no_series(&text, "novaroute_peer_established{");
}

#[test]
fn a_prefix_is_active_while_it_is_announced() {
    let live = Live {
        advertised: Arc::new(BTreeMap::from([
            ((Protocol::Bgp, "192.0.2.10/32".parse().unwrap()), BTreeSet::new()),
            ((Protocol::Bgp, "203.0.113.0/24".parse().unwrap()), BTreeSet::new()),
        ])),
        ..Live::default()
    };
    let intents = [
        prefix(Protocol::Bgp, "192.0.2.10/32"),
        prefix(Protocol::Bgp, "192.0.2.11/32"),
        prefix(Protocol::Ospf, "192.0.2.10/32"),
    ];
    let text = text_of(&scrape(intents, live));
    assert_line(&text, r#"novaroute_active_prefixes{owner="edge",protocol="bgp"} 1"#);
    assert_line(&text, r#"novaroute_active_prefixes{owner="edge",protocol="ospf"} 0"#);
}

#[test]
fn states_are_those_of_status_and_overridden_intents_count() {
    let (edge, admin) = (owner("edge"), owner("admin"));
    let mut store = Store::default();
    for (at, host) in ["192.0.2.10/32", "192.0.2.11/32"].iter().enumerate() {
        store.put(&edge, prefix(Protocol::Bgp, host), Place::Base);
        let key = prefix(Protocol::Bgp, host).key();
        let status = IntentStatus::of(IntentState::Programmed);
        store.set_status(&key, &status, u64::try_from(at).unwrap() + 1, 1);
    }
    store.put(&edge, prefix(Protocol::Bgp, "192.0.2.12/32"), Place::Base);
    store.put(&admin, prefix(Protocol::Bgp, "192.0.2.12/32"), Place::Over);
    let advertised = Arc::new([((Protocol::Bgp, "192.0.2.10/32".parse().unwrap()), BTreeSet::new())].into());
    let live = Arc::new(Live { advertised, ..Live::default() });
    let text = text_of(&Scrape { snapshot: store.snapshot().clone(), live, ..Scrape::default() });
    for line in [
        r#"novaroute_intent_state{owner="edge",type="prefixes",state="advertised"} 1"#,
        r#"novaroute_intent_state{owner="edge",type="prefixes",state="programmed"} 1"#,
        r#"novaroute_intent_state{owner="edge",type="prefixes",state="overridden"} 1"#,
        r#"novaroute_intent_state{owner="admin",type="prefixes",state="pending"} 1"#,
    ] {
        assert_line(&text, line);
    }
}

#[test]
fn a_bfd_session_counts_once_whoever_asked_for_it() {
    let (on_link, far) = (bfd_key("192.0.2.2", Some("eth0"), Hop::Single), bfd_key("192.0.2.9", None, Hop::Multi));
    let live = Live { bfd: [(on_link, up()), (far.clone(), up())].into(), ..Live::default() };
    let intents = [
        peer("192.0.2.2", true),
        peer("192.0.2.3", true),
        peer("192.0.2.9", true),
        bfd(far),
        bfd(bfd_key("192.0.2.4", Some("eth1"), Hop::Single)),
    ];
    let text = text_of(&scrape(intents, live));
    for line in [
        r#"novaroute_bfd_session_up{peer="192.0.2.2",interface="",hop="",owner="edge"} 1"#,
        r#"novaroute_bfd_session_up{peer="192.0.2.3",interface="",hop="",owner="edge"} 0"#,
        r#"novaroute_bfd_session_up{peer="192.0.2.9",interface="",hop="multi",owner="edge"} 1"#,
        r#"novaroute_bfd_session_up{peer="192.0.2.4",interface="eth1",hop="single",owner="edge"} 0"#,
        r#"novaroute_active_bfd_sessions{owner="edge"} 2"#,
    ] {
        assert_line(&text, line);
    }
    assert_eq!(text.matches("novaroute_bfd_session_up{").count(), 4);
}

#[test]
fn an_ospf_interface_is_active_while_ospf_runs_on_it() {
    let runs = OspfLive {
        state: "DROther".to_owned(),
        neighbors: [("a", "Full/Backup"), ("b", "2-Way/DROther"), ("c", "Init/DROther")]
            .map(|(name, state)| (name.to_owned(), state.to_owned()))
            .into(),
    };
    let down = OspfLive { state: "Down".to_owned(), ..OspfLive::default() };
    let live =
        Live { ospf: [("eth0".parse().unwrap(), runs), ("eth1".parse().unwrap(), down)].into(), ..Live::default() };
    let text = text_of(&scrape([ospf("eth0"), ospf("eth1"), ospf("eth2")], live));
    assert_line(&text, r#"novaroute_active_ospf_interfaces{owner="edge"} 1"#);
    assert_line(&text, r#"novaroute_ospf_neighbors{interface="eth0",owner="edge"} 2"#);
    assert_line(&text, r#"novaroute_ospf_neighbors{interface="eth2",owner="edge"} 0"#);
}

#[test]
fn the_node_and_its_sessions() {
    let mut scrape = Scrape { sessions: Arc::new([owner("edge"), owner("net")].into()), ..Scrape::default() };
    let text = text_of(&scrape);
    assert_line(&text, "novaroute_registered_owners 2");
    assert_line(&text, "novaroute_frr_connected 0");
    assert_line(&text, r#"novaroute_active_peers{owner="net"} 0"#);
    scrape.frr_connected = true;
    assert_line(&text_of(&scrape), "novaroute_frr_connected 1");
}

#[test]
fn a_series_ends_with_what_it_tells_of() {
    let metrics = metrics();
    let with = metrics.encode(&scrape([peer("192.0.2.2", false)], Live::default())).unwrap();
    let without = metrics.encode(&scrape([], Live::default())).unwrap();
    assert!(with.contains("192.0.2.2") && !without.contains("192.0.2.2"));
}
