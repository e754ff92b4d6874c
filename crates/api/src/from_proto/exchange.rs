//! What is exchanged with a peer.

use std::{collections::BTreeSet, num::NonZeroU16, str::FromStr};

use novaroute_core::{
    community::AnyCommunity,
    exchange::{Accepted, AllowAsIn, Exchange, ExportPolicy, ImportPolicy, MaxPrefixAction, PrefixRange},
    invalid::Invalid,
    prefix::Prefix,
};

use super::{Fields, Refused};
use crate::v1;

/// Most prefixes that an import policy lists. FRR 8 takes longer for each line of a list the more of them there are.
pub const IMPORT_PREFIXES_MAX: usize = 256;
/// Most communities that an export policy lists.
pub const EXPORT_COMMUNITIES_MAX: usize = 64;

pub(super) fn exchange(fields: &mut Fields, message: &v1::BgpPeer) -> Result<Exchange, Refused> {
    let import = message.import_policy.as_ref().map_or(Ok(ImportPolicy::default()), |given| import(fields, given));
    let export = message.export_policy.as_ref().map_or(Ok(ExportPolicy::default()), |given| export(fields, given));
    let allowas_in = fields.take("peer.allowas_in", AllowAsIn::new(message.allowas_in));
    let action = max_prefix_action(fields, message);
    Ok(Exchange {
        import: import?,
        export: export?,
        next_hop_self: message.next_hop_self,
        allowas_in: allowas_in?,
        max_prefix_action: action?,
    })
}

fn import(fields: &mut Fields, given: &v1::ImportPolicy) -> Result<ImportPolicy, Refused> {
    let ranges = ranges(fields, &given.prefixes)?;
    let accepted =
        match v1::ImportAccept::try_from(given.accept) {
            Ok(v1::ImportAccept::Listed) if given.prefixes.is_empty() => Err(fields
                .refuse("peer.import_policy.prefixes", "is empty: list prefixes, or accept IMPORT_ACCEPT_NOTHING")),
            Ok(v1::ImportAccept::Listed) => Ok(Accepted::Listed(ranges)),
            Ok(_) if !given.prefixes.is_empty() => {
                Err(fields.refuse("peer.import_policy.prefixes", "is set: only IMPORT_ACCEPT_LISTED looks at it"))
            }
            Ok(v1::ImportAccept::Unspecified | v1::ImportAccept::All) => Ok(Accepted::All),
            Ok(v1::ImportAccept::Nothing) => Ok(Accepted::Nothing),
            Err(_) => Err(fields.refuse(
                "peer.import_policy.accept",
                number(given.accept, "IMPORT_ACCEPT_ALL (1), IMPORT_ACCEPT_LISTED (2) or IMPORT_ACCEPT_NOTHING (3)"),
            )),
        };
    Ok(ImportPolicy { accepted: accepted?, refuse_default_route: given.refuse_default_route })
}

fn ranges(fields: &mut Fields, given: &[v1::PrefixRange]) -> Result<BTreeSet<PrefixRange>, Refused> {
    const FIELD: &str = "peer.import_policy.prefixes";
    // All of them are looked at before the first refusal counts.
    let prefixes = given.iter().enumerate().map(|(at, range)| (format!("{FIELD}[{at}].prefix"), range.prefix.parse()));
    let prefixes: Vec<Result<Prefix, _>> = prefixes.map(|(field, prefix)| fields.take(&field, prefix)).collect();
    let prefixes: Vec<Prefix> = prefixes.into_iter().collect::<Result<_, _>>()?;
    let given: Vec<_> = prefixes.into_iter().zip(given).collect();
    fields.set(FIELD, &given, IMPORT_PREFIXES_MAX, |(prefix, range)| {
        PrefixRange::new(*prefix, length(range.ge)?, length(range.le)?)
    })
}

