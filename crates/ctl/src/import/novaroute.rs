//! An earlier NovaRoute: the same cluster resource, without secrets in it.

use serde_json::{Value, json};

use super::{
    document::Object,
    draft::{Draft, Families, Peer, Spec},
    fields::Fields,
    name::name,
    report::{Fate, Report, Spot},
    selector::Selector,
    session::{AGENTS_NAMESPACE, PASSWORD_KEY},
};
use crate::node::{Entries, Node};

/// What the API server writes into the metadata of an object.
const OF_SERVER: &[&str] =
    &["creationTimestamp", "deletionTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid"];
/// What `kubectl apply` notes down: a copy of the resource, secrets included.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Reads clusters.
pub(super) fn read(objects: Vec<Object>, draft: &mut Draft, report: &mut Report) {
    for object in objects {
        match object.kind.as_str() {
            "NovaRouteCluster" => cluster(object, draft, report),
            "NovaRoutePeer" | "NovaRouteAdvertisement" | "NovaRouteNode" => {
                report.note(Fate::NoEffect, &object.at, "", "there is nothing to translate: it is of this version");
            }
            _ => report.left_out(&object.at, "", "is of no kind of NovaRoute"),
        }
    }
}

fn cluster(mut object: Object, draft: &mut Draft, report: &mut Report) {
    let at = object.at.key("spec");
    if let Some(agent) = entry(&mut object.spec, "agent") {
        let at = at.key("agent");
        owners(&object.name, object.namespace.as_deref(), (agent, &at), report);
        if let Some(bgp) = entry(agent, "bgp") {
            draft.peers.extend(peers(&object.name, object.namespace.as_deref(), (bgp, &at.key("bgp")), report));
        }
    }
    let metadata = metadata(&object);
    let Object { kind, spec, version, .. } = object;
    draft.clusters.push(json!({
        "apiVersion": format!("novaroute.io/{version}"), "kind": kind, "metadata": Value::from(metadata), "spec": Value::from(spec)
    }));
}

fn metadata(object: &Object) -> Node {
    let text = |key: &str, value: &str| (key.to_owned(), Node::Text(value.to_owned()));
    let mut metadata: Entries = vec![text("name", &object.name)];
    metadata.extend(object.namespace.as_ref().map(|namespace| text("namespace", namespace)));
    if !object.labels.is_empty() {
        let labels = object.labels.iter().map(|(key, value)| text(key, value));
        metadata.push(("labels".to_owned(), Node::Map(labels.collect())));
    }
    for (key, mut node) in object.metadata.iter().cloned() {
        if let Node::Map(entries) = &mut node {
            entries.retain(|(key, _)| key != LAST_APPLIED);
        }
        if !OF_SERVER.contains(&key.as_str()) && node != Node::Map(Entries::new()) {
            metadata.push((key, node));
        }
    }
    Node::Map(metadata)
}

/// Takes the tokens out of the owners.
fn owners(cluster: &str, namespace: Option<&str>, (agent, at): (&mut Node, &Spot), report: &mut Report) {
    let Some(Node::List(owners)) = entry(agent, "owners") else { return };
    let at = at.key("owners");
    let secret = name(&format!("{cluster}-owner-tokens"));
    let mut keys = Vec::new();
    for (nth, owner) in owners.iter_mut().enumerate() {
        let owned = text(owner, "name").map(str::to_owned);
        if remove(owner, "token").is_none_or(|token| token == Node::Null) {
            continue;
        }
        match (owned, owner) {
            (Some(name), Node::Map(fields)) => {
                fields.push(("tokenSecretRef".to_owned(), reference(&secret, &name)));
                keys.push(name);
            }
            _ => report.problem(&at.index(nth).key("name"), "is missing"),
        }
    }
    if !keys.is_empty() {
        in_secret(&at, "tokens", namespace, &secret, &keys, report);
    }
}

fn reference(secret: &str, key: &str) -> Node {
    let fields = [("name", secret), ("key", key)];
    Node::Map(fields.map(|(key, value)| (key.to_owned(), Node::Text(value.to_owned()))).into())
}

