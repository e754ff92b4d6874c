//! Sessions of owners: leases, connections, grace clocks. Time is an argument: milliseconds since any moment, as long
//! as it is always the same one.
//!
//! An owner has at most one open session; opening another replaces it, and its epoch is one higher. A session that is
//! leased or bound to its connection *lapses* when its lease ends or its last connection drops. From then on the grace
//! clock runs, and when it has run out the owner's intents go. Any other session never lapses.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;

use crate::invalid::Invalid;
use crate::name::{InstanceName, OwnerName, SessionId};
use crate::state::Reason;

/// Longest lease in seconds: a day.
pub const LEASE_S_MAX: u32 = 86_400;
/// Connections that a bound session follows at most; beyond, the oldest is no longer followed.
pub const CONNECTIONS_MAX: usize = 16;

/// How long a session lasts without a Renew: 1 to 86400 seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lease(NonZeroU32);

impl Lease {
    /// A lease of so many seconds; 0 is none.
    ///
    /// # Errors
    /// It is longer than a day.
    pub fn new(seconds: u32) -> Result<Option<Self>, Invalid> {
        if seconds > LEASE_S_MAX {
            let expected = format!("a lease of 1 to {LEASE_S_MAX} seconds; 0 means none");
            return Err(Invalid::number(seconds, expected));
        }
        Ok(NonZeroU32::new(seconds).map(Self))
    }

    /// Seconds.
    #[must_use]
    pub fn seconds(self) -> u32 {
        self.0.get()
    }

    fn ends(self, now_ms: u64) -> u64 {
        now_ms.saturating_add(u64::from(self.seconds()) * 1000)
    }
}

/// One connection to the agent among all that there ever are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// What an owner asks for when it registers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Registration {
    /// The intents that the agent still has from before are claimed again as they are.
    pub reassert_intents: bool,
    /// How long the session lasts without a Renew; `None`: for ever.
    pub lease: Option<Lease>,
    /// The process that registers, for people.
    pub instance: Option<InstanceName>,
    /// The session lasts as long as the connection that it was opened on.
    pub bind_to_connection: bool,
}

/// Where a call comes from, and when.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origin {
    /// The session that the caller says it acts in; a call of a session that was replaced is refused.
    pub session: Option<SessionId>,
    /// The connection.
    pub connection: Option<ConnectionId>,
    /// The name of the session that this call may open.
    pub new_session: Option<SessionId>,
    /// When.
    pub now_ms: u64,
}

/// A call about a session that is open already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionCall {
    /// The owner is still there.
    Renew {
        /// Its session.
        session: SessionId,
    },
    /// The owner has claimed all that it wants; the rest of what it holds goes.
    EndOfReplay {
        /// Its session; `None`: whichever is open.
        session: Option<SessionId>,
        /// More than half, and more than [`crate::engine::SWEEP_UNCONFIRMED_MAX`], may go.
        confirm_removals: bool,
    },
}

/// What the journal keeps of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionTerms {
    /// Its name.
    pub id: SessionId,
    /// Which session of its owner it is: 1, 2, 3 …
    pub epoch: u64,
    /// How long it lasts without a Renew.
    pub lease: Option<Lease>,
    /// The process that opened it.
    pub instance: Option<InstanceName>,
    /// It lasts as long as its connection.
    pub bound: bool,
}

impl SessionTerms {
    /// Whether the session can lapse.
    #[must_use]
    pub fn can_lapse(&self) -> bool {
        self.lease.is_some() || self.bound
    }
}

/// Why a session lapsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lapse {
    /// It was not renewed in time.
    LeaseEnded,
    /// Its last connection dropped, or the agent was restarted and none came back.
    ConnectionLost,
}

impl Lapse {
    /// The stable word.
    #[must_use]
    pub fn reason(self) -> Reason {
        match self {
            Self::LeaseEnded => Reason::LeaseEnded,
            Self::ConnectionLost => Reason::ConnectionLost,
        }
    }
}

impl fmt::Display for Lapse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LeaseEnded => "its lease ended",
            Self::ConnectionLost => "its connection was lost",
        })
    }
}

/// A session and its clocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    terms: SessionTerms,
    open: bool,
    /// Opened in an earlier life of the agent, which does not know any more what was claimed in it.
    restored: bool,
    lease_ends: Option<u64>,
    connections: BTreeSet<ConnectionId>,
    /// When the last connection of a bound session dropped.
    dropped_at: Option<u64>,
}

impl Session {
    /// A session that is opened by a call.
    #[must_use]
    pub fn opened(terms: SessionTerms, origin: &Origin) -> Self {
        let mut session = Self {
            terms,
            open: true,
            restored: false,
            lease_ends: None,
            connections: BTreeSet::new(),
            dropped_at: None,
        };
        session.renew(origin);
        session
    }

    /// A session that the journal says was open, when the agent comes up. Its clocks start afresh: a leased one has
    /// its whole lease again before the grace begins, one that is only bound has no connection.
    #[must_use]
    pub fn restored(terms: SessionTerms, now_ms: u64) -> Self {
        let lease_ends = terms.lease.map(|lease| lease.ends(now_ms));
        let dropped_at = (terms.bound && terms.lease.is_none()).then_some(now_ms);
        Self { terms, open: true, restored: true, lease_ends, connections: BTreeSet::new(), dropped_at }
    }

