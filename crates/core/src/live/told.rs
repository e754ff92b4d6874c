//! What the daemons have told so far, by answering and by themselves, brought together into one state.
//!
//! A daemon's answer to a look is a state; what it pushes is a change. The two come by different ways, so either may
//! overtake the other: a look says when it was asked, a push says when it happened, and of each thing the later word
//! counts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Advertised, BfdLive, BfdState, DaemonLive, Live, OspfLive, PeerLive, SessionState};
use crate::bfd::BfdKey;
use crate::intent::Protocol;
use crate::name::InterfaceName;
use crate::peer::PeerKey;
use crate::prefix::Prefix;

/// Nanoseconds since 1970-01-01 UTC, by the clock that the agent and FRR share.
type Nanoseconds = u64;

/// When a daemon was looked at, in nanoseconds since 1970-01-01 UTC: its answer is from some moment in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// When it was asked.
    pub asked: u64,
    /// When the answer was there.
    pub answered: u64,
}

/// A change that FRR tells by itself, the moment it happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Push {
    /// A session was established.
    PeerUp(PeerKey),
    /// A session that was established is not any more.
    PeerDown {
        /// With whom.
        peer: PeerKey,
        /// Why, in FRR's words.
        reason: String,
    },
    /// A NOTIFICATION was sent or received (RFC 4271 §4.5); it explains the end of the session that follows.
    Notification {
        /// To or from whom.
        peer: PeerKey,
        /// Code and subcode, in FRR's words.
        reason: String,
    },
    /// A BFD session came up.
    BfdUp(BfdKey),
    /// A BFD session that was up is not any more.
    BfdDown {
        /// Which.
        session: BfdKey,
        /// Why, in FRR's words.
        reason: String,
    },
    /// An OSPF neighbor is in another state.
    OspfNeighbor {
        /// Where.
        interface: InterfaceName,
        /// The neighbor's name in [`OspfLive::neighbors`].
        neighbor: String,
        /// The state, in FRR's words.
        state: String,
    },
    /// Something that only a look can tell.
    Look,
}

/// A daemon's answer to a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// bgpd: the peers, and the own prefixes with those who were sent them.
    Bgp {
        /// The peers.
        peers: BTreeMap<PeerKey, PeerLive>,
        /// Own prefixes and to whom they were sent; to nobody counts as not announced.
        sent: Arc<BTreeMap<Prefix, BTreeSet<PeerKey>>>,
    },
    /// bfdd: the sessions.
    Bfd(BTreeMap<BfdKey, BfdLive>),
    /// ospfd or ospf6d: the interfaces, and the own prefixes in the LSDB.
    Ospf {
        /// Interfaces with their neighbors.
        interfaces: BTreeMap<InterfaceName, OspfLive>,
        /// Own external prefixes.
        lsdb: BTreeSet<Prefix>,
    },
    /// Nothing but that the daemon is there.
    Presence,
}

#[derive(Debug, Clone, Default)]
struct OspfTold {
    interfaces: BTreeMap<InterfaceName, OspfLive>,
    lsdb: BTreeSet<Prefix>,
}

/// The states through which a neighbor becomes Full (RFC 2328 §10.1).
const ON_THE_WAY_UP: [&str; 4] = ["Init", "ExStart", "Exchange", "Loading"];

/// What a push is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    Peer(PeerKey),
    Bfd(BfdKey),
    Neighbor(InterfaceName, String),
}

/// How what a daemon told lies in time.
#[derive(Debug, Clone, Default)]
struct Source {
    /// When it was asked for the look that was taken last.
    looked: Nanoseconds,
    /// When the answer to that was there.
    answered: Nanoseconds,
    /// What it pushed since then, and when.
    pushed: BTreeMap<Subject, Nanoseconds>,
}

