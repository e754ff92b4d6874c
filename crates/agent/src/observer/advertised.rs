//! Which own prefixes bgpd has sent, and to whom, without ever dumping its table.
//!
//! A prefix is asked for when something may have changed for it: it is new, it is on its way out, or a peer came,
//! went, or was sent another number of prefixes. A few more are asked for in turn each time, as a safety net.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use novaroute_core::intent::{IntentKey, Protocol};
use novaroute_core::live::{PeerLive, SessionState};
use novaroute_core::peer::PeerAddress;
use novaroute_core::prefix::Prefix;
use novaroute_core::store::Snapshot;
use novaroute_frr::show::bgp;

use super::look_error::LookError;
use crate::vty::Vty;

/// Prefixes that are asked for in one look; the others follow in the next ones. About 0.2 ms of bgpd's time each.
const ASKED_PER_LOOK_MAX: usize = 500;
/// Prefixes that are asked for in turn, changed or not.
const ASKED_IN_TURN: usize = 16;

/// What of a peer decides whom a prefix was sent to.
type Fingerprint = BTreeMap<PeerAddress, (bool, u32, u32)>;

/// What is known of the own prefixes.
#[derive(Debug, Default)]
pub(super) struct Advertised {
    sent: BTreeMap<Prefix, BTreeSet<PeerAddress>>,
    in_doubt: BTreeSet<Prefix>,
    peers: Fingerprint,
    revision: u64,
    turn: Option<Prefix>,
}

impl Advertised {
    /// The prefixes that were sent to somebody, and to whom.
    pub(super) fn sent(&self) -> impl Iterator<Item = (&Prefix, &BTreeSet<PeerAddress>)> {
        self.sent.iter().filter(|(_, peers)| !peers.is_empty())
    }

    /// Asks for what is in doubt.
    pub(super) async fn look(
        &mut self,
        vty: &mut Vty,
        snapshot: &Snapshot,
        peers: &BTreeMap<PeerAddress, PeerLive>,
    ) -> Result<(), LookError> {
        let wanted = wanted(snapshot);
        self.doubt(&wanted, snapshot.revision(), fingerprint(peers));
        let asked = self.most_doubtful();
        let commands: Vec<String> = asked.iter().map(bgp::prefix_command).collect();
        let replies = vty.pipeline(&commands).await?;
        for (prefix, reply) in asked.iter().zip(replies) {
            self.take_in(*prefix, bgp::advertised_to(&reply.text)?.peers, &wanted);
        }
        Ok(())
    }

    /// What was never seen to be sent comes first: somebody waits for it.
    fn most_doubtful(&self) -> Vec<Prefix> {
        let unsent = |prefix: &&Prefix| self.sent.get(prefix).is_none_or(BTreeSet::is_empty);
        let (unsent, sent): (Vec<_>, Vec<_>) = self.in_doubt.iter().partition(unsent);
        unsent.into_iter().chain(sent).copied().take(ASKED_PER_LOOK_MAX).collect()
    }

    fn doubt(&mut self, wanted: &BTreeSet<Prefix>, revision: u64, peers: Fingerprint) {
        let anything_changed = self.peers != peers || self.revision != revision;
        (self.peers, self.revision) = (peers, revision);
        let known = self.sent.keys().copied().collect::<BTreeSet<_>>();
        if anything_changed {
            self.in_doubt.extend(wanted.union(&known));
            return;
        }
        self.in_doubt.extend(wanted.symmetric_difference(&known));
        // Without an established peer, what was not sent cannot have been sent since.
        if self.peers.values().any(|(established, ..)| *established) {
            self.in_doubt.extend(self.sent.iter().filter(|(_, peers)| peers.is_empty()).map(|(prefix, _)| *prefix));
        }
        let after = self.turn.map_or(Bound::Unbounded, Bound::Excluded);
        let in_turn: Vec<Prefix> = wanted.range((after, Bound::Unbounded)).take(ASKED_IN_TURN).copied().collect();
        self.turn = in_turn.last().copied();
        self.in_doubt.extend(in_turn);
    }

