//! What is held, and by whom, as tables.

use std::time::Duration;

use novaroute_api::v1;

use super::{
    table::{Cell, Column, grid},
    time::since,
};

/// The owners.
pub(crate) fn owners(answer: &v1::ListOwnersResponse, wide: bool, colour: bool) -> String {
    match answer.owners.as_slice() {
        [] => "Owners: none\n".into(),
        owners => grid(OWNERS, owners, wide).text(colour),
    }
}

/// The intents.
pub(crate) fn intents(answer: &v1::ListIntentsResponse, wide: bool, colour: bool) -> String {
    match answer.intents.as_slice() {
        [] => "Intents: none\n".into(),
        intents => grid(INTENTS, intents, wide).text(colour),
    }
}

const OWNERS: &[Column<v1::OwnerStatus>] = &[
    Column::new("OWNER", |owner| Cell::text(&owner.owner)),
    Column::new("SESSION", |owner| Cell::text(if owner.registered { "open" } else { "" })),
    Column::new("ENDS IN", |owner| Cell::text(time(owner.lapses_in_ms))),
    Column::new("PEERS", |owner| Cell::text(count(owner, "peers"))),
    Column::new("PREFIXES", |owner| Cell::text(count(owner, "prefixes"))),
    Column::new("BFD", |owner| Cell::text(count(owner, "bfd"))),
    Column::new("OSPF", |owner| Cell::text(count(owner, "ospf"))),
    Column::new("NOT IN FORCE", |owner| Cell::text(not_in_force(owner))),
    Column::new("REFUSED CALLS", |owner| Cell::text(owner.refusals.iter().map(|refusal| refusal.count).sum::<u64>())),
    Column::new("GOES BACK IN", |owner: &v1::OwnerStatus| {
        Cell::text(time(owner.pending_change.as_ref().map(|change| change.left_ms)))
    })
    .optional(),
    Column::new("INSTANCE", |owner: &v1::OwnerStatus| Cell::text(&owner.instance)).wide(),
    Column::new("EPOCH", |owner: &v1::OwnerStatus| Cell::text(owner.epoch)).wide(),
    Column::new("WITHDRAWN IN", |owner: &v1::OwnerStatus| Cell::text(time(owner.expires_in_ms))).wide(),
    Column::new("STATES", |owner: &v1::OwnerStatus| Cell::text(states(owner))).wide(),
];

const INTENTS: &[Column<v1::HeldIntent>] = &[
    Column::new("INTENT", |intent| Cell::text(&intent.key)),
    Column::new("STATE", |intent| Cell::state(&intent.state)),
    Column::new("OWNER", |intent| Cell::text(&intent.owner)),
    Column::new("PROGRAMMED AT", |intent: &v1::HeldIntent| Cell::text(since(intent.programmed_at))).wide(),
    Column::new("REASON", |intent: &v1::HeldIntent| Cell::text(&intent.reason)).optional(),
];

fn count(owner: &v1::OwnerStatus, kind: &str) -> u32 {
    owner.intents.iter().filter(|count| count.kind == kind).map(|count| count.count).sum()
}

/// Intents that FRR does not run: pending, refused or overridden.
fn not_in_force(owner: &v1::OwnerStatus) -> u32 {
    let elsewhere = ["pending", "refused", "overridden"];
    let counts = owner.intents.iter().filter(|count| elsewhere.contains(&count.state.as_str()));
    counts.map(|count| count.count).sum()
}

fn states(owner: &v1::OwnerStatus) -> String {
    let states = owner.intents.iter().map(|count| format!("{} {} {}", count.count, count.kind, count.state));
    states.collect::<Vec<_>>().join(", ")
}

/// Whole seconds; nothing where no clock runs.
fn time(ms: Option<u64>) -> String {
    ms.map(|ms| format!("{}s", Duration::from_millis(ms).as_secs())).unwrap_or_default()
}
