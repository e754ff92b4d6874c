//! Conditions in the status of a resource.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

/// Type, whether it holds, reason, message.
pub(crate) type Said = (&'static str, bool, &'static str, String);

/// A condition that follows those of `before`. Its time stays while it holds, or does not.
pub(crate) fn dated(said: Said, before: &[Condition], generation: Option<i64>, now: &Time) -> Condition {
    let (kind, holds, reason, message) = said;
    let status = if holds { "True" } else { "False" };
    let same = before.iter().find(|condition| condition.type_ == kind && condition.status == status);
    Condition {
        type_: kind.to_owned(),
        status: status.to_owned(),
        reason: reason.to_owned(),
        message,
        observed_generation: generation,
        last_transition_time: same.map_or_else(|| now.clone(), |same| same.last_transition_time.clone()),
    }
}
