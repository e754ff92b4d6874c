//! Many changes in one call.

use std::collections::BTreeMap;

use novaroute_core::{
    batch::{Batch, Item, Mode},
    intent::{Change, IntentKey, Target},
    invalid::Invalid,
    name::ChangeId,
    pending::{ConfirmWithin, Settlement},
};

use super::{BadFields, Call, Fields, Refused, Request, both, credentials, finish};
use crate::v1::{self, intent_item::Change as Asked};

/// Most items of an ApplyIntents.
pub const ITEMS_MAX: usize = 10_000;
/// Most items of an ApplyIntentsStream: they are decided in one step, during which everybody else waits.
pub const STREAM_ITEMS_MAX: usize = 100_000;
/// Longest message that the agent takes, in bytes: 10,000 items of 1.6 KiB, more than most items have.
pub const MESSAGE_BYTES_MAX: usize = 16 << 20;

/// What a call with many changes says before them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchHead {
    /// How the items are to be taken; it has none yet.
    pub batch: Batch,
    /// How long the batch waits to be confirmed; `None`: it counts at once.
    pub confirm_within: Option<ConfirmWithin>,
}

/// Parses all but the items of a call with many changes.
///
/// # Errors
/// [`BadFields`] with every field that is malformed.
pub fn batch_head(request: &v1::ApplyIntentsRequest) -> Result<Call<BatchHead>, BadFields> {
    let v1::ApplyIntentsRequest {
        owner,
        token,
        mode,
        atomic,
        confirm_removals,
        items: _,
        confirm_within_s,
        wait,
        dry_run,
    } = request;
    let mut fields = Fields::default();
    let credentials = credentials::parse(&mut fields, owner, token);
    let mode = fields.take("mode", self::mode(*mode));
    let confirm_within = fields.take("confirm_within_s", ConfirmWithin::new(*confirm_within_s));
    let head = both(mode, confirm_within).map(|(mode, confirm_within)| {
        let (atomic, confirm_removals) = (*atomic, *confirm_removals);
        let batch = Batch { mode, atomic, confirm_removals, ..Batch::default() };
        BatchHead { batch, confirm_within }
    });
    finish(fields, credentials, head, *wait, *dry_run)
}

fn mode(number: i32) -> Result<Mode, Invalid> {
    match v1::ApplyMode::try_from(number) {
        Ok(v1::ApplyMode::Merge) => Ok(Mode::Merge),
        Ok(v1::ApplyMode::Replace) => Ok(Mode::Replace),
        Err(_) => Err(Invalid::new(&number.to_string(), "APPLY_MODE_MERGE (0) or APPLY_MODE_REPLACE (1)")),
    }
}

/// Parses a Confirm.
///
/// # Errors
/// [`BadFields`] with every field that is malformed.
pub fn confirm(request: &v1::ConfirmRequest) -> Result<Call<Settlement>, BadFields> {
    let v1::ConfirmRequest { owner, token, change_id, rollback, wait, dry_run } = request;
    let mut fields = Fields::default();
    let credentials = credentials::parse(&mut fields, owner, token);
    let change = fields.take("change_id", self::change_id(change_id));
    let settlement = change.map(|change| Settlement { change, roll_back: *rollback });
    finish(fields, credentials, settlement, *wait, *dry_run)
}

fn change_id(text: &str) -> Result<Option<ChangeId>, Invalid> {
    if text.is_empty() { Ok(None) } else { text.parse().map(Some) }
}

/// Checks that a message of a stream, behind the first, has items and nothing else.
///
/// # Errors
/// [`BadFields`] naming the first field that is set.
pub fn only_items(request: &v1::ApplyIntentsRequest) -> Result<(), BadFields> {
    let v1::ApplyIntentsRequest {
        owner,
        token,
        mode,
        atomic,
        confirm_removals,
        items: _,
        confirm_within_s,
        wait,
        dry_run,
    } = request;
    let set = [
        ("owner", !owner.is_empty()),
        ("token", !token.is_empty()),
        ("mode", *mode != 0),
        ("atomic", *atomic),
        ("confirm_removals", *confirm_removals),
        ("confirm_within_s", *confirm_within_s != 0),
        ("wait", *wait != 0),
        ("dry_run", *dry_run),
    ];
    match set.into_iter().find(|(_, is_set)| *is_set) {
        Some((field, _)) => Err(Fields::default().refused(field, "is set: it stands in the first message only".into())),
        None => Ok(()),
    }
}

/// The refusal of more items than a call takes.
#[must_use]
pub fn too_many_items(max: usize) -> BadFields {
    let way_out = if max < STREAM_ITEMS_MAX { "call ApplyIntentsStream" } else { "split the call" };
    Fields::default().refused("items", format!("are more than {max}: {way_out}"))
}

