//! Messages in, domain values out: the only parse of what clients send.
//!
//! All bad fields of a request are found at once, in the order of the fields, and each is reported by its
//! path in the proto (`peer.hold_time`). After this nothing can be wrong with a value, only with whether its
//! owner may have it.

mod batch;
mod bfd;
mod bgp;
mod credentials;
mod drain;
mod exchange;
mod explain;
mod fields;
mod journal;
mod list;
mod ospf;
mod peer;
mod prefix;
mod query;
mod session;

use novaroute_core::{intent::Change, invalid::Invalid, wait::Wait};

use crate::v1;

pub use batch::{
    BatchHead, ITEMS_MAX, MESSAGE_BYTES_MAX, STREAM_ITEMS_MAX, batch_head, batch_items, confirm, item_word, only_items,
    too_many_items,
};
pub use credentials::{Credentials, TOKEN_BYTES_MAX, Token, credentials};
pub use exchange::{EXPORT_COMMUNITIES_MAX, IMPORT_PREFIXES_MAX};
pub use explain::{ExplainCall, explain_call};
pub use fields::{BadFields, Fields, Refused, Violation};
pub use journal::{Record, record};
pub use list::{ListCall, PAGE_MAX, list_intents, list_owners};
pub use prefix::{AUDIENCE_PEERS_MAX, COMMUNITIES_MAX, EXTENDED_COMMUNITIES_MAX, LARGE_COMMUNITIES_MAX};
pub use query::{EventFilter, Resume, StreamCall, owner_filter, sequence_beyond, stream_call};
pub use session::{SESSION_METADATA, SessionRequest, session_metadata};

/// A mutating request: who says it, with what proof, and the one change that it asks for.
pub trait Request {
    /// The field `owner`.
    fn owner(&self) -> &str;

    /// The field `token`.
    fn token(&self) -> &str;

    /// The field `wait`.
    fn wait(&self) -> i32;

    /// The field `dry_run`.
    fn dry_run(&self) -> bool;

    /// Parses all other fields, and leaves what is wrong with them in `fields`.
    ///
    /// # Errors
    /// [`Refused`] when a field was refused.
    fn change(&self, fields: &mut Fields) -> Result<Change, Refused>;
}

/// A well-formed mutating request. Nothing is known yet about the truth of its credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call<T = Change> {
    /// Who the caller claims to be.
    pub credentials: Credentials,
    /// What the caller asks for.
    pub change: T,
    /// When the caller wants the answer.
    pub wait: Wait,
    /// The caller only wants to know what the call would do.
    pub dry_run: bool,
}

/// Parses a mutating request.
///
/// # Errors
/// [`BadFields`] with every field that is malformed or out of range.
pub fn call(request: &impl Request) -> Result<Call, BadFields> {
    let mut fields = Fields::default();
    let credentials = credentials::parse(&mut fields, request.owner(), request.token());
    let change = request.change(&mut fields);
    finish(fields, credentials, change, request.wait(), request.dry_run())
}

fn finish<T>(
    mut fields: Fields,
    credentials: Result<Credentials, Refused>,
    change: Result<T, Refused>,
    wait_number: i32,
    dry_run: bool,
) -> Result<Call<T>, BadFields> {
    let wait = fields.take("wait", wait(wait_number));
    let call = both(both(credentials, change), wait);
    fields.finish(call.map(|((credentials, change), wait)| Call { credentials, change, wait, dry_run }))
}

fn wait(number: i32) -> Result<Wait, Invalid> {
    match v1::Wait::try_from(number) {
        Ok(v1::Wait::None) => Ok(Wait::None),
        Ok(v1::Wait::Programmed) => Ok(Wait::Programmed),
        Ok(v1::Wait::Advertised) => Ok(Wait::Advertised),
        Err(_) => Err(Invalid::new(&number.to_string(), "WAIT_NONE (0), WAIT_PROGRAMMED (1) or WAIT_ADVERTISED (2)")),
    }
}

fn both<A, B>(a: Result<A, Refused>, b: Result<B, Refused>) -> Result<(A, B), Refused> {
    Ok((a?, b?))
}

/// Implements [`Request`] for a message with the fields `owner` and `token`.
macro_rules! request {
    ($message:ident, $change:expr) => {
        impl crate::from_proto::Request for crate::v1::$message {
            fn owner(&self) -> &str {
                &self.owner
            }

            fn token(&self) -> &str {
                &self.token
            }

            fn wait(&self) -> i32 {
                self.wait
            }

            fn dry_run(&self) -> bool {
                self.dry_run
            }

            fn change(
                &self,
                fields: &mut crate::from_proto::Fields,
            ) -> Result<novaroute_core::intent::Change, crate::from_proto::Refused> {
                let change: fn(&mut crate::from_proto::Fields, &Self) -> _ = $change;
                change(fields, self)
            }
        }
    };
}
use request;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
