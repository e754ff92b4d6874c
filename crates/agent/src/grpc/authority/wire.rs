//! What a client sends, written byte by byte, for tests.

use std::ops::Range;

use loona_hpack::Decoder;

use super::huffman;

pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
pub(super) const DATA: u8 = 0x0;
pub(super) const HEADERS: u8 = 0x1;
pub(super) const RST_STREAM: u8 = 0x3;
pub(super) const SETTINGS: u8 = 0x4;
pub(super) const CONTINUATION: u8 = 0x9;
pub(super) const END_STREAM: u8 = 0x01;
pub(super) const END_HEADERS: u8 = 0x04;
pub(super) const PADDED: u8 = 0x08;
pub(super) const PRIORITY: u8 = 0x20;
/// Index of the newest entry of the dynamic table.
pub(super) const NEWEST: usize = 62;

/// How a string is spelled out.
#[derive(Debug, Clone, Copy)]
pub(super) enum Coding {
    Raw,
    Huffman,
}

/// What becomes of a field that is spelled out.
#[derive(Debug, Clone, Copy)]
pub(super) enum Literal {
    Indexed,
    NotIndexed,
    NeverIndexed,
}

/// How the name of a field is told.
#[derive(Debug, Clone, Copy)]
pub(super) enum Name {
    Static(usize),
    Spelled(&'static str, Coding),
}

/// A field that is an entry of a table.
pub(super) fn indexed(index: usize) -> Vec<u8> {
    integer(0x80, 7, index)
}

pub(super) fn literal(kind: Literal, name: Name, coding: Coding, value: &str) -> Vec<u8> {
    let (pattern, bits) = match kind {
        Literal::Indexed => (0x40, 6),
        Literal::NotIndexed => (0x00, 4),
        Literal::NeverIndexed => (0x10, 4),
    };
    let mut field = match name {
        Name::Static(index) => integer(pattern, bits, index),
        Name::Spelled(name, coding) => [integer(pattern, bits, 0), text(coding, name)].concat(),
    };
    field.extend(text(coding, value));
    field
}

pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

pub(super) fn integer(pattern: u8, bits: u32, value: usize) -> Vec<u8> {
    let full = (1 << bits) - 1;
    if value < full {
        return vec![pattern | u8::try_from(value).unwrap()];
    }
    let mut bytes = vec![pattern | u8::try_from(full).unwrap()];
    let mut rest = value - full;
    while rest >= 0x80 {
        bytes.push(0x80 | u8::try_from(rest & 0x7f).unwrap());
        rest >>= 7;
    }
    bytes.push(u8::try_from(rest).unwrap());
    bytes
}

fn text(coding: Coding, text: &str) -> Vec<u8> {
    let (pattern, bytes) = match coding {
        Coding::Raw => (0, text.as_bytes().to_vec()),
        Coding::Huffman => (0x80, huffman::encode(text.as_bytes())),
    };
    [integer(pattern, 7, bytes.len()), bytes].concat()
}

/// One direction of a connection that remembers where its header blocks are.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub(super) bytes: Vec<u8>,
    blocks: Vec<Vec<Range<usize>>>,
}

impl Sent {
    /// The preface and empty settings.
    pub(super) fn new() -> Self {
        Self { bytes: [PREFACE, &frame(SETTINGS, 0, 0, &[])].concat(), blocks: Vec::new() }
    }

    pub(super) fn frame(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        self.bytes.extend(frame(kind, flags, stream, payload));
    }

    /// A header block in as many frames as there are `parts`; the first has the priority and padding asked for.
    pub(super) fn headers(&mut self, flags: u8, stream: u32, padding: u8, parts: &[&[u8]]) {
        let mut places = Vec::new();
        for (at, part) in parts.iter().enumerate() {
            let (kind, mut flags) = if at == 0 { (HEADERS, flags) } else { (CONTINUATION, 0) };
            if at + 1 == parts.len() {
                flags |= END_HEADERS;
            }
            let before = [
                vec![padding; usize::from(flags & PADDED != 0)],
                vec![b'%'; if flags & PRIORITY != 0 { 5 } else { 0 }],
            ]
            .concat();
            let after = vec![0; if flags & PADDED != 0 { usize::from(padding) } else { 0 }];
            let start = self.bytes.len() + 9 + before.len();
            places.push(start..start + part.len());
            self.frame(kind, flags, stream, &[&before, *part, &after].concat());
        }
        self.blocks.push(places);
    }

    /// The header lists that an independent decoder reads from `bytes` at the places of the blocks.
    pub(super) fn header_lists(&self, bytes: &[u8]) -> Vec<Vec<(String, String)>> {
        let mut decoder = Decoder::new();
        self.blocks.iter().map(|places| decode(&mut decoder, &gather(bytes, places))).collect()
    }

    /// `bytes` without the header blocks.
    pub(super) fn outside(&self, bytes: &[u8]) -> Vec<u8> {
        let mut rest = bytes.to_vec();
        for place in self.blocks.iter().flatten().rev() {
            rest.drain(place.clone());
        }
        rest
    }
}

fn gather(bytes: &[u8], places: &[Range<usize>]) -> Vec<u8> {
    places.iter().flat_map(|place| bytes[place.clone()].to_vec()).collect()
}

/// The fields of a header block.
pub(super) fn decode(decoder: &mut Decoder<'_>, block: &[u8]) -> Vec<(String, String)> {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let fields = decoder.decode(block).unwrap();
    fields.into_iter().map(|(name, value)| (text(name), text(value))).collect()
}
