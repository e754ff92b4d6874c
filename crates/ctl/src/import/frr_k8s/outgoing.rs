//! What nodes announce, and to which of their neighbors.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::json;

use crate::import::{
    community,
    draft::{Advert, Draft, Families, Spec},
    fields::Fields,
    report::{Fate, Report, Spot},
    selector::Selector,
};

/// Prefixes with where each of them stands.
pub(super) type Prefixes = BTreeMap<IpNet, Spot>;

/// What the nodes of one selector announce.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    /// Who asks for a prefix, the first one.
    asked: BTreeMap<IpNet, (String, Spot)>,
    /// What each prefix has on its way to each neighbor.
    sent: BTreeMap<IpNet, BTreeMap<String, Attributes>>,
    /// Prefixes that must not be announced without something that we do not have.
    withheld: BTreeSet<IpNet>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
struct Attributes {
    local_preference: Option<u32>,
    communities: BTreeSet<String>,
    next_hop: Option<IpAddr>,
}

impl Outgoing {
    /// Adds the prefixes of a router of the resource `config`.
    pub(super) fn asked(&mut self, config: &str, at: &Spot, prefixes: Prefixes) {
        for prefix in prefixes.into_keys() {
            self.asked.entry(prefix).or_insert_with(|| (config.to_owned(), at.clone()));
        }
    }

    /// Reads `toAdvertise` of a neighbor.
    pub(super) fn neighbor(
        &mut self,
        id: &str,
        families: Families,
        of_router: &Prefixes,
        fields: &mut Fields,
        report: &mut Report,
    ) {
        let Some(mut advertise) = fields.map("toAdvertise", report) else { return };
        let allowed = advertise.map("allowed", report);
        let allowed = allowed.map(|allowed| self::allowed(allowed, of_router, report)).unwrap_or_default();
        let next_hops = next_hops(&mut advertise, report);
        let goes = |prefix: &&IpNet| families.meet(Families::of(prefix.addr()));
        let mut sent: BTreeMap<IpNet, Attributes> = allowed
            .iter()
            .filter(goes)
            .map(|prefix| (*prefix, Attributes { next_hop: next_hops.of(prefix), ..Attributes::default() }))
            .collect();
        local_preferences(&mut advertise, &mut sent, report);
        self.communities(&mut advertise, &mut sent, report);
        advertise.finish(report);
        for (prefix, attributes) in sent {
            self.sent.entry(prefix).or_default().entry(id.to_owned()).or_default().join(attributes);
        }
    }

    fn communities(&mut self, fields: &mut Fields, sent: &mut BTreeMap<IpNet, Attributes>, report: &mut Report) {
        for mut with in fields.maps("withCommunity", report) {
            let at = with.at("community");
            let text = with.text("community", report).unwrap_or_default();
            let prefixes = prefixes(&mut with, "prefixes", report);
            with.finish(report);
            match community::standard(&text) {
                Some(community) => {
                    for (_, attributes) in sent.iter_mut().filter(|(prefix, _)| prefixes.contains_key(*prefix)) {
                        attributes.communities.insert(community.clone());
                    }
                }
                None => {
                    community::told(&at, &text, report);
                    self.withheld.extend(prefixes.into_keys());
                }
            }
        }
    }

    /// Turns it into advertisements: those prefixes together that go to the same neighbors with the same attributes.
    pub(super) fn finish(self, nodes: &Selector, draft: &mut Draft, report: &mut Report) {
        let mut adverts = BTreeMap::<_, Advert>::new();
        for (prefix, (config, at)) in self.asked.into_iter().filter(|(prefix, _)| !self.withheld.contains(prefix)) {
            let Some(sent) = self.sent.get(&prefix) else {
                report.note(Fate::NoEffect, &at, prefix, "no neighbor is sent it, so nothing announces it");
                continue;
            };
            let attributes: BTreeSet<&Attributes> = sent.values().collect();
            let (Some(first), 1) = (attributes.first(), attributes.len()) else {
                let text = "is not announced: neighbors are sent it with different attributes, and here all are sent the \
                            same; write a NovaRouteAdvertisement with those that it should have";
                report.left_out(&at, prefix, text);
                continue;
            };
            let to: BTreeSet<String> = sent.keys().cloned().collect();
            let families = Families::of(prefix.addr());
            let key = (config.clone(), families, (*first).clone(), to.clone());
            let advert = adverts.entry(key).or_insert_with(|| Advert {
                name: config,
                at,
                nodes: vec![nodes.clone()],
                to: Some(to),
                families,
                prefixes: BTreeSet::new(),
                services: Vec::new(),
                attributes: first.spec(),
            });
            advert.prefixes.insert(prefix);
        }
        draft.adverts.extend(adverts.into_values());
    }
}

