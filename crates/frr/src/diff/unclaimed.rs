//! Own objects that run and that no owner has claimed yet.

use std::collections::BTreeSet;

use novaroute_core::intent::IntentKey;

use super::{Removals, intent_of};
use crate::config::{Config, Context, Line, Slot};
use crate::own::{self, Own};
use crate::rules::LineKind;

/// The objects that have to stay because their owners have not spoken.
pub(super) struct Unclaimed<'a> {
    /// The intents whose objects may go; `None`: all may.
    claimed: Option<&'a BTreeSet<IntentKey>>,
}

impl<'a> Unclaimed<'a> {
    /// Looks for such objects. Where there are none, nothing has to stay.
    pub(super) fn new(running: &Config, desired: &Config, own: &Own<'_>, removals: Removals<'a>) -> Self {
        let Removals::Hold(claimed) = removals else { return Self { claimed: None } };
        let found = Self { claimed: Some(claimed) };
        let any = running.contexts().any(|(daemon, context, slots)| {
            slots.iter().any(|(slot, line)| {
                desired.get(daemon, context, slot).is_none()
                    && found.has(context, slot, line)
                    && own.has(daemon, context, slot, line)
            })
        });
        if any { found } else { Self { claimed: None } }
    }

    /// Whether an own line that is not desired is of such an object.
    pub(super) fn has(&self, context: &Context, slot: &Slot, line: &Line) -> bool {
        let of = self.claimed.and_then(|claimed| Some((claimed, intent_of::line(context, slot, line)?)));
        of.is_some_and(|(claimed, intent)| !claimed.contains(&intent))
    }

    /// Whether a peer keeps the policy of its own that it has: it may be there for the sake of such an object, as for a
    /// prefix that only this peer is sent, which would be withdrawn, or for a transit peer.
    pub(super) fn keeps_policy(&self, slot: &Slot, running: &Line) -> bool {
        let policy = matches!(slot.kind, LineKind::NeighborRouteMapIn | LineKind::NeighborRouteMapOut);
        self.claimed.is_some() && policy && own::is_policy_of_few(running)
    }

    /// Whether an own line that nobody wants may be taken back. One that tells no intent stays while there is any such
    /// object: it may be what that object uses.
    pub(super) fn lets_go(&self, context: &Context, slot: &Slot, line: &Line) -> bool {
        let Some(claimed) = self.claimed else { return true };
        intent_of::line(context, slot, line).is_some_and(|intent| claimed.contains(&intent))
    }
}

#[cfg(test)]
mod tests;
