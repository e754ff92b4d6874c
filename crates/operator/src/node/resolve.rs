//! What each resource asks of this node: a function of what is known.

mod peer;
mod prefixes;
mod services;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::core::object::HasSpec;
use novaroute_api::client::Intent;
use novaroute_api::from_proto::BadFields;
use novaroute_core::intent::IntentKey;

use super::select::selects;
use super::view::{Custom, NodeFacts, Objects, View};
use crate::check::Fault;

/// What is known of a resource's wishes for this node.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Outcome {
    /// What it asks for, and what is wrong with the rest of it.
    Wanted(Vec<(IntentKey, Intent)>, Vec<Fault>),
    /// It cannot be said what it asks for, because this is wrong with it. What runs of it stays.
    Wrong(Vec<Fault>),
    /// The API server has not told this yet. What runs of it stays.
    NotHeard(Fault),
}

/// What resources ask for, by `Kind/name`; `None`: not all resources are known yet.
pub(super) fn resolve(view: &View) -> Option<BTreeMap<String, Outcome>> {
    let node = view.node.as_ref()?;
    let peers = each(
        "NovaRoutePeer",
        view.peers.as_ref()?,
        node,
        |spec| &spec.node_selector,
        |spec| peer::wishes(view, node, spec),
    );
    let endpoints = view.slices.as_ref().map(services::Endpoints::of);
    let prefixes = each(
        "NovaRouteAdvertisement",
        view.advertisements.as_ref()?,
        node,
        |spec| &spec.node_selector,
        |spec| prefixes::wishes(view, node, endpoints.as_ref(), spec),
    );
    Some(peers.chain(prefixes).collect())
}

fn each<'a, R: HasSpec>(
    kind: &'a str,
    all: &'a Objects<Custom<R>>,
    node: &'a NodeFacts,
    selector: impl Fn(&R::Spec) -> &Option<LabelSelector> + 'a,
    wishes: impl Fn(&R::Spec) -> Outcome + 'a,
) -> impl Iterator<Item = (String, Outcome)> + 'a {
    let of = move |resource: &R| match selects(selector(resource.spec()).as_ref(), &node.labels) {
        Ok(true) => Some(wishes(resource.spec())),
        Ok(false) => None,
        Err(reason) => Some(Outcome::Wrong(vec![fault("spec.nodeSelector", reason)])),
    };
    all.iter().filter_map(move |(name, resource)| {
        let outcome = match resource.as_ref() {
            Ok(resource) => of(resource)?,
            // As far as it can be told whether the node is meant.
            Err(unusable) if !selects(unusable.node_selector.as_ref(), &node.labels).unwrap_or(true) => return None,
            Err(unusable) => Outcome::Wrong(unusable.faults.clone()),
        };
        Some((format!("{kind}/{name}"), outcome))
    })
}

fn fault(field: &str, reason: impl Into<String>) -> Fault {
    Fault { field: field.to_owned(), reason: reason.into() }
}

/// What the agent would refuse of a request, by the fields of the resource: the first pair whose first begins a field's path.
fn faults(bad: &BadFields, fields: &[(&str, &str)]) -> Vec<Fault> {
    let named =
        |path: &str| fields.iter().find(|(field, _)| path.starts_with(field)).map_or("spec", |(_, named)| named);
    bad.violations().iter().map(|violation| fault(named(&violation.field), violation.description.clone())).collect()
}
