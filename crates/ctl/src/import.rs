//! `import`: resources of MetalLB, of frr-k8s and of an earlier NovaRoute as our
//! own. What cannot be the same is told, field by field; where it is in doubt,
//! less is announced than before, never more.

mod assemble;
mod audience;
mod bfd;
mod community;
mod config_map;
mod conflict;
mod document;
mod draft;
mod fields;
mod frr_k8s;
mod metallb;
mod name;
mod novaroute;
mod report;
mod selector;
mod session;

use serde_json::Value;

use crate::source::Source;
use draft::Draft;
pub(crate) use report::Note;
use report::Report;

/// A system whose resources are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Origin {
    /// BGPPeer, BGPAdvertisement, BFDProfile, Community, IPAddressPool and the older ConfigMap
    Metallb,
    /// FRRConfiguration
    FrrK8s,
    /// NovaRouteCluster of an earlier version
    Novaroute,
}

/// What came of the files.
#[derive(Debug)]
pub(crate) struct Imported {
    /// Our resources, in an order in which they can be applied.
    pub(crate) resources: Vec<Value>,
    /// What there is to say of them.
    pub(crate) notes: Vec<Note>,
}

/// Translates the resources in `sources`, or those of one system only.
///
/// # Errors
/// Everything that is wrong with the files, a line each.
pub(crate) fn translate(sources: &[Source], only: Option<Origin>) -> Result<Imported, String> {
    let mut report = Report::new(sources.iter().map(|source| source.name.as_str()));
    let (mut metallb, mut frr_k8s, mut novaroute) = (Vec::new(), Vec::new(), Vec::new());
    for object in document::objects(sources, only, &mut report) {
        match object.origin {
            Origin::Metallb => metallb.push(object),
            Origin::FrrK8s => frr_k8s.push(object),
            Origin::Novaroute => novaroute.push(object),
        }
    }
    let mut draft = Draft::default();
    metallb::read(metallb, &mut draft, &mut report);
    frr_k8s::read(frr_k8s, &mut draft, &mut report);
    novaroute::read(novaroute, &mut draft, &mut report);
    let resources = assemble::resources(draft, &mut report);
    report.done().map(|notes| Imported { resources, notes })
}

#[cfg(test)]
mod tests;
