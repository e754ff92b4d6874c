//! What FRR does with what it was given: the live state, and the events that its changes are.

use std::collections::{BTreeMap, BTreeSet};

use crate::bfd::{BfdKey, Hop};
use crate::event::{Event, EventType};
use crate::intent::{IntentKey, Protocol};
use crate::name::{InterfaceName, OwnerName};
use crate::peer::PeerAddress;
use crate::prefix::Prefix;
use crate::state::{IntentState, IntentStatus, Reason};
use crate::store::{Entry, Snapshot};

/// A BGP session's state (RFC 4271 §8.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum SessionState {
    /// No session, none being tried.
    #[default]
    Idle,
    /// Waiting for the TCP connection.
    Connect,
    /// Listening for the TCP connection after a failure.
    Active,
    /// OPEN sent.
    OpenSent,
    /// OPEN exchanged.
    OpenConfirm,
    /// Exchanging routes.
    Established,
}

impl SessionState {
    /// The word of RFC 4271.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "Idle",
            Self::Connect => "Connect",
            Self::Active => "Active",
            Self::OpenSent => "OpenSent",
            Self::OpenConfirm => "OpenConfirm",
            Self::Established => "Established",
        }
    }
}

/// A BFD session's state (RFC 5880 §4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum BfdState {
    /// Taken out of service.
    AdminDown,
    /// No contact.
    #[default]
    Down,
    /// Contact from the other side.
    Init,
    /// Contact both ways.
    Up,
}

impl BfdState {
    /// The word of the wire contract, which is also FRR's.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AdminDown => "shutdown",
            Self::Down => "down",
            Self::Init => "init",
            Self::Up => "up",
        }
    }
}

/// A BGP peer as bgpd sees it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PeerLive {
    /// The session's state.
    pub state: SessionState,
    /// Seconds that the session has been up, when it is.
    pub uptime_s: Option<u64>,
    /// Prefixes accepted from it, all families.
    pub prefixes_received: u32,
    /// Prefixes sent to it, all families.
    pub prefixes_sent: u32,
    /// Why the session is not up, or went down last, in FRR's words; empty: up and never down.
    pub last_reset: String,
    /// How often the session came up and went down again.
    pub flaps: u32,
}

/// A BFD session as bfdd sees it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BfdLive {
    /// Its state.
    pub state: BfdState,
    /// Seconds that it has been up, when it is.
    pub uptime_s: Option<u64>,
    /// Required minimum receive interval that runs, ms.
    pub min_rx_ms: u32,
    /// Desired minimum transmit interval that runs, ms.
    pub min_tx_ms: u32,
    /// Detection multiplier that runs.
    pub detect_multiplier: u32,
    /// Why it is down, in FRR's words; empty: nothing to say.
    pub diagnostic: String,
}

/// An OSPF interface as ospfd and ospf6d see it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OspfLive {
    /// The interface state in FRR's words (`DR`, `Backup`, `Point-To-Point` …); empty: OSPF does not run on it.
    pub state: String,
    /// Neighbours by a name that is theirs alone (protocol, router id and address) with their state (`Full`, `2-Way` …).
    pub neighbors: BTreeMap<String, String>,
}

impl OspfLive {
    /// Neighbours with whom the adjacency has reached its final state.
    pub fn neighbors_up(&self) -> impl Iterator<Item = &String> {
        self.neighbors.iter().filter(|(_, state)| self.is_up(state)).map(|(name, _)| name)
    }

    /// Full; or 2-Way, in which two routers stay that are neither DR nor backup (RFC 2328 §10.1) and which every
    /// other adjacency passes on its way.
    fn is_up(&self, state: &str) -> bool {
        let state = state.to_ascii_lowercase();
        let neither_dr_nor_backup = self.state.contains("DROther");
        state.starts_with("full")
            || (neither_dr_nor_backup && (state.starts_with("2-way") || state.starts_with("twoway")))
    }
}

/// A daemon of FRR as the agent sees it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DaemonLive {
    /// It answers on its socket.
    pub connected: bool,
    /// Its version; empty: not known yet.
    pub version: String,
    /// How often the agent has connected to it; grows when the daemon was restarted between two looks.
    pub connections: u64,
}

