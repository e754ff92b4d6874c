//! Withdrawals that bgpd lost are made good: a peer would keep the prefix for as long as its session lasts.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use novaroute_core::intent::Protocol;
use novaroute_core::live::{Live, SessionState, sent_to_each};
use novaroute_core::peer::PeerKey;
use novaroute_core::prefix::Prefix;
use novaroute_frr::{FrrVersion, kept};
use tokio::time::{Instant, sleep};
use tracing::{debug, info, warn};

use super::Loop;
use crate::frr::Frr;

/// How long a peer may have been sent more than is known: both are seen at different times.
const PATIENCE: Duration = Duration::from_secs(2);
/// Time between two attempts.
const AGAIN_AFTER: Duration = Duration::from_secs(1);
/// Attempts for the same numbers. What is left then has another reason.
const ATTEMPTS_MAX: u32 = 10;
/// Time between two looks whether bgpd has worked through its queue.
const POLL: Duration = Duration::from_millis(50);
/// How often is looked.
const POLLS_MAX: u32 = 10;

/// How many prefixes a peer was sent, and how many of the own ones are known to have been.
type Counts = (u32, u32);

/// Peers that were sent more than is known.
#[derive(Debug, Default)]
pub(super) struct Kept {
    unexplained: BTreeMap<PeerKey, Counts>,
    /// When to look into it next.
    at: Option<Instant>,
    attempts: u32,
}

impl Kept {
    /// Takes in what is seen of the peers, and names those to be looked into now.
    fn look(&mut self, live: &Live, now: Instant) -> Vec<PeerKey> {
        let unexplained = unexplained(live);
        if unexplained != self.unexplained {
            *self = Self { unexplained, at: Some(now + PATIENCE), attempts: ATTEMPTS_MAX };
        }
        let due = self.at.is_some_and(|at| at <= now);
        if !due || self.attempts == 0 || self.unexplained.is_empty() {
            return Vec::new();
        }
        (self.at, self.attempts) = (Some(now + AGAIN_AFTER), self.attempts - 1);
        self.unexplained.keys().copied().collect()
    }
}

/// The peers of a bgpd that loses withdrawals which were sent more than is known.
fn unexplained(live: &Live) -> BTreeMap<PeerKey, Counts> {
    let bgpd = live.daemons.get("bgpd").and_then(|bgpd| bgpd.version.parse::<FrrVersion>().ok());
    if !bgpd.is_some_and(FrrVersion::loses_withdrawals) {
        return BTreeMap::new();
    }
    let of_bgp = live.advertised.iter().filter(|((protocol, _), _)| *protocol == Protocol::Bgp);
    let known = sent_to_each(of_bgp.map(|(_, peers)| peers));
    let established = live.peers.iter().filter(|(_, peer)| peer.state == SessionState::Established);
    let counts =
        established.map(|(address, peer)| (*address, (peer.prefixes_sent, known.get(address).copied().unwrap_or(0))));
    counts.filter(|(_, (sent, known))| sent > known).collect()
}

impl<F: Frr> Loop<F> {
    /// Has bgpd withdraw what its peers have and its table has not.
    pub(super) async fn withdraw_kept(&mut self) {
        let peers = self.kept.look(&self.parts.live.borrow(), Instant::now());
        if peers.is_empty() {
            return;
        }
        let Some(sent) = self.parts.frr.sent(&peers).await else { return };
        let Some(prefixes) = self.parts.frr.without_path(&sent).await else { return };
        debug!(?peers, ?prefixes, "peers were sent more prefixes than are known");
        if prefixes.is_empty() {
            return;
        }
        let Ok(running) = self.read().await else { return };
        let [there, gone] = kept::withdrawal(&running.config, &prefixes);
        let is_there = self.parts.frr.apply(&there, running.dialect.version).await.lost.is_empty();
        let left = if is_there { self.until_withdrawn(&peers, &prefixes).await } else { prefixes.clone() };
        self.parts.frr.apply(&gone, running.dialect.version).await;
        if left.is_empty() {
            info!(
                ?prefixes,
                "bgpd had not withdrawn prefixes from its peers that it does not have any more; it has now"
            );
        } else if self.kept.attempts == 0 {
            warn!(prefixes = ?left, "peers keep prefixes that bgpd does not have any more: reset their sessions");
        }
    }

    /// What the peers have still been sent when bgpd has had time to withdraw it.
    async fn until_withdrawn(&mut self, peers: &[PeerKey], prefixes: &BTreeSet<Prefix>) -> BTreeSet<Prefix> {
        let mut left = prefixes.clone();
        for _ in 0..POLLS_MAX {
            sleep(POLL).await;
            let Some(sent) = self.parts.frr.sent(peers).await else { continue };
            left.retain(|prefix| sent.contains(prefix));
            if left.is_empty() {
                break;
            }
        }
        left
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use novaroute_core::live::{DaemonLive, PeerLive};

    use super::*;

    /// A peer that was sent `sent` prefixes by a bgpd of `version`, of which one is known.
    fn live(version: &str, state: SessionState, sent: u32) -> Live {
        let peer: PeerKey = "192.0.2.2".parse().unwrap();
        let known = (Protocol::Bgp, "10.0.0.1/32".parse().unwrap());
        let bgpd = DaemonLive { version: version.to_owned(), connected: true, ..DaemonLive::default() };
        Live {
            daemons: [("bgpd".to_owned(), bgpd)].into(),
            peers: [(peer, PeerLive { state, prefixes_sent: sent, ..PeerLive::default() })].into(),
            advertised: Arc::new([(known, [peer].into())].into()),
            ..Live::default()
        }
    }

    #[test]
    fn more_than_is_known_is_looked_into_where_withdrawals_get_lost() {
        use SessionState::{Connect, Established};
        for (version, state, sent, looked) in [
            ("8.4.4", Established, 2, true),
            ("10.2.1", Established, 2, true),
            ("10.3", Established, 2, false),
            ("", Established, 2, false),
            ("8.4.4", Established, 1, false),
            ("8.4.4", Connect, 2, false),
        ] {
            assert_eq!(!unexplained(&live(version, state, sent)).is_empty(), looked, "{version} {state:?} {sent}");
        }
    }

    #[test]
    fn numbers_that_stay_are_looked_into_a_few_times() {
        let (mut kept, start) = (Kept::default(), Instant::now());
        let live = |sent| live("8.4.4", SessionState::Established, sent);
        for (after_s, sent, looked) in
            [(0, 2, false), (1, 2, false), (2, 2, true), (2, 2, false), (3, 2, true), (3, 3, false), (5, 1, false)]
        {
            let peers = kept.look(&live(sent), start + Duration::from_secs(after_s));
            assert_eq!(!peers.is_empty(), looked, "after {after_s} s with {sent}");
        }
        let looks = (10..40).filter(|after_s| !kept.look(&live(2), start + Duration::from_secs(*after_s)).is_empty());
        assert_eq!(looks.count(), usize::try_from(ATTEMPTS_MAX).unwrap());
    }
}
