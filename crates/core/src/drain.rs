//! Drains: announcements that end as planned, after peers were told to look for another way (RFC 8326).
//!
//! A drained prefix is marked first: it carries the community GRACEFUL_SHUTDOWN and the lowest local preference, so that
//! peers move their traffic while it still arrives. Then it is withdrawn, and if that was asked for, the sessions end with a
//! message (RFC 9003). What owners hold stays as it is, and is announced again when the drain ends.

use std::collections::BTreeMap;
use std::fmt;

use crate::bgp::{Community, PrefixAttributes};
use crate::desired::Desired;
use crate::intent::{IntentKey, Protocol};
use crate::invalid::Invalid;
use crate::name::OwnerName;
use crate::peer::{PeerKey, Shutdown};
use crate::prefix::Prefix;
use crate::state::{IntentState, IntentStatus, Reason};

/// LOCAL_PREF of what is drained: the lowest there is (RFC 8326 §4.2).
const LOCAL_PREFERENCE: u32 = 0;

/// From the withdrawal to the end of the sessions: bgpd holds back what it sends for 50 ms, and a peer shall hear of the
/// withdrawal before it hears of the end.
const TELL_PEERS_MS: u64 = 1_000;

/// Whose prefixes a drain is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum DrainScope {
    /// Those of all owners.
    Node,
    /// Those of one owner.
    Owner(OwnerName),
}

impl DrainScope {
    /// What a request names; without a name, what the owner who asks holds itself.
    #[must_use]
    pub fn of(named: Option<&Self>, owner: &OwnerName) -> Self {
        named.cloned().unwrap_or_else(|| Self::Owner(owner.clone()))
    }

    /// Whether what this owner holds is meant.
    #[must_use]
    pub fn covers(&self, owner: &OwnerName) -> bool {
        match self {
            Self::Node => true,
            Self::Owner(drained) => drained == owner,
        }
    }
}

impl fmt::Display for DrainScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node => f.write_str("the node"),
            Self::Owner(owner) => write!(f, "owner {owner}"),
        }
    }
}

/// How long prefixes stay marked before they are withdrawn, in seconds, 0 to 86400.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DrainDelay(u32);

impl DrainDelay {
    /// The longest: a day.
    pub const MAX_S: u32 = 86_400;

    /// A delay of so many seconds.
    ///
    /// # Errors
    /// [`Invalid`] when it is longer than [`DrainDelay::MAX_S`].
    pub fn new(seconds: u32) -> Result<Self, Invalid> {
        if seconds > Self::MAX_S {
            return Err(Invalid::number(seconds, format!("a delay of 0 to {} s", Self::MAX_S)));
        }
        Ok(Self(seconds))
    }

    /// In seconds.
    #[must_use]
    pub fn seconds(self) -> u32 {
        self.0
    }
}

impl Default for DrainDelay {
    /// Half a minute: BGP has converged by then in all but the largest networks.
    fn default() -> Self {
        Self(30)
    }
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DrainTerms {
    /// From the mark to the withdrawal; `None`: the prefixes stay marked and announced.
    pub withdraw_after: Option<DrainDelay>,
    /// After the withdrawal the sessions of the peers end.
    pub shut_sessions: Option<Shutdown>,
}

/// How far a drain is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DrainPhase {
    /// Prefixes are announced with GRACEFUL_SHUTDOWN.
    Marked,
    /// Prefixes are withdrawn.
    Withdrawn,
    /// Sessions are shut, too.
    Shut,
}

impl DrainPhase {
    /// The word in status, events and the CLI.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Marked => "marked",
            Self::Withdrawn => "withdrawn",
            Self::Shut => "shut",
        }
    }
}

impl fmt::Display for DrainPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A drain in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drain {
    /// Who asked for it.
    pub by: OwnerName,
    /// What was asked for.
    pub terms: DrainTerms,
    /// How far it is.
    pub phase: DrainPhase,
    /// When the next phase begins, by the clock of sessions, in milliseconds; `None`: this is the last one.
    pub due_ms: Option<u64>,
}

