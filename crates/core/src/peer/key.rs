//! What a peer is known by.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use crate::bfd::{BfdKey, Hop};
use crate::invalid::Invalid;
use crate::name::InterfaceName;
use crate::prefix::{is_link_local_v6, parse_host_address};

/// The address of a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerAddress(IpAddr);

impl PeerAddress {
    /// The address.
    #[must_use]
    pub fn get(self) -> IpAddr {
        self.0
    }
}

impl FromStr for PeerAddress {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let address = parse_host_address(text)?;
        if address.is_loopback() || is_link_local_v6(address) {
            return Err(Invalid::new(
                text,
                "a peer address: loopback and fe80:: addresses name no router by themselves; a peer on a link without \
                 other addresses is named by the interface",
            ));
        }
        Ok(Self(address))
    }
}

/// The interface at whose other end a peer is; its name is none that FRR would take for something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerInterface(InterfaceName);

impl PeerInterface {
    /// The interface.
    #[must_use]
    pub fn get(self) -> InterfaceName {
        self.0
    }
}

impl FromStr for PeerInterface {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let name: InterfaceName = text.parse()?;
        if text.parse::<IpAddr>().is_ok() || text.starts_with("NR-") {
            return Err(Invalid::new(
                text,
                "an interface of a peer: a name that reads as an address, or begins with NR-, means something else to FRR",
            ));
        }
        Ok(Self(name))
    }
}

/// What a peer is known by.
///
/// `Display` prints the address or the name of the interface, and [`FromStr`] reads either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PeerKey {
    /// The router at an address.
    Address(PeerAddress),
    /// The router at the other end of an interface, by its link-local address (unnumbered).
    Interface(PeerInterface),
}

impl PeerKey {
    /// The address, if the peer is known by one.
    #[must_use]
    pub fn address(self) -> Option<IpAddr> {
        match self {
            Self::Address(address) => Some(address.get()),
            Self::Interface(_) => None,
        }
    }

    /// Whether a BFD session of this key, which may leave its interface to FRR, is one to this peer.
    #[must_use]
    pub fn is_of_session(self, session: &BfdKey) -> bool {
        match self {
            Self::Address(address) => session.peer == address.get(),
            Self::Interface(interface) => {
                session.hop == Hop::Single
                    && session.interface == Some(interface.get())
                    && is_link_local_v6(session.peer)
            }
        }
    }

    /// The peers that a BFD session may be of.
    pub fn of_session(session: &BfdKey) -> impl Iterator<Item = Self> {
        let by_address = session.peer.to_string().parse().ok().map(Self::Address);
        let by_interface = session.interface.and_then(|name| name.as_str().parse().ok()).map(Self::Interface);
        let keys = by_address.into_iter().chain(by_interface);
        keys.filter(|key| key.is_of_session(session))
    }
}

impl FromStr for PeerKey {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if text.parse::<IpAddr>().is_ok() {
            return text.parse().map(Self::Address);
        }
        text.parse().map(Self::Interface).map_err(|_| Invalid::new(text, "the address of a peer or its interface"))
    }
}

impl fmt::Display for PeerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => fmt::Display::fmt(&address.get(), f),
            Self::Interface(interface) => fmt::Display::fmt(&interface.get(), f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peers_are_known_by_addresses_or_interfaces() {
        for bad in ["fe80::1", "127.0.0.1", "::1", "0.0.0.0", "", "NR-IN", "10.0.0.2\nno router bgp", "eth0 up"] {
            assert!(bad.parse::<PeerKey>().is_err(), "{bad:?}");
        }
        for (text, shown) in [("FD00:0::1", "fd00::1"), ("192.0.2.1", "192.0.2.1"), ("bond0.100", "bond0.100")] {
            assert_eq!(text.parse::<PeerKey>().unwrap().to_string(), shown);
        }
        assert_eq!("eth0".parse::<PeerKey>().unwrap().address(), None);
    }

    #[test]
    fn an_interface_is_not_named_like_an_address() {
        for bad in ["192.0.2.1", "NR-1", "eth0|"] {
            assert!(bad.parse::<PeerInterface>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_session_of_an_unnumbered_peer_is_on_its_interface() {
        let session = |peer: &str, interface: &str| BfdKey {
            peer: peer.parse().unwrap(),
            interface: interface.parse().ok(),
            hop: Hop::Single,
        };
        let keys = |session| PeerKey::of_session(&session).map(|key| key.to_string()).collect::<Vec<_>>();
        assert_eq!(keys(session("fe80::1", "eth0")), ["eth0"]);
        assert_eq!(keys(session("192.0.2.1", "eth0")), ["192.0.2.1"]);
        assert_eq!(keys(session("fe80::1", "")), Vec::<String>::new());
    }
}