    /// What was agreed on.
    #[must_use]
    pub fn terms(&self) -> &SessionTerms {
        &self.terms
    }

    /// Whether it was opened in this life of the agent, so that what was claimed in it is known.
    #[must_use]
    pub fn knows_its_claims(&self) -> bool {
        !self.restored
    }

    /// When the session lapsed or will lapse as things are, and why; `None`: not as long as its connection lasts.
    #[must_use]
    pub fn lapses_at(&self) -> Option<(u64, Lapse)> {
        let lease = self.lease_ends.map(|at| (at, Lapse::LeaseEnded));
        let connection = self.dropped_at.map(|at| (at, Lapse::ConnectionLost));
        if self.open { lease.into_iter().chain(connection).min() } else { None }
    }

    /// The owner is there: its clocks start anew. A bound session follows the caller's connection from now on, too,
    /// since its own may be gone without anybody having noticed yet.
    fn renew(&mut self, origin: &Origin) {
        self.lease_ends = self.terms.lease.map(|lease| lease.ends(origin.now_ms));
        if !self.terms.bound {
            return;
        }
        self.dropped_at = None;
        self.connections.extend(origin.connection);
        while self.connections.len() > CONNECTIONS_MAX {
            self.connections.pop_first();
        }
    }

    fn on_disconnect(&mut self, connection: ConnectionId, now_ms: u64) {
        if self.connections.remove(&connection) && self.connections.is_empty() {
            self.dropped_at = Some(now_ms);
        }
    }
}

/// The last session of each owner; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Sessions {
    last: Arc<BTreeMap<OwnerName, Session>>,
    open: Arc<BTreeSet<OwnerName>>,
}

impl Sessions {
    /// The open session of an owner.
    #[must_use]
    pub fn get(&self, owner: &OwnerName) -> Option<&Session> {
        self.last.get(owner).filter(|session| session.open)
    }

    /// Owners with an open session.
    #[must_use]
    pub fn open(&self) -> &Arc<BTreeSet<OwnerName>> {
        &self.open
    }

    /// The epoch of the owner's last session; 0: it never had one.
    #[must_use]
    pub fn epoch(&self, owner: &OwnerName) -> u64 {
        self.last.get(owner).map_or(0, |session| session.terms.epoch)
    }

    /// The last session of an owner, and whether it is open.
    #[must_use]
    pub fn last(&self, owner: &OwnerName) -> Option<(&Session, bool)> {
        self.last.get(owner).map(|session| (session, session.open))
    }

    /// What the journal must keep: the last session of each owner, and whether it is open. One that is closed is kept
    /// for its epoch.
    pub fn terms(&self) -> impl Iterator<Item = (&OwnerName, &SessionTerms, bool)> {
        self.last.iter().map(|(owner, session)| (owner, &session.terms, session.open))
    }

    /// Puts a session in the place of the owner's last one.
    pub fn put(&mut self, owner: &OwnerName, session: Session) {
        Arc::make_mut(&mut self.last).insert(owner.clone(), session);
        Arc::make_mut(&mut self.open).insert(owner.clone());
    }

    /// Ends the owner's session; `true` if one was open.
    pub fn close(&mut self, owner: &OwnerName) -> bool {
        if let Some(session) = Arc::make_mut(&mut self.last).get_mut(owner) {
            session.open = false;
        }
        Arc::make_mut(&mut self.open).remove(owner)
    }

    /// The owner is there.
    pub fn renew(&mut self, owner: &OwnerName, origin: &Origin) {
        if let Some(session) = Arc::make_mut(&mut self.last).get_mut(owner).filter(|session| session.open) {
            session.renew(origin);
        }
    }

    /// A connection dropped; those that lapsed by it are returned.
    pub fn on_disconnect(&mut self, connection: ConnectionId, now_ms: u64) -> Vec<OwnerName> {
        if !self.last.values().any(|session| session.open && session.connections.contains(&connection)) {
            return Vec::new();
        }
        let mut lapsed = Vec::new();
        for (owner, session) in Arc::make_mut(&mut self.last).iter_mut().filter(|(_, session)| session.open) {
            session.on_disconnect(connection, now_ms);
            if session.dropped_at == Some(now_ms) {
                lapsed.push(owner.clone());
            }
        }
        lapsed
    }

    /// When the next grace clock will have run out, as things are; `None`: no clock runs.
    #[must_use]
    pub fn next_expiry(&self, grace_ms: u64) -> Option<u64> {
        let lapses = self.last.values().filter_map(Session::lapses_at);
        lapses.map(|(at, _)| at.saturating_add(grace_ms)).min()
    }

    /// The owners whose grace clock has run out, each with the reason why it ran.
    #[must_use]
    pub fn expired(&self, now_ms: u64, grace_ms: u64) -> Vec<(OwnerName, Lapse)> {
        let expired = self.last.iter().filter_map(|(owner, session)| {
            let (at, lapse) = session.lapses_at()?;
            (at.saturating_add(grace_ms) <= now_ms).then(|| (owner.clone(), lapse))
        });
        expired.collect()
    }
}

#[cfg(test)]
mod tests;
