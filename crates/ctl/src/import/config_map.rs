//! The configuration of MetalLB before 0.13, a ConfigMap: its parts as the
//! resources that came after it.

use std::collections::BTreeMap;

use super::{
    Origin,
    document::Object,
    fields::Fields,
    report::{Report, Spot},
};
use crate::node::{self, Entries, Node};

/// Key of the ConfigMap that holds everything.
const CONFIG: &str = "config";

/// Keys whose names in the resources do not follow from what they were.
const NAMES: &[(&str, &str)] = &[
    ("my-asn", "myASN"),
    ("peer-asn", "peerASN"),
    ("router-id", "routerID"),
    ("ebgp-multihop", "ebgpMultiHop"),
    ("localpref", "localPref"),
    ("aggregation-length-v6", "aggregationLengthV6"),
    ("minimum-ttl", "minimumTtl"),
];

/// Reads a ConfigMap; one that is not MetalLB's is told.
pub(super) fn read(
    fields: &mut Fields,
    namespace: Option<String>,
    at: &Spot,
    objects: &mut Vec<Object>,
    report: &mut Report,
) {
    let mut data = fields.map("data", report);
    let Some(text) = data.as_mut().and_then(|data| data.text(CONFIG, report)) else {
        return report.left_out(at, "", "is not MetalLB's: it has no data.config");
    };
    let at = at.key("data").key(CONFIG);
    match node::parse("", &text) {
        Ok(node) => parts(Fields::of(node, at.clone(), report), &Parts { namespace, at: &at }, objects, report),
        Err(error) => report.problem(&at, error),
    }
}

/// What all parts have in common.
struct Parts<'a> {
    namespace: Option<String>,
    at: &'a Spot,
}

impl Parts<'_> {
    /// A part as a resource.
    fn object(&self, kind: &str, name: String, at: Spot, spec: Node) -> Object {
        let at = at.of(&format!("{} {}", self.at.subject(), at.path()));
        Object {
            origin: Origin::Metallb,
            // As in that version, a time of zero is none.
            version: "v1beta1".to_owned(),
            kind: kind.to_owned(),
            name,
            namespace: self.namespace.clone(),
            labels: BTreeMap::new(),
            metadata: Entries::new(),
            at,
            spec,
        }
    }
}

fn parts(mut config: Fields, parts: &Parts<'_>, objects: &mut Vec<Object>, report: &mut Report) {
    for (nth, (at, node)) in (1..).zip(config.list("peers", report)) {
        let mut spec = renamed(node);
        let name = taken(&mut spec, "name").unwrap_or_else(|| format!("peer-{nth}"));
        objects.push(parts.object("BGPPeer", name, at, spec));
    }
    for (at, node) in config.list("bfd-profiles", report) {
        let mut spec = renamed(node);
        let name = taken(&mut spec, "name").unwrap_or_default();
        objects.push(parts.object("BFDProfile", name, at, spec));
    }
    if let Some(aliases) = config.map("bgp-communities", report) {
        let at = config.at("bgp-communities");
        let text = |key: &str, value| (key.to_owned(), Node::Text(value));
        let aliases = aliases.into_texts(report).into_iter();
        let aliases = aliases.map(|(name, value)| Node::Map(vec![text("name", name), text("value", value)])).collect();
        let spec = Node::Map(vec![("communities".to_owned(), Node::List(aliases))]);
        objects.push(parts.object("Community", String::new(), at, spec));
    }
    for (at, node) in config.list("address-pools", report) {
        pool(Fields::of(renamed(node), at, report), parts, objects, report);
    }
    config.finish(report);
}

/// A pool says how it is announced.
fn pool(mut pool: Fields, parts: &Parts<'_>, objects: &mut Vec<Object>, report: &mut Report) {
    let at = pool.spot().clone();
    let name = pool.text("name", report).unwrap_or_default();
    let protocol = pool.text("protocol", report);
    let adverts = pool.list("bgpAdvertisements", report);
    let pools = || ("ipAddressPools".to_owned(), Node::List(vec![Node::Text(name.clone())]));
    match protocol.as_deref() {
        Some("bgp") if adverts.is_empty() => {
            objects.push(parts.object("BGPAdvertisement", name.clone(), at.clone(), Node::Map(vec![pools()])));
        }
        Some("bgp") => {
            for (at, mut spec) in adverts {
                if let Node::Map(entries) = &mut spec {
                    entries.push(pools());
                }
                objects.push(parts.object("BGPAdvertisement", name.clone(), at, spec));
            }
        }
        Some("layer2") => {
            objects.push(parts.object("L2Advertisement", name.clone(), at.clone(), Node::Null));
        }
        _ => report.problem(&pool.at("protocol"), "expected bgp or layer2"),
    }
    objects.push(parts.object("IPAddressPool", name.clone(), at, Node::Map(pool.into_entries())));
}

/// A map with its keys, on all levels but those of labels, as they are called in the resources.
fn renamed(node: Node) -> Node {
    match node {
        Node::Map(entries) => {
            let of_labels = |key: &str| key == "match-labels";
            let entries = entries.into_iter();
            let entries =
                entries.map(|(key, node)| (new_name(&key), if of_labels(&key) { node } else { renamed(node) }));
            Node::Map(entries.collect())
        }
        Node::List(nodes) => Node::List(nodes.into_iter().map(renamed).collect()),
        other => other,
    }
}

fn new_name(key: &str) -> String {
    if let Some((_, name)) = NAMES.iter().find(|(old, _)| *old == key) {
        return (*name).to_owned();
    }
    let mut words = key.split('-');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let mut letters = word.chars();
        let initial = letters.next().map(|letter| letter.to_ascii_uppercase());
        name + &initial.into_iter().chain(letters).collect::<String>()
    })
}

fn taken(node: &mut Node, key: &str) -> Option<String> {
    let Node::Map(entries) = node else { return None };
    let at = entries.iter().position(|(other, node)| other == key && matches!(node, Node::Text(_)))?;
    match entries.remove(at).1 {
        Node::Text(text) => Some(text),
        _ => None,
    }
}
