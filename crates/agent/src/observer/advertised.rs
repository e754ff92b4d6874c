//! Which own prefixes bgpd has sent, and to whom, without ever dumping its table.
//!
//! A prefix is asked for when something may have changed for it: it is new, it is on its way out, or a peer came or
//! went. When that does not explain how many prefixes a peer was sent, all are asked for. A few more are asked for in
//! turn each time, as a safety net.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;

use novaroute_core::drain::{DrainPhase, phase_of};
use novaroute_core::intent::{IntentKey, Protocol};
use novaroute_core::live::{PeerLive, SessionState, sent_to_each};
use novaroute_core::peer::PeerKey;
use novaroute_core::prefix::Prefix;
use novaroute_core::store::{Slot, Snapshot};
use novaroute_frr::show::bgp;
use tokio::time::Instant;

use super::look_error::LookError;
use crate::vty::Vty;

/// Prefixes that are asked for in one look; the others follow in the next ones. About 0.2 ms of bgpd's time each.
const ASKED_PER_LOOK_MAX: usize = 500;
/// Prefixes that are asked for in turn, changed or not.
const ASKED_IN_TURN: usize = 16;

/// A prefix whose attributes change is for a moment sent to nobody, until bgpd has worked through its queue: one that is
/// wanted counts as withdrawn only when that lasts.
const GONE_AFTER: Duration = Duration::from_millis(150);

/// Whom a prefix was sent to.
type Sent = BTreeMap<Prefix, BTreeSet<PeerKey>>;

/// What is known of the own prefixes.
#[derive(Debug, Default)]
pub(super) struct Advertised {
    sent: Arc<Sent>,
    in_doubt: BTreeSet<Prefix>,
    /// The sessions that are up, with the number of times that they went down.
    sessions: BTreeMap<PeerKey, u32>,
    /// When what is wanted and was sent was first seen not to be.
    vanished: BTreeMap<Prefix, Instant>,
    /// How many prefixes each was sent, and how many of the own ones are known to have been.
    explained: BTreeMap<PeerKey, (u32, u32)>,
    wanted: BTreeSet<Prefix>,
    revision: u64,
    turn: Option<Prefix>,
}

impl Advertised {
    /// The prefixes and whom they were sent to; to nobody means that it is not announced.
    pub(super) fn sent(&self) -> Arc<Sent> {
        Arc::clone(&self.sent)
    }

    /// Whether something is still to be asked for.
    pub(super) fn is_in_doubt(&self) -> bool {
        !self.in_doubt.is_empty()
    }

    /// Asks for what is in doubt.
    pub(super) async fn look(
        &mut self,
        vty: &mut Vty,
        snapshot: &Snapshot,
        peers: &BTreeMap<PeerKey, PeerLive>,
    ) -> Result<(), LookError> {
        self.doubt(snapshot, peers);
        let asked = self.most_doubtful();
        let commands: Vec<String> = asked.iter().map(bgp::prefix_command).collect();
        let replies = vty.pipeline(&commands).await?;
        for (prefix, reply) in asked.iter().zip(replies) {
            self.take_in(*prefix, bgp::table_entry(&reply.text)?.sent_to, Instant::now());
        }
        self.explain(peers);
        Ok(())
    }

    /// What was never seen to be sent comes first: somebody waits for it.
    fn most_doubtful(&self) -> Vec<Prefix> {
        let unsent = |prefix: &&Prefix| self.sent.get(prefix).is_none_or(BTreeSet::is_empty);
        let (unsent, sent): (Vec<_>, Vec<_>) = self.in_doubt.iter().partition(unsent);
        unsent.into_iter().chain(sent).copied().take(ASKED_PER_LOOK_MAX).collect()
    }