    fn take_in(&mut self, prefix: Prefix, peers: BTreeSet<PeerAddress>, wanted: &BTreeSet<Prefix>) {
        self.in_doubt.remove(&prefix);
        // Gone, and nobody wants it: it need not be remembered. What is wanted and not sent stays in doubt.
        if peers.is_empty() && !wanted.contains(&prefix) {
            self.sent.remove(&prefix);
        } else {
            self.sent.insert(prefix, peers);
        }
    }
}

fn wanted(snapshot: &Snapshot) -> BTreeSet<Prefix> {
    let prefix = |key: &IntentKey| match key {
        IntentKey::Prefix(Protocol::Bgp, prefix) => Some(*prefix),
        _ => None,
    };
    snapshot.slots().filter_map(|(key, _)| prefix(key)).collect()
}

fn fingerprint(peers: &BTreeMap<PeerAddress, PeerLive>) -> Fingerprint {
    let of = |peer: &PeerLive| (peer.state == SessionState::Established, peer.prefixes_sent, peer.flaps);
    peers.iter().map(|(address, peer)| (*address, of(peer))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefixes(number: u8) -> BTreeSet<Prefix> {
        (0..number).map(|n| format!("10.0.0.{n}/32").parse().unwrap()).collect()
    }

    fn to_one() -> BTreeSet<PeerAddress> {
        ["10.9.9.9".parse().unwrap()].into()
    }

    fn one_peer(sent: u32) -> Fingerprint {
        [("10.9.9.9".parse().unwrap(), (true, sent, 0))].into()
    }

    /// Answers everything in doubt with "sent".
    fn settle(advertised: &mut Advertised, wanted: &BTreeSet<Prefix>) {
        for prefix in advertised.in_doubt.clone() {
            advertised.take_in(prefix, to_one(), wanted);
        }
    }

    #[test]
    fn at_rest_a_few_are_asked_for_in_turn_until_all_were() {
        let (mut advertised, wanted) = (Advertised::default(), prefixes(40));
        advertised.doubt(&wanted, 1, one_peer(40));
        assert_eq!(advertised.in_doubt.len(), 40);
        settle(&mut advertised, &wanted);
        let mut asked = BTreeSet::new();
        for _ in 0..4 {
            advertised.doubt(&wanted, 1, one_peer(40));
            assert!(advertised.in_doubt.len() <= ASKED_IN_TURN);
            asked.extend(advertised.in_doubt.clone());
            settle(&mut advertised, &wanted);
        }
        assert_eq!(asked, wanted);
    }

    #[test]
    fn a_peer_that_changed_puts_all_in_doubt() {
        let (mut advertised, wanted) = (Advertised::default(), prefixes(40));
        advertised.doubt(&wanted, 1, one_peer(40));
        settle(&mut advertised, &wanted);
        advertised.doubt(&wanted, 1, one_peer(39));
        assert_eq!(advertised.in_doubt.len(), 40);
    }

    #[test]
    fn a_withdrawn_prefix_is_asked_for_until_it_is_gone() {
        let (mut advertised, all) = (Advertised::default(), prefixes(2));
        advertised.doubt(&all, 1, one_peer(2));
        settle(&mut advertised, &all);
        let fewer = prefixes(1);
        advertised.doubt(&fewer, 2, one_peer(2));
        settle(&mut advertised, &fewer);
        assert_eq!(advertised.sent().count(), 2);
        advertised.doubt(&fewer, 2, one_peer(1));
        for prefix in advertised.in_doubt.clone() {
            let peers = if fewer.contains(&prefix) { to_one() } else { BTreeSet::new() };
            advertised.take_in(prefix, peers, &fewer);
        }
        assert_eq!(advertised.sent.keys().copied().collect::<BTreeSet<_>>(), fewer);
    }
}
