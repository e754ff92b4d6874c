//! How a session comes about and behaves, beyond what every peer has.

use std::num::{NonZeroU8, NonZeroU16};

use crate::bgp::Asn;
use crate::invalid::Invalid;
use crate::name::ShutdownMessage;

/// Longest time in seconds between two UPDATEs with news of the same prefix that FRR takes.
const ADVERTISEMENT_INTERVAL_S_MAX: u16 = 600;
/// Most hops that leave a time to live to look at.
const TTL_SECURITY_HOPS_MAX: u8 = 254;

/// How far away a peer may be whose packets all come with the highest time to live (GTSM, RFC 5082).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TtlSecurity(NonZeroU8);

impl TtlSecurity {
    /// The hops, 1 meaning a peer on a link; 0 means that nothing is looked at.
    ///
    /// # Errors
    /// [`Invalid`] for more than 254.
    pub fn from_number(hops: u32) -> Result<Option<Self>, Invalid> {
        match u8::try_from(hops) {
            Ok(hops) if hops <= TTL_SECURITY_HOPS_MAX => Ok(NonZeroU8::new(hops).map(Self)),
            _ => Err(Invalid::number(hops, "a number of hops from 1 to 254, or 0 for none")),
        }
    }

    /// The hops.
    #[must_use]
    pub fn hops(self) -> u8 {
        self.0.get()
    }
}

/// Seconds between two UPDATEs with news of the same prefix (RFC 4271 §9.2.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AdvertisementInterval(NonZeroU16);

impl AdvertisementInterval {
    /// The interval in seconds; 0 means that nothing waits, which is FRR's default.
    ///
    /// # Errors
    /// [`Invalid`] for more than 600.
    pub fn from_number(seconds: u32) -> Result<Option<Self>, Invalid> {
        match u16::try_from(seconds) {
            Ok(seconds) if seconds <= ADVERTISEMENT_INTERVAL_S_MAX => Ok(NonZeroU16::new(seconds).map(Self)),
            _ => Err(Invalid::number(seconds, "an interval from 1 to 600 s, or 0 for none")),
        }
    }

    /// The interval in seconds.
    #[must_use]
    pub fn seconds(self) -> u16 {
        self.0.get()
    }
}

/// The session is kept down on purpose.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shutdown {
    /// What the other side is told (RFC 9003).
    pub message: Option<ShutdownMessage>,
}

/// How a session comes about and behaves. The default is what every peer has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PeerSettings {
    /// The AS that the node is in as this peer sees it; `None`: the one that it is in.
    pub local_as: Option<Asn>,
    /// Packets that come from further away are dropped.
    pub ttl_security: Option<TtlSecurity>,
    /// The peer connects, this node only listens.
    pub passive: bool,
    /// Seconds between attempts to connect; `None` leaves it to the agent.
    pub connect_retry_s: Option<NonZeroU16>,
    /// How long news of a prefix waits.
    pub advertisement_interval: Option<AdvertisementInterval>,
    /// Kept down on purpose.
    pub shutdown: Option<Shutdown>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_closed_at_both_ends() {
        for (hops, read) in [(0, Some(None)), (1, Some(Some(1))), (254, Some(Some(254))), (255, None), (300, None)] {
            assert_eq!(TtlSecurity::from_number(hops).ok().map(|ttl| ttl.map(TtlSecurity::hops)), read, "{hops}");
        }
        let seconds = |number| AdvertisementInterval::from_number(number).ok().map(|i| i.map(|i| i.seconds()));
        for (number, read) in [(0, Some(None)), (1, Some(Some(1))), (600, Some(Some(600))), (601, None), (70_000, None)]
        {
            assert_eq!(seconds(number), read, "{number}");
        }
    }
}
