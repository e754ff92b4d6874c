//! Where a list goes on.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use novaroute_core::intent::{Change, IntentKey, Target};
use prost::Message as _;

use super::{recorded, request};

/// What asks for the page behind a key. Its inside is nobody's business: the message that would take the key back.
#[must_use]
pub fn page_token(last: &IntentKey) -> String {
    let removal = recorded(request::change(&Change::Remove(Target::Key(last.clone()))));
    URL_SAFE_NO_PAD.encode(removal.encode_to_vec())
}
