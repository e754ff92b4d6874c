//! The resources that come out, from what was read.

use serde_json::{Value, json};

use super::{
    audience, conflict,
    draft::{Advert, Draft, Instance, Peer, Spec},
    name::Names,
    report::{Fate, Report},
    selector::Selector,
    session::AGENTS_NAMESPACE,
};

/// Group and version of our resources.
pub(super) const API_VERSION: &str = "novaroute.io/v1alpha1";
/// Name of the cluster resource that carries what is said of all nodes.
const CLUSTER: &str = "novaroute";
/// Most prefixes that an advertisement may have.
pub(super) const PREFIXES_MAX: usize = 4096;

/// All resources: clusters, peers, advertisements.
pub(super) fn resources(draft: Draft, report: &mut Report) -> Vec<Value> {
    let mut names = Names::default();
    let mut resources = draft.clusters;
    resources.extend(cluster(&draft.instances, report));
    resources.extend(peers(&draft.peers, &mut names, report));
    resources.extend(adverts(&draft.adverts, &draft.peers, &mut names, report));
    resources
}

/// The cluster resource for the BGP instance that all ask for.
fn cluster(instances: &[Instance], report: &mut Report) -> Option<Value> {
    let first = instances.first()?;
    if instances.iter().any(|instance| instance.local_as != first.local_as) {
        for Instance { local_as, as_at, .. } in instances {
            let text = "the nodes have several AS numbers: write a NovaRouteCluster for each, with agent.nodeSelector, \
                        or one with asBase";
            report.left_out(as_at, local_as, text);
        }
        return None;
    }
    let mut bgp = json!({"localAs": first.local_as});
    match &first.router_id {
        Some(id) if instances.iter().all(|instance| instance.router_id.as_ref() == Some(id)) => {
            bgp["routerId"] = json!(id);
        }
        _ => {
            bgp["autoRouterId"] = json!(true);
            for Instance { router_id, router_id_at, .. } in instances {
                if let Some(id) = router_id {
                    report.note(Fate::Changed, router_id_at, id, "a node's router id is its IPv4 address");
                }
            }
        }
    }
    let text = format!("the NovaRouteCluster \"{CLUSTER}\" says it for all nodes; put it into yours if there is one");
    report.note(Fate::ToDo, &first.as_at, first.local_as, text);
    let spec = json!({"version": env!("CARGO_PKG_VERSION"), "agent": {"bgp": bgp}, "frr": {}});
    Some(json!({
        "apiVersion": API_VERSION, "kind": "NovaRouteCluster",
        "metadata": {"name": CLUSTER, "namespace": AGENTS_NAMESPACE}, "spec": spec
    }))
}

fn peers(peers: &[Peer], names: &mut Names, report: &mut Report) -> Vec<Value> {
    let mut made = Vec::<(&Peer, &Selector)>::new();
    let mut resources = Vec::new();
    for peer in peers {
        for (nodes, wanted) in numbered(&peer.name, &peer.nodes) {
            let same = |(other, at): &&(&Peer, &Selector)| other.spec == peer.spec && *at == nodes;
            if made.iter().find(same).is_some() {
                continue;
            }
            conflict::of_peers((peer, nodes), &made, report);
            made.push((peer, nodes));
            let spec = with_nodes(peer.spec.clone(), nodes);
            resources.push(resource("NovaRoutePeer", &names.of("NovaRoutePeer", &wanted), &spec));
        }
    }
    resources
}

fn adverts(adverts: &[Advert], peers: &[Peer], names: &mut Names, report: &mut Report) -> Vec<Value> {
    let mut made = Vec::<conflict::Made<'_>>::new();
    let mut resources = Vec::new();
    for advert in adverts {
        let nodes = audience::nodes(advert, peers, report);
        // Without Services there is one resource for each selector of nodes.
        let services = if advert.services.is_empty() { vec![None] } else { advert.services.iter().map(Some).collect() };
        let parts: Vec<_> = nodes.iter().flat_map(|at| services.iter().map(move |services| (at, *services))).collect();
        for ((at, services), wanted) in numbered(&advert.name, &parts) {
            let one = conflict::Made { advert, nodes: (*at).clone(), services: services.cloned() };
            conflict::of_adverts(&one, &made, report);
            made.push(one);
            let spec = with_nodes(advert_spec(advert, *services), at);
            resources.push(resource("NovaRouteAdvertisement", &names.of("NovaRouteAdvertisement", &wanted), &spec));
        }
    }
    if let Some(all) = made.iter().find(|one| one.services.as_ref().is_some_and(Selector::is_all)) {
        let text = "every Service of type LoadBalancer is announced: set services.selector if there are some whose \
                    addresses another load balancer announces";
        report.note(Fate::ToDo, &all.advert.at, "", text);
    }
    resources
}

fn advert_spec(advert: &Advert, services: Option<&Selector>) -> Spec {
    let mut spec = Spec::new();
    if !advert.prefixes.is_empty() {
        spec.insert("prefixes".into(), json!(advert.prefixes.iter().map(ToString::to_string).collect::<Vec<_>>()));
    }
    if let Some(selector) = services {
        let source = if selector.is_all() { json!({}) } else { json!({"selector": selector}) };
        spec.insert("services".into(), source);
    }
    if !advert.attributes.is_empty() {
        spec.insert("attributes".into(), json!(advert.attributes));
    }
    spec
}

/// Each of several parts with a name of its own; a single one has that of the whole.
fn numbered<'a, T>(name: &'a str, parts: &'a [T]) -> impl Iterator<Item = (&'a T, String)> {
    let alone = parts.len() == 1;
    parts.iter().zip(1..).map(move |(part, nth)| (part, if alone { name.to_owned() } else { format!("{name}-{nth}") }))
}

fn with_nodes(mut spec: Spec, nodes: &Selector) -> Spec {
    if !nodes.is_all() {
        spec.insert("nodeSelector".into(), json!(nodes));
    }
    spec
}

fn resource(kind: &str, name: &str, spec: &Spec) -> Value {
    json!({"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": name}, "spec": spec})
}
