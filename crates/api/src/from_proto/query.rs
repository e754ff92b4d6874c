//! The two requests that only read.

use std::collections::BTreeSet;

use novaroute_core::{
    event::{Event, EventType},
    invalid::Invalid,
    name::{CONFIG_OWNER, OwnerName},
};

use super::{BadFields, Fields, Refused, both};
use crate::v1;

/// Whose intents a status shows; `None` means everybody's.
///
/// # Errors
/// [`BadFields`] when the filter cannot be the name of an owner.
pub fn owner_filter(request: &v1::GetStatusRequest) -> Result<Option<OwnerName>, BadFields> {
    let mut fields = Fields::default();
    let owner = owner(&mut fields, &request.owner_filter);
    fields.finish(owner)
}

/// Which events a stream carries.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventFilter {
    /// Only those about this owner; `None` means all.
    pub owner: Option<OwnerName>,
    /// Only those of these types; empty means all.
    pub types: BTreeSet<EventType>,
}

impl EventFilter {
    /// Whether the stream carries the event. A LAGGED marker is not asked about: it stands in every stream
    /// that missed something.
    #[must_use]
    pub fn matches(&self, event: &Event) -> bool {
        let owner = self.owner.is_none() || self.owner == event.owner;
        owner && (self.types.is_empty() || self.types.contains(&event.event_type))
    }
}

/// Parses the filters of a stream.
///
/// # Errors
/// [`BadFields`] when the owner filter cannot be a name, or naming each type that is unknown.
pub fn event_filter(request: &v1::StreamEventsRequest) -> Result<EventFilter, BadFields> {
    let mut fields = Fields::default();
    let owner = owner(&mut fields, &request.owner_filter);
    let types = event_types(&mut fields, &request.event_types);
    fields.finish(both(owner, types).map(|(owner, types)| EventFilter { owner, types }))
}

/// The built-in owner is nobody's to speak for, but its intents may be looked at.
fn owner(fields: &mut Fields, text: &str) -> Result<Option<OwnerName>, Refused> {
    match text {
        "" => Ok(None),
        CONFIG_OWNER => Ok(Some(OwnerName::config())),
        name => fields.take("owner_filter", name.parse()).map(Some),
    }
}

fn event_types(fields: &mut Fields, texts: &[String]) -> Result<BTreeSet<EventType>, Refused> {
    let mut take = |(at, text): (usize, &String)| fields.take(&format!("event_types[{at}]"), event_type(text));
    // All of them are looked at before the first refusal counts.
    let parsed: Vec<_> = texts.iter().enumerate().map(&mut take).collect();
    parsed.into_iter().collect()
}

fn event_type(text: &str) -> Result<EventType, Invalid> {
    EventType::from_text(text).ok_or_else(|| {
        let known: Vec<_> = EventType::ALL.iter().map(|known| known.as_str()).collect();
        Invalid::new(text, format!("an event type: one of {}, or its number", known.join(", ")))
    })
}

#[cfg(test)]
mod tests;
