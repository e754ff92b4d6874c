use std::path::PathBuf;

use proptest::prelude::*;
use serde_json::json;

use super::*;

const PASSWORD: &str = "passw0rd-that-nobody-sees";

fn source(text: &str) -> Source {
    Source { name: "f.yaml".into(), text: text.into(), folder: PathBuf::new() }
}

/// All that is said of a document: its problems, or its notes.
fn told(document: &Value) -> Vec<String> {
    match translate(&[source(&document.to_string())], None) {
        Ok(imported) => imported.notes.iter().map(ToString::to_string).collect(),
        Err(problems) => problems.lines().map(str::to_owned).collect(),
    }
}

fn metallb(kind: &str, spec: Value) -> Value {
    json!({"apiVersion": "metallb.io/v1beta2", "kind": kind, "metadata": {"name": "one"}, "spec": spec})
}

fn frr_k8s(spec: Value) -> Value {
    json!({
        "apiVersion": "frrk8s.metallb.io/v1beta1", "kind": "FRRConfiguration", "metadata": {"name": "one"}, "spec": spec
    })
}

/// The fields of a place in a resource, by the definitions of MetalLB 0.15 and frr-k8s 0.0.21.
type Place = (fn(Value) -> Value, &'static str);

const PLACES: &[Place] = &[
    (
        |spec| metallb("BGPPeer", over(json!({"myASN": 1, "peerASN": 2, "peerAddress": "10.0.0.1"}), spec)),
        "myASN peerASN localASN dynamicASN peerAddress interface sourceAddress peerPort holdTime keepaliveTime connectTime \
         routerID nodeSelectors password passwordSecret bfdProfile enableGracefulRestart ebgpMultiHop vrf disableMP \
         dualStackAddressFamily",
    ),
    (
        |spec| metallb("BFDProfile", spec),
        "receiveInterval transmitInterval detectMultiplier echoInterval echoMode passiveMode minimumTtl",
    ),
    (
        |spec| metallb("BGPAdvertisement", spec),
        "aggregationLength aggregationLengthV6 localPref communities ipAddressPools ipAddressPoolSelectors nodeSelectors \
         peers serviceSelectors",
    ),
    (|spec| metallb("Community", spec), "communities"),
    (|spec| metallb("IPAddressPool", spec), "addresses"),
    (frr_k8s, "bgp raw nodeSelector"),
    (|raw| frr_k8s(json!({"raw": raw})), "priority rawConfig"),
    (|bgp| frr_k8s(json!({"bgp": bgp})), "routers bfdProfiles"),
    (router, "asn id vrf neighbors prefixes imports evpn"),
    (
        |profile| frr_k8s(json!({"bgp": {"bfdProfiles": [over(json!({"name": "one"}), profile)]}})),
        "name receiveInterval transmitInterval detectMultiplier echoInterval echoMode passiveMode minimumTtl",
    ),
    (
        neighbor,
        "asn localASN dynamicASN sourceaddress address interface port password passwordSecret holdTime keepaliveTime \
         connectTime ebgpMultiHop bfdProfile enableGracefulRestart toAdvertise toReceive disableMP \
         dualStackAddressFamily addressFamilies",
    ),
    (|advertise| neighbor(json!({"toAdvertise": advertise})), "allowed nextHop withLocalPref withCommunity"),
    (|allowed| neighbor(json!({"toAdvertise": {"allowed": allowed}})), "prefixes mode"),
    (|allowed| neighbor(json!({"toReceive": {"allowed": allowed}})), "prefixes mode"),
];

fn router(fields: Value) -> Value {
    frr_k8s(json!({"bgp": {"routers": [over(json!({"asn": 1}), fields)]}}))
}

fn neighbor(fields: Value) -> Value {
    router(json!({"neighbors": [over(json!({"asn": 2, "address": "10.0.0.1"}), fields)]}))
}

/// What must be there, under what is given.
fn over(base: Value, given: Value) -> Value {
    match (base, given) {
        (Value::Object(mut base), Value::Object(given)) => {
            base.extend(given);
            base.into()
        }
        (_, given) => given,
    }
}

/// A value that no field takes: a scalar or a list says so, a map names what it does not know.
#[test]
fn every_field_is_known() {
    for (document, fields) in PLACES {
        for field in fields.split_whitespace() {
            let told = told(&document(json!({field: {"unheard-of": 7}})));
            let of_field = |line: &&String| line.contains(&format!("{field}: ")) || line.contains(&format!("{field}."));
            let unknown = |line: &String| line.contains(&format!("{field}: is not known here"));
            assert!(told.iter().any(|line| of_field(&line)) && !told.iter().any(unknown), "{field}: {told:#?}");
        }
    }
}

#[test]
fn a_field_that_is_not_known_is_told() {
    for (document, _) in PLACES.iter().filter(|(_, fields)| *fields != "addresses") {
        let told = told(&document(json!({"unheard-of": 7})));
        assert!(told.iter().any(|line| line.contains("unheard-of: is not known here")), "{told:#?}");
    }
}

#[test]
fn one_timer_implies_the_other() {
    for (times, expected) in [
        (json!({}), None),
        (json!({"holdTime": "90s"}), Some((30, 90))),
        (json!({"keepaliveTime": "10s"}), Some((10, 30))),
        (json!({"holdTime": "1m30s", "keepaliveTime": "1.5s"}), Some((1, 90))),
        (json!({"holdTime": "9s", "keepaliveTime": "9s"}), Some((3, 9))),
        (json!({"holdTime": "2s"}), None),
        (json!({"holdTime": "100h"}), None),
    ] {
        let mut spec = json!({"myASN": 1, "peerASN": 2, "peerAddress": "10.0.0.1"});
        spec.as_object_mut().unwrap().extend(times.as_object().unwrap().clone());
        let imported = translate(&[source(&metallb("BGPPeer", spec).to_string())], None).unwrap();
        let peer = &imported.resources[1]["spec"];
        let found = peer["keepalive"].as_u64().zip(peer["holdTime"].as_u64());
        assert_eq!(found, expected, "{times}");
    }
}

/// Words that mean something somewhere.
fn word() -> impl Strategy<Value = String> {
    let fields = PLACES.iter().flat_map(|(_, fields)| fields.split_whitespace());
    let more = ["matchLabels", "matchExpressions", "key", "operator", "values", "value", "namespace", "labels"];
    let words: Vec<_> = fields.chain(more).map(str::to_owned).collect();
    proptest::sample::select(words)
}

/// Texts that some field takes.
const TEXTS: &[&str] =
    &["10.0.0.0/8", "10.0.0.1", "::/0", "::1", "::1-ffff::", "In", "all", "64512:1", "9s", "external", "one"];

fn value() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (0..70_000u32).prop_map(Value::from),
        (0..130u32).prop_map(Value::from),
        proptest::sample::select(TEXTS).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    scalar.prop_recursive(5, 64, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(word(), inner, 0..6)
                .prop_map(|fields| fields.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    })
}