    fn doubt(&mut self, snapshot: &Snapshot, peers: &BTreeMap<PeerKey, PeerLive>) {
        if self.revision != snapshot.revision() {
            self.doubt_what_changed(snapshot);
        }
        let established = |(_, peer): &(&PeerKey, &PeerLive)| peer.state == SessionState::Established;
        let sessions = peers.iter().filter(established).map(|(address, peer)| (*address, peer.flaps)).collect();
        if self.sessions != sessions {
            self.sessions = sessions;
            self.forget_ended_sessions();
            self.in_doubt.extend(&self.wanted);
            self.in_doubt.extend(self.sent.keys());
        }
        // Without a session nothing can have been sent.
        if self.sessions.is_empty() {
            self.in_doubt.retain(|prefix| self.sent.contains_key(prefix));
            return;
        }
        let unsent = |prefix: &&Prefix| self.sent.get(prefix).is_none_or(BTreeSet::is_empty);
        self.in_doubt.extend(self.wanted.iter().filter(unsent));
        let after = self.turn.map_or(Bound::Unbounded, Bound::Excluded);
        let in_turn: Vec<Prefix> = self.wanted.range((after, Bound::Unbounded)).take(ASKED_IN_TURN).copied().collect();
        self.turn = in_turn.last().copied();
        self.in_doubt.extend(in_turn);
    }

    fn doubt_what_changed(&mut self, snapshot: &Snapshot) {
        let of_bgp = |key: &IntentKey| match key {
            IntentKey::Prefix(Protocol::Bgp, prefix) => Some(*prefix),
            _ => None,
        };
        self.wanted.clear();
        for (key, slot) in snapshot.slots() {
            let Some(prefix) = of_bgp(key) else { continue };
            if is_held_back(snapshot, slot) {
                continue;
            }
            self.wanted.insert(prefix);
            if slot.live().is_some_and(|entry| entry.revision > self.revision) {
                self.in_doubt.insert(prefix);
            }
        }
        self.revision = snapshot.revision();
        self.in_doubt.extend(self.sent.keys().filter(|prefix| !self.wanted.contains(prefix)));
    }

    /// What was sent over a session ends with it.
    fn forget_ended_sessions(&mut self) {
        let sessions = &self.sessions;
        let ended = |peers: &BTreeSet<PeerKey>| peers.iter().any(|peer| !sessions.contains_key(peer));
        if self.sent.values().any(ended) {
            let sent = Arc::make_mut(&mut self.sent).values_mut();
            sent.for_each(|peers| peers.retain(|peer| sessions.contains_key(peer)));
        }
    }

    fn take_in(&mut self, prefix: Prefix, peers: BTreeSet<PeerKey>, now: Instant) {
        let wanted = self.wanted.contains(&prefix);
        if wanted && peers.is_empty() && self.sent.get(&prefix).is_some_and(|sent| !sent.is_empty()) {
            let since = *self.vanished.entry(prefix).or_insert(now);
            if now.duration_since(since) < GONE_AFTER {
                self.in_doubt.insert(prefix);
                return;
            }
        }
        self.vanished.remove(&prefix);
        // What is wanted and not sent stays in doubt; so does what is on its way out.
        if wanted == peers.is_empty() {
            self.in_doubt.insert(prefix);
        } else {
            self.in_doubt.remove(&prefix);
        }
        if peers.is_empty() && !wanted {
            if self.sent.contains_key(&prefix) {
                Arc::make_mut(&mut self.sent).remove(&prefix);
            }
        } else if self.sent.get(&prefix) != Some(&peers) {
            Arc::make_mut(&mut self.sent).insert(prefix, peers);
        }
    }

    /// A peer that was sent more or fewer prefixes than are known puts all in doubt: once for each pair of numbers,
    /// since somebody else's prefixes may be among them.
    fn explain(&mut self, peers: &BTreeMap<PeerKey, PeerLive>) {
        if self.is_in_doubt() {
            return;
        }
        let known = sent_to_each(self.sent.values());
        let mut explained = BTreeMap::new();
        for (address, peer) in peers.iter().filter(|(address, _)| self.sessions.contains_key(address)) {
            let known = known.get(address).copied().unwrap_or_default();
            explained.insert(*address, (peer.prefixes_sent, known));
        }
        if explained == self.explained {
            return;
        }
        if explained.values().any(|(sent, known)| sent != known) {
            self.in_doubt.extend(&self.wanted);
        }
        self.explained = explained;
    }
}

/// Whether a drain withdraws it: it goes like one that nobody wants.
pub(super) fn is_held_back(snapshot: &Snapshot, slot: &Slot) -> bool {
    let phase = slot.live().and_then(|entry| phase_of(snapshot.drains(), &entry.owner));
    phase.is_some_and(|phase| phase >= DrainPhase::Withdrawn)
}

#[cfg(test)]
mod tests;
