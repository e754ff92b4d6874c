//! The prefixes that a NovaRouteAdvertisement asks for.

use std::collections::BTreeMap;

use novaroute_api::client::Intent;
use novaroute_api::v1;
use novaroute_core::intent::IntentKey;

use super::services::{Endpoints, announced};
use super::{Outcome, fault, faults};
use crate::check::Fault;
use crate::crd::{Attributes, NovaRouteAdvertisementSpec, Protocol};
use crate::node::view::{NodeFacts, View};

pub(super) fn wishes(
    view: &View,
    node: &NodeFacts,
    endpoints: Option<&Endpoints<'_>>,
    spec: &NovaRouteAdvertisementSpec,
) -> Outcome {
    let mut all = Prefixes::of(spec);
    for prefix in spec.prefixes.iter().flatten() {
        all.add(&prefix.0, "spec.prefixes");
    }
    if spec.pod_cidrs.is_some() {
        if node.pod_cidrs.is_empty() {
            all.faults.push(fault("spec.podCIDRs", "the node has none"));
        }
        node.pod_cidrs.iter().for_each(|prefix| all.add(prefix, "spec.podCIDRs"));
    }
    if let Some(source) = &spec.services {
        match announced(view, node, endpoints, source) {
            Ok(addresses) => addresses.iter().for_each(|address| all.add_host(*address)),
            Err(outcome) => return outcome,
        }
    }
    Outcome::Wanted(all.wanted.into_iter().collect(), all.faults)
}

/// What was gathered so far. A prefix may have several sources; it is asked for once.
struct Prefixes {
    protocol: v1::Protocol,
    attributes: Option<v1::PrefixAttributes>,
    wanted: BTreeMap<IntentKey, Intent>,
    faults: Vec<Fault>,
}

impl Prefixes {
    fn of(spec: &NovaRouteAdvertisementSpec) -> Self {
        let protocol = match spec.protocol {
            Protocol::Bgp => v1::Protocol::Bgp,
            Protocol::Ospf => v1::Protocol::Ospf,
        };
        Self {
            protocol,
            attributes: spec.attributes.as_ref().map(attributes),
            wanted: BTreeMap::new(),
            faults: Vec::new(),
        }
    }

    fn add(&mut self, prefix: &str, source: &'static str) {
        let intent = Intent::prefix(prefix, self.protocol, self.attributes.clone());
        match intent.key() {
            Ok(key) => drop(self.wanted.insert(key, intent)),
            // The others of the resource are as good as before.
            Err(bad) => {
                let of_prefix = faults(&bad, &fields(source)).into_iter();
                self.faults.extend(
                    of_prefix.map(|Fault { field, reason }| fault(&field, format!("prefix {prefix}: {reason}"))),
                );
            }
        }
    }

    fn add_host(&mut self, address: std::net::IpAddr) {
        let length = if address.is_ipv4() { 32 } else { 128 };
        self.add(&format!("{address}/{length}"), "spec.services");
    }
}

fn attributes(attributes: &Attributes) -> v1::PrefixAttributes {
    let number = |value: Option<i64>| value.and_then(|value| value.try_into().ok());
    v1::PrefixAttributes {
        local_pref: number(attributes.local_preference),
        multi_exit_disc: number(attributes.med),
        communities: attributes.communities.clone(),
        next_hop: attributes.next_hop.clone().unwrap_or_default(),
        ..Default::default()
    }
}

/// Fields of the request and those of the resource that they come from.
fn fields(source: &'static str) -> [(&'static str, &'static str); 5] {
    [
        ("prefix", source),
        ("attributes.local_pref", "spec.attributes.localPreference"),
        ("attributes.multi_exit_disc", "spec.attributes.med"),
        ("attributes.communities", "spec.attributes.communities"),
        ("attributes.next_hop", "spec.attributes.nextHop"),
    ]
}
