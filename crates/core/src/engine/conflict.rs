//! Who may have a key that is taken.

use crate::intent::{Intent, IntentKey};
use crate::name::OwnerName;
use crate::policy::Policy;
use crate::rejection::{Rejection, RejectionClass};
use crate::state::Reason;
use crate::store::{Entry, Place, Slot};

pub(super) fn is_refused_by_frr(entry: &Entry) -> bool {
    entry.status.cause.as_ref().is_some_and(|cause| cause.reason == Reason::FrrRefused)
}

/// Where the intent of an owner goes that holds no place of an occupied slot; `None`: nothing to do.
pub(super) fn takes_over(
    policy: &Policy,
    owner: &OwnerName,
    slot: &Slot,
    intent: &Intent,
) -> Result<Option<Place>, Rejection> {
    // What the configuration file says of the node holds whatever clients said before it was there.
    let may_override = policy.can_override || owner.is_config();
    if may_override && slot.at(Place::Over).is_none() {
        return Ok(Some(Place::Over));
    }
    // Whoever overrides holds the instance even where it is the same: the holder below may change or remove its own.
    let same_instance = matches!(intent, Intent::Bgp(_)) && slot.live().is_some_and(|live| live.intent == *intent);
    if same_instance {
        return Ok(None);
    }
    let class = match intent {
        Intent::Bgp(_) => RejectionClass::FailedPrecondition,
        _ => RejectionClass::AlreadyExists,
    };
    Err(held_by_another(class, &intent.key(), slot))
}

pub(super) fn held_by_another(class: RejectionClass, key: &IntentKey, slot: &Slot) -> Rejection {
    let holder = slot.live().map_or_else(String::new, |live| live.owner.to_string());
    let reason = match class {
        RejectionClass::FailedPrecondition => Reason::BgpInstanceHeld,
        _ => Reason::HeldByAnother,
    };
    Rejection::new(class, reason, format!("{key} is held by owner {holder}")).with("holder", holder).with("key", key)
}
