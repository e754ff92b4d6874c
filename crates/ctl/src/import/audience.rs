//! Who is sent what. Our nodes send what they announce to all their peers, so an
//! advertisement for some peers is one for the nodes that have only those.
//! Nothing goes to a peer that was not meant.

use std::collections::BTreeSet;

use super::{
    draft::{Advert, Peer},
    report::Report,
    selector::Selector,
};

/// The nodes that can announce it; the others are told.
pub(super) fn nodes(advert: &Advert, peers: &[Peer], report: &mut Report) -> Vec<Selector> {
    let Some(to) = &advert.to else { return advert.nodes.clone() };
    let concerned = peers.iter().filter(|peer| peer.families.meet(advert.families));
    let (meant, others): (Vec<&Peer>, Vec<&Peer>) = concerned.partition(|peer| to.contains(&peer.id));
    if meant.is_empty() {
        report.left_out(&advert.at, "", format!("{}is not announced: none of its peers was made", what(advert)));
        return Vec::new();
    }
    if others.is_empty() {
        return advert.nodes.clone();
    }
    let mut nodes = with_peers(advert, &meant);
    nodes.retain(|at| {
        let unmeant = others.iter().find(|peer| peer.nodes.iter().any(|other| other.may_overlap(at)));
        if let Some(peer) = unmeant {
            let text = format!(
                "{}is not announced{}: a node sends its prefixes to all its peers, and may have the peer {} too; write a \
                 NovaRouteAdvertisement for nodes that have no such peer, or one with a community that routers filter by",
                what(advert),
                on(at),
                peer.address
            );
            report.left_out(&advert.at, "", text);
        }
        unmeant.is_none()
    });
    nodes
}

/// The nodes that announce it and have one of the peers.
fn with_peers(advert: &Advert, peers: &[&Peer]) -> Vec<Selector> {
    let of_peers = || peers.iter().flat_map(|peer| &peer.nodes);
    let both = advert.nodes.iter().flat_map(|at| of_peers().map(move |nodes| (at, nodes)));
    let possible = both.filter(|(at, nodes)| at.may_overlap(nodes));
    let distinct: BTreeSet<Selector> = possible.map(|(at, nodes)| at.and(nodes)).collect();
    let covered = |one: &&Selector| distinct.iter().any(|other| other != *one && other.covers(one));
    distinct.iter().filter(|one| !covered(one)).cloned().collect()
}

/// The prefixes by name, where that is what the advertisement is about.
fn what(advert: &Advert) -> String {
    const SHOWN: usize = 3;
    let mut prefixes: Vec<String> = advert.prefixes.iter().take(SHOWN).map(ToString::to_string).collect();
    if advert.prefixes.len() > SHOWN {
        prefixes.push("…".to_owned());
    }
    if prefixes.is_empty() { String::new() } else { format!("{} ", prefixes.join(", ")) }
}

fn on(nodes: &Selector) -> String {
    match serde_json::to_string(nodes) {
        Ok(text) if !nodes.is_all() => format!(" on nodes that match {text}"),
        _ => String::new(),
    }
}