fn length(bits: u32) -> Result<Option<u8>, Invalid> {
    match bits {
        0 => Ok(None),
        bits => u8::try_from(bits).map(Some).map_err(|_| Invalid::number(bits, "a length of at most 128")),
    }
}

fn export(fields: &mut Fields, given: &v1::ExportPolicy) -> Result<ExportPolicy, Refused> {
    let texts = &given.communities;
    let communities =
        fields.set("peer.export_policy.communities", texts, EXPORT_COMMUNITIES_MAX, |text| community(text))?;
    match v1::ExportAnnounce::try_from(given.announce) {
        Ok(v1::ExportAnnounce::OwnWithCommunities) if texts.is_empty() => {
            Err(fields.refuse("peer.export_policy.communities", "is empty: list what prefixes must have"))
        }
        Ok(v1::ExportAnnounce::OwnWithCommunities) => Ok(own_with(communities)),
        Ok(_) if !texts.is_empty() => Err(fields
            .refuse("peer.export_policy.communities", "is set: only EXPORT_ANNOUNCE_OWN_WITH_COMMUNITIES looks at it")),
        Ok(v1::ExportAnnounce::Unspecified | v1::ExportAnnounce::Own) => Ok(ExportPolicy::Own),
        Ok(v1::ExportAnnounce::Transit) => Ok(ExportPolicy::Transit),
        Err(_) => {
            let known =
                "EXPORT_ANNOUNCE_OWN (1), EXPORT_ANNOUNCE_OWN_WITH_COMMUNITIES (2) or EXPORT_ANNOUNCE_TRANSIT (3)";
            Err(fields.refuse("peer.export_policy.announce", number(given.announce, known)))
        }
    }
}

fn community(text: &str) -> Result<AnyCommunity, Invalid> {
    match AnyCommunity::from_str(text)? {
        AnyCommunity::Extended(_) => {
            Err(Invalid::new(text, "a standard or large community: FRR cannot look for others by one line"))
        }
        community => Ok(community),
    }
}

fn own_with(communities: BTreeSet<AnyCommunity>) -> ExportPolicy {
    let (mut standard, mut large) = (BTreeSet::new(), BTreeSet::new());
    for community in communities {
        match community {
            AnyCommunity::Standard(community) => drop(standard.insert(community)),
            AnyCommunity::Large(community) => drop(large.insert(community)),
            AnyCommunity::Extended(_) => {}
        }
    }
    ExportPolicy::OwnWith(standard, large)
}

fn max_prefix_action(fields: &mut Fields, message: &v1::BgpPeer) -> Result<MaxPrefixAction, Refused> {
    let (field, minutes) = ("peer.max_prefix_restart_min", message.max_prefix_restart_min);
    let action = match v1::MaxPrefixAction::try_from(message.max_prefix_action) {
        Ok(v1::MaxPrefixAction::Restart) => {
            let given = u16::try_from(minutes).ok().and_then(NonZeroU16::new);
            let given = given.ok_or_else(|| Invalid::number(minutes, "a number of minutes from 1 to 65535"));
            return fields.take(field, given.map(MaxPrefixAction::Restart));
        }
        Ok(v1::MaxPrefixAction::Unspecified | v1::MaxPrefixAction::Warn) => MaxPrefixAction::Warn,
        Ok(v1::MaxPrefixAction::ShutDown) => MaxPrefixAction::ShutDown,
        Err(_) => {
            let known = "MAX_PREFIX_ACTION_WARN (1), MAX_PREFIX_ACTION_RESTART (2) or MAX_PREFIX_ACTION_SHUT_DOWN (3)";
            return Err(fields.refuse("peer.max_prefix_action", number(message.max_prefix_action, known)));
        }
    };
    match minutes {
        0 => Ok(action),
        _ => Err(fields.refuse(field, "is set: only MAX_PREFIX_ACTION_RESTART looks at it")),
    }
}

fn number(given: i32, known: &str) -> String {
    Invalid::new(&given.to_string(), known).to_string()
}

#[cfg(test)]
mod tests;