/// Everything that was told so far.
#[derive(Debug, Clone, Default)]
pub struct Told {
    daemons: BTreeMap<String, DaemonLive>,
    peers: BTreeMap<PeerKey, PeerLive>,
    sent: Arc<BTreeMap<Prefix, BTreeSet<PeerKey>>>,
    bfd: BTreeMap<BfdKey, BfdLive>,
    ospf: BTreeMap<String, OspfTold>,
    advertised: Arc<Advertised>,
    sources: BTreeMap<String, Source>,
    /// NOTIFICATIONs whose session has not ended yet.
    notified: BTreeMap<PeerKey, String>,
}

impl Told {
    /// Takes in whether a daemon answers.
    pub fn daemon(&mut self, name: &str, live: DaemonLive) {
        self.daemons.insert(name.to_owned(), live);
    }

    /// Whether a look finds the sessions up that are known to be.
    #[must_use]
    pub fn agrees(&self, daemon: &str, look: &Look) -> bool {
        match look {
            Look::Bgp { peers, .. } => established(peers).eq(established(&self.peers)),
            Look::Bfd(sessions) => up(sessions).eq(up(&self.bfd)),
            Look::Ospf { interfaces, .. } => {
                let known = self.ospf.get(daemon).map(|told| &told.interfaces);
                adjacent(interfaces).eq(known.into_iter().flat_map(adjacent))
            }
            Look::Presence => true,
        }
    }

    /// Takes in what a daemon answered to a look, unless it has answered one for which it was asked later.
    pub fn look(&mut self, daemon: &str, look: Look, when: Window) {
        let Window { asked, answered } = when;
        let source = self.sources.entry(daemon.to_owned()).or_default();
        if asked < source.looked {
            return;
        }
        (source.looked, source.answered) = (asked, answered);
        source.pushed.retain(|_, at| *at > asked);
        // What was pushed since is newer than the answer.
        let newer: Vec<Subject> = source.pushed.keys().cloned().collect();
        match look {
            Look::Bgp { peers, sent } => self.look_at_bgp(peers, sent, newer),
            Look::Bfd(sessions) => self.look_at_bfd(sessions, newer),
            Look::Ospf { interfaces, lsdb } => self.look_at_ospf(daemon, OspfTold { interfaces, lsdb }, newer),
            Look::Presence => {}
        }
    }

    fn look_at_bgp(
        &mut self,
        peers: BTreeMap<PeerKey, PeerLive>,
        sent: Arc<BTreeMap<Prefix, BTreeSet<PeerKey>>>,
        newer: Vec<Subject>,
    ) {
        let mut before = std::mem::replace(&mut self.peers, peers);
        self.sent = sent;
        for subject in newer {
            let Subject::Peer(address) = subject else { continue };
            let Some(peer) = before.remove(&address) else { continue };
            let established = peer.state == SessionState::Established;
            self.peers.insert(address, peer);
            if !established {
                self.take_from_sent(address);
            }
        }
        self.compile_advertised();
    }

    fn look_at_bfd(&mut self, sessions: BTreeMap<BfdKey, BfdLive>, newer: Vec<Subject>) {
        let mut before = std::mem::replace(&mut self.bfd, sessions);
        for subject in newer {
            let Subject::Bfd(key) = subject else { continue };
            if let Some(session) = before.remove(&key) {
                self.bfd.insert(key, session);
            }
        }
    }

    fn look_at_ospf(&mut self, daemon: &str, mut seen: OspfTold, newer: Vec<Subject>) {
        let told = self.ospf.entry(daemon.to_owned()).or_default();
        for subject in newer {
            let Subject::Neighbor(interface, neighbor) = subject else { continue };
            let Some(at) = seen.interfaces.get_mut(&interface) else { continue };
            match told.interfaces.get(&interface).and_then(|known| known.neighbors.get(&neighbor)) {
                Some(state) => drop(at.neighbors.insert(neighbor, state.clone())),
                None => drop(at.neighbors.remove(&neighbor)),
            }
        }
        *told = seen;
        self.compile_advertised();
    }

