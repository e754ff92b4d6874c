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

/// What a journal knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// All that is wanted.
    Complete,
    /// All that owners asked for since it began empty; what they asked for before is not known.
    Young,
    /// It has lost something: a record may be older than one that is gone.
    Lossy,
}

/// First bytes of a journal, by its extent. They differ in several bytes, so that no flipped bit makes one of the other;
/// the digit is the version of the format.
const MAGICS: [(Extent, [u8; 8]); 3] =
    [(Extent::Complete, *b"NRJ1-ALL"), (Extent::Young, *b"NRJ1part"), (Extent::Lossy, *b"NRJ1gaps")];

/// Bytes of a frame before its payload.
const FRAME_HEADER_BYTES: usize = 12;

/// The first bytes of a journal.
pub(super) fn magic(extent: Extent) -> [u8; 8] {
    let [complete, young, lossy] = MAGICS.map(|(_, magic)| magic);
    match extent {
        Extent::Complete => complete,
        Extent::Young => young,
        Extent::Lossy => lossy,
    }
}

/// Takes the first bytes off: what the journal knows, and its frames. `None`: this is no journal.
pub(super) fn split_magic(bytes: &[u8]) -> Option<(Extent, &[u8])> {
    let (magic, frames) = bytes.split_first_chunk::<8>()?;
    let (extent, _) = MAGICS.into_iter().find(|(_, known)| known == magic)?;
    Some((extent, frames))
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
