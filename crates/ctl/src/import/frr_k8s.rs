//! frr-k8s: FRRConfigurations. Those of the same nodes are one configuration, as
//! frr-k8s merges them.

mod outgoing;
mod received;

use std::collections::BTreeMap;

use super::{
    bfd::Profiles,
    document::Object,
    draft::{Draft, Instance, Peer},
    fields::Fields,
    name::name,
    report::{Fate, Report, Spot},
    selector::Selector,
    session::{self, Around, Dialect},
};
use outgoing::Outgoing;

/// Kinds in which frr-k8s says what it does.
const STATUSES: &[&str] = &["FRRNodeState", "BGPSessionState"];
/// How MetalLB calls the FRRConfigurations that it writes, one for each node.
const OF_METALLB: &str = "metallb-";

/// The names of a neighbor's fields.
const DIALECT: Dialect = Dialect {
    address: "address",
    remote_as: "asn",
    source_address: "sourceaddress",
    port: "port",
    zero_is_unset: false,
};

/// A resource, while its parts are read.
struct Config<'a> {
    object: &'a Object,
    nodes: Selector,
    profiles: Profiles,
}

/// Reads FRRConfigurations.
pub(super) fn read(objects: Vec<Object>, draft: &mut Draft, report: &mut Report) {
    let mut announced = BTreeMap::<Selector, Outgoing>::new();
    for mut object in objects {
        match object.kind.as_str() {
            "FRRConfiguration" if object.name.starts_with(OF_METALLB) => {
                let text = "MetalLB writes it from its own resources: import those, not this one";
                report.note(Fate::NoEffect, &object.at, "", text);
            }
            "FRRConfiguration" => {
                let fields = object.fields(report);
                configuration(&object, fields, draft, &mut announced, report);
            }
            "FRRK8sConfiguration" => {
                let text = "what the agents log is agent.logLevel of the NovaRouteCluster";
                report.left_out(&object.at.key("spec"), "", text);
            }
            kind if STATUSES.contains(&kind) => {}
            _ => report.left_out(&object.at, "", "is of no kind of frr-k8s that is read"),
        }
    }
    for (nodes, outgoing) in announced {
        outgoing.finish(&nodes, draft, report);
    }
}

fn configuration(
    object: &Object,
    mut fields: Fields,
    draft: &mut Draft,
    announced: &mut BTreeMap<Selector, Outgoing>,
    report: &mut Report,
) {
    let nodes = fields.map("nodeSelector", report).map(|fields| Selector::read(fields, report)).unwrap_or_default();
    raw(&mut fields, report);
    if let Some(mut bgp) = fields.map("bgp", report) {
        let mut config = Config { object, nodes, profiles: Profiles::default() };
        for mut profile in bgp.maps("bfdProfiles", report) {
            match profile.text("name", report) {
                Some(name) => config.profiles.add(name, profile, report),
                None => report.problem(&profile.at("name"), "is missing"),
            }
        }
        for fields in bgp.maps("routers", report) {
            let outgoing = announced.entry(config.nodes.clone()).or_default();
            router(&mut config, fields, draft, outgoing, report);
        }
        config.profiles.finish(report);
        bgp.finish(report);
    }
    fields.finish(report);
}

/// Lines of FRR's configuration: they may hold passwords, so they are not shown.
fn raw(fields: &mut Fields, report: &mut Report) {
    let Some(mut raw) = fields.map("raw", report) else { return };
    let priority = raw.number("priority", 0..=u32::MAX, report);
    if raw.text("rawConfig", report).is_some() {
        let text = "FRR takes no lines but the agent's; see for each line whether a resource says the same";
        report.left_out(&raw.at("rawConfig"), "", text);
    } else if let Some(priority) = priority {
        report.note(Fate::NoEffect, &raw.at("priority"), priority, "it means nothing without rawConfig");
    }
    raw.finish(report);
}

fn router(
    config: &mut Config<'_>,
    mut fields: Fields,
    draft: &mut Draft,
    outgoing: &mut Outgoing,
    report: &mut Report,
) {
    if let Some(vrf) = fields.text("vrf", report) {
        let text = "nothing of this router is made: there is BGP in the default VRF only";
        return report.left_out(&fields.at("vrf"), vrf, text);
    }
    let local_as = fields.needed_number("asn", 1..=u32::MAX, report);
    let router_id = fields.text("id", report);
    let (as_at, router_id_at) = (fields.at("asn"), fields.at("id"));
    draft.instances.extend(local_as.map(|local_as| Instance { local_as, router_id, as_at, router_id_at }));
    for import in fields.list("imports", report) {
        report.left_out(
            &import.0,
            "",
            "prefixes of other VRFs are not announced; there is BGP in the default VRF only",
        );
    }
    if fields.take("evpn").is_some() {
        report.left_out(&fields.at("evpn"), "", "there is no EVPN");
    }
    let prefixes = outgoing::prefixes(&mut fields, "prefixes", report);
    let at = fields.at("prefixes");
    for neighbor in fields.maps("neighbors", report) {
        self::neighbor(config, neighbor, local_as, (&prefixes, outgoing), draft, report);
    }
    outgoing.asked(&config.object.name, &at, prefixes);
    fields.finish(report);
}

fn neighbor(
    config: &mut Config<'_>,
    mut fields: Fields,
    local_as: Option<u32>,
    (prefixes, outgoing): (&outgoing::Prefixes, &mut Outgoing),
    draft: &mut Draft,
    report: &mut Report,
) {
    let at = fields.spot().clone();
    let unicast = is_unicast(&mut fields, report);
    let id = fields.peek("address").or_else(|| fields.peek("interface")).unwrap_or_default().to_owned();
    let name = name(&format!("{}-{id}", config.object.name));
    let namespace = config.object.namespace.as_deref();
    let around = Around { local_as, profiles: &mut config.profiles, secret: &name, namespace };
    let session = session::read(&mut fields, &DIALECT, around, report).filter(|_| unicast);
    // A neighbor without an address has both families.
    let families = session.as_ref().map_or(super::draft::Families::BOTH, |session| session.families);
    outgoing.neighbor(&id, families, prefixes, &mut fields, report);
    received::read(&mut fields, session.is_some(), report);
    fields.finish(report);
    draft.peers.extend(session.map(|session| {
        let (address, spec, nodes) = (session.address, session.spec, vec![config.nodes.clone()]);
        Peer { id, name, at, address, families, nodes, spec }
    }));
}

/// Whether the neighbor has prefixes of IPv4 or IPv6.
fn is_unicast(fields: &mut Fields, report: &mut Report) -> bool {
    let families: Vec<(Spot, String)> = fields.texts("addressFamilies", report);
    for (at, family) in &families {
        match family.as_str() {
            "unicast" => {}
            "evpn" => report.left_out(at, family, "there is no EVPN; a peer is made if it has unicast as well"),
            _ => report.problem(at, "expected unicast or evpn"),
        }
    }
    families.is_empty() || families.iter().any(|(_, family)| family == "unicast")
}
