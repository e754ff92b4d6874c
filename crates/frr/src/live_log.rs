//! The live log of a daemon (`lib/zlog_live.c`): after `terminal monitor` the answer on the VTY socket brings along the
//! end of a packet socket, on which each message of the log arrives as one packet, the moment it is written.
//!
//! ```text
//! u64 seconds | u32 nanoseconds | u32 header length | i64 process | i64 thread | u32 lost | u32 priority | u32 flags |
//! u32 text length | u32 length of the text's header | 12 bytes uid | …          (all in the order of the machine)
//! ```
//!
//! The header is longer in FRR 10; the text begins where the header says that it ends. `uid` names the place in the
//! source that the message comes from: it stays the same when the words change.

/// Longest packet that is taken in, in bytes.
pub const PACKET_BYTES_MAX: usize = 64 << 10;
/// Bytes of the header up to the end of the uid.
const HEADER_BYTES: usize = 64;

/// A message of a daemon's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// When it was written, in nanoseconds since 1970-01-01 UTC.
    pub at_ns: u64,
    /// Messages that were dropped right before this one, because nobody read fast enough.
    pub lost: u32,
    /// Where in FRR's source it comes from, such as `N9HHH-F8H1M`.
    pub uid: String,
    /// The words, without uid and codes before them.
    pub text: String,
}

/// A packet that is none of the live log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a packet of {0} bytes is no message of FRR's live log")]
pub struct BadPacket(pub usize);

impl Message {
    /// Reads one packet. Text that is not UTF-8 is read with replacement characters.
    ///
    /// # Errors
    /// [`BadPacket`] when the packet is shorter than it says.
    pub fn decode(packet: &[u8]) -> Result<Self, BadPacket> {
        Self::read(packet).ok_or(BadPacket(packet.len()))
    }

    fn read(packet: &[u8]) -> Option<Self> {
        let header = packet.get(..HEADER_BYTES)?;
        let long = |at: usize| Some(u64::from_ne_bytes(*header.get(at..)?.first_chunk()?));
        let word = |at: usize| Some(u32::from_ne_bytes(*header.get(at..)?.first_chunk()?));
        let (seconds, nanoseconds) = (long(0)?, word(8)?);
        let (header_length, text_length) = (word(12)? as usize, word(44)? as usize);
        let text = packet.get(header_length..header_length.checked_add(text_length)?)?;
        let text = String::from_utf8_lossy(text);
        Some(Self {
            at_ns: seconds.checked_mul(1_000_000_000)?.checked_add(nanoseconds.into())?,
            lost: word(32)?,
            uid: String::from_utf8_lossy(&header[52..HEADER_BYTES]).trim_end_matches('\0').to_owned(),
            text: without_codes(&text).to_owned(),
        })
    }
}

/// `[N9HHH-F8H1M][EC 33554451] words` without what stands in brackets at its beginning.
fn without_codes(text: &str) -> &str {
    let mut rest = text.trim();
    while let Some((_, after)) = rest.strip_prefix('[').and_then(|inside| inside.split_once(']')) {
        rest = after;
    }
    rest.trim_start()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As FRR 8.4 sends it.
    fn packet(header_length: u32, text: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(1_700_000_000_u64.to_ne_bytes());
        bytes.extend(5_u32.to_ne_bytes());
        bytes.extend(header_length.to_ne_bytes());
        bytes.extend([0; 16]);
        bytes.extend(7_u32.to_ne_bytes());
        bytes.extend([0; 8]);
        bytes.extend((text.len() as u32).to_ne_bytes());
        bytes.extend(0_u32.to_ne_bytes());
        bytes.extend(*b"PXVXG-TFNNT\0");
        bytes.resize(header_length as usize, 0);
        bytes.extend(text.as_bytes());
        bytes
    }

    #[test]
    fn a_packet_with_a_header_of_any_length() {
        for header_length in [80, 144] {
            let message = Message::decode(&packet(header_length, "[PXVXG-TFNNT][EC 1] %ADJCHANGE: down")).unwrap();
            let wanted = Message {
                at_ns: 1_700_000_000_000_000_005,
                lost: 7,
                uid: "PXVXG-TFNNT".to_owned(),
                text: "%ADJCHANGE: down".to_owned(),
            };
            assert_eq!(message, wanted);
        }
    }

    #[test]
    fn a_packet_that_ends_early_is_refused() {
        let whole = packet(80, "text");
        for length in 0..whole.len() {
            assert_eq!(Message::decode(&whole[..length]), Err(BadPacket(length)));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Message::decode(&bytes);
        }
    }
}
