//! Bidirectional Forwarding Detection (RFC 5880, 5881, 5883).

use std::fmt;
use std::net::IpAddr;

use crate::invalid::Invalid;
use crate::name::InterfaceName;

/// Shortest and longest interval in milliseconds that FRR's bfdd takes.
pub const INTERVAL_MS_RANGE: std::ops::RangeInclusive<u32> = 10..=60_000;
/// Smallest and largest detection multiplier that FRR's bfdd takes.
pub const DETECT_MULTIPLIER_RANGE: std::ops::RangeInclusive<u32> = 2..=255;

/// The timers of one session (RFC 5880 §6.8.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct BfdTimers {
    min_rx_ms: u32,
    min_tx_ms: u32,
    detect_multiplier: u8,
}

impl BfdTimers {
    /// Timers in milliseconds and the detection multiplier.
    ///
    /// # Errors
    /// [`Invalid`] when an interval is outside 10–60000 ms or the multiplier outside 2–255. Use
    /// [`BfdTimers::interval_ms`] and [`BfdTimers::multiplier`] first where the error must name one field.
    pub fn new(min_rx_ms: u32, min_tx_ms: u32, detect_multiplier: u32) -> Result<Self, Invalid> {
        Ok(Self {
            min_rx_ms: Self::interval_ms(min_rx_ms)?,
            min_tx_ms: Self::interval_ms(min_tx_ms)?,
            detect_multiplier: Self::multiplier(detect_multiplier)?,
        })
    }

    /// Checks one interval.
    ///
    /// # Errors
    /// [`Invalid`] outside 10–60000 ms.
    pub fn interval_ms(value: u32) -> Result<u32, Invalid> {
        if INTERVAL_MS_RANGE.contains(&value) {
            return Ok(value);
        }
        Err(Invalid::number(value, "an interval from 10 to 60000 ms"))
    }

    /// Checks a detection multiplier.
    ///
    /// # Errors
    /// [`Invalid`] outside 2–255.
    pub fn multiplier(value: u32) -> Result<u8, Invalid> {
        match u8::try_from(value) {
            Ok(multiplier) if DETECT_MULTIPLIER_RANGE.contains(&value) => Ok(multiplier),
            _ => Err(Invalid::number(value, "a detection multiplier from 2 to 255")),
        }
    }

    /// Required minimum receive interval, ms.
    #[must_use]
    pub fn min_rx_ms(self) -> u32 {
        self.min_rx_ms
    }

    /// Desired minimum transmit interval, ms.
    #[must_use]
    pub fn min_tx_ms(self) -> u32 {
        self.min_tx_ms
    }

    /// Detection multiplier.
    #[must_use]
    pub fn detect_multiplier(self) -> u8 {
        self.detect_multiplier
    }
}

impl Default for BfdTimers {
    /// 300 ms both ways, three lost packets.
    fn default() -> Self {
        Self { min_rx_ms: 300, min_tx_ms: 300, detect_multiplier: 3 }
    }
}

/// How far away the other side is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hop {
    /// On a link of this node (RFC 5881).
    Single,
    /// Across routers (RFC 5883).
    Multi,
}

/// What tells one session from another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BfdKey {
    /// The other side's address.
    pub peer: IpAddr,
    /// The interface that the session is tied to, if any.
    pub interface: Option<InterfaceName>,
    /// Single-hop or multihop.
    pub hop: Hop,
}

impl fmt::Display for BfdKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.peer)?;
        if let Some(interface) = &self.interface {
            write!(f, " interface {interface}")?;
        }
        match self.hop {
            Hop::Single => Ok(()),
            Hop::Multi => f.write_str(" multihop"),
        }
    }
}

/// A session that an owner asked for by itself, not through a BGP peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BfdSession {
    /// Which session.
    pub key: BfdKey,
    /// The own address to use; a multihop session must have one, a single-hop session has that of its link.
    pub local_address: Option<IpAddr>,
    /// Its timers.
    pub timers: BfdTimers,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_closed_at_both_ends() {
        for (value, fits) in [(9, false), (10, true), (60_000, true), (60_001, false)] {
            assert_eq!(BfdTimers::interval_ms(value).is_ok(), fits, "{value}");
        }
        for (value, fits) in [(1, false), (2, true), (255, true), (256, false)] {
            assert_eq!(BfdTimers::multiplier(value).is_ok(), fits, "{value}");
        }
    }
}