/// Parses items, and tells what is wrong with those that cannot be read, by their place.
#[must_use]
pub fn batch_items(items: &[v1::IntentItem]) -> (Vec<Item>, BTreeMap<usize, BadFields>) {
    let mut bad = BTreeMap::new();
    let parsed = items.iter().enumerate().map(|(at, item)| match change(item) {
        Ok(change) => Item::from(change),
        Err(fields) => {
            bad.insert(at, fields);
            Item { target: item.change.as_ref().and_then(target), change: None }
        }
    });
    (parsed.collect(), bad)
}

/// The name of the field that says what an item asks for.
#[must_use]
pub fn item_word(item: &v1::IntentItem) -> &'static str {
    match &item.change {
        None => "change",
        Some(Asked::ConfigureBgp(_)) => "configure_bgp",
        Some(Asked::ApplyPeer(_)) => "apply_peer",
        Some(Asked::RemovePeer(_)) => "remove_peer",
        Some(Asked::AdvertisePrefix(_)) => "advertise_prefix",
        Some(Asked::WithdrawPrefix(_)) => "withdraw_prefix",
        Some(Asked::EnableBfd(_)) => "enable_bfd",
        Some(Asked::DisableBfd(_)) => "disable_bfd",
        Some(Asked::EnableOspf(_)) => "enable_ospf",
        Some(Asked::DisableOspf(_)) => "disable_ospf",
    }
}

fn change(item: &v1::IntentItem) -> Result<Change, BadFields> {
    match &item.change {
        None => Err(Fields::default().refused("change", "is not set: an item has one change".into())),
        Some(Asked::ConfigureBgp(request)) => unsigned(request),
        Some(Asked::ApplyPeer(request)) => unsigned(request),
        Some(Asked::RemovePeer(request)) => unsigned(request),
        Some(Asked::AdvertisePrefix(request)) => unsigned(request),
        Some(Asked::WithdrawPrefix(request)) => unsigned(request),
        Some(Asked::EnableBfd(request)) => unsigned(request),
        Some(Asked::DisableBfd(request)) => unsigned(request),
        Some(Asked::EnableOspf(request)) => unsigned(request),
        Some(Asked::DisableOspf(request)) => unsigned(request),
    }
}

/// The change of a request that stands in a call, which says for all of them who asks and when to answer.
fn unsigned(request: &impl Request) -> Result<Change, BadFields> {
    let mut fields = Fields::default();
    let set = [
        ("owner", !request.owner().is_empty()),
        ("token", !request.token().is_empty()),
        ("wait", request.wait() != 0),
        ("dry_run", request.dry_run()),
    ];
    let refused: Vec<Refused> = set
        .into_iter()
        .filter(|(_, is_set)| *is_set)
        .map(|(field, _)| fields.refuse(field, "is set in an item: it stands once, in the call"))
        .collect();
    let change = request.change(&mut fields);
    fields.finish(refused.first().map_or(change, |refused| Err(*refused)))
}

/// What an item is about that cannot be read as a whole.
fn target(asked: &Asked) -> Option<Target> {
    match asked {
        Asked::ConfigureBgp(_) => Some(Target::Key(IntentKey::Bgp)),
        Asked::ApplyPeer(v1::ApplyPeerRequest { peer, .. }) => {
            let v1::BgpPeer { neighbor_address, interface_name, .. } = peer.clone()?;
            removed(&v1::RemovePeerRequest { neighbor_address, interface_name, ..Default::default() })
        }
        Asked::AdvertisePrefix(v1::AdvertisePrefixRequest { prefix, protocol, .. }) => {
            let (prefix, protocol) = (prefix.clone(), *protocol);
            removed(&v1::WithdrawPrefixRequest { prefix, protocol, ..Default::default() })
        }
        Asked::EnableBfd(v1::EnableBfdRequest { peer_address, interface_name, multihop, .. }) => {
            let (peer_address, interface_name) = (peer_address.clone(), interface_name.clone());
            let multihop = Some(*multihop);
            removed(&v1::DisableBfdRequest { peer_address, interface_name, multihop, ..Default::default() })
        }
        Asked::EnableOspf(v1::EnableOspfRequest { interface_name, .. }) => {
            removed(&v1::DisableOspfRequest { interface_name: interface_name.clone(), ..Default::default() })
        }
        Asked::RemovePeer(request) => removed(request),
        Asked::WithdrawPrefix(request) => removed(request),
        Asked::DisableBfd(request) => removed(request),
        Asked::DisableOspf(request) => removed(request),
    }
}

/// What a request takes back, if that much of it can be read.
fn removed(request: &impl Request) -> Option<Target> {
    match request.change(&mut Fields::default()) {
        Ok(Change::Remove(target)) => Some(target),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
