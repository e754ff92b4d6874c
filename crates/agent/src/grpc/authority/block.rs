//! A header block of HPACK (RFC 7541, section 6), read only as far as the search for `:authority` needs.

use std::borrow::Cow;
use std::ops::Range;

use super::{huffman, value};

/// Index of `:authority` in the static table (appendix A).
const AUTHORITY_INDEX: usize = 1;
const AUTHORITY: &[u8] = b":authority";

/// Mends the authority in a whole block. One that cannot be read stays as it is, for the server to refuse.
///
/// A field that takes the name `:authority` from the dynamic table is not found, since entries are not followed.
/// Encoders take the name from the static table or spell it out.
pub(super) fn mend(block: &mut [u8]) {
    let Some(authorities) = authorities(block) else { return };
    for text in authorities {
        let Some(mended) = text.bytes(block).and_then(|sent| value::mended(&sent)) else { continue };
        let encoded = if text.huffman { huffman::encode(&mended) } else { mended };
        if let Some(place) = block.get_mut(text.range).filter(|place| place.len() == encoded.len()) {
            place.copy_from_slice(&encoded);
        }
    }
}

/// The values of all fields that spell out an authority; `None` if the block cannot be read to its end.
fn authorities(block: &[u8]) -> Option<Vec<Text>> {
    let mut reader = Reader { block, at: 0 };
    let mut found = Vec::new();
    while reader.at < block.len() {
        found.extend(reader.field()?);
    }
    Some(found)
}

/// Where a string literal is (section 5.2).
struct Text {
    huffman: bool,
    range: Range<usize>,
}

impl Text {
    /// The string itself; `None` if its code is wrong.
    fn bytes<'a>(&self, block: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        let sent = block.get(self.range.clone())?;
        if self.huffman { huffman::decode(sent).map(Cow::Owned) } else { Some(Cow::Borrowed(sent)) }
    }
}

struct Reader<'a> {
    block: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    /// Passes one field; its value if that is an authority. The outer `None` means that the field cannot be read.
    fn field(&mut self) -> Option<Option<Text>> {
        match self.block.get(self.at)? {
            // Indexed, and a new size of the dynamic table: nothing is spelled out.
            0x80.. => self.integer(7).map(|_| None),
            0x20..=0x3f => self.integer(5).map(|_| None),
            // With a place in the dynamic table, and without.
            0x40.. => self.literal(6),
            _ => self.literal(4),
        }
    }

    fn literal(&mut self, index_bits: u32) -> Option<Option<Text>> {
        let is_authority = match self.integer(index_bits)? {
            0 => self.text()?.bytes(self.block)? == AUTHORITY,
            index => index == AUTHORITY_INDEX,
        };
        let value = self.text()?;
        Some(is_authority.then_some(value))
    }

    fn text(&mut self) -> Option<Text> {
        let huffman = self.block.get(self.at)? & 0x80 != 0;
        let length = self.integer(7)?;
        let range = self.at..self.at.checked_add(length)?;
        self.block.get(range.clone())?;
        self.at = range.end;
        Some(Text { huffman, range })
    }

    /// An integer whose first byte has room for `bits` bits (section 5.1). One of more than 28 bits counts nothing
    /// that a block could hold.
    fn integer(&mut self, bits: u32) -> Option<usize> {
        let full = (1 << bits) - 1;
        let mut value = usize::from(self.byte()?) & full;
        if value < full {
            return Some(value);
        }
        for shift in [0, 7, 14, 21] {
            let byte = self.byte()?;
            value += usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn byte(&mut self) -> Option<u8> {
        let byte = *self.block.get(self.at)?;
        self.at += 1;
        Some(byte)
    }
}
