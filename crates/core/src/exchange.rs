//! What is exchanged with a BGP peer: what comes in, what goes out, and what becomes of a peer that sends too much.

use std::collections::BTreeSet;
use std::fmt;
use std::num::{NonZeroU8, NonZeroU16};

use crate::bgp::Community;
use crate::community::LargeCommunity;
use crate::invalid::Invalid;
use crate::prefix::Prefix;

/// Prefixes in a prefix, by their length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PrefixRange {
    prefix: Prefix,
    shortest: u8,
    longest: u8,
}

impl PrefixRange {
    /// The prefixes in `prefix` with `ge` to `le` bits. With neither of them that is the prefix alone; without `ge` it
    /// begins with the prefix itself, and without `le` it goes up to single addresses.
    ///
    /// # Errors
    /// [`Invalid`] when a length is below the one before it, or beyond that of an address.
    pub fn new(prefix: Prefix, ge: Option<u8>, le: Option<u8>) -> Result<Self, Invalid> {
        let (own, most) = (prefix.length(), prefix.family().host_length());
        let shortest = ge.unwrap_or(own);
        let longest = le.unwrap_or(if ge.is_some() { most } else { own });
        let fits = own <= shortest && shortest <= longest && longest <= most;
        let text = format!("{prefix} ge {shortest} le {longest}");
        let expected = format!("a range of lengths: {own} (that of the prefix) <= ge <= le <= {most}");
        if fits { Ok(Self { prefix, shortest, longest }) } else { Err(Invalid::new(&text, expected)) }
    }

    /// In what they lie.
    #[must_use]
    pub fn prefix(&self) -> Prefix {
        self.prefix
    }

    /// The shortest length, where it is not that of the prefix.
    #[must_use]
    pub fn ge(&self) -> Option<u8> {
        Some(self.shortest).filter(|shortest| *shortest > self.prefix.length())
    }

    /// The longest length, where it is not that of the prefix.
    #[must_use]
    pub fn le(&self) -> Option<u8> {
        Some(self.longest).filter(|longest| *longest > self.prefix.length())
    }
}

/// As FRR writes it.
impl fmt::Display for PrefixRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.prefix)?;
        self.ge().map_or(Ok(()), |ge| write!(f, " ge {ge}"))?;
        self.le().map_or(Ok(()), |le| write!(f, " le {le}"))
    }
}

/// Which prefixes of a peer are taken in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Accepted {
    /// All.
    #[default]
    All,
    /// These; never empty.
    Listed(BTreeSet<PrefixRange>),
    /// None.
    Nothing,
}

/// What comes in from a peer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct ImportPolicy {
    /// Which prefixes.
    pub accepted: Accepted,
    /// Not the default routes (`0.0.0.0/0`, `::/0`), whatever else.
    pub refuse_default_route: bool,
}

/// What goes out to a peer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum ExportPolicy {
    /// The prefixes of owners.
    #[default]
    Own,
    /// Those of them that have one of these communities; not both sets are empty.
    OwnWith(BTreeSet<Community>, BTreeSet<LargeCommunity>),
    /// The prefixes of owners, and what other peers have sent.
    Transit,
}

/// What becomes of a session whose peer sends more prefixes than it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum MaxPrefixAction {
    /// FRR warns.
    #[default]
    Warn,
    /// It is shut for some minutes.
    Restart(NonZeroU16),
    /// It is shut until somebody clears it.
    ShutDown,
}

/// How often the node's AS may be in a path that is taken in, 1 to 10.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct AllowAsIn(NonZeroU8);

impl AllowAsIn {
    /// The most times that FRR counts to.
    pub const MAX: u8 = 10;

    /// `None` for 0: never.
    ///
    /// # Errors
    /// [`Invalid`] for more than [`AllowAsIn::MAX`].
    pub fn new(times: u32) -> Result<Option<Self>, Invalid> {
        let fits = u8::try_from(times).ok().filter(|times| *times <= Self::MAX);
        let times = fits.ok_or_else(|| Invalid::number(times, format!("a number of times from 0 to {}", Self::MAX)))?;
        Ok(NonZeroU8::new(times).map(Self))
    }

    /// The number.
    #[must_use]
    pub fn times(self) -> u8 {
        self.0.get()
    }
}

/// What is exchanged with a peer over its session.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exchange {
    /// What comes in.
    pub import: ImportPolicy,
    /// What goes out.
    pub export: ExportPolicy,
    /// The node is the next hop of all that the peer is sent.
    pub next_hop_self: bool,
    /// Paths with the node's AS in them are taken in.
    pub allowas_in: Option<AllowAsIn>,
    /// What becomes of a peer that sends too many prefixes.
    pub max_prefix_action: MaxPrefixAction,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_written_as_frr_writes_them() {
        for (prefix, ge, le, text) in [
            ("10.0.0.9/8", None, None, "10.0.0.0/8"),
            ("10.0.0.0/8", Some(8), Some(8), "10.0.0.0/8"),
            ("10.0.0.0/8", Some(8), None, "10.0.0.0/8 le 32"),
            ("10.0.0.0/8", Some(16), None, "10.0.0.0/8 ge 16 le 32"),
            ("10.0.0.0/8", None, Some(24), "10.0.0.0/8 le 24"),
            ("10.0.0.0/8", Some(24), Some(24), "10.0.0.0/8 ge 24 le 24"),
            ("::/0", None, Some(128), "::/0 le 128"),
        ] {
            assert_eq!(PrefixRange::new(prefix.parse().unwrap(), ge, le).unwrap().to_string(), text);
        }
        for (ge, le) in [(Some(7), None), (None, Some(7)), (Some(24), Some(16)), (None, Some(33)), (Some(33), None)] {
            assert!(PrefixRange::new("10.0.0.0/8".parse().unwrap(), ge, le).is_err(), "{ge:?} {le:?}");
        }
    }

    #[test]
    fn the_own_as_is_taken_in_ten_times_at_most() {
        assert_eq!(AllowAsIn::new(0), Ok(None));
        assert_eq!(AllowAsIn::new(10).unwrap().map(AllowAsIn::times), Some(10));
        assert!(AllowAsIn::new(11).is_err());
    }
}
