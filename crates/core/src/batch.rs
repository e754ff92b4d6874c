//! Many changes of one owner that are decided in one step.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::bfd::{BfdKey, Hop};
use crate::intent::{Change, Intent, IntentKey, Target};
use crate::name::ChangeId;
use crate::pending::ConfirmWithin;
use crate::rejection::Rejection;

/// What becomes of that which the owner holds and the batch does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// It stays.
    #[default]
    Merge,
    /// It goes: the batch is all that the owner wants.
    Replace,
}

/// One of many changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What it is about; `None`: that could not be read.
    pub target: Option<Target>,
    /// An intent to put or to remove; `None`: it could not be read, so that it is refused.
    pub change: Option<Change>,
}

impl From<Change> for Item {
    fn from(change: Change) -> Self {
        Self { target: change.target(), change: Some(change) }
    }
}

/// Many changes of one owner.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Batch {
    /// What becomes of the rest.
    pub mode: Mode,
    /// All of it is done, or nothing.
    pub atomic: bool,
    /// More than half, and more than [`crate::engine::SWEEP_UNCONFIRMED_MAX`], may go because it is not named.
    pub confirm_removals: bool,
    /// The changes. No two name the same key.
    pub items: Vec<Item>,
    /// It goes back unless it is confirmed in time, under this name.
    pub confirm: Option<(ChangeId, ConfirmWithin)>,
}

/// What was decided about one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemOutcome {
    /// Something is wanted differently than before.
    Changed,
    /// It was so already.
    Unchanged,
    /// It was not accepted.
    Refused(Rejection),
    /// It could not be read.
    Unreadable,
}

/// What was decided about a batch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    /// What was decided about each item, in their order.
    pub items: Vec<ItemOutcome>,
    /// What went because the batch does not name it, sorted.
    pub removed: Vec<IntentKey>,
    /// How much the batch does not name and stays all the same, because an item could not be read so far that it is
    /// known what it names.
    pub kept: usize,
    /// The name of the change, if it waits to be confirmed.
    pub pending: Option<ChangeId>,
    /// What is wanted again as it was before a change that went back.
    pub restored: Vec<Intent>,
    /// It has been done. Otherwise it is atomic and an item was not accepted.
    pub done: bool,
}

impl Outcome {
    /// Why items were not accepted, each with its place.
    pub fn refused(&self) -> impl Iterator<Item = (usize, &Rejection)> {
        self.items.iter().enumerate().filter_map(|(at, item)| match item {
            ItemOutcome::Refused(rejection) => Some((at, rejection)),
            _ => None,
        })
    }
}

/// What was named so far.
#[derive(Debug, Default)]
pub(crate) struct Named {
    keys: BTreeSet<IntentKey>,
    bfd_peers: BTreeSet<IpAddr>,
}

impl Named {
    /// Adds what an item names; `false`: it, or a part of it, was named before.
    pub(crate) fn add(&mut self, target: &Target) -> bool {
        match target {
            Target::Key(key @ IntentKey::Bfd(bfd)) => {
                !self.bfd_peers.contains(&bfd.peer) && self.keys.insert(key.clone())
            }
            Target::Key(key) => self.keys.insert(key.clone()),
            Target::BfdSessionsTo(peer) => !self.has_session_to(*peer) && self.bfd_peers.insert(*peer),
        }
    }

    /// Whether a key was named.
    pub(crate) fn has(&self, key: &IntentKey) -> bool {
        let by_peer = matches!(key, IntentKey::Bfd(bfd) if self.bfd_peers.contains(&bfd.peer));
        by_peer || self.keys.contains(key)
    }

    fn has_session_to(&self, peer: IpAddr) -> bool {
        let first = IntentKey::Bfd(BfdKey { peer, interface: None, hop: Hop::Single });
        self.keys.range(first..).next().is_some_and(|key| matches!(key, IntentKey::Bfd(bfd) if bfd.peer == peer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(peer: &str, interface: Option<&str>) -> Target {
        let interface = interface.map(|name| name.parse().unwrap());
        Target::Key(IntentKey::Bfd(BfdKey { peer: peer.parse().unwrap(), interface, hop: Hop::Single }))
    }

    fn added(targets: &[Target]) -> Vec<bool> {
        let mut named = Named::default();
        targets.iter().map(|target| named.add(target)).collect()
    }

    #[test]
    fn a_key_is_named_once() {
        let peer = Target::Key(IntentKey::Peer("10.0.0.1".parse().unwrap()));
        assert_eq!(added(&[peer.clone(), Target::Key(IntentKey::Bgp), peer]), [true, true, false]);
    }

    #[test]
    fn all_sessions_to_a_peer_and_one_of_them_overlap_in_any_order() {
        let all = Target::BfdSessionsTo("10.0.0.1".parse().unwrap());
        let (one, other) = (session("10.0.0.1", Some("eth0")), session("10.0.0.2", None));
        assert_eq!(added(&[one.clone(), other.clone(), all.clone()]), [true, true, false]);
        assert_eq!(added(&[all.clone(), one, other, all]), [true, false, true, false]);
    }
}