impl Attributes {
    fn join(&mut self, other: Self) {
        self.local_preference = self.local_preference.or(other.local_preference);
        self.next_hop = self.next_hop.or(other.next_hop);
        self.communities.extend(other.communities);
    }

    fn spec(&self) -> Spec {
        let mut spec = Spec::new();
        spec.extend(self.local_preference.map(|preference| ("localPreference".to_owned(), json!(preference))));
        spec.extend(self.next_hop.map(|address| ("nextHop".to_owned(), json!(address))));
        if !self.communities.is_empty() {
            spec.insert("communities".into(), json!(self.communities));
        }
        spec
    }
}

/// The next hops of the two families.
#[derive(Debug, Default)]
struct NextHops {
    ipv4: Option<IpAddr>,
    ipv6: Option<IpAddr>,
}

impl NextHops {
    fn of(&self, prefix: &IpNet) -> Option<IpAddr> {
        if prefix.addr().is_ipv4() { self.ipv4 } else { self.ipv6 }
    }
}

fn next_hops(fields: &mut Fields, report: &mut Report) -> NextHops {
    let Some(mut fields) = fields.map("nextHop", report) else { return NextHops::default() };
    let mut address = |key, ipv4| {
        let text = fields.text(key, report)?;
        let address = text.parse::<IpAddr>().ok().filter(|address| address.is_ipv4() == ipv4);
        if address.is_none() {
            report.problem(&fields.at(key), format!("expected an address of {key}, found `{}`", text.escape_debug()));
        }
        address
    };
    let next_hops = NextHops { ipv4: address("ipv4", true), ipv6: address("ipv6", false) };
    fields.finish(report);
    next_hops
}

fn local_preferences(fields: &mut Fields, sent: &mut BTreeMap<IpNet, Attributes>, report: &mut Report) {
    for mut with in fields.maps("withLocalPref", report) {
        let preference = with.number("localPref", 0..=u32::MAX, report);
        let prefixes = prefixes(&mut with, "prefixes", report);
        with.finish(report);
        for (_, attributes) in sent.iter_mut().filter(|(prefix, _)| prefixes.contains_key(*prefix)) {
            attributes.local_preference = preference;
        }
    }
}

/// The prefixes that a neighbor may be sent.
fn allowed(mut fields: Fields, of_router: &Prefixes, report: &mut Report) -> BTreeSet<IpNet> {
    let all = is_all(&mut fields, report);
    let named = prefixes(&mut fields, "prefixes", report);
    fields.finish(report);
    if all {
        return of_router.keys().copied().collect();
    }
    for (prefix, at) in named.iter().filter(|(prefix, _)| !of_router.contains_key(*prefix)) {
        report.note(Fate::NoEffect, at, prefix, "the router has no such prefix, so it is not announced");
    }
    named.into_keys().filter(|prefix| of_router.contains_key(prefix)).collect()
}

/// Whether `mode` lets everything through.
pub(super) fn is_all(fields: &mut Fields, report: &mut Report) -> bool {
    match fields.text("mode", report).as_deref() {
        Some("all") => true,
        None | Some("filtered") => false,
        Some(_) => {
            report.problem(&fields.at("mode"), "expected all or filtered");
            false
        }
    }
}

/// The prefixes of a list.
pub(super) fn prefixes(fields: &mut Fields, key: &str, report: &mut Report) -> Prefixes {
    let mut prefixes = Prefixes::new();
    for (at, text) in fields.texts(key, report) {
        match text.parse::<IpNet>() {
            Ok(prefix) => {
                prefixes.insert(prefix.trunc(), at);
            }
            Err(_) => report.problem(&at, format!("expected a prefix, found `{}`", text.escape_debug())),
        }
    }
    prefixes
}
