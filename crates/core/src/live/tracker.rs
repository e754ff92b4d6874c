//! From one state of FRR to the next: the events in between.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{BfdState, Live, OspfLive, PeerLive, SessionState};
use crate::bfd::BfdKey;
use crate::event::{Event, EventType};
use crate::intent::{IntentKey, Protocol};
use crate::name::{InterfaceName, OwnerName};
use crate::peer::PeerKey;
use crate::prefix::Prefix;
use crate::store::Snapshot;

/// Tells each up and down once, with the owner that it concerns even after the intent went.
#[derive(Debug, Clone, Default)]
pub struct Tracker {
    last: Live,
    snapshot: Snapshot,
    /// Whose the intents were that are no longer wanted and of which something is still seen.
    gone: BTreeMap<IntentKey, OwnerName>,
}

impl Tracker {
    /// Notes in the next state since when each prefix has been announced: those of the last state since then, the
    /// others since `now_ns`.
    pub fn date(&self, live: &mut Live, now_ns: i64) {
        let known = &self.last.advertised_at_ns;
        // The usual case, and the map may be long.
        if Arc::ptr_eq(&live.advertised, &self.last.advertised) {
            live.advertised_at_ns = Arc::clone(known);
            return;
        }
        let since = live.advertised.keys().map(|key| (*key, known.get(key).copied().unwrap_or(now_ns)));
        live.advertised_at_ns = Arc::new(since.collect());
    }

    /// Takes the next state and tells what changed since the last one.
    pub fn observe(&mut self, snapshot: &Snapshot, live: &Live) -> Vec<Event> {
        self.remember(snapshot);
        let before = std::mem::replace(&mut self.last, live.clone());
        let step = Step { before: &before, now: live, snapshot, gone: &self.gone };
        let events = step.events();
        self.gone.retain(|key, _| is_tracked(key, live));
        events
    }

    /// Keeps the owners of what is no longer wanted.
    fn remember(&mut self, snapshot: &Snapshot) {
        if self.snapshot.revision() == snapshot.revision() {
            return;
        }
        let before = std::mem::replace(&mut self.snapshot, snapshot.clone());
        let removed = before.slots().filter(|(key, _)| snapshot.slot(key).is_none());
        self.gone.extend(removed.filter_map(|(key, slot)| Some((key.clone(), slot.live()?.owner.clone()))));
    }
}

/// Whether something of the intent is still seen, so that its owner must be remembered.
fn is_tracked(key: &IntentKey, live: &Live) -> bool {
    match key {
        IntentKey::Bgp => false,
        IntentKey::Peer(peer) => live.peers.contains_key(peer) || live.bfd.keys().any(|k| peer.is_of_session(k)),
        IntentKey::Prefix(protocol, prefix) => live.advertised.contains_key(&(*protocol, *prefix)),
        IntentKey::Bfd(bfd) => live.bfd.keys().any(|k| k.peer == bfd.peer),
        IntentKey::Ospf(interface) => live.ospf.contains_key(interface),
    }
}

/// Two states, one after the other.
struct Step<'a> {
    before: &'a Live,
    now: &'a Live,
    snapshot: &'a Snapshot,
    gone: &'a BTreeMap<IntentKey, OwnerName>,
}

