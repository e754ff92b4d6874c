//! What a node takes from a neighbor.

use crate::import::{
    fields::Fields,
    report::{Fate, Report},
};

/// What a session of ours does about it.
const TAKES_ALL: &str = "the node takes what it is sent into its routing table, and passes nothing on: have the router send \
                         only what the node should have";

/// Reads `toReceive`, and tells what is different for a peer that was made.
pub(super) fn read(fields: &mut Fields, made: bool, report: &mut Report) {
    let at = fields.at("toReceive");
    let (all, filters) = match fields.map("toReceive", report) {
        Some(mut receive) => {
            let allowed = receive.map("allowed", report).map(|allowed| self::allowed(allowed, report));
            receive.finish(report);
            allowed.unwrap_or_default()
        }
        None => (false, false),
    };
    match (made, all, filters) {
        (false, ..) | (_, true, _) => {}
        (true, false, true) => report.left_out(&at.key("allowed.prefixes"), "", TAKES_ALL),
        (true, false, false) => {
            report.note(Fate::Changed, &at, "", format!("frr-k8s takes no prefix from it; {TAKES_ALL}"));
        }
    }
}

/// Whether all prefixes are taken, and whether some are named.
fn allowed(mut fields: Fields, report: &mut Report) -> (bool, bool) {
    let all = super::outgoing::is_all(&mut fields, report);
    let prefixes = fields.maps("prefixes", report);
    let named = !prefixes.is_empty();
    for mut prefix in prefixes {
        prefix.text("prefix", report);
        prefix.number("le", 1..=128, report);
        prefix.number("ge", 1..=128, report);
        prefix.finish(report);
    }
    fields.finish(report);
    (all, named)
}