impl Drain {
    /// A drain that begins now, or takes the place of `former`: what is withdrawn stays so, unless it shall be announced.
    #[must_use]
    pub fn begin(by: OwnerName, terms: DrainTerms, former: Option<&Self>, now_ms: u64) -> Self {
        let withdrawn = former.is_some_and(|drain| drain.phase >= DrainPhase::Withdrawn);
        let at_once = terms.withdraw_after.is_some_and(|delay| delay.seconds() == 0 || withdrawn);
        let marked = Self { by, terms, phase: DrainPhase::Marked, due_ms: None };
        if at_once { marked.advanced(now_ms) } else { marked.timed(now_ms) }
    }

    /// The same in its next phase, which begins now.
    #[must_use]
    pub fn advanced(&self, now_ms: u64) -> Self {
        let phase = match self.phase {
            DrainPhase::Marked => DrainPhase::Withdrawn,
            DrainPhase::Withdrawn | DrainPhase::Shut => DrainPhase::Shut,
        };
        Self { phase, ..self.clone() }.timed(now_ms)
    }

    /// How often it has gone on to the next phase since it began, or would have, had it begun with these terms.
    #[must_use]
    pub fn advances(&self) -> usize {
        let began = Self::begin(self.by.clone(), self.terms.clone(), None, 0);
        let phases = std::iter::successors(Some(began), |drain| drain.goes_on().then(|| drain.advanced(0)));
        phases.take_while(|drain| drain.phase < self.phase).count()
    }

    /// Whether another phase follows.
    #[must_use]
    pub fn goes_on(&self) -> bool {
        self.lasts_ms().is_some()
    }

    fn timed(self, now_ms: u64) -> Self {
        let due_ms = self.lasts_ms().map(|lasts_ms| now_ms.saturating_add(lasts_ms));
        Self { due_ms, ..self }
    }

    /// How long the phase lasts; `None`: until the drain ends.
    fn lasts_ms(&self) -> Option<u64> {
        match self.phase {
            DrainPhase::Marked => self.terms.withdraw_after.map(|delay| u64::from(delay.seconds()) * 1000),
            DrainPhase::Withdrawn => self.terms.shut_sessions.is_some().then_some(TELL_PEERS_MS),
            DrainPhase::Shut => None,
        }
    }
}

/// The drains in force.
pub type Drains = BTreeMap<DrainScope, Drain>;

/// How far what an owner holds is drained: of several drains, the one that is furthest counts.
#[must_use]
pub fn phase_of(drains: &Drains, owner: &OwnerName) -> Option<DrainPhase> {
    drains.iter().filter(|(scope, _)| scope.covers(owner)).map(|(_, drain)| drain.phase).max()
}

/// How the sessions of what an owner holds are shut by a drain, if they are.
#[must_use]
pub fn shutdown_of<'a>(drains: &'a Drains, owner: &OwnerName) -> Option<&'a Shutdown> {
    let shut = drains.iter().filter(|(scope, drain)| scope.covers(owner) && drain.phase == DrainPhase::Shut);
    shut.filter_map(|(_, drain)| drain.terms.shut_sessions.as_ref()).next()
}

impl Desired {
    /// Keeps a session down. What its owner has said of that counts first.
    pub(crate) fn shut(&mut self, peer: PeerKey, shutdown: &Shutdown) {
        if let Some(peer) = self.bgp.as_mut().and_then(|bgp| bgp.peers.get_mut(&peer)) {
            peer.settings.shutdown.get_or_insert_with(|| shutdown.clone());
        }
    }

    /// Marks a prefix, or holds it back. OSPF has no mark: there a prefix stays as it is until it is held back.
    pub(crate) fn drain(&mut self, protocol: Protocol, prefix: Prefix, phase: DrainPhase) {
        match phase {
            DrainPhase::Marked => {
                let bgp = self.bgp.as_mut().filter(|_| protocol == Protocol::Bgp);
                if let Some(attributes) = bgp.and_then(|bgp| bgp.prefixes.get_mut(&prefix)) {
                    mark(attributes);
                }
            }
            DrainPhase::Withdrawn | DrainPhase::Shut => {
                match protocol {
                    Protocol::Bgp => drop(self.bgp.as_mut().and_then(|bgp| bgp.prefixes.remove(&prefix))),
                    Protocol::Ospf => drop(self.ospf_prefixes.remove(&prefix)),
                }
                self.blocked.insert(IntentKey::Prefix(protocol, prefix), held_back());
            }
        }
    }
}

