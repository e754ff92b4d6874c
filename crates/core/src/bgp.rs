//! BGP's numbers (RFC 4271, RFC 6793, RFC 1997) and the node's BGP instance.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::str::FromStr;

use crate::community::{ExtendedCommunity, LargeCommunity, plain_number};
use crate::invalid::Invalid;
use crate::peer::PeerKey;

/// An autonomous system number of four octets (RFC 6793); never 0 (RFC 7607).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Asn(NonZeroU32);

impl Asn {
    /// # Errors
    /// [`Invalid`] for 0.
    pub fn new(number: u32) -> Result<Self, Invalid> {
        NonZeroU32::new(number).map(Self).ok_or_else(|| Invalid::number(number, "an AS number from 1 to 4294967295"))
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0.get()
    }
}

impl fmt::Display for Asn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// A BGP identifier (RFC 6286): an IPv4 address, not 0.0.0.0, not multicast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RouterId(Ipv4Addr);

impl RouterId {
    /// # Errors
    /// [`Invalid`] for 0.0.0.0, multicast and the broadcast address.
    pub fn new(address: Ipv4Addr) -> Result<Self, Invalid> {
        if address.is_unspecified() || address.is_multicast() || address.is_broadcast() {
            return Err(Invalid::new(&address.to_string(), Self::EXPECTED));
        }
        Ok(Self(address))
    }

    const EXPECTED: &'static str = "a router id: an IPv4 address other than 0.0.0.0, 255.255.255.255 and multicast";

    /// The address.
    #[must_use]
    pub fn get(self) -> Ipv4Addr {
        self.0
    }
}

impl FromStr for RouterId {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let address: Ipv4Addr = text.parse().map_err(|_| Invalid::new(text, Self::EXPECTED))?;
        Self::new(address)
    }
}

impl fmt::Display for RouterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// A standard community (RFC 1997): `number:number` of 16 bits each, or a well-known name.
///
/// `Display` prints the well-known name where FRR does (FRR `bgpd/bgp_community.c`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Community(u32);

/// Well-known communities by the names that FRR reads and prints.
const WELL_KNOWN: [(u32, &str); 7] = [
    (0xffff_0000, "graceful-shutdown"), // RFC 8326
    (0xffff_0001, "accept-own"),        // RFC 7611
    (0xffff_029a, "blackhole"),         // RFC 7999
    (0xffff_ff01, "no-export"),
    (0xffff_ff02, "no-advertise"),
    (0xffff_ff03, "local-AS"),
    (0xffff_ff04, "no-peer"), // RFC 3765
];

impl Community {
    /// The route is about to go: use another one (RFC 8326).
    pub const GRACEFUL_SHUTDOWN: Self = Self(0xffff_0000);
    /// `no-export`: not to be sent out of the AS of who receives it.
    pub const NO_EXPORT: Self = Self(0xffff_ff01);
    /// `no-advertise`: not to be sent to any other peer by who receives it.
    pub const NO_ADVERTISE: Self = Self(0xffff_ff02);
    /// `local-AS`, NO_EXPORT_SUBCONFED: not to be sent to external peers by who receives it, confederation or not.
    pub const LOCAL_AS: Self = Self(0xffff_ff03);

    /// A community from its 32 bits.
    #[must_use]
    pub fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// The 32 bits: the upper 16 are by convention an AS number.
    #[must_use]
    pub fn bits(self) -> u32 {
        self.0
    }
}

impl FromStr for Community {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if let Some((bits, _)) = WELL_KNOWN.iter().find(|(_, name)| name.eq_ignore_ascii_case(text)) {
            return Ok(Self(*bits));
        }
        let halves =
            text.split_once(':').and_then(|(high, low)| Some((plain_number::<u16>(high)?, plain_number::<u16>(low)?)));
        halves.map(|(high, low)| Self(u32::from(high) << 16 | u32::from(low))).ok_or_else(|| {
            let names: Vec<_> = WELL_KNOWN.iter().map(|(_, name)| *name).collect();
            Invalid::new(
                text,
                format!("a community: two numbers from 0 to 65535 as 65000:100, or one of {}", names.join(", ")),
            )
        })
    }
}