/// Takes the peers with a password out of the cluster: only a NovaRoutePeer can have it in a Secret.
fn peers(cluster: &str, namespace: Option<&str>, (bgp, at): (&mut Node, &Spot), report: &mut Report) -> Vec<Peer> {
    let Some(Node::List(peers)) = entry(bgp, "peers") else { return Vec::new() };
    let mut taken = Vec::new();
    let mut nth = 0;
    peers.retain(|peer| {
        let at = at.key("peers").index(nth);
        nth += 1;
        let secret =
            matches!(peer, Node::Map(fields) if fields.iter().any(|(k, v)| k == "password" && *v != Node::Null));
        if secret {
            let fields = Fields::of(peer.clone(), at, report);
            taken.extend(self::peer(cluster, namespace, fields, report));
        }
        !secret
    });
    if peers.is_empty() {
        remove(bgp, "peers");
    }
    taken
}

fn peer(cluster: &str, namespace: Option<&str>, mut fields: Fields, report: &mut Report) -> Option<Peer> {
    let at = fields.spot().clone();
    let address = fields.text("address", report);
    let parsed = address.as_deref().and_then(|address| address.parse().ok());
    if parsed.is_none() {
        report.problem(&fields.at("address"), "expected an address");
    }
    let mut spec = Spec::new();
    spec.extend(fields.text("description", report).map(|text| ("description".to_owned(), json!(text))));
    for (from, to, least) in [
        ("remoteAs", "remoteAs", 1),
        ("keepalive", "keepalive", 1),
        ("holdTime", "holdTime", 3),
        ("maxPrefixes", "maxPrefixes", 0),
    ] {
        let number = fields.number(from, least..=u32::MAX, report).filter(|number| *number != 0);
        spec.extend(number.map(|number| (to.to_owned(), json!(number))));
    }
    bfd(&mut fields, &mut spec, report);
    fields.text("password", report);
    let name = name(&format!("{cluster}-{}", address.unwrap_or_default()));
    in_secret(&fields.at("password"), "passwords", namespace, &name, &[PASSWORD_KEY.to_owned()], report);
    spec.insert("passwordSecretRef".into(), json!({"name": name, "key": PASSWORD_KEY}));
    fields.finish(report);
    let address: std::net::IpAddr = parsed?;
    spec.insert("address".into(), json!(address));
    // As in a cluster resource, where a peer has no other families.
    let families = Families { ipv4: true, ipv6: false };
    Some(Peer { id: address.to_string(), name, at, address, families, nodes: vec![Selector::default()], spec })
}

fn bfd(fields: &mut Fields, spec: &mut Spec, report: &mut Report) {
    let on = fields.flag("bfd", report);
    let mut timers = Spec::new();
    for (from, to) in
        [("bfdMinRxMs", "minRxMs"), ("bfdMinTxMs", "minTxMs"), ("bfdDetectMultiplier", "detectMultiplier")]
    {
        let number = fields.number(from, 0..=u32::MAX, report);
        match number {
            Some(number) if on => {
                timers.insert(to.to_owned(), json!(number));
            }
            Some(number) => report.note(Fate::NoEffect, &fields.at(from), number, "it means nothing without bfd"),
            None => {}
        }
    }
    if on {
        spec.insert("bfd".into(), timers.into());
    }
}

/// Tells how to make the Secret that takes what stood at `at`.
fn in_secret(at: &Spot, what: &str, namespace: Option<&str>, secret: &str, keys: &[String], report: &mut Report) {
    let namespace = namespace.unwrap_or(AGENTS_NAMESPACE);
    let files: Vec<String> = keys.iter().map(|key| format!("--from-file={key}=FILE")).collect();
    let command = format!("kubectl -n {namespace} create secret generic {secret} {}", files.join(" "));
    report.note(Fate::ToDo, at, "", format!("{what} are in a Secret now: {command}"));
}

fn entry<'a>(node: &'a mut Node, key: &str) -> Option<&'a mut Node> {
    match node {
        Node::Map(entries) => entries.iter_mut().find(|(other, _)| other == key).map(|(_, node)| node),
        _ => None,
    }
}

fn text<'a>(node: &'a Node, key: &str) -> Option<&'a str> {
    match node {
        Node::Map(entries) => entries.iter().find_map(|(other, node)| match node {
            Node::Text(text) if other == key => Some(text.as_str()),
            _ => None,
        }),
        _ => None,
    }
}

fn remove(node: &mut Node, key: &str) -> Option<Node> {
    let Node::Map(entries) = node else { return None };
    let at = entries.iter().position(|(other, _)| other == key)?;
    Some(entries.remove(at).1)
}