fn mark(attributes: &mut PrefixAttributes) {
    attributes.communities.insert(Community::GRACEFUL_SHUTDOWN);
    attributes.local_preference = Some(LOCAL_PREFERENCE);
}

fn held_back() -> IntentStatus {
    let detail = "drained: it is announced again when the drain ends (Undrain)";
    IntentStatus::because(IntentState::Pending, Reason::Drained, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(name: &str) -> OwnerName {
        name.parse().unwrap()
    }

    fn terms(seconds: Option<u32>) -> DrainTerms {
        DrainTerms { withdraw_after: seconds.map(|s| DrainDelay::new(s).unwrap()), shut_sessions: None }
    }

    #[test]
    fn a_drain_marks_first_and_withdraws_when_its_delay_is_over() {
        let drain = Drain::begin(owner("admin"), terms(Some(5)), None, 1_000);
        assert_eq!((drain.phase, drain.due_ms), (DrainPhase::Marked, Some(6_000)));
        let over = drain.advanced(6_000);
        assert_eq!((over.phase, over.due_ms, over.goes_on()), (DrainPhase::Withdrawn, None, false));
    }

    #[test]
    fn sessions_are_shut_a_moment_after_the_withdrawal() {
        let terms = DrainTerms { shut_sessions: Some(Shutdown::default()), ..terms(Some(0)) };
        let drain = Drain::begin(owner("admin"), terms, None, 5_000);
        assert_eq!((drain.phase, drain.due_ms), (DrainPhase::Withdrawn, Some(5_000 + TELL_PEERS_MS)));
        let shut = drain.advanced(6_000);
        assert_eq!((shut.phase, shut.goes_on()), (DrainPhase::Shut, false));
        assert_eq!((drain.advances(), shut.advances()), (0, 1));
        let drains = Drains::from([(DrainScope::Owner(owner("lb")), shut)]);
        assert_eq!(shutdown_of(&drains, &owner("lb")), Some(&Shutdown::default()));
        assert_eq!(shutdown_of(&drains, &owner("cni")), None);
    }

    #[test]
    fn without_a_delay_it_withdraws_at_once_and_kept_announced_it_never_does() {
        let at_once = Drain::begin(owner("admin"), terms(Some(0)), None, 0);
        assert_eq!((at_once.phase, at_once.due_ms), (DrainPhase::Withdrawn, None));
        let kept = Drain::begin(owner("admin"), terms(None), None, 0);
        assert_eq!((kept.phase, kept.due_ms), (DrainPhase::Marked, None));
    }

    #[test]
    fn what_is_withdrawn_stays_so_unless_it_shall_be_announced() {
        let former = Drain::begin(owner("admin"), terms(Some(0)), None, 0);
        let again = Drain::begin(owner("admin"), terms(Some(60)), Some(&former), 0);
        assert_eq!(again.phase, DrainPhase::Withdrawn);
        let announced = Drain::begin(owner("admin"), terms(None), Some(&former), 0);
        assert_eq!(announced.phase, DrainPhase::Marked);
    }

    #[test]
    fn of_two_drains_the_furthest_counts() {
        let drain = |seconds| Drain::begin(owner("admin"), terms(Some(seconds)), None, 0);
        let drains = Drains::from([(DrainScope::Node, drain(5)), (DrainScope::Owner(owner("lb")), drain(0))]);
        assert_eq!(phase_of(&drains, &owner("lb")), Some(DrainPhase::Withdrawn));
        assert_eq!(phase_of(&drains, &owner("cni")), Some(DrainPhase::Marked));
        assert_eq!(phase_of(&Drains::new(), &owner("cni")), None);
    }

    #[test]
    fn delays_are_at_most_a_day() {
        assert!(DrainDelay::new(86_400).is_ok());
        assert!(DrainDelay::new(86_401).is_err());
    }
}
