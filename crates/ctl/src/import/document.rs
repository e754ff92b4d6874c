//! The resources in the files.

use std::collections::BTreeMap;

use super::{
    Origin, config_map,
    fields::Fields,
    report::{Report, Spot},
};
use crate::{
    node::{self, Entries, Node},
    source::Source,
};

/// A resource of one of the systems that are read.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) origin: Origin,
    /// Version of the group.
    pub(super) version: String,
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) namespace: Option<String>,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) metadata: Entries,
    pub(super) at: Spot,
    pub(super) spec: Node,
}

impl Object {
    /// The fields of its `spec`.
    pub(super) fn fields(&mut self, report: &mut Report) -> Fields {
        Fields::of(std::mem::replace(&mut self.spec, Node::Null), self.at.key("spec"), report)
    }
}

/// All resources of the files, those of lists one by one. Others are told.
pub(super) fn objects(sources: &[Source], only: Option<Origin>, report: &mut Report) -> Vec<Object> {
    let mut objects = Vec::new();
    for (number, source) in sources.iter().enumerate() {
        match node::parse_many(&source.name, &source.text) {
            Err(error) => report.problem(&Spot::document(number, ""), error),
            Ok(documents) => {
                for (document, nth) in documents.into_iter().zip(1..) {
                    let at = Spot::document(number, &format!("document {nth}"));
                    read(document, &at, only, &mut objects, report);
                }
            }
        }
    }
    objects
}

fn read(document: Node, at: &Spot, only: Option<Origin>, objects: &mut Vec<Object>, report: &mut Report) {
    if !matches!(document, Node::Map(_)) {
        report.problem(at, format!("expected a resource of Kubernetes, found {}", document.kind()));
        return;
    }
    let mut fields = Fields::of(document, at.clone(), report);
    let version = fields.text("apiVersion", report);
    let kind = fields.text("kind", report);
    let (Some(version), Some(kind)) = (version, kind) else {
        report.problem(at, "expected a resource of Kubernetes, with apiVersion and kind");
        return;
    };
    if kind.ends_with("List") {
        for (nth, (_, item)) in (1..).zip(fields.list("items", report)) {
            read(item, &Spot::document(at.source(), &format!("{}, item {nth}", at.subject())), only, objects, report);
        }
        return;
    }
    let mut metadata = fields.map("metadata", report);
    let mut text = |key| metadata.as_mut().and_then(|metadata| metadata.text(key, report));
    let (name, namespace) = (text("name").unwrap_or_default(), text("namespace"));
    let at = at.of(&subject(&kind, namespace.as_deref(), &name));
    let labels = metadata.as_mut().and_then(|metadata| metadata.map("labels", report));
    let labels = labels.map(|labels| labels.into_texts(report)).unwrap_or_default().into_iter().collect();
    let metadata = metadata.map(Fields::into_entries).unwrap_or_default();
    if (version.as_str(), kind.as_str()) == ("v1", "ConfigMap") && only.is_none_or(|only| only == Origin::Metallb) {
        return config_map::read(&mut fields, namespace, &at, objects, report);
    }
    let Some((origin, version)) = origin(&version).filter(|(origin, _)| only.is_none_or(|only| only == *origin)) else {
        report.left_out(&at, "", "is not of a system that is read");
        return;
    };
    let spec = fields.take("spec").unwrap_or(Node::Null);
    objects.push(Object { origin, version, kind, name, namespace, labels, metadata, at, spec });
}

/// The system that has the group, and the version of it.
fn origin(api_version: &str) -> Option<(Origin, String)> {
    let (group, version) = api_version.split_once('/')?;
    let origin = match group {
        "metallb.io" => Origin::Metallb,
        "frrk8s.metallb.io" => Origin::FrrK8s,
        "novaroute.io" => Origin::Novaroute,
        _ => return None,
    };
    Some((origin, version.to_owned()))
}

/// A resource as notes call it.
pub(super) fn subject(kind: &str, namespace: Option<&str>, name: &str) -> String {
    match namespace {
        Some(namespace) => format!("{kind} {namespace}/{name}"),
        None => format!("{kind} {name}"),
    }
}
