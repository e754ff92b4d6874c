//! Prefixes and their attributes.

use novaroute_core::{
    bgp::{Origin, PrefixAttributes, Prepend},
    intent::{Advertisement, Change, Intent, IntentKey, Protocol, Target},
    invalid::Invalid,
    prefix::{Prefix, parse_next_hop},
};

use super::{Fields, Refused, request};
use crate::v1;

/// Most communities of one prefix. Longest of them all, they make a line of FRR's configuration that is well
/// within the 1000 bytes that we send at most; so do those of the other kinds.
pub const COMMUNITIES_MAX: usize = 64;
/// Most large communities of one prefix.
pub const LARGE_COMMUNITIES_MAX: usize = 24;
/// Most extended communities of one prefix.
pub const EXTENDED_COMMUNITIES_MAX: usize = 32;
/// Most peers that one prefix names.
pub const AUDIENCE_PEERS_MAX: usize = 64;

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

pub(super) fn protocol(number: i32) -> Result<Protocol, Invalid> {
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
    let communities = fields.set("attributes.communities", &given.communities, COMMUNITIES_MAX, |text| text.parse());
    let next_hop = match given.next_hop.as_str() {
        "" => Ok(None),
        text => fields.take("attributes.next_hop", parse_next_hop(text, prefix).map(Some)),
    };
    let large = fields
        .set("attributes.large_communities", &given.large_communities, LARGE_COMMUNITIES_MAX, |text| text.parse());
    let extended =
        fields.set("attributes.extended_communities", &given.extended_communities, EXTENDED_COMMUNITIES_MAX, |text| {
            text.parse()
        });
    let prepend = fields.take("attributes.as_path_prepend", Prepend::new(given.as_path_prepend));
    let peers = fields.set("attributes.peers", &given.peers, AUDIENCE_PEERS_MAX, |text| text.parse());
    let origin = fields.take("attributes.origin", origin(given.origin));
    let not_zero = |value: u32| Some(value).filter(|value| *value != 0);
    Ok(PrefixAttributes {
        local_preference: given.local_pref.or_else(|| not_zero(given.local_preference)),
        med: given.multi_exit_disc.or_else(|| not_zero(given.med)),
        communities: communities?,
        next_hop: next_hop?,
        large_communities: large?,
        extended_communities: extended?,
        as_path_prepend: prepend?,
        origin: origin?,
        peers: peers?,
    })
}

fn origin(number: i32) -> Result<Origin, Invalid> {
    match v1::Origin::try_from(number) {
        Ok(v1::Origin::Unspecified | v1::Origin::Igp) => Ok(Origin::Igp),
        Ok(v1::Origin::Egp) => Ok(Origin::Egp),
        Ok(v1::Origin::Incomplete) => Ok(Origin::Incomplete),
        Err(_) => Err(Invalid::new(
            &number.to_string(),
            "an origin: ORIGIN_UNSPECIFIED (0), ORIGIN_IGP (1), ORIGIN_EGP (2) or ORIGIN_INCOMPLETE (3)",
        )),
    }
}

#[cfg(test)]
mod tests;
