//! Domain values out, messages in the other direction: what the journal keeps and what clients read.
//!
//! For every change `from_proto(to_proto(change)) == change`. Each function takes its value apart without
//! `..`, so a field that is added to the domain does not compile before it has a place on the wire.

mod drain;
mod event;
mod exchange;
mod explain;
mod page;
mod request;

use novaroute_core::{
    intent::{Change, Protocol},
    name::OwnerName,
};

pub use event::{Stamp, event};
pub use explain::explanation;
pub use page::page_token;
pub(crate) use request::change;
pub use request::{advertise_prefix, apply_peer, configure_bgp, enable_bfd, enable_ospf, intent_item, remove_peer};

use crate::{
    journal::{Batch, JournalRecord, journal_record::Change as Recorded},
    v1,
};

/// The journal's record of changes that are accepted as one. It holds passwords in the clear and no tokens.
#[must_use]
pub fn record(owner: &OwnerName, revision: u64, changes: &[Change]) -> JournalRecord {
    let recorded = match changes {
        [change] => request::change(change),
        changes => {
            let changes = changes.iter().map(|change| recorded(request::change(change)));
            Recorded::Batch(Batch { changes: changes.collect() })
        }
    };
    JournalRecord { owner: owner.to_string(), revision, ..self::recorded(recorded) }
}

fn recorded(change: Recorded) -> JournalRecord {
    JournalRecord { change: Some(change), ..JournalRecord::default() }
}

/// The protocol on the wire.
#[must_use]
pub fn protocol(protocol: Protocol) -> v1::Protocol {
    match protocol {
        Protocol::Bgp => v1::Protocol::Bgp,
        Protocol::Ospf => v1::Protocol::Ospf,
    }
}

/// The text of a value; empty, which means "not set", without one.
fn text(value: Option<&impl ToString>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

#[cfg(test)]
mod tests;