/// Everything that was seen in one look at FRR.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Live {
    /// Daemons by name: those that are needed, and those that were ever seen.
    pub daemons: BTreeMap<String, DaemonLive>,
    /// Seconds since the last of them came up; `None` while one is missing.
    pub frr_uptime_s: Option<u64>,
    /// BGP peers.
    pub peers: BTreeMap<PeerAddress, PeerLive>,
    /// BFD sessions.
    pub bfd: BTreeMap<BfdKey, BfdLive>,
    /// OSPF interfaces.
    pub ospf: BTreeMap<InterfaceName, OspfLive>,
    /// Own prefixes that are announced: by BGP to these peers, by OSPF in the LSDB (with no peers to name).
    pub advertised: BTreeMap<(Protocol, Prefix), BTreeSet<PeerAddress>>,
    /// Since when each of them has been, in nanoseconds since 1970-01-01 UTC; see [`Tracker::date`].
    pub advertised_at_ns: BTreeMap<(Protocol, Prefix), i64>,
}

impl Live {
    /// The daemons that are needed, or were there before, and do not answer.
    pub fn missing_daemons(&self) -> impl Iterator<Item = &str> {
        self.daemons.iter().filter(|(_, daemon)| !daemon.connected).map(|(name, _)| name.as_str())
    }

    /// Whether FRR is there: something answers and nothing is missing.
    #[must_use]
    pub fn frr_connected(&self) -> bool {
        !self.daemons.is_empty() && self.missing_daemons().next().is_none()
    }

    /// The session that a BGP peer or an explicit intent speaks of: interface and hop type may be left to FRR.
    pub fn bfd_of<'a>(&'a self, key: &'a BfdKey) -> impl Iterator<Item = (&'a BfdKey, &'a BfdLive)> {
        self.bfd.iter().filter(move |(seen, _)| {
            let interface = key.interface.is_none() || seen.interface == key.interface;
            seen.peer == key.peer && seen.hop == key.hop && interface
        })
    }

    /// Any session to an address, for a peer that is protected by BFD. Single-hop first.
    #[must_use]
    pub fn bfd_to(&self, peer: PeerAddress) -> Option<(&BfdKey, &BfdLive)> {
        let to_peer = |hop: Hop| self.bfd.iter().find(move |(key, _)| key.peer == peer.get() && key.hop == hop);
        to_peer(Hop::Single).or_else(|| to_peer(Hop::Multi))
    }
}

/// The state of an intent with what was seen of it: a programmed prefix that was sent is advertised.
#[must_use]
pub fn effective_status(key: &IntentKey, entry: &Entry, live: &Live) -> IntentStatus {
    if entry.shows_stale() {
        let detail = format!("kept from before the agent's restart; owner {} has not claimed it again", entry.owner);
        return IntentStatus::because(IntentState::Stale, Reason::UnclaimedSinceRestart, detail);
    }
    let IntentKey::Prefix(protocol, prefix) = key else { return entry.status.clone() };
    if entry.status.state != IntentState::Programmed {
        return entry.status.clone();
    }
    if live.advertised.contains_key(&(*protocol, *prefix)) {
        return IntentStatus::of(IntentState::Advertised);
    }
    let detail = match protocol {
        Protocol::Bgp => "no established peer was sent this prefix",
        Protocol::Ospf => "the prefix is not in the link-state database",
    };
    IntentStatus::because(IntentState::Programmed, Reason::NoEstablishedPeer, detail)
}

/// Turns looks into events: each up and down once, with the owner that it concerns even after the intent went.
#[derive(Debug, Clone, Default)]
pub struct Tracker {
    last: Live,
    owners: BTreeMap<IntentKey, OwnerName>,
}

impl Tracker {
    /// Notes in the next look since when each prefix has been announced: those of the last look since then, the others
    /// since `now_ns`.
    pub fn date(&self, live: &mut Live, now_ns: i64) {
        let known = &self.last.advertised_at_ns;
        let since = live.advertised.keys().map(|key| (*key, known.get(key).copied().unwrap_or(now_ns)));
        live.advertised_at_ns = since.collect();
    }

    /// Takes the next look and tells what changed since the last one.
    pub fn observe(&mut self, snapshot: &Snapshot, live: &Live) -> Vec<Event> {
        let live_owners = snapshot.slots().filter_map(|(key, slot)| Some((key.clone(), slot.live()?.owner.clone())));
        let mut owners = std::mem::take(&mut self.owners);
        owners.extend(live_owners);
        let before = std::mem::replace(&mut self.last, live.clone());
        let step = Step { before: &before, now: live, owners: &owners };
        let events = step.events();
        self.owners =
            owners.into_iter().filter(|(key, _)| is_tracked(key, live) || snapshot.live(key).is_some()).collect();
        events
    }
}

