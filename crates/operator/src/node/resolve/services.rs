//! The addresses of Services that this node announces.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::{Outcome, fault};
use crate::crd::ServiceSource;
use crate::node::select::selects;
use crate::node::view::{NodeFacts, Objects, ServiceFacts, SliceFacts, View};

/// A node with this label has no part in load balancing (KEP-1143).
const EXCLUDED: &str = "node.kubernetes.io/exclude-from-external-load-balancers";

/// Where each Service, as `namespace/name`, has a ready endpoint.
pub(super) struct Endpoints<'a>(BTreeMap<&'a str, Ready>);

#[derive(Debug, Clone, Copy, Default)]
struct Ready {
    anywhere: bool,
    here: bool,
}

impl<'a> Endpoints<'a> {
    pub(super) fn of(slices: &'a Objects<SliceFacts>) -> Self {
        let mut services: BTreeMap<&str, Ready> = BTreeMap::new();
        for slice in slices.values() {
            let ready = services.entry(&slice.service).or_default();
            ready.anywhere |= slice.ready;
            ready.here |= slice.ready_here;
        }
        Self(services)
    }

    /// Whether traffic for the Service that this node gets arrives somewhere.
    fn serve(&self, name: &str, service: &ServiceFacts) -> bool {
        let ready = self.0.get(name).copied().unwrap_or_default();
        if service.local { ready.here } else { ready.anywhere }
    }
}

/// The addresses of all Services that a source means and that this node serves.
///
/// # Errors
/// What else is known of the resource: a selector of it is wrong, or not everything has been heard.
pub(super) fn announced(
    view: &View,
    node: &NodeFacts,
    endpoints: Option<&Endpoints<'_>>,
    source: &ServiceSource,
) -> Result<BTreeSet<IpAddr>, Outcome> {
    let unheard = |of: &str| Outcome::NotHeard(fault("spec.services", format!("nothing is heard of {of} yet")));
    let services = view.services.as_ref().ok_or_else(|| unheard("Services"))?;
    let endpoints = endpoints.ok_or_else(|| unheard("EndpointSlices"))?;
    if source.namespace_selector.is_some() && view.namespaces.is_none() {
        return Err(unheard("Namespaces"));
    }
    let mut addresses = BTreeSet::new();
    if node.labels.contains_key(EXCLUDED) {
        return Ok(addresses);
    }
    for (name, service) in services.iter() {
        if means(view, source, name, service)? && endpoints.serve(name, service) {
            addresses.extend(&service.addresses);
        }
    }
    Ok(addresses)
}

fn means(view: &View, source: &ServiceSource, name: &str, service: &ServiceFacts) -> Result<bool, Outcome> {
    let wrong = |field: &'static str| move |reason: String| Outcome::Wrong(vec![fault(field, reason)]);
    let means = selects(source.selector.as_ref(), &service.labels).map_err(wrong("spec.services.selector"))?;
    if source.namespace_selector.is_none() {
        return Ok(means);
    }
    let namespace = name.split_once('/').map_or("", |(namespace, _)| namespace);
    // One that nothing is heard of yet may have any labels.
    let Some(labels) = view.namespaces.as_ref().and_then(|all| all.get(namespace)) else { return Ok(false) };
    let of_namespace = selects(source.namespace_selector.as_ref(), labels);
    Ok(means && of_namespace.map_err(wrong("spec.services.namespaceSelector"))?)
}
