//! The bytes of the journal: eight bytes that say what the file is, then frames.
//!
//! ```text
//! frame = length of the payload (u32 LE) | CRC-32 of the payload (u32 LE) | CRC-32 of these eight bytes (u32 LE) | payload
//! ```
//!
//! The second checksum tells a wrong length from a frame that was cut short: without it one flipped bit in a
//! length would make all acknowledged records behind it look like the rest of an interrupted write.

use std::io;

use novaroute_api::journal::JournalRecord;
use prost::Message as _;

/// First bytes of a journal that holds all that is wanted. The two differ in several bytes, so that no flipped
/// bit makes one of the other; the digit is the version of the format.
const MAGIC_COMPLETE: [u8; 8] = *b"NRJ1-ALL";
/// First bytes of a journal that began empty or lost something.
const MAGIC_PARTIAL: [u8; 8] = *b"NRJ1part";

/// Bytes of a frame before its payload.
const FRAME_HEADER_BYTES: usize = 12;

/// The first bytes of a journal.
pub(super) fn magic(complete: bool) -> [u8; 8] {
    if complete { MAGIC_COMPLETE } else { MAGIC_PARTIAL }
}

/// Takes the first bytes off: whether the journal is complete, and its frames. `None`: this is no journal.
pub(super) fn split_magic(bytes: &[u8]) -> Option<(bool, &[u8])> {
    let (magic, frames) = bytes.split_first_chunk::<8>()?;
    match *magic {
        MAGIC_COMPLETE => Some((true, frames)),
        MAGIC_PARTIAL => Some((false, frames)),
        _ => None,
    }
}

/// Appends the frame of a record.
///
/// # Errors
/// The record is longer than a frame can say (4 GiB).
pub(super) fn push(bytes: &mut Vec<u8>, record: &JournalRecord) -> io::Result<()> {
    let payload = record.encode_to_vec();
    let length = u32::try_from(payload.len()).map_err(|_| io::Error::other("a record of more than 4 GiB"))?;
    let start = bytes.len();
    bytes.extend(length.to_le_bytes());
    bytes.extend(crc32fast::hash(&payload).to_le_bytes());
    let header_crc = crc32fast::hash(&bytes[start..]);
    bytes.extend(header_crc.to_le_bytes());
    bytes.extend(payload);
    Ok(())
}

/// What stands at the beginning of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame<'a> {
    /// A whole payload, and what follows its frame.
    Whole(&'a [u8], &'a [u8]),
    /// The beginning of a frame: the write was interrupted.
    Torn,
    /// Something that was never written like this.
    Damaged,
}

/// Reads the frame at the beginning of `bytes`.
pub(super) fn read(bytes: &[u8]) -> Frame<'_> {
    let Some((header, rest)) = bytes.split_first_chunk::<FRAME_HEADER_BYTES>() else { return Frame::Torn };
    let [length, payload_crc, header_crc] = words(header);
    if crc32fast::hash(&header[..8]) != header_crc {
        return Frame::Damaged;
    }
    match usize::try_from(length).ok().and_then(|length| rest.split_at_checked(length)) {
        None => Frame::Torn,
        Some((payload, rest)) if crc32fast::hash(payload) == payload_crc => Frame::Whole(payload, rest),
        Some(_) => Frame::Damaged,
    }
}

fn words(header: &[u8; FRAME_HEADER_BYTES]) -> [u32; 3] {
    let [a, b, c, d, e, f, g, h, i, j, k, l] = *header;
    [[a, b, c, d], [e, f, g, h], [i, j, k, l]].map(u32::from_le_bytes)
}
