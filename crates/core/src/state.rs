//! The states of an intent and the reasons behind them.

use std::fmt;

/// Where an intent is on its way. The words are the same in status, events, the CLI and metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IntentState {
    /// Accepted, not yet in FRR's running configuration.
    Pending,
    /// FRR's running configuration has it.
    Programmed,
    /// A prefix that was sent to at least one established peer (BGP), or stands in the LSDB (OSPF).
    Advertised,
    /// FRR or the node refused it; other intents go on.
    Refused,
    /// Another owner's intent with the same key took over; it comes back when that one goes.
    Overridden,
    /// Kept from before a restart and not yet claimed again by its owner; announced like any other.
    Stale,
}

impl IntentState {
    /// All states, in order.
    pub const ALL: [Self; 6] =
        [Self::Pending, Self::Programmed, Self::Advertised, Self::Refused, Self::Overridden, Self::Stale];

    /// The word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Programmed => "programmed",
            Self::Advertised => "advertised",
            Self::Refused => "refused",
            Self::Overridden => "overridden",
            Self::Stale => "stale",
        }
    }
}

impl fmt::Display for IntentState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $variant:ident = $word:literal,)+) => {
        /// Why something was refused, or is not where its owner wants it. One list feeds error details, events,
        /// metric labels and the documentation; the words never change meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Reason {
            /// All reasons.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable word, upper case (`google.rpc.ErrorInfo.reason`).
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// What it means, in a sentence.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),+).trim_ascii_start()),+ }
            }
        }
    };
}

