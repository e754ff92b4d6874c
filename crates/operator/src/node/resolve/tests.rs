use std::sync::Arc;

use k8s_openapi::ByteString;
use novaroute_api::v1;
use serde_json::{Value, json};

use super::*;
use crate::crd::{NovaRouteAdvertisement, NovaRoutePeer};
use crate::node::view::{ServiceFacts, SliceFacts, custom};

fn objects<T>(all: impl IntoIterator<Item = (&'static str, T)>) -> Option<Objects<T>> {
    Some(Arc::new(all.into_iter().map(|(name, one)| (name.to_owned(), Arc::new(one))).collect()))
}

fn resource<R: crate::check::Checked>(kind: &str, spec: Value) -> Custom<R> {
    let resource =
        json!({"apiVersion": "novaroute.io/v1alpha1", "kind": kind, "metadata": {"name": "it"}, "spec": spec});
    custom(&serde_json::from_value(resource).unwrap())
}

fn view() -> View {
    View {
        node: Some(Arc::new(NodeFacts {
            labels: [("rack".to_owned(), "7".to_owned()), ("tor-as".to_owned(), "65100".to_owned())].into(),
            annotations: [("tor".to_owned(), "10.0.0.1".to_owned())].into(),
            pod_cidrs: vec!["10.244.7.0/24".to_owned()],
            ..NodeFacts::default()
        })),
        peers: objects([]),
        advertisements: objects([]),
        ..View::default()
    }
}

fn of_peer(view: View, spec: Value) -> Option<Outcome> {
    let peers = objects([("it", resource::<NovaRoutePeer>("NovaRoutePeer", spec))]);
    resolve(&View { peers, ..view }).unwrap().remove("NovaRoutePeer/it")
}

fn of_advertisement(view: View, spec: Value) -> Option<Outcome> {
    let advertisements = objects([("it", resource::<NovaRouteAdvertisement>("NovaRouteAdvertisement", spec))]);
    resolve(&View { advertisements, ..view }).unwrap().remove("NovaRouteAdvertisement/it")
}

/// The keys of what is wanted, and the faults; the latter alone, where nothing is known.
fn told(outcome: Option<Outcome>) -> (Option<Vec<String>>, Vec<String>) {
    let words = |faults: Vec<Fault>| faults.iter().map(ToString::to_string).collect();
    match outcome.unwrap() {
        Outcome::Wanted(wanted, faults) => {
            (Some(wanted.iter().map(|(key, _)| key.to_string()).collect()), words(faults))
        }
        Outcome::Wrong(faults) => (None, words(faults)),
        Outcome::NotHeard(fault) => (None, words(vec![fault])),
    }
}

fn peer_of(outcome: Option<Outcome>) -> v1::BgpPeer {
    match outcome {
        Some(Outcome::Wanted(wanted, _)) => match wanted.into_iter().next() {
            Some((_, Intent::Peer(request))) => request.peer.unwrap(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn nothing_is_known_before_all_resources_are() {
    assert_eq!(resolve(&View { node: None, ..view() }), None);
    assert_eq!(resolve(&View { peers: None, ..view() }), None);
    assert_eq!(resolve(&View { advertisements: None, ..view() }), None);
    assert_eq!(resolve(&view()), Some(BTreeMap::new()));
}

#[test]
fn every_field_of_a_peer_arrives() {
    let secret = [("md5".to_owned(), ByteString(b"secret\n".to_vec()))].into();
    let view = View { secrets: [("rack".to_owned(), Some(Arc::new(secret)))].into(), ..view() };
    let spec = json!({
        "addressFrom": {"annotation": "tor"}, "remoteAsFrom": {"label": "tor-as"}, "sourceAddress": "10.0.0.2",
        "description": "rack 7", "addressFamilies": ["ipv4_unicast", "ipv6_unicast"], "keepalive": 3, "holdTime": 9,
        "bfd": {"minRxMs": 100, "minTxMs": 200, "detectMultiplier": 5}, "ebgpMultihop": 2,
        "passwordSecretRef": {"name": "rack", "key": "md5"}, "maxPrefixes": 4_294_967_295_u32, "gracefulRestart": "full",
    });
    let expected = v1::BgpPeer {
        neighbor_address: "10.0.0.1".to_owned(),
        remote_as: 65_100,
        source_address: "10.0.0.2".to_owned(),
        description: "rack 7".to_owned(),
        address_families: vec![1, 2],
        keepalive: 3,
        hold_time: 9,
        bfd_enabled: true,
        bfd_min_rx_ms: 100,
        bfd_min_tx_ms: 200,
        bfd_detect_multiplier: 5,
        ebgp_multihop: 2,
        password: "secret".to_owned(),
        max_prefix: u32::MAX,
        graceful_restart: v1::GracefulRestart::Full.into(),
        ..Default::default()
    };
    assert_eq!(peer_of(of_peer(view, spec)), expected);
}

#[test]
fn a_peer_that_the_node_has_no_value_for_is_none_of_this_node() {
    let spec = json!({"addressFrom": {"label": "tor"}, "remoteAs": 65_100});
    let fault = "spec.addressFrom: the node has no label \"tor\"".to_owned();
    assert_eq!(told(of_peer(view(), spec)), (Some(vec![]), vec![fault]));
}

#[test]
fn a_peer_whose_values_are_wrong_is_not_known() {
    for (spec, field) in [
        (json!({"addressFrom": {"label": "rack"}, "remoteAs": 65_100}), "spec.addressFrom: "),
        (json!({"address": "10.0.0.1", "remoteAsFrom": {"annotation": "tor"}}), "spec.remoteAsFrom: "),
        (json!({"address": "10.0.0.1", "remoteAs": 65_100, "sourceAddress": "fd00::1"}), "spec.sourceAddress: "),
        (json!({"address": "10.0.0.1", "remoteAs": 65_100, "unknown": 1}), "spec.unknown: "),
    ] {
        let (wanted, faults) = told(of_peer(view(), spec));
        assert_eq!(wanted, None);
        assert!(faults.len() == 1 && faults[0].starts_with(field), "{faults:?}");
    }
}

#[test]
fn a_peer_waits_for_its_password() {
    let spec = || {
        let key = json!({"name": "rack", "key": "md5"});
        json!({"address": "10.0.0.1", "remoteAs": 65_100, "passwordSecretRef": key})
    };
    let unheard =
        "spec.passwordSecretRef: nothing is heard of the Secret \"rack\": may the companion read it?".to_owned();
    assert_eq!(told(of_peer(view(), spec())), (None, vec![unheard]));
    let with = |secret: Option<Arc<_>>| View { secrets: [("rack".to_owned(), secret)].into(), ..view() };
    let missing = "spec.passwordSecretRef: there is no Secret \"rack\"".to_owned();
    assert_eq!(told(of_peer(with(None), spec())), (None, vec![missing]));
    let no_key = "spec.passwordSecretRef: the Secret \"rack\" has no key \"md5\"".to_owned();
    assert_eq!(told(of_peer(with(Some(Arc::default())), spec())), (None, vec![no_key]));
}

#[test]
fn a_resource_for_other_nodes_asks_for_nothing() {
    let other = json!({"matchLabels": {"rack": "8"}});
    assert_eq!(of_peer(view(), json!({"nodeSelector": other, "address": "10.0.0.1", "remoteAs": 65_100})), None);
    assert_eq!(of_advertisement(view(), json!({"nodeSelector": other, "prefixes": ["10.1.0.0/16"]})), None);
    let wrong = json!({"matchExpressions": [{"key": "rack", "operator": "Like"}]});
    let (wanted, faults) = told(of_advertisement(view(), json!({"nodeSelector": wrong, "prefixes": ["10.1.0.0/16"]})));
    assert!(wanted.is_none() && faults[0].starts_with("spec.nodeSelector: "), "{faults:?}");
}

#[test]
fn prefixes_have_one_spelling_and_the_attributes() {
    let attributes = json!({"localPreference": 0, "med": 4_294_967_295_u32, "communities": ["no-export"]});
    let spec = json!({"prefixes": ["2001:DB8:0::/48", "2001:db8::/48"], "podCIDRs": {}, "attributes": attributes});
    let Some(Outcome::Wanted(wanted, faults)) = of_advertisement(view(), spec) else { panic!("not wanted") };
    let keys: Vec<_> = wanted.iter().map(|(key, _)| key.to_string()).collect();
    assert_eq!(
        (keys.as_slice(), faults),
        (["prefix bgp 10.244.7.0/24", "prefix bgp 2001:db8::/48"].map(str::to_owned).as_slice(), vec![])
    );
    for (_, intent) in wanted {
        let Intent::Prefix(request) = intent else { panic!("{intent:?}") };
        let attributes = request.attributes.unwrap();
        assert_eq!((attributes.local_pref, attributes.multi_exit_disc), (Some(0), Some(u32::MAX)));
        assert_eq!(attributes.communities, ["no-export"]);
    }
}

#[test]
fn a_prefix_that_does_not_fit_leaves_the_others() {
    let attributes = json!({"nextHop": "2001:db8::9"});
    let spec = json!({"prefixes": ["fd00::/64"], "podCIDRs": {}, "attributes": attributes});
    let (wanted, faults) = told(of_advertisement(view(), spec));
    assert_eq!(wanted.unwrap(), ["prefix bgp fd00::/64"]);
    assert!(
        faults.len() == 1 && faults[0].starts_with("spec.attributes.nextHop: prefix 10.244.7.0/24: "),
        "{faults:?}"
    );
}

fn with_services(view: View) -> View {
    let service = |address: &str, local| ServiceFacts {
        labels: [("app".to_owned(), "web".to_owned())].into(),
        addresses: vec![address.parse().unwrap()],
        local,
    };
    let slice = |service: &str, ready_here| SliceFacts { service: service.to_owned(), ready: true, ready_here };
    View {
        services: objects([
            ("a/near", service("192.0.2.1", true)),
            ("a/far", service("192.0.2.2", true)),
            ("b/anywhere", service("2001:db8::1", false)),
            ("b/nowhere", service("192.0.2.4", false)),
        ]),
        slices: objects([
            ("a/near-1", slice("a/near", false)),
            ("a/near-2", slice("a/near", true)),
            ("a/far-1", slice("a/far", false)),
            ("b/anywhere-1", slice("b/anywhere", false)),
        ]),
        namespaces: objects([("a", [("team".to_owned(), "a".to_owned())].into()), ("b", BTreeMap::new())]),
        ..view
    }
}

#[test]
fn a_service_is_announced_where_its_traffic_arrives() {
    let all = told(of_advertisement(with_services(view()), json!({"services": {}}))).0.unwrap();
    assert_eq!(all, ["prefix bgp 192.0.2.1/32", "prefix bgp 2001:db8::1/128"]);
    let of_a =
        json!({"namespaceSelector": {"matchLabels": {"team": "a"}}, "selector": {"matchLabels": {"app": "web"}}});
    let of_a = told(of_advertisement(with_services(view()), json!({"services": of_a}))).0.unwrap();
    assert_eq!(of_a, ["prefix bgp 192.0.2.1/32"]);
    let none = json!({"services": {"selector": {"matchLabels": {"app": "dns"}}}});
    assert_eq!(told(of_advertisement(with_services(view()), none)).0.unwrap(), Vec::<String>::new());
}

#[test]
fn services_are_not_known_before_the_lists_are_whole() {
    let with = with_services(view());
    let spec = || json!({"services": {"namespaceSelector": {}}, "prefixes": ["10.1.0.0/16"]});
    for (view, of) in [
        (View { services: None, ..with.clone() }, "Services"),
        (View { slices: None, ..with.clone() }, "EndpointSlices"),
        (View { namespaces: None, ..with }, "Namespaces"),
    ] {
        let unheard = format!("spec.services: nothing is heard of {of} yet");
        assert_eq!(told(of_advertisement(view, spec())), (None, vec![unheard]));
    }
}

#[test]
fn a_namespace_that_nothing_is_heard_of_is_none_that_is_meant() {
    let view = View { namespaces: objects([]), ..with_services(view()) };
    let no_team = json!({"matchExpressions": [{"key": "team", "operator": "DoesNotExist"}]});
    let spec = json!({"services": {"namespaceSelector": no_team}});
    assert_eq!(told(of_advertisement(view, spec)), (Some(vec![]), vec![]));
}

#[test]
fn what_is_wrong_with_a_resource_is_told_where_it_is_meant() {
    let spec = |rack: &str| {
        let selector = json!({"matchLabels": {"rack": rack}});
        json!({"nodeSelector": selector, "prefixes": ["10.1.2.3/16"]})
    };
    assert_eq!(of_advertisement(view(), spec("8")), None);
    assert!(matches!(of_advertisement(view(), spec("7")), Some(Outcome::Wrong(_))));
}
