//! Records of the agent's journal.

use novaroute_core::{
    intent::{Change, IntentKey, Target},
    name::{CONFIG_OWNER, OwnerName},
};

use super::{BadFields, Fields, Refused, Request as _, both, drain::drain_due, session::session_opened};
use crate::journal::{JournalRecord, journal_record};

/// One change that was accepted in an earlier life of the agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Who asked for it; may be the built-in owner.
    pub owner: OwnerName,
    /// Revision of the store that the change made.
    pub revision: u64,
    /// The change.
    pub change: Change,
}

/// Parses a record of the journal.
///
/// # Errors
/// [`BadFields`] when the record is damaged, or was written by an agent that accepted more than this one.
pub fn record(record: &JournalRecord) -> Result<Record, BadFields> {
    let mut fields = Fields::default();
    let owner = match record.owner.as_str() {
        CONFIG_OWNER => Ok(OwnerName::config()),
        name => fields.take("owner", name.parse()),
    };
    let change = change(&mut fields, record.change.as_ref());
    let revision = record.revision;
    fields.finish(both(owner, change).map(|(owner, change)| Record { owner, revision, change }))
}

fn change(fields: &mut Fields, change: Option<&journal_record::Change>) -> Result<Change, Refused> {
    use journal_record::Change as Recorded;
    match change {
        Some(Recorded::Register(request)) => request.change(fields),
        Some(Recorded::Deregister(request)) => request.change(fields),
        Some(Recorded::ConfigureBgp(request)) => request.change(fields),
        Some(Recorded::ApplyPeer(request)) => request.change(fields),
        Some(Recorded::RemovePeer(request)) => request.change(fields),
        Some(Recorded::AdvertisePrefix(request)) => request.change(fields),
        Some(Recorded::WithdrawPrefix(request)) => request.change(fields),
        Some(Recorded::EnableBfd(request)) => request.change(fields),
        Some(Recorded::DisableBfd(request)) => request.change(fields),
        Some(Recorded::EnableOspf(request)) => request.change(fields),
        Some(Recorded::DisableOspf(request)) => request.change(fields),
        Some(Recorded::RemoveBgp(_)) => Ok(Change::Remove(Target::Key(IntentKey::Bgp))),
        Some(Recorded::SessionOpened(opened)) => session_opened(fields, opened),
        Some(Recorded::Drain(request)) => request.change(fields),
        Some(Recorded::DrainDue(due)) => drain_due(fields, due),
        Some(Recorded::Undrain(request)) => request.change(fields),
        None => Err(fields.refuse("change", "is not set: the record is damaged or of a newer agent")),
    }
}
