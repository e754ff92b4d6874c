//! The events of decisions and outcomes.

use crate::bgp::BgpInstance;
use crate::event::{Event, EventType};
use crate::intent::IntentKey;
use crate::name::OwnerName;
use crate::rejection::{Rejection, RejectionClass};
use crate::state::{IntentState, IntentStatus};

pub(crate) fn status_event(
    owner: &OwnerName,
    key: &IntentKey,
    former: IntentState,
    status: &IntentStatus,
) -> Option<Event> {
    let (event_type, what) = match status.state {
        IntentState::Programmed if former != IntentState::Programmed => (EventType::IntentProgrammed, "programmed"),
        IntentState::Refused => (EventType::IntentRefused, "refused"),
        _ => return None,
    };
    let cause = status.cause.as_ref();
    let detail = cause.map_or_else(|| format!("{key} {what}"), |cause| format!("{key} {what}: {}", cause.detail));
    let mut event = Event::new(event_type, detail).of(owner).about(key);
    event.reason = cause.map(|cause| cause.reason);
    Some(event)
}

pub(super) fn bgp_config_changed(owner: &OwnerName, instance: BgpInstance) -> Event {
    let BgpInstance { local_as, router_id } = instance;
    Event::new(EventType::BgpConfigChanged, format!("BGP runs with AS {local_as}, router id {router_id}"))
        .of(owner)
        .about(&IntentKey::Bgp)
        .with("local_as", local_as)
        .with("router_id", router_id)
}

/// The event of a request that permission or policy refused; `None` for other rejections.
#[must_use]
pub fn violation_event(owner: &OwnerName, rejection: &Rejection) -> Option<Event> {
    if rejection.class != RejectionClass::PermissionDenied {
        return None;
    }
    let mut event =
        Event::new(EventType::PolicyViolation, rejection.message.clone()).of(owner).because(rejection.reason);
    event.metadata.clone_from(&rejection.metadata);
    event.metadata.insert("reason", rejection.reason.to_string());
    Some(event)
}
