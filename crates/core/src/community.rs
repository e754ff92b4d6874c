//! Large (RFC 8092) and extended communities (RFC 4360), and a community of any kind.

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use crate::bgp::Community;
use crate::invalid::Invalid;

/// A large community (RFC 8092): three numbers of 32 bits, the first by convention an AS number.
///
/// The order is that of the numbers, in which lists of them are rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LargeCommunity([u32; 3]);

impl LargeCommunity {
    /// A large community from its three numbers.
    #[must_use]
    pub fn new(numbers: [u32; 3]) -> Self {
        Self(numbers)
    }
}

impl FromStr for LargeCommunity {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let numbers: Option<Vec<u32>> = text.split(':').map(plain_number).collect();
        numbers.and_then(|numbers| Some(Self(numbers.try_into().ok()?))).ok_or_else(|| {
            Invalid::new(text, "a large community: three numbers from 0 to 4294967295, such as 65000:1:100")
        })
    }
}

impl fmt::Display for LargeCommunity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [global, first, second] = self.0;
        write!(f, "{global}:{first}:{second}")
    }
}

/// What an extended community says of a route. FRR sets other kinds too, but not with one text on all releases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExtendedKind {
    /// Route target (RFC 4360 §4): who shall take the route in.
    RouteTarget,
    /// Route origin (RFC 4360 §5), "site of origin": where it came from.
    RouteOrigin,
}

impl ExtendedKind {
    /// Both kinds, in order.
    pub const ALL: [Self; 2] = [Self::RouteTarget, Self::RouteOrigin];

    /// The word before the value, which is also FRR's.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RouteTarget => "rt",
            Self::RouteOrigin => "soo",
        }
    }
}

/// Who has given out the second part of an extended community, which together have 48 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Administrator {
    /// An AS of two octets (RFC 4360 §3.1).
    As2(u16, u32),
    /// An address (RFC 4360 §3.2).
    Address(Ipv4Addr, u16),
    /// An AS of four octets that does not fit into two (RFC 5668).
    As4(u32, u16),
}

impl fmt::Display for Administrator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::As2(number, value) => write!(f, "{number}:{value}"),
            Self::Address(address, value) => write!(f, "{address}:{value}"),
            Self::As4(number, value) => write!(f, "{number}:{value}"),
        }
    }
}

/// An extended community (RFC 4360): `rt:` or `soo:` and `AS:number` or `address:number`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExtendedCommunity {
    kind: ExtendedKind,
    administrator: Administrator,
}

impl ExtendedCommunity {
    /// What it says.
    #[must_use]
    pub fn kind(self) -> ExtendedKind {
        self.kind
    }

    /// Its text without the kind, as FRR reads and prints it.
    #[must_use]
    pub fn value(self) -> String {
        self.administrator.to_string()
    }
}

impl FromStr for ExtendedCommunity {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let parsed = text.split_once(':').and_then(|(word, value)| {
            let kind = ExtendedKind::ALL.into_iter().find(|kind| kind.as_str().eq_ignore_ascii_case(word))?;
            Some(Self { kind, administrator: administrator(value)? })
        });
        parsed.ok_or_else(|| {
            Invalid::new(
                text,
                "an extended community: rt: or soo: and an AS number or IPv4 address with a number that makes six \
                 octets of both, such as rt:65000:100 or soo:192.0.2.1:7",
            )
        })
    }
}

fn administrator(text: &str) -> Option<Administrator> {
    let (who, number) = text.split_once(':')?;
    if let Ok(address) = who.parse() {
        return Some(Administrator::Address(address, plain_number(number)?));
    }
    let asn: u32 = plain_number(who)?;
    Some(match u16::try_from(asn) {
        Ok(asn) => Administrator::As2(asn, plain_number(number)?),
        Err(_) => Administrator::As4(asn, plain_number(number)?),
    })
}

impl fmt::Display for ExtendedCommunity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.as_str(), self.administrator)
    }
}

/// A community of any of the three kinds, told apart by its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AnyCommunity {
    /// `number:number` or a name.
    Standard(Community),
    /// `number:number:number`.
    Large(LargeCommunity),
    /// `rt:…` or `soo:…`.
    Extended(ExtendedCommunity),
}

impl FromStr for AnyCommunity {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if let Ok(community) = text.parse() {
            return Ok(Self::Standard(community));
        }
        let large = text.parse().map(Self::Large);
        large.or_else(|_| text.parse().map(Self::Extended)).map_err(|_| {
            Invalid::new(
                text,
                "a community: 65000:100 or a well-known name, 65000:1:100 (large), rt:65000:100 or soo:65000:100 \
                 (extended)",
            )
        })
    }
}

impl fmt::Display for AnyCommunity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Standard(community) => fmt::Display::fmt(community, f),
            Self::Large(community) => fmt::Display::fmt(community, f),
            Self::Extended(community) => fmt::Display::fmt(community, f),
        }
    }
}

/// Decimal digits only: `from_str` alone would take a leading `+`.
pub(crate) fn plain_number<T: FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_communities_are_three_numbers() {
        for (text, printed) in [("65000:1:2", "65000:1:2"), ("0:0:4294967295", "0:0:4294967295"), ("01:2:3", "1:2:3")] {
            assert_eq!(text.parse::<LargeCommunity>().unwrap().to_string(), printed);
        }
        for bad in ["", "1:2", "1:2:3:4", "4294967296:1:1", "+1:2:3", "1:2:", "1: 2:3", "a:b:c", "1:2:3\n", "no-export"]
        {
            assert!(bad.parse::<LargeCommunity>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn extended_communities_fit_into_six_octets() {
        for (text, printed) in [
            ("rt:65000:4294967295", "rt:65000:4294967295"),
            ("RT:65536:65535", "rt:65536:65535"),
            ("soo:192.0.2.1:7", "soo:192.0.2.1:7"),
            ("rt:0:0", "rt:0:0"),
        ] {
            assert_eq!(text.parse::<ExtendedCommunity>().unwrap().to_string(), printed);
        }
        for bad in [
            "",
            "rt",
            "rt:1",
            "65000:1",
            "rt:65536:65536",
            "rt:65535:4294967296",
            "soo:192.0.2.1:65536",
            "bandwidth:100",
            "rt:1:2:3",
            "rt:+1:2",
            "rt: 1:2",
            "rt:1:2\n",
            "rt:1.2:3",
        ] {
            assert!(bad.parse::<ExtendedCommunity>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn any_community_is_known_by_its_text() {
        for text in ["65000:1", "no-export", "65000:1:2", "rt:65000:1", "soo:192.0.2.1:1"] {
            assert_eq!(text.parse::<AnyCommunity>().unwrap().to_string(), text);
        }
        let kinds = ["1:1", "1:1:1", "rt:1:1"].map(|text| text.parse::<AnyCommunity>().unwrap());
        assert!(matches!(kinds, [AnyCommunity::Standard(_), AnyCommunity::Large(_), AnyCommunity::Extended(_)]));
        assert!("1:2:3:4".parse::<AnyCommunity>().is_err());
    }
}
