//! Who holds what.

use std::collections::BTreeSet;

use maud::{Markup, html};
use novaroute_core::intent::Kind;

use super::tables::state;
use crate::owner::View;

/// Kinds that have a column, with its heading.
const COLUMNS: [(Kind, &str); 5] = [
    (Kind::BgpGlobal, "BGP instance"),
    (Kind::Peers, "Peers"),
    (Kind::Prefixes, "Prefixes"),
    (Kind::Bfd, "BFD sessions"),
    (Kind::Ospf, "OSPF interfaces"),
];

/// An owner that holds something or has a session.
#[derive(Debug)]
pub(super) struct OwnerRow {
    name: String,
    has_session: bool,
    held: [u32; COLUMNS.len()],
}

pub(super) fn rows(view: &View) -> Vec<OwnerRow> {
    let owners: BTreeSet<_> = view.snapshot.holders().chain(view.sessions.iter()).collect();
    let row = |owner| OwnerRow {
        name: ToString::to_string(owner),
        has_session: view.sessions.contains(owner),
        held: COLUMNS.map(|(kind, _)| view.snapshot.held(owner, kind)),
    };
    owners.into_iter().map(row).collect()
}

pub(super) fn table(owners: &[OwnerRow]) -> Markup {
    html! {
        section id="owners" {
            h2 { "Owners" }
            table {
                thead { tr { th { "Owner" } th { "Session" } @for (_, heading) in COLUMNS { th { (heading) } } } }
                tbody {
                    @for owner in owners {
                        tr {
                            td { (owner.name) }
                            td { (state(if owner.has_session { "open" } else { "none" })) }
                            @for held in owner.held { td { (held) } }
                        }
                    }
                }
            }
        }
    }
}