    /// Takes in what `daemon` pushed about something that happened at `at`. `false`: nothing is new by it.
    pub fn push(&mut self, daemon: &str, push: Push, at: Nanoseconds) -> bool {
        let source = self.sources.entry(daemon.to_owned()).or_default();
        // The look was asked for later, so its answer had this in it.
        if at <= source.looked {
            return false;
        }
        // Nor is a neighbor on its way to where the answer has it already. Should it have fallen back just then, the look
        // that follows each push tells.
        let may_be_answered = at <= source.answered;
        if may_be_answered && self.has_arrived(daemon, &push) {
            return false;
        }
        let source = self.sources.entry(daemon.to_owned()).or_default();
        if let Some(subject) = subject(&push) {
            source.pushed.insert(subject, at);
        }
        match push {
            Push::PeerUp(peer) => self.peer_up(peer),
            Push::PeerDown { peer, reason } => self.peer_down(peer, reason),
            Push::Notification { peer, reason } => {
                self.notified.insert(peer, reason);
                false
            }
            Push::BfdUp(session) => self.bfd_changed(session, BfdState::Up, String::new()),
            Push::BfdDown { session, reason } => self.bfd_changed(session, BfdState::Down, reason),
            Push::OspfNeighbor { interface, neighbor, state } => {
                self.neighbor_changed(daemon, interface, neighbor, state)
            }
            Push::Look => false,
        }
    }

    fn peer_up(&mut self, address: PeerKey) -> bool {
        self.notified.remove(&address);
        let peer = self.peers.entry(address).or_default();
        if peer.state == SessionState::Established {
            return false;
        }
        (peer.state, peer.uptime_s) = (SessionState::Established, Some(0));
        true
    }

    fn peer_down(&mut self, address: PeerKey, reason: String) -> bool {
        let notified = self.notified.remove(&address);
        let peer = self.peers.entry(address).or_default();
        if peer.state != SessionState::Established {
            return false;
        }
        let last_reset = match notified {
            Some(notified) if reason.contains("Notification") => format!("{reason}: {notified}"),
            _ => reason,
        };
        // What was received and sent is gone with the session; the counters start anew.
        *peer = PeerLive { flaps: peer.flaps + 1, last_reset, ..PeerLive::default() };
        self.take_from_sent(address);
        self.compile_advertised();
        true
    }

    fn bfd_changed(&mut self, key: BfdKey, state: BfdState, reason: String) -> bool {
        let session = self.bfd.entry(key).or_default();
        if session.state == state {
            return false;
        }
        session.state = state;
        session.diagnostic = reason;
        session.uptime_s = (state == BfdState::Up).then_some(0);
        true
    }

    /// Whether a neighbor is known to be where it is said to be going.
    fn has_arrived(&self, daemon: &str, push: &Push) -> bool {
        let Push::OspfNeighbor { interface, neighbor, state } = push else { return false };
        let known = self.ospf.get(daemon).and_then(|told| told.interfaces.get(interface)?.neighbors.get(neighbor));
        ON_THE_WAY_UP.iter().any(|word| state.eq_ignore_ascii_case(word))
            && known.is_some_and(|known| known.starts_with("Full"))
    }

    fn neighbor_changed(&mut self, daemon: &str, interface: InterfaceName, neighbor: String, state: String) -> bool {
        if is_two_way(&state) {
            return false;
        }
        let told = self.ospf.entry(daemon.to_owned()).or_default();
        let neighbors = &mut told.interfaces.entry(interface).or_default().neighbors;
        let gone = matches!(state.as_str(), "Down" | "Deleted");
        let before = if gone { neighbors.remove(&neighbor) } else { neighbors.insert(neighbor, state.clone()) };
        before != (!gone).then_some(state)
    }

    /// A session that ended has nothing sent over it.
    fn take_from_sent(&mut self, address: PeerKey) {
        if self.sent.values().any(|peers| peers.contains(&address)) {
            let sent = Arc::make_mut(&mut self.sent).values_mut();
            sent.for_each(|peers| peers.retain(|peer| *peer != address));
        }
    }

