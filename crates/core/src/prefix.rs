//! IP prefixes in canonical form.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::IpNet;

use crate::invalid::Invalid;

/// An address family with its unicast sub-family (RFC 4760 AFI 1 or 2, SAFI 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// IPv4 unicast.
    Ipv4,
    /// IPv6 unicast.
    Ipv6,
}

impl Family {
    /// Both families, in order.
    pub const ALL: [Self; 2] = [Self::Ipv4, Self::Ipv6];

    /// The family of an address.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        if address.is_ipv4() { Self::Ipv4 } else { Self::Ipv6 }
    }

    /// The length of a host prefix: 32 or 128 bits.
    #[must_use]
    pub fn host_length(self) -> u8 {
        match self {
            Self::Ipv4 => 32,
            Self::Ipv6 => 128,
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ipv4 => "IPv4",
            Self::Ipv6 => "IPv6",
        })
    }
}

/// An IPv4 or IPv6 prefix whose host bits are clear, so that two spellings of one prefix are one value.
///
/// `Display` prints the canonical text (RFC 5952 for IPv6), which is also what FRR prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix(IpNet);

impl Prefix {
    /// A prefix from an address and a length in bits; host bits are cleared.
    ///
    /// # Errors
    /// [`Invalid`] when the length is more than 32 (IPv4) or 128 (IPv6).
    pub fn new(address: IpAddr, length: u8) -> Result<Self, Invalid> {
        IpNet::new(address, length).map(|net| Self(net.trunc())).map_err(|_| {
            let longest = Family::of(address).host_length();
            Invalid::new(&format!("{address}/{length}"), format!("a prefix with a length of 0 to {longest}"))
        })
    }

    /// The network address.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        self.0.addr()
    }

    /// The length in bits.
    #[must_use]
    pub fn length(&self) -> u8 {
        self.0.prefix_len()
    }

    /// The family.
    #[must_use]
    pub fn family(&self) -> Family {
        Family::of(self.address())
    }

    /// Whether it is a single address (`/32`, `/128`).
    #[must_use]
    pub fn is_host(&self) -> bool {
        self.length() == self.family().host_length()
    }

    /// Whether it is the default route (`0.0.0.0/0`, `::/0`).
    #[must_use]
    pub fn is_default_route(&self) -> bool {
        self.length() == 0
    }

    /// Whether `other` lies inside this prefix (a prefix contains itself).
    #[must_use]
    pub fn contains(&self, other: &Self) -> bool {
        self.0.contains(&other.0)
    }

    /// Whether `address` lies inside this prefix.
    #[must_use]
    pub fn contains_address(&self, address: IpAddr) -> bool {
        self.0.contains(&address)
    }

    /// Refuses what no node may originate: multicast, loopback and link-local space, and IPv4-mapped IPv6.
    ///
    /// # Errors
    /// [`Invalid`] saying which space it is in.
    pub fn check_routable(self) -> Result<Self, Invalid> {
        match unroutable(self.address()) {
            Some(space) if !self.is_default_route() => Err(Invalid::new(
                &self.to_string(),
                format!("a prefix that can be advertised: {space} never leaves a node"),
            )),
            _ => Ok(self),
        }
    }
}

/// The name of the space that an address is in, when nothing in it is routed between nodes.
fn unroutable(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(v4) if v4.is_multicast() => Some("multicast space (224.0.0.0/4)"),
        IpAddr::V4(v4) if v4.is_loopback() => Some("loopback space (127.0.0.0/8)"),
        IpAddr::V4(v4) if v4.is_link_local() => Some("link-local space (169.254.0.0/16)"),
        IpAddr::V4(v4) if v4.octets()[0] >= 240 => Some("reserved space (240.0.0.0/4)"),
        IpAddr::V6(v6) if v6.is_multicast() => Some("multicast space (ff00::/8)"),
        IpAddr::V6(v6) if v6.is_loopback() => Some("the loopback address (::1)"),
        IpAddr::V6(v6) if v6.is_unicast_link_local() => Some("link-local space (fe80::/10)"),
        IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some() => Some("IPv4-mapped space (::ffff:0:0/96)"),
        IpAddr::V4(_) | IpAddr::V6(_) => None,
    }
}

impl FromStr for Prefix {
    type Err = Invalid;

    /// The standard library reads the address: it refuses leading zeros, which elsewhere mean octal.
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let malformed = || Invalid::new(text, "a prefix in CIDR form, such as 10.0.0.1/32 or 2001:db8::1/128");
        let (address, length) = text.split_once('/').ok_or_else(malformed)?;
        let address: IpAddr = address.parse().map_err(|_| malformed())?;
        let digits = length.bytes().all(|b| b.is_ascii_digit());
        let length: u8 = digits.then(|| length.parse().ok()).flatten().ok_or_else(malformed)?;
        Self::new(address, length)
    }
}

