//! BGP peers.

mod key;
mod settings;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::num::{NonZeroU8, NonZeroU32};

use crate::bfd::BfdTimers;
use crate::bgp::Asn;
use crate::exchange::Exchange;
use crate::invalid::Invalid;
use crate::name::Description;
use crate::prefix::Family;
use crate::secret::Password;

pub use key::{PeerAddress, PeerInterface, PeerKey};
pub use settings::{AdvertisementInterval, PeerSettings, Shutdown, TtlSecurity};

/// Prefixes accepted from a peer before FRR warns, per family, when nothing else is asked for.
pub const MAX_PREFIX_DEFAULT: NonZeroU32 = NonZeroU32::new(1000).unwrap();

/// What the owner says the peer is; checked against the node's AS, since that decides what it really is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PeerType {
    /// Another AS (eBGP).
    External,
    /// The same AS (iBGP).
    Internal,
}

/// Session timers in seconds (RFC 4271 §4.2, §10).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerTimers {
    keepalive_s: u16,
    hold_s: u16,
}

impl PeerTimers {
    /// Seconds between keepalives, and of silence after which the session is down.
    ///
    /// # Errors
    /// [`Invalid`] when keepalive is 0, hold is below 3 or below three keepalives.
    pub fn new(keepalive_s: u16, hold_s: u16) -> Result<Self, Invalid> {
        if keepalive_s == 0 {
            return Err(Invalid::number(keepalive_s, "a keepalive from 1 to 21845 s (a third of the hold time)"));
        }
        if hold_s < 3 || u32::from(hold_s) < 3 * u32::from(keepalive_s) {
            return Err(Invalid::number(
                hold_s,
                format!("a hold time of at least 3 s and three keepalives (3 × {keepalive_s} s)"),
            ));
        }
        Ok(Self { keepalive_s, hold_s })
    }

    /// Seconds between keepalives.
    #[must_use]
    pub fn keepalive_s(self) -> u16 {
        self.keepalive_s
    }

    /// Seconds of silence after which the session is down.
    #[must_use]
    pub fn hold_s(self) -> u16 {
        self.hold_s
    }
}

/// Graceful restart of a session (RFC 4724).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum GracefulRestart {
    /// The routes of a peer that restarts are kept. The own ones are not.
    #[default]
    Helper,
    /// The peer is also asked to keep the own routes while bgpd restarts.
    Full,
    /// Nothing is kept on either side.
    Off,
}

/// A BGP peer as its owner wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// What it is known by.
    pub key: PeerKey,
    /// Its AS.
    pub remote_as: Asn,
    /// What the owner believes it is; `None` leaves it to the AS numbers.
    pub peer_type: Option<PeerType>,
    /// Timers; `None` leaves FRR's defaults.
    pub timers: Option<PeerTimers>,
    /// BFD protects the session, with these timers.
    pub bfd: Option<BfdTimers>,
    /// Free text.
    pub description: Option<Description>,
    /// Families that are exchanged; never empty.
    pub families: BTreeSet<Family>,
    /// Own address of the session.
    pub source_address: Option<IpAddr>,
    /// Hops to an eBGP peer that is not on a link of this node; `None`: directly connected.
    pub ebgp_multihop: Option<NonZeroU8>,
    /// TCP MD5 password.
    pub password: Option<Password>,
    /// Prefixes accepted per family before FRR warns.
    pub max_prefix: NonZeroU32,
    /// What is kept over a restart.
    pub graceful_restart: GracefulRestart,
    /// How the session comes about and behaves.
    pub settings: PeerSettings,
    /// What comes in and goes out.
    pub exchange: Exchange,
}

impl Peer {
    /// A peer of which nothing is said but its key and its AS: IPv4 is exchanged, and what it sends is limited to
    /// [`MAX_PREFIX_DEFAULT`].
    #[must_use]
    pub fn new(key: PeerKey, remote_as: Asn) -> Self {
        Self {
            key,
            remote_as,
            peer_type: None,
            timers: None,
            bfd: None,
            description: None,
            families: [Family::Ipv4].into(),
            source_address: None,
            ebgp_multihop: None,
            password: None,
            max_prefix: MAX_PREFIX_DEFAULT,
            graceful_restart: GracefulRestart::default(),
            settings: PeerSettings::default(),
            exchange: Exchange::default(),
        }
    }

    /// Whether the session is internal (RFC 4271 §1.1) on a node of `local_as`.
    #[must_use]
    pub fn is_internal(&self, local_as: Asn) -> bool {
        self.remote_as == local_as
    }

    /// Whether what the owner believes the peer to be fits the AS numbers.
    #[must_use]
    pub fn type_fits(&self, local_as: Asn) -> bool {
        match self.peer_type {
            None => true,
            Some(PeerType::Internal) => self.is_internal(local_as),
            Some(PeerType::External) => !self.is_internal(local_as),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hold_time_follows_keepalive() {
        for (keepalive, hold, fits) in [
            (1, 3, true),
            (3, 9, true),
            (3, 8, false),
            (0, 9, false),
            (1, 2, false),
            (21845, 65535, true),
            (21846, 65535, false),
        ] {
            assert_eq!(PeerTimers::new(keepalive, hold).is_ok(), fits, "{keepalive} {hold}");
        }
    }
}