fn document() -> impl Strategy<Value = Value> {
    let places = (0..PLACES.len(), value()).prop_map(|(place, spec)| PLACES[place].0(spec));
    let cluster = value().prop_map(|spec| {
        json!({
            "apiVersion": "novaroute.io/v1alpha1", "kind": "NovaRouteCluster",
            "metadata": {"name": "one"}, "spec": {"agent": {"owners": [spec.clone()], "bgp": {"peers": [spec]}}}
        })
    });
    prop_oneof![8 => places, 1 => cluster, 1 => value()]
}

/// A peer and pools, so that what is random has something to refer to.
fn with_surroundings(documents: Vec<Value>) -> String {
    let peer = json!({"myASN": 1, "peerASN": 2, "peerAddress": "10.0.0.1", "password": PASSWORD});
    let pool = json!({"addresses": ["10.0.0.0/8", "2001:db8::/32", "192.0.2.250-192.0.2.255"]});
    let known = [metallb("BGPPeer", peer), metallb("IPAddressPool", pool)];
    known.into_iter().chain(documents).map(|document| format!("---\n{document}\n")).collect()
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in ".{0,200}") {
        let _ = translate(&[source(&text)], None);
    }

    #[test]
    fn no_config_map_makes_it_panic(text in "[a-z:\\[\\]{}, \n-]{0,200}") {
        let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"config": text}});
        let _ = translate(&[source(&map.to_string())], None);
    }

    #[test]
    fn whatever_comes_in_resources_with_names_come_out(documents in proptest::collection::vec(document(), 1..4)) {
        let text = with_surroundings(documents);
        match translate(&[source(&text)], None) {
            Ok(imported) => {
                for resource in &imported.resources {
                    prop_assert!(!resource.to_string().contains(PASSWORD));
                    prop_assert!(resource["metadata"]["name"].as_str().is_some_and(|name| !name.is_empty()), "{resource}");
                    prop_assert!(!resource["spec"].is_null(), "{resource}");
                }
                prop_assert!(!imported.notes.iter().any(|note| note.to_string().contains(PASSWORD)));
            }
            Err(problems) => prop_assert!(!problems.is_empty() && !problems.contains(PASSWORD)),
        }
    }
}
