//! Why something is, or is not, announced or up: the steps from the policy to the wire, each with its verdict.
//!
//! What was found is data ([`facts`]); what it means is decided here. A step that could not be looked at is unknown, and
//! the others are answered all the same.

mod bfd;
pub mod facts;
mod ospf;
mod ospf_prefix;
mod peer;
mod prefix;
mod wanted;

pub use bfd::{BfdFacts, BfdSubject, bfd, key_of_session};
pub use ospf::{OspfFacts, ospf};
pub use ospf_prefix::{OspfPrefixFacts, ospf_prefix};
pub use peer::{PeerFacts, peer};
pub use prefix::{PrefixFacts, prefix};
pub use wanted::Asked;

use std::fmt;

use crate::bfd::{BfdKey, Hop};
use crate::intent::{IntentKey, Protocol};
use crate::name::InterfaceName;
use crate::peer::PeerKey;
use crate::prefix::Prefix;

/// What is asked about; nobody need hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A prefix.
    Prefix(Protocol, Prefix),
    /// A BGP peer.
    Peer(PeerKey),
    /// A BFD session.
    Bfd(BfdSubject),
    /// An OSPF interface.
    Ospf(InterfaceName),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prefix(protocol, prefix) => fmt::Display::fmt(&IntentKey::Prefix(*protocol, *prefix), f),
            Self::Peer(address) => fmt::Display::fmt(&IntentKey::Peer(*address), f),
            Self::Bfd(BfdSubject { peer, interface, hop }) => {
                let (interface, hop) = (*interface, hop.unwrap_or(Hop::Single));
                fmt::Display::fmt(&IntentKey::Bfd(BfdKey { peer: *peer, interface, hop }), f)
            }
            Self::Ospf(interface) => fmt::Display::fmt(&IntentKey::Ospf(*interface), f),
        }
    }
}

/// How a step came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// This is what stands in the way.
    Failed,
    /// It is on its way, or waits for something that is told as well.
    Waiting,
    /// It could not be looked at.
    Unknown,
    /// It says nothing in this case.
    NotApplicable,
}

macro_rules! step_names {
    ($($(#[doc = $doc:literal])+ $variant:ident = $word:literal,)+) => {
        /// What a step looks at. The words never change meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum StepName {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl StepName {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable word.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }
    };
}

step_names! {
    /// Whether the policy allows it.
    Policy = "policy",
    /// Who asks for it.
    Holder = "holder",
    /// Whether it is taken out of service as planned.
    Drain = "drain",
    /// The node's BGP instance.
    Instance = "instance",
    /// The node's OSPF interfaces, or the interface itself.
    Interface = "interface",
    /// Its lines in FRR's running configuration.
    Line = "line",
    /// The route that the node uses.
    Route = "route",
    /// Its entry in FRR's table: the import check and the best path of BGP, the link-state database of OSPF.
    Table = "table",
    /// The routers that OSPF has an adjacency with.
    Neighbors = "neighbors",
    /// What FRR lets out to peers.
    OutboundPolicy = "outbound_policy",
    /// The own address of a session.
    SourceAddress = "source_address",
    /// The TCP connection.
    Connect = "connect",
    /// The session itself.
    Session = "session",
    /// The families that both sides exchange.
    Families = "families",
    /// The BFD session that protects it.
    Bfd = "bfd",
    /// The timers that were asked for, and those that run.
    Timers = "timers",
    /// What is exchanged.
    Prefixes = "prefixes",
    /// One peer: its session, its families, and whether the prefix was sent to it.
    Peer = "peer",
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What it looks at.
    pub name: StepName,
    /// Which of several, such as the address of a peer; empty where there is one only.
    pub about: String,
    /// How it came out.
    pub verdict: Verdict,
    /// What was looked at and found, for people. Never a secret.
    pub evidence: String,
    /// What to do about it, as a command where there is one; empty: nothing.
    pub next: String,
}

impl Step {
    /// A step about the only one of its kind, with nothing to do.
    #[must_use]
    pub fn new(name: StepName, verdict: Verdict, evidence: impl Into<String>) -> Self {
        Self { name, about: String::new(), verdict, evidence: evidence.into(), next: String::new() }
    }

    /// What could not be looked at, and why.
    #[must_use]
    pub fn unknown(name: StepName, why: &str) -> Self {
        Self::new(name, Verdict::Unknown, why)
    }

    /// Says which of several it is about.
    #[must_use]
    pub fn about(self, about: impl ToString) -> Self {
        Self { about: about.to_string(), ..self }
    }

    /// Says what to do.
    #[must_use]
    pub fn next(self, next: impl Into<String>) -> Self {
        Self { next: next.into(), ..self }
    }
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Whether it is announced, or up.
    pub in_effect: bool,
    /// The same in a sentence.
    pub answer: String,
    /// The steps, in the order from the policy to the wire.
    pub steps: Vec<Step>,
}

/// What stands in the way: the first step that failed, or else one that is not known, or else one that waits.
fn obstacle(steps: &[Step]) -> Option<&Step> {
    let first = |verdict| steps.iter().find(|step| step.verdict == verdict);
    [Verdict::Failed, Verdict::Unknown, Verdict::Waiting].into_iter().find_map(first)
}

/// Why not, for the end of a sentence.
fn why_not(steps: &[Step]) -> &str {
    obstacle(steps).map_or("nothing that stands in the way was found", |step| step.evidence.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words are what a program was told to match, and what a user searches for.
    #[test]
    fn every_step_is_explained_to_people() {
        let page = include_str!("../../../docs/explain.md");
        for name in StepName::ALL {
            assert!(page.contains(&format!("\n| `{}` |", name.as_str())), "{name:?} has no row in docs/explain.md");
        }
    }
}