impl fmt::Display for Community {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match WELL_KNOWN.iter().find(|(bits, _)| *bits == self.0) {
            Some((_, name)) => f.write_str(name),
            None => write!(f, "{}:{}", self.0 >> 16, self.0 & 0xffff),
        }
    }
}

/// The node's BGP instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BgpInstance {
    /// The AS that the node is in.
    pub local_as: Asn,
    /// The node's BGP identifier.
    pub router_id: RouterId,
}

/// ORIGIN (RFC 4271 §5.1.1): how the route came into BGP. Receivers prefer the first to the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Origin {
    /// From inside the AS.
    #[default]
    Igp,
    /// By the protocol before BGP.
    Egp,
    /// In some other way.
    Incomplete,
}

/// How many times more than once the node's AS stands in front of the path that external peers are sent, 0 to 10.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Prepend(u8);

impl Prepend {
    /// The most times. Paths that are much longer than others are what some routers drop.
    pub const MAX: u8 = 10;

    /// # Errors
    /// [`Invalid`] for more than [`Prepend::MAX`].
    pub fn new(times: u32) -> Result<Self, Invalid> {
        let fits = u8::try_from(times).ok().filter(|times| *times <= Self::MAX);
        fits.map(Self).ok_or_else(|| Invalid::number(times, format!("a number of times from 0 to {}", Self::MAX)))
    }

    /// The number.
    #[must_use]
    pub fn times(self) -> u8 {
        self.0
    }
}

/// What an owner wants said along with a BGP prefix. `None` and empty mean: not set.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct PrefixAttributes {
    /// LOCAL_PREF (RFC 4271 §5.1.5); means something to iBGP peers only.
    pub local_preference: Option<u32>,
    /// MULTI_EXIT_DISC (RFC 4271 §5.1.4).
    pub med: Option<u32>,
    /// Standard communities, each once.
    pub communities: BTreeSet<Community>,
    /// NEXT_HOP, of the prefix's own family.
    pub next_hop: Option<IpAddr>,
    /// Large communities, each once.
    pub large_communities: BTreeSet<LargeCommunity>,
    /// Extended communities, each once.
    pub extended_communities: BTreeSet<ExtendedCommunity>,
    /// How much longer external peers see the path.
    pub as_path_prepend: Prepend,
    /// ORIGIN.
    pub origin: Origin,
    /// The only peers that are sent the prefix, be they there or not; empty: all peers.
    pub peers: BTreeSet<PeerKey>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn communities_print_as_frr_prints_them() {
        for (text, printed) in [
            ("65000:100", "65000:100"),
            ("0:0", "0:0"),
            ("65535:65281", "no-export"),
            ("NO-EXPORT", "no-export"),
            ("65535:0", "graceful-shutdown"),
        ] {
            assert_eq!(text.parse::<Community>().unwrap().to_string(), printed);
        }
        for bad in ["", "1", "1:2:3", "65536:1", "1:65536", "+1:2", "1: 2", "a:b", "no-such", "1:2\n", ":", "1:"] {
            assert!(bad.parse::<Community>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_path_is_made_longer_by_ten_at_most() {
        assert_eq!(Prepend::new(10).map(Prepend::times), Ok(10));
        for times in [11, 256, u32::MAX] {
            assert!(Prepend::new(times).is_err(), "{times}");
        }
    }

    #[test]
    fn router_ids_and_as_numbers() {
        for bad in ["0.0.0.0", "224.0.0.1", "255.255.255.255", "1.2.3", "::1", ""] {
            assert!(bad.parse::<RouterId>().is_err(), "{bad}");
        }
        assert!(Asn::new(0).is_err());
        assert_eq!(Asn::new(4_200_000_000).unwrap().to_string(), "4200000000");
    }
}
