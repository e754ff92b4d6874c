//! The addresses of Services that this node announces.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::fault;
use crate::check::Fault;
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
/// What is wrong with its selectors; nothing, if too little is known yet.
pub(super) fn announced(
    view: &View,
    node: &NodeFacts,
    endpoints: Option<&Endpoints<'_>>,
    source: &ServiceSource,
) -> Result<BTreeSet<IpAddr>, Vec<Fault>> {
    let (Some(services), Some(endpoints)) = (&view.services, endpoints) else { return Err(Vec::new()) };
    if source.namespace_selector.is_some() && view.namespaces.is_none() {
        return Err(Vec::new());
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

fn means(view: &View, source: &ServiceSource, name: &str, service: &ServiceFacts) -> Result<bool, Vec<Fault>> {
    let wrong = |field: &'static str| move |reason: String| vec![fault(field, reason)];
    let means = selects(source.selector.as_ref(), &service.labels).map_err(wrong("spec.services.selector"))?;
    let namespace = name.split_once('/').map_or("", |(namespace, _)| namespace);
    let labels = view.namespaces.as_ref().and_then(|all| all.get(namespace)).map(|labels| labels.as_ref().clone());
    let of_namespace = selects(source.namespace_selector.as_ref(), &labels.unwrap_or_default());
    Ok(means && of_namespace.map_err(wrong("spec.services.namespaceSelector"))?)
}
