//! BGPAdvertisements.

use std::collections::BTreeSet;

use ipnet::IpNet;
use serde_json::json;

use super::World;
use crate::import::{
    assemble::PREFIXES_MAX,
    community,
    document::Object,
    draft::{Advert, Draft, Families, Spec},
    fields::Fields,
    report::{Fate, Report, Spot},
    selector::{self, Selector},
};

/// Label of Services by the pool that their addresses are from; MetalLB has it in an annotation, which nothing can select by.
const POOL_LABEL: &str = "novaroute.io/address-pool";

/// Lengths that leave each address on its own.
const HOST_LENGTHS: (u8, u8) = (32, 128);

/// Which pools an advertisement is about.
enum Choice {
    All,
    Some(BTreeSet<String>),
}

/// Reads an advertisement.
pub(super) fn read(mut object: Object, world: &World, draft: &mut Draft, report: &mut Report) {
    let mut fields = object.fields(report);
    let lengths = lengths(&mut fields, report);
    let attributes = attributes(&mut fields, world, report);
    let choice = choice(&mut fields, world, report);
    let nodes = selector::read_any_of(&mut fields, "nodeSelectors", report);
    let services = selector::read_any_of(&mut fields, "serviceSelectors", report);
    let peers = peers(&mut fields, draft, report);
    let spot = fields.spot().clone();
    fields.finish(report);
    let (Some(attributes), Some(choice)) = (attributes, choice) else { return };
    let Some((prefixes, services)) = addresses(&choice, lengths, services, world, &spot, report) else { return };
    let (name, at) = (object.name, object.at);
    let families = Families::BOTH;
    draft.adverts.push(Advert { name, at, nodes, to: peers, families, prefixes, services, attributes });
}

fn lengths(fields: &mut Fields, report: &mut Report) -> (u8, u8) {
    let mut length = |key, most: u8| {
        let length = fields.number(key, 1..=most.into(), report);
        length.and_then(|length| u8::try_from(length).ok()).unwrap_or(most)
    };
    (length("aggregationLength", HOST_LENGTHS.0), length("aggregationLengthV6", HOST_LENGTHS.1))
}

/// The attributes; none where a community would be lost, because such a prefix may go further than it should.
fn attributes(fields: &mut Fields, world: &World, report: &mut Report) -> Option<Spec> {
    let mut attributes = Spec::new();
    let preference = fields.number("localPref", 0..=u32::MAX, report).filter(|preference| *preference != 0);
    attributes.extend(preference.map(|preference| ("localPreference".to_owned(), json!(preference))));
    let mut communities = BTreeSet::new();
    let mut kept = true;
    for (at, text) in fields.texts("communities", report) {
        let value = world.communities.get(&text).unwrap_or(&text);
        match community::standard(value) {
            Some(community) => {
                communities.insert(community);
            }
            None => {
                kept = false;
                community::told(&at, value, report);
            }
        }
    }
    if !communities.is_empty() {
        attributes.insert("communities".into(), json!(communities));
    }
    kept.then_some(attributes)
}

fn choice(fields: &mut Fields, world: &World, report: &mut Report) -> Option<Choice> {
    let names = fields.texts("ipAddressPools", report);
    let at = fields.at("ipAddressPoolSelectors");
    let maps = fields.maps("ipAddressPoolSelectors", report);
    let selectors: Vec<_> = maps.into_iter().map(|fields| Selector::read(fields, report)).collect();
    if names.is_empty() && selectors.is_empty() {
        return Some(Choice::All);
    }
    if !selectors.is_empty() && world.pools.is_empty() {
        report.left_out(&at, "", "is not announced: no IPAddressPool is in the input; give them as well");
        return None;
    }
    let mut chosen: BTreeSet<String> = names.into_iter().map(|(_, name)| name).collect();
    chosen.extend(selectors.iter().flat_map(|selector| world.pools.that_match(selector)));
    if chosen.is_empty() {
        report.note(Fate::NoEffect, &at, "", "no IPAddressPool in the input matches, so it announces nothing");
        return None;
    }
    let all = !world.pools.is_empty() && world.pools.names().is_subset(&chosen);
    Some(if all { Choice::All } else { Choice::Some(chosen) })
}