/// As FRR prints it: an IPv4-compatible address (RFC 4291 §2.5.5.1) has dots, which the standard library gives to
/// IPv4-mapped ones only.
impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address() {
            IpAddr::V6(address) if matches!(address.segments(), [0, 0, 0, 0, 0, 0, 1..=u16::MAX, _]) => {
                let [.., a, b, c, d] = address.octets();
                write!(f, "::{a}.{b}.{c}.{d}/{}", self.length())
            }
            _ => fmt::Display::fmt(&self.0, f),
        }
    }
}

/// A host address that a peer, a source or a next hop may have: not unspecified, multicast or broadcast.
///
/// # Errors
/// [`Invalid`] when the text is no IP address or the address names no single host.
pub fn parse_host_address(text: &str) -> Result<IpAddr, Invalid> {
    let address: IpAddr =
        text.parse().map_err(|_| Invalid::new(text, "an IP address, such as 10.0.0.1 or 2001:db8::1"))?;
    let mapped = matches!(address, IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some());
    let broadcast = address == IpAddr::V4(Ipv4Addr::BROADCAST);
    let zero_net = matches!(address, IpAddr::V4(v4) if v4.octets()[0] == 0);
    if address.is_unspecified() || address.is_multicast() || broadcast || mapped || zero_net {
        return Err(Invalid::new(text, "the address of one host"));
    }
    Ok(address)
}

/// The own address of a session to `of`, whose family it has, as far as that is known.
///
/// # Errors
/// [`Invalid`] when the text is no address of a host, or one of the other family.
pub fn parse_source_address(text: &str, of: Option<IpAddr>) -> Result<IpAddr, Invalid> {
    let address = parse_host_address(text)?;
    match of {
        Some(of) if Family::of(of) != Family::of(address) => {
            Err(Invalid::new(text, format!("an {} address, the family of {of}", Family::of(of))))
        }
        _ => Ok(address),
    }
}

/// A next hop that a router outside may use, so neither loopback nor link-local; of the prefix's family, as far as the
/// prefix is known.
///
/// # Errors
/// [`Invalid`] when the text is no such address.
pub fn parse_next_hop(text: &str, prefix: Option<Prefix>) -> Result<IpAddr, Invalid> {
    let address = parse_host_address(text)?;
    if address.is_loopback() || is_link_local_v6(address) {
        return Err(Invalid::new(text, "a next hop: peers cannot reach loopback and fe80:: addresses"));
    }
    match prefix {
        Some(prefix) if prefix.family() != Family::of(address) => {
            Err(Invalid::new(text, format!("an {} address, the family of prefix {prefix}", prefix.family())))
        }
        _ => Ok(address),
    }
}

/// Whether an address only means something together with an interface (`fe80::/10`).
#[must_use]
pub fn is_link_local_v6(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(v6) if Ipv6Addr::is_unicast_link_local(&v6))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_prefix_are_one_value() {
        let canonical = |text: &str| text.parse::<Prefix>().unwrap().to_string();
        assert_eq!(canonical("10.0.0.9/24"), "10.0.0.0/24");
        assert_eq!(canonical("2001:DB8:0:0::1/64"), "2001:db8::/64");
        for as_frr_prints in ["::1.2.3.4/128", "::1.2.0.0/112", "::2/128", "::/0", "2001:db8::102:304/128"] {
            assert_eq!(canonical(as_frr_prints), as_frr_prints);
        }
        assert_eq!("2001:db8::0:1/128".parse::<Prefix>(), "2001:0db8:0:0:0:0:0:1/128".parse());
    }

    #[test]
    fn malformed_prefixes_are_refused() {
        for bad in [
            "",
            "10.0.0.1",
            "10.0.0.1/33",
            "::/129",
            "10.0.0.1/32\n",
            "10.0.0.01/32",
            "a/8",
            "10.0.0.1/-1",
            "10.0.0.1/ 8",
        ] {
            assert!(bad.parse::<Prefix>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn space_that_never_leaves_a_node_is_refused() {
        for bad in [
            "224.0.0.5/32",
            "127.0.0.1/32",
            "169.254.1.1/32",
            "ff02::1/128",
            "fe80::1/128",
            "::1/128",
            "::ffff:10.0.0.1/128",
            "255.255.255.255/32",
        ] {
            assert!(bad.parse::<Prefix>().unwrap().check_routable().is_err(), "{bad}");
        }
        for good in ["10.0.0.1/32", "0.0.0.0/0", "::/0", "fd00::1/128"] {
            assert!(good.parse::<Prefix>().unwrap().check_routable().is_ok(), "{good}");
        }
    }

    #[test]
    fn host_addresses() {
        assert!(parse_host_address("10.0.0.2").is_ok());
        for bad in [
            "0.0.0.0",
            "0.1.2.3",
            "::",
            "224.0.0.1",
            "ff02::1",
            "255.255.255.255",
            "10.0.0",
            "10.0.0.2/32",
            "fe80::1%eth0",
            "::ffff:1.2.3.4",
        ] {
            assert!(parse_host_address(bad).is_err(), "{bad}");
        }
    }
}
