//! The requests that only read.

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
    let owner = owner(&mut fields, "owner_filter", &request.owner_filter);
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

/// Where a stream begins that goes on from an earlier one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resume {
    /// Number of the first event that is wanted.
    pub from_sequence: u64,
    /// The run of the agent that gave the number; `None`: the client does not say.
    pub boot_id: Option<String>,
}

/// What a subscriber asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StreamCall {
    /// Which events.
    pub filter: EventFilter,
    /// From where on; `None`: from now on.
    pub resume: Option<Resume>,
    /// Whether it wants to be told how things are, before what is news.
    pub snapshot: bool,
}

/// Longest `boot_id`, in bytes; ours are shorter.
const BOOT_ID_BYTES_MAX: usize = 64;

/// Parses the request for a stream.
///
/// # Errors
/// [`BadFields`] when the owner filter cannot be a name, naming each type that is unknown, or when the place to begin
/// at makes no sense by itself.
pub fn stream_call(request: &v1::StreamEventsRequest) -> Result<StreamCall, BadFields> {
    let v1::StreamEventsRequest { owner_filter, event_types, from_sequence, boot_id, snapshot } = request;
    let mut fields = Fields::default();
    let owner = owner(&mut fields, "owner_filter", owner_filter);
    let types = self::event_types(&mut fields, event_types);
    let resume = resume(&mut fields, *from_sequence, boot_id);
    let call = both(both(owner, types), resume).map(|((owner, types), resume)| {
        let filter = EventFilter { owner, types };
        StreamCall { filter, resume, snapshot: *snapshot }
    });
    fields.finish(call)
}

/// The refusal of a place that the stream has not reached: the next event is `next_sequence`.
#[must_use]
pub fn sequence_beyond(request: &v1::StreamEventsRequest, next_sequence: u64) -> BadFields {
    let text = format!(
        "{} is beyond the next event of this run of the agent, {next_sequence}: set boot_id to that of the run that gave \
         the number, or leave from_sequence out to follow from now on",
        request.from_sequence.unwrap_or_default()
    );
    Fields::default().refused("from_sequence", text)
}

fn resume(fields: &mut Fields, from_sequence: Option<u64>, boot_id: &str) -> Result<Option<Resume>, Refused> {
    let boot_id = fields.take("boot_id", self::boot_id(boot_id))?;
    match from_sequence {
        Some(from_sequence) => Ok(Some(Resume { from_sequence, boot_id })),
        None if boot_id.is_some() => {
            let text = "is set without from_sequence, to which it belongs: set both, or neither to follow from now on";
            Err(fields.refuse("boot_id", text))
        }
        None => Ok(None),
    }
}

fn boot_id(text: &str) -> Result<Option<String>, Invalid> {
    if text.len() > BOOT_ID_BYTES_MAX || !text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        let expected = format!("a boot_id as events tell it: up to {BOOT_ID_BYTES_MAX} letters, digits and hyphens");
        return Err(Invalid::new(text, expected));
    }
    Ok(Some(text.to_owned()).filter(|text| !text.is_empty()))
}

/// The built-in owner is nobody's to speak for, but its intents may be looked at.
pub(super) fn owner(fields: &mut Fields, field: &str, text: &str) -> Result<Option<OwnerName>, Refused> {
    match text {
        "" => Ok(None),
        CONFIG_OWNER => Ok(Some(OwnerName::config())),
        name => fields.take(field, name.parse()).map(Some),
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
