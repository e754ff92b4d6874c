//! Prefixes and their attributes.

use std::collections::BTreeSet;

use novaroute_core::{
    bgp::{Community, PrefixAttributes},
    intent::{Advertisement, Change, Intent, IntentKey, Protocol, Target},
    invalid::Invalid,
    prefix::{Prefix, parse_next_hop},
};

use super::{Fields, Refused, request};
use crate::v1;

/// Most communities of one prefix. Longest of them all, they make a line of FRR's configuration that is well
/// within the 1000 bytes that we send at most.
pub const COMMUNITIES_MAX: usize = 64;

request!(AdvertisePrefixRequest, |fields, message| {
    let prefix = fields.take("prefix", message.prefix.parse().and_then(Prefix::check_routable));
    let protocol = fields.take("protocol", protocol(message.protocol));
    let given = message.attributes.as_ref().filter(|given| **given != v1::PrefixAttributes::default());
    if let (Some(_), Ok(Protocol::Ospf)) = (given, protocol) {
        return Err(fields.refuse("attributes", "is set, and only PROTOCOL_BGP carries attributes: leave it out"));
    }
    let attributes = given.map_or(Ok(PrefixAttributes::default()), |given| attributes(fields, given, prefix.ok()));
    let advertisement = Advertisement { protocol: protocol?, prefix: prefix?, attributes: attributes? };
    Ok(Change::Put(Intent::Prefix(advertisement)))
});

request!(WithdrawPrefixRequest, |fields, message| {
    let prefix = fields.take("prefix", message.prefix.parse());
    let protocol = fields.take("protocol", protocol(message.protocol));
    Ok(Change::Remove(Target::Key(IntentKey::Prefix(protocol?, prefix?))))
});

fn protocol(number: i32) -> Result<Protocol, Invalid> {
    match v1::Protocol::try_from(number) {
        Ok(v1::Protocol::Bgp) => Ok(Protocol::Bgp),
        Ok(v1::Protocol::Ospf) => Ok(Protocol::Ospf),
        Ok(v1::Protocol::Unspecified) | Err(_) => {
            Err(Invalid::new(&number.to_string(), "a protocol: PROTOCOL_BGP (1) or PROTOCOL_OSPF (2)"))
        }
    }
}

fn attributes(
    fields: &mut Fields,
    given: &v1::PrefixAttributes,
    prefix: Option<Prefix>,
) -> Result<PrefixAttributes, Refused> {
    let communities = communities(fields, &given.communities);
    let next_hop = match given.next_hop.as_str() {
        "" => Ok(None),
        text => fields.take("attributes.next_hop", parse_next_hop(text, prefix).map(Some)),
    };
    let not_zero = |value: u32| Some(value).filter(|value| *value != 0);
    Ok(PrefixAttributes {
        local_preference: given.local_pref.or_else(|| not_zero(given.local_preference)),
        med: given.multi_exit_disc.or_else(|| not_zero(given.med)),
        communities: communities?,
        next_hop: next_hop?,
    })
}

fn communities(fields: &mut Fields, texts: &[String]) -> Result<BTreeSet<Community>, Refused> {
    let mut take = |(at, text): (usize, &String)| fields.take(&format!("attributes.communities[{at}]"), text.parse());
    // All of them are looked at before the first refusal counts.
    let parsed: Vec<_> = texts.iter().enumerate().map(&mut take).collect();
    let communities = parsed.into_iter().collect::<Result<BTreeSet<_>, _>>()?;
    if communities.len() <= COMMUNITIES_MAX {
        return Ok(communities);
    }
    let text = format!("{} communities are more than the {COMMUNITIES_MAX} of a prefix", communities.len());
    Err(fields.refuse("attributes.communities", text))
}

#[cfg(test)]
mod tests;