impl Step<'_> {
    fn events(&self) -> Vec<Event> {
        let mut events = self.daemons();
        events.extend(self.bfd());
        events.extend(self.peers());
        events.extend(self.ospf());
        events.extend(self.prefixes());
        events
    }

    fn event(&self, event_type: EventType, key: &IntentKey, detail: String) -> Event {
        let event = Event::new(event_type, detail).about(key);
        match self.owner(key) {
            Some(owner) => event.of(owner),
            None => event,
        }
    }

    fn owner(&self, key: &IntentKey) -> Option<&OwnerName> {
        self.snapshot.live(key).map(|entry| &entry.owner).or_else(|| self.gone.get(key))
    }

    fn daemons(&self) -> Vec<Event> {
        let connected = |live: &Live| -> BTreeSet<String> {
            live.daemons.iter().filter(|(_, daemon)| daemon.connected).map(|(name, _)| name.clone()).collect()
        };
        let (before, now) = (connected(self.before), connected(self.now));
        let (mut gone, mut come) = changes(&before, &now);
        // Restarted between two looks: the connections were counted.
        for name in before.intersection(&now) {
            if self.before.daemons[name].connections < self.now.daemons[name].connections {
                gone.push(name.clone());
                come.push(name.clone());
            }
        }
        let event = |event_type, name: String, what: &str| {
            Event::new(event_type, format!("{name} {what}")).with("daemon", &name)
        };
        let lost = gone.into_iter().map(|name| event(EventType::FrrDisconnected, name, "does not answer"));
        let back = come.into_iter().map(|name| event(EventType::FrrConnected, name, "answers"));
        lost.chain(back).collect()
    }

    fn peers(&self) -> Vec<Event> {
        let up = |live: &Live| -> BTreeSet<PeerKey> {
            let established = |(_, peer): &(&PeerKey, &PeerLive)| peer.state == SessionState::Established;
            live.peers.iter().filter(established).map(|(address, _)| *address).collect()
        };
        let (before, now) = (up(self.before), up(self.now));
        let (mut down, mut come) = changes(&before, &now);
        // Down and up again between two looks: the counter knows, so the subscriber shall.
        for address in before.intersection(&now) {
            if self.before.peers[address].flaps < self.now.peers[address].flaps {
                down.push(*address);
                come.push(*address);
            }
        }
        let mut events: Vec<_> = down.into_iter().map(|address| self.peer_down(address)).collect();
        events.extend(come.into_iter().map(|address| {
            let event =
                self.event(EventType::PeerUp, &IntentKey::Peer(address), format!("peer {address} is established"));
            event.with("peer", address)
        }));
        events
    }

    fn peer_down(&self, address: PeerKey) -> Event {
        let reason = match self.now.peers.get(&address) {
            Some(peer) if !peer.last_reset.is_empty() => peer.last_reset.clone(),
            Some(_) => "no reason given".to_owned(),
            None if self.now.daemons.get("bgpd").is_some_and(|bgpd| !bgpd.connected) => {
                "bgpd does not answer".to_owned()
            }
            None => "peer removed".to_owned(),
        };
        self.event(EventType::PeerDown, &IntentKey::Peer(address), format!("peer {address} went down: {reason}"))
            .with("peer", address)
            .with("reason", reason)
    }

    fn bfd(&self) -> Vec<Event> {
        let up = |live: &Live| -> BTreeSet<BfdKey> {
            live.bfd.iter().filter(|(_, bfd)| bfd.state == BfdState::Up).map(|(key, _)| key.clone()).collect()
        };
        let (gone, come) = changes(&up(self.before), &up(self.now));
        let down = gone.into_iter().map(|key| {
            let why = self.now.bfd.get(&key).map_or("session removed", |bfd| bfd.diagnostic.as_str());
            let event = self.bfd_event(EventType::BfdDown, &key, format!("BFD session {key} went down: {why}"));
            event.with("reason", why)
        });
        let up = come.into_iter().map(|key| self.bfd_event(EventType::BfdUp, &key, format!("BFD session {key} is up")));
        down.chain(up).collect()
    }

    /// The holder is the one who asked for the session by itself, else the one whose peer it protects.
    fn bfd_event(&self, event_type: EventType, seen: &BfdKey, detail: String) -> Event {
        let event = match self.bfd_intent(seen) {
            Some(key) => self.event(event_type, &key, detail),
            None => Event::new(event_type, detail),
        };
        event.with("peer", seen.peer)
    }

    fn bfd_intent(&self, seen: &BfdKey) -> Option<IntentKey> {
        let fits = |bfd: &&BfdKey| {
            bfd.peer == seen.peer && bfd.hop == seen.hop && (bfd.interface.is_none() || bfd.interface == seen.interface)
        };
        let wanted = self.snapshot.bfd_sessions_to(seen.peer).map(|(bfd, _)| bfd);
        let gone = self.gone.keys().filter_map(|key| match key {
            IntentKey::Bfd(bfd) => Some(bfd),
            _ => None,
        });
        if let Some(bfd) = wanted.chain(gone).find(fits) {
            return Some(IntentKey::Bfd(bfd.clone()));
        }
        let is_known = |key: &IntentKey| self.snapshot.live(key).is_some() || self.gone.contains_key(key);
        PeerKey::of_session(seen).map(IntentKey::Peer).find(is_known)
    }

    fn ospf(&self) -> Vec<Event> {
        let up = |live: &Live| -> BTreeSet<(InterfaceName, String)> {
            let of = |(interface, ospf): (&InterfaceName, &OspfLive)| {
                ospf.neighbors_up().map(|name| (*interface, name.clone())).collect::<Vec<_>>()
            };
            live.ospf.iter().flat_map(of).collect()
        };
        let (gone, come) = changes(&up(self.before), &up(self.now));
        let event = |event_type, (interface, neighbor): (InterfaceName, String), what: &str| {
            let detail = format!("OSPF neighbor {neighbor} on {interface} {what}");
            self.event(event_type, &IntentKey::Ospf(interface), detail)
                .with("interface", interface)
                .with("neighbor", neighbor)
        };
        let down = gone.into_iter().map(|n| event(EventType::OspfNeighborDown, n, "is gone"));
        let up = come.into_iter().map(|n| event(EventType::OspfNeighborUp, n, "is up"));
        down.chain(up).collect()
    }

    fn prefixes(&self) -> Vec<Event> {
        let (before, now) = (&self.before.advertised, &self.now.advertised);
        // The usual case, and the map may be long.
        if Arc::ptr_eq(before, now) {
            return Vec::new();
        }
        let owner = |(protocol, prefix): &(Protocol, Prefix)| self.owner(&IntentKey::Prefix(*protocol, *prefix));
        let gone = before.keys().filter(|key| !now.contains_key(key));
        let withdrawn = gone.map(|prefix| Event::prefix_withdrawn(*prefix, owner(prefix)));
        let come = now.keys().filter(|key| !before.contains_key(key));
        let advertised = come.map(|prefix| Event::prefix_advertised(*prefix, owner(prefix)));
        withdrawn.chain(advertised).collect()
    }
}

/// What is only in the first set, and what is only in the second.
fn changes<T: Ord + Clone>(before: &BTreeSet<T>, now: &BTreeSet<T>) -> (Vec<T>, Vec<T>) {
    (before.difference(now).cloned().collect(), now.difference(before).cloned().collect())
}
