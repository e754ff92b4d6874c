//! How OSPF runs on an interface, beyond area, cost and timers.

use crate::bfd::BfdTimers;
use crate::invalid::Invalid;

/// Longest key of each kind of authentication, in characters: the field of the packet (RFC 2328 §D.3), and for the trailer
/// the block of the hash (RFC 5709 §3.3).
const KEY_CHARS_MAX: [usize; 3] = [8, 16, 64];

/// How the routers of a link are connected (RFC 2328 §1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OspfNetwork {
    /// Two routers: none is elected, so that the adjacency is there at once.
    PointToPoint,
    /// Several, each of which reaches some of the others.
    PointToMultipoint,
}

/// What is learned in an area of what lies outside it (RFC 2328 §3.6, RFC 3101).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum AreaType {
    /// Everything.
    #[default]
    Normal,
    /// Nothing external.
    Stub,
    /// Nothing but a default route.
    TotallyStub,
    /// What its own routers announce as external.
    Nssa,
    /// The same, and beyond that nothing but a default route.
    TotallyNssa,
}

impl AreaType {
    /// The word of errors.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Stub => "stub",
            Self::TotallyStub => "totally stub",
            Self::Nssa => "NSSA",
            Self::TotallyNssa => "totally NSSA",
        }
    }
}

/// The secret of the routers on a link: printable ASCII characters without space and `|`. It does not print.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OspfKey(String);

impl OspfKey {
    /// Accepts a key that FRR stores as it is, neither cut off nor taken apart.
    ///
    /// # Errors
    /// [`Invalid`] (without the text) when the length or a character is refused.
    fn new(text: &str, chars_max: usize) -> Result<Self, Invalid> {
        let fits = (1..=chars_max).contains(&text.len());
        if fits && text.bytes().all(|b| b.is_ascii_graphic() && b != b'|') {
            return Ok(Self(text.to_owned()));
        }
        Err(Invalid::secret(format!(
            "a key of 1 to {chars_max} printable ASCII characters without space and '|', as this authentication takes it"
        )))
    }

    /// The clear text, for the one line of FRR's configuration that needs it and for the journal.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for OspfKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OspfKey(…)")
    }
}

/// How packets are authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OspfDigest {
    /// The key itself, in clear text (RFC 2328 §D.4.2). OSPFv3 has no such thing.
    Simple,
    /// Keyed MD5 (RFC 2328 §D.4.3); for OSPFv3 in its trailer.
    Md5,
    /// HMAC-SHA-256 (RFC 5709); for OSPFv3 in its trailer (RFC 7166).
    HmacSha256,
}

/// Authentication of the packets of an interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OspfAuthentication {
    digest: OspfDigest,
    key_id: std::num::NonZeroU8,
    key: OspfKey,
}

impl OspfAuthentication {
    /// Authentication with a key. The number tells neighbours which key it is; [`OspfDigest::Simple`] has no use for it.
    ///
    /// # Errors
    /// [`Invalid`] when the key does not fit.
    pub fn new(digest: OspfDigest, key_id: std::num::NonZeroU8, key: &str) -> Result<Self, Invalid> {
        let [simple, md5, sha] = KEY_CHARS_MAX;
        let chars_max = match digest {
            OspfDigest::Simple => simple,
            OspfDigest::Md5 => md5,
            OspfDigest::HmacSha256 => sha,
        };
        Ok(Self { digest, key_id, key: OspfKey::new(key, chars_max)? })
    }

    /// How.
    #[must_use]
    pub fn digest(&self) -> OspfDigest {
        self.digest
    }

    /// The number of the key, 1–255.
    #[must_use]
    pub fn key_id(&self) -> std::num::NonZeroU8 {
        self.key_id
    }

    /// The key.
    #[must_use]
    pub fn key(&self) -> &OspfKey {
        &self.key
    }
}

/// How OSPF runs on an interface where that differs from FRR's defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OspfSettings {
    /// How the routers of the link are connected; `None`: as its kind of interface says, broadcast for Ethernet.
    pub network: Option<OspfNetwork>,
    /// Who becomes designated router: the highest, 0 never does (RFC 2328 §9.4).
    pub priority: u8,
    /// `None`: packets are not authenticated.
    pub authentication: Option<OspfAuthentication>,
    /// The type of the interface's area; all interfaces of an area have the same.
    pub area_type: AreaType,
    /// BFD with each neighbour (RFC 5882 §4.3); `None`: without.
    pub bfd: Option<BfdTimers>,
}

impl Default for OspfSettings {
    fn default() -> Self {
        Self { network: None, priority: 1, authentication: None, area_type: AreaType::Normal, bfd: None }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU8;

    use super::*;

    #[test]
    fn a_key_fits_the_packet_and_does_not_print() {
        let one = NonZeroU8::MIN;
        for (digest, longest) in [(OspfDigest::Simple, 8), (OspfDigest::Md5, 16), (OspfDigest::HmacSha256, 64)] {
            let authentication = OspfAuthentication::new(digest, one, &"x".repeat(longest)).unwrap();
            assert!(!format!("{authentication:?}").contains('x'), "{authentication:?}");
            for bad in ["", "a b", "a|b", "a\nb", "ä", &"x".repeat(longest + 1)] {
                let error = OspfAuthentication::new(digest, one, bad).unwrap_err().to_string();
                assert!(bad.is_empty() || !error.contains(bad), "{error}");
            }
        }
    }
}