/// The peers that are sent it; none given: every one.
fn peers(fields: &mut Fields, draft: &Draft, report: &mut Report) -> Option<BTreeSet<String>> {
    let named = fields.texts("peers", report);
    for (at, name) in &named {
        if !draft.peers.iter().any(|peer| peer.id == *name) {
            report.left_out(at, name, "no peer was made of a BGPPeer of this name; see whether it is in the input");
        }
    }
    let named: BTreeSet<String> = named.into_iter().map(|(_, name)| name).collect();
    (!named.is_empty()).then_some(named)
}

/// The prefixes, and the Services, that stand for the addresses of the pools.
fn addresses(
    choice: &Choice,
    lengths: (u8, u8),
    services: Vec<Selector>,
    world: &World,
    spec: &Spot,
    report: &mut Report,
) -> Option<(BTreeSet<IpNet>, Vec<Selector>)> {
    let names = match choice {
        Choice::All => world.pools.names(),
        Choice::Some(names) => names.clone(),
    };
    let known = !world.pools.is_empty() && names.iter().all(|name| world.pools.knows(name));
    let families = if known { world.pools.families(&names) } else { Families::BOTH };
    let ipv4 = Roll { key: "aggregationLength", ipv6: false, length: lengths.0, there: families.ipv4 };
    let ipv6 = Roll { key: "aggregationLengthV6", ipv6: true, length: lengths.1, there: families.ipv6 };
    let mut prefixes = BTreeSet::new();
    for roll in [&ipv4, &ipv6].into_iter().filter(|roll| roll.is_asked()) {
        prefixes.extend(roll.prefixes(&names, known, world, spec, report)?);
    }
    if !ipv4.leaves_hosts() && !ipv6.leaves_hosts() {
        if prefixes.is_empty() {
            report.note(Fate::NoEffect, spec, "", "its pools have no addresses, so it announces nothing");
        }
        return (!prefixes.is_empty()).then_some((prefixes, Vec::new()));
    }
    if !prefixes.is_empty() {
        let text = "the addresses of Services are announced one by one as well, for both families";
        report.note(Fate::Changed, spec, "", text);
    }
    Some((prefixes, of_pools(choice, services, spec, report)))
}

/// The length of prefix to which the addresses of a family are rolled up.
struct Roll {
    key: &'static str,
    ipv6: bool,
    length: u8,
    /// The pools have addresses of the family.
    there: bool,
}

impl Roll {
    fn is_asked(&self) -> bool {
        self.length < if self.ipv6 { HOST_LENGTHS.1 } else { HOST_LENGTHS.0 }
    }

    fn leaves_hosts(&self) -> bool {
        self.there && !self.is_asked()
    }

    fn prefixes(
        &self,
        names: &BTreeSet<String>,
        known: bool,
        world: &World,
        spec: &Spot,
        report: &mut Report,
    ) -> Option<BTreeSet<IpNet>> {
        let (at, length) = (spec.key(self.key), self.length);
        if !known {
            report.left_out(&at, length, "is not announced: give the IPAddressPools as well, to know the prefixes");
            return None;
        }
        if !self.there {
            report.note(Fate::NoEffect, &at, length, "the pools have no addresses of this family");
            return Some(BTreeSet::new());
        }
        let Ok(prefixes) = world.pools.aggregates(names, (self.ipv6, length), PREFIXES_MAX) else {
            let text = format!("is not announced: the pools have more than {PREFIXES_MAX} such prefixes");
            report.left_out(&at, length, text);
            return None;
        };
        let text = "all nodes announce these prefixes at all times, not only while a Service has an address in them";
        report.note(Fate::Changed, &at, length, text);
        Some(prefixes)
    }
}

/// The Services with an address from the pools.
fn of_pools(choice: &Choice, services: Vec<Selector>, spec: &Spot, report: &mut Report) -> Vec<Selector> {
    let Choice::Some(names) = choice else { return services };
    let text = format!(
        "only Services with the label {POOL_LABEL} are announced, because no pool can be selected by: set it to the \
         Service's pool (docs/migration.md)"
    );
    let shown: Vec<&str> = names.iter().map(String::as_str).collect();
    report.note(Fate::ToDo, &spec.key("ipAddressPools"), shown.join(", "), text);
    let pool = Selector::one_of(POOL_LABEL, names.clone());
    services.iter().map(|selector| selector.and(&pool)).collect()
}