    /// Keeps the former map where nothing changed: others compare by that.
    fn compile_advertised(&mut self) {
        let by_bgp = self.sent.iter().filter(|(_, peers)| !peers.is_empty());
        let by_bgp = by_bgp.map(|(prefix, peers)| ((Protocol::Bgp, *prefix), peers.clone()));
        let by_ospf = self.ospf.values().flat_map(|told| &told.lsdb);
        let by_ospf = by_ospf.map(|prefix| ((Protocol::Ospf, *prefix), BTreeSet::new()));
        let advertised: Advertised = by_bgp.chain(by_ospf).collect();
        if *self.advertised != advertised {
            self.advertised = Arc::new(advertised);
        }
    }

    /// The state that all of it makes.
    #[must_use]
    pub fn live(&self) -> Live {
        Live {
            daemons: self.daemons.clone(),
            frr_uptime_s: None,
            deaf: BTreeSet::new(),
            peers: self.peers.clone(),
            bfd: self.bfd.clone(),
            // ospfd before ospf6d.
            ospf: self.ospf.values().rev().fold(BTreeMap::new(), |all, told| merge(all, &told.interfaces)),
            advertised: Arc::clone(&self.advertised),
            advertised_at_ns: Arc::default(),
        }
    }
}

fn established(peers: &BTreeMap<PeerKey, PeerLive>) -> impl Iterator<Item = (&PeerKey, u32)> {
    let up = peers.iter().filter(|(_, peer)| peer.state == SessionState::Established);
    up.map(|(address, peer)| (address, peer.flaps))
}

fn up(sessions: &BTreeMap<BfdKey, BfdLive>) -> impl Iterator<Item = &BfdKey> {
    sessions.iter().filter(|(_, session)| session.state == BfdState::Up).map(|(key, _)| key)
}

fn adjacent(interfaces: &BTreeMap<InterfaceName, OspfLive>) -> impl Iterator<Item = &String> {
    interfaces.values().flat_map(OspfLive::neighbors_up)
}

/// What a push is about, when it says how things are by itself.
fn subject(push: &Push) -> Option<Subject> {
    match push {
        Push::PeerUp(peer) | Push::PeerDown { peer, .. } => Some(Subject::Peer(*peer)),
        Push::BfdUp(session) | Push::BfdDown { session, .. } => Some(Subject::Bfd(session.clone())),
        Push::OspfNeighbor { state, .. } if is_two_way(state) => None,
        Push::OspfNeighbor { interface, neighbor, .. } => Some(Subject::Neighbor(*interface, neighbor.clone())),
        Push::Notification { .. } | Push::Look => None,
    }
}

/// 2-Way may be a final state or one on the way (RFC 2328 §10.1), which the state of the interface tells: that is
/// left to a look.
fn is_two_way(state: &str) -> bool {
    state.eq_ignore_ascii_case("2-way") || state.eq_ignore_ascii_case("twoway")
}

/// What both OSPF versions run on: the neighbors of both, and the state of both where it differs.
fn merge(
    mut all: BTreeMap<InterfaceName, OspfLive>,
    more: &BTreeMap<InterfaceName, OspfLive>,
) -> BTreeMap<InterfaceName, OspfLive> {
    for (name, v3) in more {
        let v2 = all.entry(*name).or_default();
        v2.state = merge_state(&v2.state, &v3.state);
        v2.neighbors.extend(v3.neighbors.iter().map(|(name, state)| (name.clone(), state.clone())));
    }
    all
}

fn merge_state(v2: &str, v3: &str) -> String {
    match (v2, v3) {
        ("", one) | (one, "") => one.to_owned(),
        (v2, v3) if v2 == v3 => v2.to_owned(),
        (v2, v3) => format!("ospf {v2}, ospf3 {v3}"),
    }
}

#[cfg(test)]
mod tests;
