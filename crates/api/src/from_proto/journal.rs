//! Records of the agent's journal.

use novaroute_core::{
    intent::{Change, IntentKey, Target},
    name::{CONFIG_OWNER, OwnerName},
    pending::{ConfirmWithin, PendingStep, PendingTerms},
};

use super::{BadFields, Fields, Refused, Request as _, both, drain::drain_due, session::session_opened};
use crate::journal::{JournalRecord, PendingOpened, journal_record};

/// What was accepted as one in an earlier life of the agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Who asked for it; may be the built-in owner.
    pub owner: OwnerName,
    /// Revision of the store that the last change made.
    pub revision: u64,
    /// The changes, oldest first.
    pub changes: Vec<Change>,
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
    let changes = changes(&mut fields, record.change.as_ref());
    let revision = record.revision;
    fields.finish(both(owner, changes).map(|(owner, changes)| Record { owner, revision, changes }))
}

fn changes(fields: &mut Fields, recorded: Option<&journal_record::Change>) -> Result<Vec<Change>, Refused> {
    match recorded {
        Some(journal_record::Change::Batch(batch)) => {
            batch.changes.iter().map(|recorded| change(fields, recorded.change.as_ref())).collect()
        }
        recorded => change(fields, recorded).map(|change| vec![change]),
    }
}

pub(super) fn change(fields: &mut Fields, change: Option<&journal_record::Change>) -> Result<Change, Refused> {
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
        Some(Recorded::PendingOpened(opened)) => pending_opened(fields, opened),
        Some(Recorded::PendingSettled(settled)) => {
            let id = fields.take("change_id", settled.change_id.parse())?;
            Ok(Change::Pending(PendingStep::Settled(id)))
        }
        Some(Recorded::Batch(_)) => Err(fields.refuse("change", "is a batch within a batch, which nobody writes")),
        None => Err(fields.refuse("change", "is not set: the record is damaged or of a newer agent")),
    }
}

fn pending_opened(fields: &mut Fields, opened: &PendingOpened) -> Result<Change, Refused> {
    let PendingOpened { change_id, confirm_within_s, undo } = opened;
    let id = fields.take("change_id", change_id.parse());
    let within = match fields.take("confirm_within_s", ConfirmWithin::new(*confirm_within_s))? {
        Some(within) => within,
        None => return Err(fields.refuse("confirm_within_s", "is not set: the record is damaged")),
    };
    let undo: Result<Vec<_>, _> = undo.iter().map(|recorded| change(fields, recorded.change.as_ref())).collect();
    Ok(Change::Pending(PendingStep::Opened(PendingTerms { id: id?, within, undo: undo? })))
}
