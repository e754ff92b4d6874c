//! OSPF interfaces (RFC 2328, RFC 5340).

mod settings;

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use crate::invalid::Invalid;
use crate::name::InterfaceName;

pub use settings::{AreaType, OspfAuthentication, OspfDigest, OspfKey, OspfNetwork, OspfSettings};

/// An area (RFC 2328 §A.4.1), given as a number or in dotted form; `0` and `0.0.0.0` are one area.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AreaId(u32);

impl AreaId {
    /// An area from its 32 bits.
    #[must_use]
    pub fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// The 32 bits.
    #[must_use]
    pub fn bits(self) -> u32 {
        self.0
    }
}

impl FromStr for AreaId {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let number = text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<u32>().ok()).flatten();
        let dotted = || text.parse::<Ipv4Addr>().ok().map(u32::from);
        number
            .or_else(dotted)
            .map(Self)
            .ok_or_else(|| Invalid::new(text, "an OSPF area: a number from 0 to 4294967295 or dotted as 0.0.0.1"))
    }
}

impl fmt::Display for AreaId {
    /// The dotted form.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Ipv4Addr::from(self.0), f)
    }
}

/// The two timers of an interface, in seconds (RFC 2328 §C.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OspfTimers {
    hello_s: u16,
    dead_s: u16,
}

impl OspfTimers {
    /// Seconds between hellos, and of silence after which a neighbour is down.
    ///
    /// # Errors
    /// [`Invalid`] when hello is 0 or dead is below hello.
    pub fn new(hello_s: u16, dead_s: u16) -> Result<Self, Invalid> {
        if hello_s == 0 {
            return Err(Invalid::number(hello_s, "a hello interval from 1 to 65535 s"));
        }
        if dead_s < hello_s {
            return Err(Invalid::number(
                dead_s,
                format!("a dead interval from the hello interval ({hello_s} s) to 65535 s"),
            ));
        }
        Ok(Self { hello_s, dead_s })
    }

    /// Seconds between hellos.
    #[must_use]
    pub fn hello_s(self) -> u16 {
        self.hello_s
    }

    /// Seconds of silence after which a neighbour is down.
    #[must_use]
    pub fn dead_s(self) -> u16 {
        self.dead_s
    }
}

impl Default for OspfTimers {
    fn default() -> Self {
        Self { hello_s: 10, dead_s: 40 }
    }
}

/// An interface on which OSPF runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OspfInterface {
    /// The interface.
    pub interface: InterfaceName,
    /// Its area.
    pub area: AreaId,
    /// Announced but without hellos, so without neighbours.
    pub passive: bool,
    /// Cost of sending over it, 1–65535.
    pub cost: std::num::NonZeroU16,
    /// Its timers.
    pub timers: OspfTimers,
    /// The rest.
    pub settings: OspfSettings,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_area_has_two_spellings() {
        assert_eq!("0".parse::<AreaId>().unwrap(), "0.0.0.0".parse().unwrap());
        assert_eq!("4294967295".parse::<AreaId>().unwrap().to_string(), "255.255.255.255");
        for bad in ["", "4294967296", "-1", "1.2.3", "0x1", "+1", "1 ", "a"] {
            assert!(bad.parse::<AreaId>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn dead_is_not_below_hello() {
        assert!(OspfTimers::new(10, 9).is_err());
        assert!(OspfTimers::new(0, 9).is_err());
        assert!(OspfTimers::new(10, 10).is_ok());
    }
}
