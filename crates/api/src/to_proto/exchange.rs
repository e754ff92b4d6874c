//! What is exchanged with a peer.

use novaroute_core::exchange::{
    Accepted, AllowAsIn, Exchange, ExportPolicy, ImportPolicy, MaxPrefixAction, PrefixRange,
};

use crate::v1;

/// A peer with these fields alone.
pub(super) fn exchange(exchange: &Exchange) -> v1::BgpPeer {
    let Exchange { import, export, next_hop_self, allowas_in, max_prefix_action } = exchange;
    let (action, minutes) = match max_prefix_action {
        MaxPrefixAction::Warn => (v1::MaxPrefixAction::Unspecified, 0),
        MaxPrefixAction::Restart(minutes) => (v1::MaxPrefixAction::Restart, minutes.get().into()),
        MaxPrefixAction::ShutDown => (v1::MaxPrefixAction::ShutDown, 0),
    };
    v1::BgpPeer {
        max_prefix_action: action.into(),
        max_prefix_restart_min: minutes,
        import_policy: Some(import_policy(import)).filter(|policy| *policy != v1::ImportPolicy::default()),
        export_policy: export_policy(export),
        next_hop_self: *next_hop_self,
        allowas_in: allowas_in.map_or(0, |allowed: AllowAsIn| allowed.times().into()),
        ..Default::default()
    }
}

fn import_policy(import: &ImportPolicy) -> v1::ImportPolicy {
    let ImportPolicy { accepted, refuse_default_route } = import;
    let (accept, prefixes) = match accepted {
        Accepted::All => (v1::ImportAccept::Unspecified, Vec::new()),
        Accepted::Listed(ranges) => (v1::ImportAccept::Listed, ranges.iter().map(range).collect()),
        Accepted::Nothing => (v1::ImportAccept::Nothing, Vec::new()),
    };
    v1::ImportPolicy { accept: accept.into(), prefixes, refuse_default_route: *refuse_default_route }
}

fn range(range: &PrefixRange) -> v1::PrefixRange {
    let length = |length: Option<u8>| length.map_or(0, u32::from);
    v1::PrefixRange { prefix: range.prefix().to_string(), ge: length(range.ge()), le: length(range.le()) }
}

fn export_policy(export: &ExportPolicy) -> Option<v1::ExportPolicy> {
    let (announce, communities) = match export {
        ExportPolicy::Own => return None,
        ExportPolicy::OwnWith(standard, large) => {
            let standard = standard.iter().map(ToString::to_string);
            let communities = standard.chain(large.iter().map(ToString::to_string)).collect();
            (v1::ExportAnnounce::OwnWithCommunities, communities)
        }
        ExportPolicy::Transit => (v1::ExportAnnounce::Transit, Vec::new()),
    };
    Some(v1::ExportPolicy { announce: announce.into(), communities })
}