reasons! {
    /// A field of the request cannot be what it says.
    InvalidField = "INVALID_FIELD",
    /// Unknown owner or wrong token; the two are never told apart.
    BadCredentials = "BAD_CREDENTIALS",
    /// The caller's user id may not speak for this owner.
    UidNotAllowed = "UID_NOT_ALLOWED",
    /// The owner has no permission for this kind of intent.
    KindNotPermitted = "KIND_NOT_PERMITTED",
    /// The owner's policy takes host prefixes only, subnets only, or no default route.
    PrefixTypeNotAllowed = "PREFIX_TYPE_NOT_ALLOWED",
    /// The prefix lies in none of the owner's allowed CIDRs.
    PrefixNotInAllowedCidrs = "PREFIX_NOT_IN_ALLOWED_CIDRS",
    /// The prefix is shorter or longer than the owner's policy takes.
    PrefixLengthNotAllowed = "PREFIX_LENGTH_NOT_ALLOWED",
    /// A community is not among the owner's allowed ones.
    CommunityNotAllowed = "COMMUNITY_NOT_ALLOWED",
    /// The interface is not among the owner's allowed ones.
    InterfaceNotAllowed = "INTERFACE_NOT_ALLOWED",
    /// The peer's address lies in none of the owner's allowed peer CIDRs.
    PeerNotAllowed = "PEER_NOT_ALLOWED",
    /// The peer's AS is not among the owner's allowed ones.
    RemoteAsNotAllowed = "REMOTE_AS_NOT_ALLOWED",
    /// The owner may not have a peer be sent what other peers have announced.
    TransitNotAllowed = "TRANSIT_NOT_ALLOWED",
    /// The owner holds as many intents of this kind as its limit allows, or too many event streams are open.
    LimitReached = "LIMIT_REACHED",
    /// The owner may drain what it holds itself and nothing else: it may not override others.
    DrainNotPermitted = "DRAIN_NOT_PERMITTED",
    /// The owner may not end the agent: it may not override others.
    HandoffNotPermitted = "HANDOFF_NOT_PERMITTED",
    /// Another owner holds the key.
    HeldByAnother = "HELD_BY_ANOTHER",
    /// Another owner holds the BGP instance with other values.
    BgpInstanceHeld = "BGP_INSTANCE_HELD",
    /// The owner holds nothing with this key.
    NotHeld = "NOT_HELD",
    /// Another process of the owner has registered since; the session that this call speaks of is over.
    SessionSuperseded = "SESSION_SUPERSEDED",
    /// The owner has no open session, or none since the agent started: it must register first.
    NoSession = "NO_SESSION",
    /// The end of the replay, or a replacement, would remove more than half of what the owner holds.
    SweepTooLarge = "SWEEP_TOO_LARGE",
    /// Another item of the same call names the same key.
    NamedTwice = "NAMED_TWICE",
    /// A change of the owner waits to be confirmed; until then it takes no other.
    ChangePending = "CHANGE_PENDING",
    /// No such change of the owner waits to be confirmed.
    NoPendingChange = "NO_PENDING_CHANGE",
    /// Nobody confirmed the change in time.
    ConfirmRanOut = "CONFIRM_RAN_OUT",
    /// Too many requests are waiting to be decided.
    QueueFull = "QUEUE_FULL",
    /// Too many failed attempts to authenticate; try again later.
    TooManyFailures = "TOO_MANY_FAILURES",
    /// The agent is shutting down.
    ShuttingDown = "SHUTTING_DOWN",
    /// The journal cannot be written, so nothing can be promised.
    JournalUnavailable = "JOURNAL_UNAVAILABLE",
    /// No BGP instance is configured yet; peers and BGP prefixes wait for it.
    BgpNotConfigured = "BGP_NOT_CONFIGURED",
    /// The peer was declared internal or external and its AS says otherwise.
    PeerTypeMismatch = "PEER_TYPE_MISMATCH",
    /// Another interface of the same OSPF area has another type of area, and comes first.
    OspfAreaMismatch = "OSPF_AREA_MISMATCH",
    /// FRR refused a line of this intent; its words are attached.
    FrrRefused = "FRR_REFUSED",
    /// The FRR daemon that this intent needs cannot be reached.
    DaemonUnavailable = "DAEMON_UNAVAILABLE",
    /// An owner with the right to override holds the key.
    OverriddenByOwner = "OVERRIDDEN_BY_OWNER",
    /// Found in FRR after a start without journal; nobody has claimed it yet.
    AdoptedUnclaimed = "ADOPTED_UNCLAIMED",
    /// Kept from before a restart of the agent; its owner has not claimed it again yet.
    UnclaimedSinceRestart = "UNCLAIMED_SINCE_RESTART",
    /// The owner's lease ended without a Renew.
    LeaseEnded = "LEASE_ENDED",
    /// The connection to which the owner's session was bound was lost.
    ConnectionLost = "CONNECTION_LOST",
    /// An explicit BFD session to the same peer sets the timers that run, in place of the peer's own.
    BfdTimersOfSession = "BFD_TIMERS_OF_SESSION",
    /// No peer that takes this family is established, so nobody was sent the prefix.
    NoEstablishedPeer = "NO_ESTABLISHED_PEER",
    /// The caller's time to wait is over; what it asked for stays accepted.
    WaitRanOut = "WAIT_RAN_OUT",
    /// A newer change took the place of the one that the caller waits for.
    Superseded = "SUPERSEDED",
    /// The prefix is drained: it is announced again when the drain ends.
    Drained = "DRAINED",
    /// OSPF has not put the prefix into its link-state database.
    NotInLsdb = "NOT_IN_LSDB",
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A reason with the words that belong to the case at hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// The stable reason.
    pub reason: Reason,
    /// The case at hand, for people: never a secret.
    pub detail: String,
}

impl Cause {
    /// A reason and its words.
    #[must_use]
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into() }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason, self.detail)
    }
}

/// The state of an intent with what is behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntentStatus {
    /// The state.
    pub state: IntentState,
    /// Why it is not further, when there is something to say.
    pub cause: Option<Cause>,
}

impl IntentStatus {
    /// A state that needs no explanation.
    #[must_use]
    pub fn of(state: IntentState) -> Self {
        Self { state, cause: None }
    }

    /// A state with its cause.
    #[must_use]
    pub fn because(state: IntentState, reason: Reason, detail: impl Into<String>) -> Self {
        Self { state, cause: Some(Cause::new(reason, detail)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_distinct_words_with_a_meaning() {
        let words: std::collections::BTreeSet<_> = Reason::ALL.iter().map(|r| r.as_str()).collect();
        assert_eq!(words.len(), Reason::ALL.len());
        for reason in Reason::ALL {
            assert!(reason.meaning().ends_with('.'), "{reason}: {}", reason.meaning());
        }
    }
}
