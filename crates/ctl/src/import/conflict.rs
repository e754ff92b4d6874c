//! Resources that say different things of one object on one node, which can
//! have only one of them.

use super::{
    draft::{Advert, Peer},
    report::{Fate, Report},
    selector::Selector,
};

/// An advertisement that was made for these nodes, and these Services.
#[derive(Debug)]
pub(super) struct Made<'a> {
    pub(super) advert: &'a Advert,
    pub(super) nodes: Selector,
    pub(super) services: Option<Selector>,
}

/// Tells whether others name the same peer with other values.
pub(super) fn of_peers((peer, nodes): (&Peer, &Selector), made: &[(&Peer, &Selector)], report: &mut Report) {
    let other = made
        .iter()
        .find(|(other, at)| other.address == peer.address && other.spec != peer.spec && at.may_overlap(nodes));
    if let Some((other, _)) = other {
        let text = format!(
            "{} has other values for it, and a node takes the resource whose name comes first: make one of the two",
            other.at.subject()
        );
        report.note(Fate::Changed, &peer.at, peer.address, text);
    }
}

/// Tells whether others announce the same with other attributes.
pub(super) fn of_adverts(one: &Made<'_>, made: &[Made<'_>], report: &mut Report) {
    let other = made.iter().find(|other| {
        let apart = std::ptr::eq(other.advert, one.advert) || other.advert.attributes == one.advert.attributes;
        !apart && other.nodes.may_overlap(&one.nodes) && share(other, one)
    });
    if let Some(other) = other {
        let text = format!(
            "may announce what {} announces with other attributes, and a node takes the resource whose name comes \
             first: set apart what each takes",
            other.advert.at.subject()
        );
        report.note(Fate::Changed, &one.advert.at, "", text);
    }
}

fn share(one: &Made<'_>, other: &Made<'_>) -> bool {
    let services = match (&one.services, &other.services) {
        (Some(one), Some(other)) => one.may_overlap(other),
        _ => false,
    };
    services || !one.advert.prefixes.is_disjoint(&other.advert.prefixes)
}
