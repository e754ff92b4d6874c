//! Drains beside what is held.

use std::sync::Arc;

use super::{Entry, Place, Slot, Snapshot, Store};
use crate::drain::{Drain, DrainPhase, DrainScope, Drains, phase_of, shutdown_of};
use crate::intent::{IntentKey, Kind, Protocol};
use crate::peer::{PeerKey, Shutdown};
use crate::prefix::Prefix;

impl Snapshot {
    /// The drains in force.
    #[must_use]
    pub fn drains(&self) -> &Drains {
        &self.drains
    }

    /// The live prefixes of whom a drain is about.
    pub fn prefixes_in(&self, scope: &DrainScope) -> impl Iterator<Item = (&IntentKey, &Arc<Entry>)> {
        self.live_in(scope).filter(|(key, _)| key.kind() == Kind::Prefixes)
    }

    /// The live prefixes that are drained, and how far each is.
    pub fn drained_prefixes(&self) -> impl Iterator<Item = ((Protocol, Prefix), DrainPhase)> {
        let slots = self.slots().filter(|_| !self.drains.is_empty());
        slots.filter_map(|(key, slot)| match key {
            IntentKey::Prefix(protocol, prefix) => {
                Some(((*protocol, *prefix), phase_of(&self.drains, &slot.live()?.owner)?))
            }
            IntentKey::Bgp | IntentKey::Peer(_) | IntentKey::Bfd(_) | IntentKey::Ospf(_) => None,
        })
    }

    /// The live peers whose sessions a drain has shut, and how.
    pub fn shut_peers(&self) -> impl Iterator<Item = (PeerKey, &Shutdown)> {
        let slots = self.slots().filter(|_| !self.drains.is_empty());
        slots.filter_map(|(key, slot)| match key {
            IntentKey::Peer(peer) => Some((*peer, shutdown_of(&self.drains, &slot.live()?.owner)?)),
            IntentKey::Bgp | IntentKey::Prefix(..) | IntentKey::Bfd(_) | IntentKey::Ospf(_) => None,
        })
    }

    fn live_in(&self, scope: &DrainScope) -> impl Iterator<Item = (&IntentKey, &Arc<Entry>)> {
        let live = self.slots().filter_map(|(key, slot)| Some((key, slot.live()?)));
        live.filter(move |(_, entry)| scope.covers(&entry.owner))
    }
}

impl Store {
    /// Puts a drain in force, or ends it.
    pub fn set_drain(&mut self, scope: &DrainScope, drain: Option<Drain>) {
        let drains = Arc::make_mut(&mut self.current.drains);
        let former = match drain.clone() {
            Some(drain) => drains.insert(scope.clone(), drain),
            None => drains.remove(scope),
        };
        let shuts = [former, drain].iter().flatten().any(|drain| drain.phase == DrainPhase::Shut);
        // What FRR is told of them changes, so each is on its way again.
        self.current.revision += 1;
        let concerned = |kind| kind == Kind::Prefixes || (shuts && kind == Kind::Peers);
        let live = self.current.live_in(scope).filter(|(key, _)| concerned(key.kind()));
        let keys: Vec<_> = live.map(|(key, _)| key.clone()).collect();
        for key in keys {
            let place = self.current.slot(&key).map_or(Place::Base, Slot::live_place);
            self.ask_again(&key, place);
        }
    }
}
