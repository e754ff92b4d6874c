//! Events: what happened, declared once.

use std::collections::BTreeMap;
use std::fmt;

use crate::intent::{IntentKey, Protocol};
use crate::name::OwnerName;
use crate::prefix::Prefix;
use crate::state::Reason;

macro_rules! event_types {
    ($($(#[doc = $doc:literal])+ $variant:ident = $number:literal, $word:literal;)+) => {
        /// The type of an event; the numbers are those of the wire contract.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum EventType {
            $($(#[doc = $doc])+ $variant = $number,)+
        }

        impl EventType {
            /// All types.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word without the `EVENT_TYPE_` prefix.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// What it tells, in a sentence.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),+).trim_ascii_start()),+ }
            }
        }
    };
}

event_types! {
    /// A BGP session came up.
    PeerUp = 1, "PEER_UP";
    /// A BGP session went down, or its peer was removed while it was up.
    PeerDown = 2, "PEER_DOWN";
    /// A prefix is in FRR's table and was sent.
    PrefixAdvertised = 3, "PREFIX_ADVERTISED";
    /// A prefix that was advertised no longer is.
    PrefixWithdrawn = 4, "PREFIX_WITHDRAWN";
    /// A BFD session came up.
    BfdUp = 5, "BFD_UP";
    /// A BFD session that was up went down.
    BfdDown = 6, "BFD_DOWN";
    /// An OSPF neighbour reached Full (or 2-Way where that is its final state).
    OspfNeighborUp = 7, "OSPF_NEIGHBOR_UP";
    /// An OSPF neighbour that was up is gone.
    OspfNeighborDown = 8, "OSPF_NEIGHBOR_DOWN";
    /// A daemon of FRR answers on its socket.
    FrrConnected = 9, "FRR_CONNECTED";
    /// A daemon of FRR no longer answers.
    FrrDisconnected = 10, "FRR_DISCONNECTED";
    /// An owner opened its session.
    OwnerRegistered = 11, "OWNER_REGISTERED";
    /// An owner ended its session.
    OwnerDeregistered = 12, "OWNER_DEREGISTERED";
    /// A request was refused by permission or policy.
    PolicyViolation = 13, "POLICY_VIOLATION";
    /// The AS or the router id of the node's BGP instance changed.
    BgpConfigChanged = 14, "BGP_CONFIG_CHANGED";
    /// FRR's running configuration has the intent.
    IntentProgrammed = 100, "INTENT_PROGRAMMED";
    /// FRR or the node refused the intent.
    IntentRefused = 101, "INTENT_REFUSED";
    /// Another owner's intent took over, or gave the key back.
    IntentOverridden = 102, "INTENT_OVERRIDDEN";
    /// Own objects in FRR were changed from outside and were put back.
    DriftRepaired = 103, "DRIFT_REPAIRED";
    /// The session of an owner lapsed and the grace ended: its intents were withdrawn.
    OwnerExpired = 104, "OWNER_EXPIRED";
    /// This subscriber was too slow: events from … to … are missing here.
    Lagged = 105, "LAGGED";
    /// What follows is how things are, not news.
    SnapshotBegin = 106, "SNAPSHOT_BEGIN";
    /// How things are has been told; what follows is news.
    SnapshotEnd = 107, "SNAPSHOT_END";
    /// Prefixes are drained: marked for peers first, then withdrawn.
    DrainStarted = 108, "DRAIN_STARTED";
    /// A drain ended: what it held back is announced again.
    DrainEnded = 109, "DRAIN_ENDED";
    /// What an owner holds is again what it was before a change that was not confirmed.
    ChangeRolledBack = 110, "CHANGE_ROLLED_BACK";
    /// A change counts for good.
    ChangeConfirmed = 111, "CHANGE_CONFIRMED";
}

impl EventType {
    /// The number on the wire.
    #[must_use]
    pub fn number(self) -> i32 {
        self as i32
    }

    /// Finds a type by its word (any case, with or without `EVENT_TYPE_`) or its number in decimal digits.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let upper = text.to_ascii_uppercase();
        let word = upper.strip_prefix("EVENT_TYPE_").unwrap_or(&upper);
        let digits = text.bytes().all(|b| b.is_ascii_digit());
        let number = digits.then(|| text.parse::<i32>().ok()).flatten();
        Self::ALL.iter().copied().find(|t| t.as_str() == word || Some(t.number()) == number)
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Something that happened; when it happened and its number in the stream are added where it is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What.
    pub event_type: EventType,
    /// The owner that it concerns; `None`: the node.
    pub owner: Option<OwnerName>,
    /// The intent that it concerns.
    pub intent: Option<IntentKey>,
    /// Why, where there is a reason.
    pub reason: Option<Reason>,
    /// For people: never a secret.
    pub detail: String,
    /// For programs.
    pub metadata: BTreeMap<&'static str, String>,
}

impl Event {
    /// An event of the node.
    #[must_use]
    pub fn new(event_type: EventType, detail: impl Into<String>) -> Self {
        Self { event_type, owner: None, intent: None, reason: None, detail: detail.into(), metadata: BTreeMap::new() }
    }

    /// A prefix is announced.
    #[must_use]
    pub fn prefix_advertised(prefix: (Protocol, Prefix), owner: Option<&OwnerName>) -> Self {
        Self::of_prefix(EventType::PrefixAdvertised, "announced", prefix, owner)
    }

    /// A prefix is no longer announced.
    #[must_use]
    pub fn prefix_withdrawn(prefix: (Protocol, Prefix), owner: Option<&OwnerName>) -> Self {
        Self::of_prefix(EventType::PrefixWithdrawn, "no longer announced", prefix, owner)
    }

    fn of_prefix(
        event_type: EventType,
        what: &str,
        (protocol, prefix): (Protocol, Prefix),
        owner: Option<&OwnerName>,
    ) -> Self {
        let mut event = Self::new(event_type, format!("prefix {prefix} is {what} by {protocol}"))
            .about(&IntentKey::Prefix(protocol, prefix))
            .with("prefix", prefix)
            .with("protocol", protocol);
        event.owner = owner.cloned();
        event
    }

    /// Names the owner.
    #[must_use]
    pub fn of(mut self, owner: &OwnerName) -> Self {
        self.owner = Some(owner.clone());
        self
    }

    /// Names the intent.
    #[must_use]
    pub fn about(mut self, key: &IntentKey) -> Self {
        self.intent = Some(key.clone());
        self
    }

    /// Names the reason.
    #[must_use]
    pub fn because(mut self, reason: Reason) -> Self {
        self.reason = Some(reason);
        self
    }

    /// Adds one piece of metadata.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl ToString) -> Self {
        self.metadata.insert(key, value.to_string());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_found_by_any_of_its_spellings() {
        for text in ["PEER_UP", "peer_up", "EVENT_TYPE_PEER_UP", "event_type_peer_up", "1"] {
            assert_eq!(EventType::from_text(text), Some(EventType::PeerUp), "{text}");
        }
        for text in ["", "PEER", "0", "15", "-1", "+1", "EVENT_TYPE_", "UNSPECIFIED", " PEER_UP", "PEER_UP\n"] {
            assert_eq!(EventType::from_text(text), None, "{text:?}");
        }
    }

    #[test]
    fn the_fourteen_types_of_the_contract_are_there() {
        let numbers: Vec<_> = EventType::ALL.iter().map(|t| t.number()).filter(|n| *n < 100).collect();
        assert_eq!(numbers, (1..=14).collect::<Vec<_>>());
    }
}
