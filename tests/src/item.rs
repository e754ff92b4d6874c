//! Items of a call with many changes.

use novaroute_api::v1;
use novaroute_api::v1::intent_item::Change;

use crate::config::token;

/// ApplyIntents of an owner; the rest as `head` says.
#[must_use]
pub fn apply(owner: &str, items: Vec<v1::IntentItem>, head: v1::ApplyIntentsRequest) -> v1::ApplyIntentsRequest {
    v1::ApplyIntentsRequest { owner: owner.to_owned(), token: token(owner), items, ..head }
}

/// All that the owner wants.
#[must_use]
pub fn replace() -> v1::ApplyIntentsRequest {
    v1::ApplyIntentsRequest { mode: v1::ApplyMode::Replace.into(), ..Default::default() }
}

/// An item.
#[must_use]
pub fn item(change: Change) -> v1::IntentItem {
    v1::IntentItem { change: Some(change) }
}

/// A prefix by BGP, with a MED or without.
#[must_use]
pub fn prefix(prefix: &str, med: Option<u32>) -> v1::IntentItem {
    let attributes = med.map(|med| v1::PrefixAttributes { multi_exit_disc: Some(med), ..Default::default() });
    let (prefix, protocol) = (prefix.to_owned(), v1::Protocol::Bgp.into());
    item(Change::AdvertisePrefix(v1::AdvertisePrefixRequest { prefix, protocol, attributes, ..Default::default() }))
}

/// A prefix by BGP that is taken back.
#[must_use]
pub fn withdraw(prefix: &str) -> v1::IntentItem {
    let (prefix, protocol) = (prefix.to_owned(), v1::Protocol::Bgp.into());
    item(Change::WithdrawPrefix(v1::WithdrawPrefixRequest { prefix, protocol, ..Default::default() }))
}

/// The BGP instance.
#[must_use]
pub fn bgp(local_as: u32, router_id: &str) -> v1::IntentItem {
    let router_id = router_id.to_owned();
    item(Change::ConfigureBgp(v1::ConfigureBgpRequest { local_as, router_id, ..Default::default() }))
}

/// A peer.
#[must_use]
pub fn peer(peer: v1::BgpPeer) -> v1::IntentItem {
    item(Change::ApplyPeer(v1::ApplyPeerRequest { peer: Some(peer), ..Default::default() }))
}

/// The outcomes of a call, in words, with the reason of those that were refused.
#[must_use]
pub fn words(answer: &v1::ApplyIntentsResponse) -> Vec<String> {
    let word = |result: &v1::ItemResult| match (result.outcome(), &result.error) {
        (v1::ItemOutcome::Refused, Some(error)) => error.reason.clone(),
        (outcome, _) => outcome.as_str_name().trim_start_matches("ITEM_OUTCOME_").to_lowercase(),
    };
    answer.results.iter().map(word).collect()
}