/// Whether something of the intent is still seen, so that its owner must be remembered.
fn is_tracked(key: &IntentKey, live: &Live) -> bool {
    match key {
        IntentKey::Bgp => false,
        IntentKey::Peer(address) => {
            live.peers.contains_key(address) || live.bfd.keys().any(|k| k.peer == address.get())
        }
        IntentKey::Prefix(protocol, prefix) => live.advertised.contains_key(&(*protocol, *prefix)),
        IntentKey::Bfd(bfd) => live.bfd.keys().any(|k| k.peer == bfd.peer),
        IntentKey::Ospf(interface) => live.ospf.contains_key(interface),
    }
}

/// Two looks, one after the other.
struct Step<'a> {
    before: &'a Live,
    now: &'a Live,
    owners: &'a BTreeMap<IntentKey, OwnerName>,
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
        match self.owners.get(key) {
            Some(owner) => event.of(owner),
            None => event,
        }
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
        let up = |live: &Live| -> BTreeSet<PeerAddress> {
            let established = |(_, peer): &(&PeerAddress, &PeerLive)| peer.state == SessionState::Established;
            live.peers.iter().filter(established).map(|(address, _)| *address).collect()
        };
        let (mut down, mut come) = changes(&up(self.before), &up(self.now));
        // Down and up again between two looks: the counter knows, so the subscriber shall.
        for address in up(self.before).intersection(&up(self.now)) {
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

    fn peer_down(&self, address: PeerAddress) -> Event {
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
        let explicit = self.owners.keys().find(|key| {
            matches!(key, IntentKey::Bfd(bfd) if bfd.peer == seen.peer && bfd.hop == seen.hop
                && (bfd.interface.is_none() || bfd.interface == seen.interface))
        });
        let of_peer = || self.owners.keys().find(|key| matches!(key, IntentKey::Peer(peer) if peer.get() == seen.peer));
        let event = match explicit.or_else(of_peer) {
            Some(key) => self.event(event_type, key, detail),
            None => Event::new(event_type, detail),
        };
        event.with("peer", seen.peer)
    }

    fn ospf(&self) -> Vec<Event> {
        let up = |live: &Live| -> BTreeSet<(InterfaceName, String)> {
            let of = |(interface, ospf): (&InterfaceName, &OspfLive)| {
                ospf.neighbors_up().map(|name| (interface.clone(), name.clone())).collect::<Vec<_>>()
            };
            live.ospf.iter().flat_map(of).collect()
        };
        let (gone, come) = changes(&up(self.before), &up(self.now));
        let event = |event_type, (interface, neighbor): (InterfaceName, String), what: &str| {
            let detail = format!("OSPF neighbor {neighbor} on {interface} {what}");
            self.event(event_type, &IntentKey::Ospf(interface.clone()), detail)
                .with("interface", interface)
                .with("neighbor", neighbor)
        };
        let down = gone.into_iter().map(|n| event(EventType::OspfNeighborDown, n, "is gone"));
        let up = come.into_iter().map(|n| event(EventType::OspfNeighborUp, n, "is up"));
        down.chain(up).collect()
    }

    fn prefixes(&self) -> Vec<Event> {
        let announced = |live: &Live| -> BTreeSet<(Protocol, Prefix)> { live.advertised.keys().copied().collect() };
        let (gone, come) = changes(&announced(self.before), &announced(self.now));
        let owner = |(protocol, prefix): &(Protocol, Prefix)| self.owners.get(&IntentKey::Prefix(*protocol, *prefix));
        let withdrawn = gone.into_iter().map(|p| Event::prefix_withdrawn(p, owner(&p)));
        let advertised = come.into_iter().map(|p| Event::prefix_advertised(p, owner(&p)));
        withdrawn.chain(advertised).collect()
    }
}

/// What is only in the first set, and what is only in the second.
fn changes<T: Ord + Clone>(before: &BTreeSet<T>, now: &BTreeSet<T>) -> (Vec<T>, Vec<T>) {
    (before.difference(now).cloned().collect(), now.difference(before).cloned().collect())
}

#[cfg(test)]
mod tests;
