//! What asks for lists.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use novaroute_core::{
    intent::{Change, IntentKey, Target},
    invalid::Invalid,
    name::OwnerName,
};
use prost::Message as _;

use super::{BadFields, Fields, both, journal, query};
use crate::{journal::JournalRecord, v1};

/// Intents of a page for which no size is given.
const PAGE_DEFAULT: usize = 1_000;
/// Most intents of a page.
pub const PAGE_MAX: usize = 10_000;
/// Longest token; ours are far shorter.
const PAGE_TOKEN_BYTES_MAX: usize = 1_024;

/// Which intents are listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListCall {
    /// Only those of this owner; `None` means all.
    pub owner: Option<OwnerName>,
    /// How many at most.
    pub page_size: usize,
    /// Only those behind this key.
    pub after: Option<IntentKey>,
}

/// Parses the request for a page of intents.
///
/// # Errors
/// [`BadFields`] with every field that is malformed.
pub fn list_intents(request: &v1::ListIntentsRequest) -> Result<ListCall, BadFields> {
    let v1::ListIntentsRequest { owner_filter, page_size, page_token } = request;
    let mut fields = Fields::default();
    let owner = query::owner(&mut fields, "owner_filter", owner_filter);
    let page_size = fields.take("page_size", self::page_size(*page_size));
    let after = fields.take("page_token", self::page_token(page_token));
    let call = both(both(owner, page_size), after);
    fields.finish(call.map(|((owner, page_size), after)| ListCall { owner, page_size, after }))
}

/// Which owner is listed; `None` means all.
///
/// # Errors
/// [`BadFields`] when the filter cannot be the name of an owner.
pub fn list_owners(request: &v1::ListOwnersRequest) -> Result<Option<OwnerName>, BadFields> {
    let mut fields = Fields::default();
    let owner = query::owner(&mut fields, "owner_filter", &request.owner_filter);
    fields.finish(owner)
}

fn page_size(number: u32) -> Result<usize, Invalid> {
    match usize::try_from(number) {
        Ok(0) => Ok(PAGE_DEFAULT),
        Ok(size) if size <= PAGE_MAX => Ok(size),
        _ => Err(Invalid::number(number, format!("a page of 1 to {PAGE_MAX} intents; 0 means {PAGE_DEFAULT}"))),
    }
}

fn page_token(text: &str) -> Result<Option<IntentKey>, Invalid> {
    if text.is_empty() {
        return Ok(None);
    }
    key(text).map(Some).ok_or_else(|| Invalid::new(text, "the next_page_token of an answer"))
}

fn key(text: &str) -> Option<IntentKey> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok().filter(|_| text.len() <= PAGE_TOKEN_BYTES_MAX)?;
    let record = JournalRecord::decode(bytes.as_slice()).ok()?;
    match journal::change(&mut Fields::default(), record.change.as_ref()) {
        Ok(Change::Remove(Target::Key(key))) => Some(key),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use novaroute_core::{bfd::BfdKey, bfd::Hop, intent::Protocol};

    use super::*;
    use crate::to_proto;

    fn listed(page_size: u32, page_token: &str) -> Result<ListCall, BadFields> {
        list_intents(&v1::ListIntentsRequest { page_size, page_token: page_token.to_owned(), ..Default::default() })
    }

    #[test]
    fn a_list_goes_on_behind_any_key() {
        let peer = "fe80::1".parse().unwrap();
        for key in [
            IntentKey::Bgp,
            IntentKey::Peer("10.0.0.2".parse().unwrap()),
            IntentKey::Prefix(Protocol::Ospf, "fd00::/64".parse().unwrap()),
            IntentKey::Bfd(BfdKey { peer, interface: "eth0".parse().ok(), hop: Hop::Single }),
            IntentKey::Bfd(BfdKey { peer: "10.0.0.2".parse().unwrap(), interface: None, hop: Hop::Single }),
            IntentKey::Ospf("eth0".parse().unwrap()),
        ] {
            assert_eq!(listed(0, &to_proto::page_token(&key)).unwrap().after, Some(key));
        }
    }

    #[test]
    fn pages_have_a_size_and_tokens_are_ours() {
        assert_eq!(listed(0, "").unwrap(), ListCall { owner: None, page_size: 1_000, after: None });
        assert_eq!(listed(10_000, "").unwrap().page_size, 10_000);
        for (page_size, token, field) in [(10_001, "", "page_size"), (1, "x", "page_token"), (1, "AAAA", "page_token")]
        {
            assert_eq!(listed(page_size, token).unwrap_err().violations()[0].field, field, "{page_size} {token}");
        }
    }
}
