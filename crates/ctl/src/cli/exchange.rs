//! What is exchanged with a peer.

use clap::Args;
use novaroute_api::v1;

use super::values::{self, EnumWord};

/// Arguments of `apply-peer` that say what comes in from the peer and what goes
/// out to it.
#[derive(Args)]
pub(crate) struct ExchangeArgs {
    /// What becomes of a peer that sends more than --max-prefix: warn, restart or
    /// shut-down [default: warn]
    #[arg(long, value_name = "ACTION", value_parser = EnumWord("MaxPrefixAction"))]
    pub(crate) max_prefix_action: Option<i32>,
    /// Minutes until a session may come up again, with --max-prefix-action
    /// restart
    #[arg(long, value_name = "MIN", default_value_t = 0, hide_default_value = true)]
    pub(crate) max_prefix_restart_min: u32,
    /// Which of the peer's prefixes are taken in: all, listed or nothing
    /// [default: all, or listed with --import-prefixes]
    #[arg(long, value_name = "WHICH", value_parser = EnumWord("ImportAccept"))]
    pub(crate) import: Option<i32>,
    /// Prefixes to take in, with the lengths of those inside if wanted, as in
    /// '10.0.0.0/8 ge 16 le 24'; comma separated or given again
    #[arg(long, value_name = "PREFIX", value_delimiter = ',', value_parser = values::prefix_range)]
    pub(crate) import_prefixes: Vec<v1::PrefixRange>,
    /// Do not take in a default route, whatever else
    #[arg(long)]
    pub(crate) refuse_default_route: bool,
    /// Which prefixes the peer is sent: own, own-with-communities or transit
    /// [default: own, or own-with-communities with --export-communities]
    #[arg(long, value_name = "WHICH", value_parser = EnumWord("ExportAnnounce"))]
    pub(crate) export: Option<i32>,
    /// Communities, standard and large, of which a prefix must have one, comma
    /// separated or given again
    #[arg(long, value_name = "COMMUNITY", value_delimiter = ',')]
    pub(crate) export_communities: Vec<String>,
    /// The node is the next hop of all that the peer is sent
    #[arg(long)]
    pub(crate) next_hop_self: bool,
    /// How often the node's AS may be in a path that is taken in [default: 0]
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) allowas_in: u32,
}

impl ExchangeArgs {
    /// Adds them to a peer.
    pub(crate) fn of(self, peer: v1::BgpPeer) -> v1::BgpPeer {
        let import_policy = v1::ImportPolicy {
            accept: chosen(self.import, !self.import_prefixes.is_empty(), v1::ImportAccept::Listed),
            prefixes: self.import_prefixes,
            refuse_default_route: self.refuse_default_route,
        };
        let export_policy = v1::ExportPolicy {
            announce: chosen(self.export, !self.export_communities.is_empty(), v1::ExportAnnounce::OwnWithCommunities),
            communities: self.export_communities,
        };
        v1::BgpPeer {
            max_prefix_action: self.max_prefix_action.unwrap_or_default(),
            max_prefix_restart_min: self.max_prefix_restart_min,
            import_policy: Some(import_policy).filter(|policy| *policy != v1::ImportPolicy::default()),
            export_policy: Some(export_policy).filter(|policy| *policy != v1::ExportPolicy::default()),
            next_hop_self: self.next_hop_self,
            allowas_in: self.allowas_in,
            ..peer
        }
    }
}

/// The word that was given, or the one that a list which was given stands for.
fn chosen(word: Option<i32>, listed: bool, with_list: impl Into<i32>) -> i32 {
    word.unwrap_or(if listed { with_list.into() } else { 0 })
}
