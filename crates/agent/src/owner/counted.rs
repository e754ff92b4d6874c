//! The words under which journaled changes are counted.

use novaroute_core::intent::{Change, Kind};

/// Whether a journaled change is one of intents, and not of the owner's session alone.
pub(super) fn concerns_intents(change: &Change) -> bool {
    !matches!(
        change,
        Change::Register(_) | Change::Reopen(_) | Change::Deregister { withdraw_all: false } | Change::Pending(_)
    )
}

/// The kind under which a journaled change counts; a deregistration has none.
pub(super) fn kind_of(change: &Change) -> Option<Kind> {
    change.target().map(|target| target.kind())
}

pub(super) fn operation_of(change: &Change) -> &'static str {
    match change {
        Change::Put(_) => "set",
        Change::Remove(_) => "remove",
        Change::Register(_) | Change::Reopen(_) => "register",
        Change::Deregister { .. } => "deregister",
        Change::Drain(..) | Change::DrainDue(_) => "drain",
        Change::Undrain(_) => "undrain",
        Change::Pending(_) => "confirm",
    }
}
