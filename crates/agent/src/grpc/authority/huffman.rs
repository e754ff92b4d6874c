//! The Huffman code of HPACK (RFC 7541, appendix B).
//!
//! The code is canonical: the lengths of the codes alone give the codes, in the order of length and symbol.

/// Length of the longest code, in bits; that of the end-of-string symbol, which must not be sent.
const LONGEST: usize = 30;

/// Length of the code of each byte, in bits.
#[rustfmt::skip]
const LENGTHS: [u8; 256] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, // 0x00
    28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28, // 0x10
     6, 10, 10, 12, 13,  6,  8, 11, 10, 10,  8, 11,  8,  6,  6,  6, // 0x20
     5,  5,  5,  6,  6,  6,  6,  6,  6,  6,  7,  8, 15,  6, 12, 10, // 0x30
    13,  6,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7, // 0x40
     7,  7,  7,  7,  7,  7,  7,  7,  8,  7,  8, 13, 19, 13, 14,  6, // 0x50
    15,  5,  6,  5,  6,  5,  6,  6,  6,  5,  7,  7,  6,  6,  6,  5, // 0x60
     6,  7,  6,  5,  5,  6,  7,  7,  7,  7,  7, 15, 11, 14, 13, 28, // 0x70
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, // 0x80
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, // 0x90
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, // 0xa0
    21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, // 0xb0
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, // 0xc0
    19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, // 0xd0
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, // 0xe0
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, // 0xf0
];

const TABLE: Table = Table::new();

/// The code both ways.
struct Table {
    /// Code of each byte.
    codes: [u32; 256],
    /// Bytes in the order of their codes.
    bytes: [u8; 256],
    /// First code of each length.
    first: [u32; LONGEST + 1],
    /// How many codes are shorter than each length, and so the rank of the first one.
    rank: [usize; LONGEST + 2],
}

impl Table {
    const fn new() -> Self {
        let mut table = Self { codes: [0; 256], bytes: [0; 256], first: [0; LONGEST + 1], rank: [0; LONGEST + 2] };
        let (mut length, mut code, mut rank) = (0, 0, 0);
        while length <= LONGEST {
            table.first[length] = code;
            table.rank[length] = rank;
            let mut byte = 0;
            while byte < LENGTHS.len() {
                if LENGTHS[byte] as usize == length {
                    table.codes[byte] = code;
                    table.bytes[rank] = byte as u8;
                    code += 1;
                    rank += 1;
                }
                byte += 1;
            }
            code <<= 1;
            length += 1;
        }
        table.rank[length] = rank;
        table
    }

    /// The byte whose code is the lowest `length` bits of `code`.
    fn byte(&self, code: u32, length: usize) -> Option<u8> {
        let ranks = self.rank[length]..self.rank[length + 1];
        let offset = usize::try_from(code.checked_sub(self.first[length])?).ok()?;
        self.bytes[ranks].get(offset).copied()
    }
}

/// The bytes behind the code, or `None` if it is not one that an encoder may send (section 5.2).
pub(super) fn decode(encoded: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(encoded.len() * 8 / 5);
    let (mut code, mut length) = (0, 0);
    for bit in encoded.iter().flat_map(|byte| (0..8).rev().map(move |at| byte >> at & 1)) {
        code = code << 1 | u32::from(bit);
        length += 1;
        if length > LONGEST {
            return None;
        }
        if let Some(byte) = TABLE.byte(code, length) {
            decoded.push(byte);
            (code, length) = (0, 0);
        }
    }
    // The last byte is filled up with ones.
    (length < 8 && code == (1 << length) - 1).then_some(decoded)
}

/// The code of `bytes`; there is only one.
pub(super) fn encode(bytes: &[u8]) -> Vec<u8> {
    let mut encoded = Vec::with_capacity(bytes.len());
    let (mut pending, mut length) = (0_u64, 0);
    for &byte in bytes {
        pending = pending << LENGTHS[usize::from(byte)] | u64::from(TABLE.codes[usize::from(byte)]);
        length += LENGTHS[usize::from(byte)];
        while length >= 8 {
            length -= 8;
            encoded.push((pending >> length) as u8);
        }
    }
    if length > 0 {
        let fill = 8 - length;
        encoded.push((pending << fill) as u8 | ((1 << fill) - 1));
    }
    encoded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_examples_of_the_rfc() {
        // RFC 7541, sections C.4 and C.6.
        for (text, code) in [
            ("www.example.com", "f1e3c2e5f23a6ba0ab90f4ff"),
            ("no-cache", "a8eb10649cbf"),
            ("custom-key", "25a849e95ba97d7f"),
            ("custom-value", "25a849e95bb8e8b4bf"),
            ("Mon, 21 Oct 2013 20:13:21 GMT", "d07abe941054d444a8200595040b8166e082a62d1bff"),
            ("https://www.example.com", "9d29ad171863c78f0b97c8e9ae82ae43d3"),
        ] {
            let hex: String = encode(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(hex, code, "{text}");
            assert_eq!(decode(&encode(text.as_bytes())).as_deref(), Some(text.as_bytes()));
        }
    }

    #[test]
    fn what_no_encoder_may_send_is_refused() {
        // A whole byte of filling, filling with zeros, and the end-of-string symbol.
        for code in [&[0xff][..], &[0x00], &[0xff, 0xff, 0xff, 0xff]] {
            assert_eq!(decode(code), None, "{code:x?}");
        }
    }

    proptest! {
        #[test]
        fn decoding_undoes_encoding(bytes: Vec<u8>) {
            prop_assert_eq!(decode(&encode(&bytes)), Some(bytes));
        }

        #[test]
        fn a_code_that_is_read_is_the_only_one(code: Vec<u8>) {
            if let Some(bytes) = decode(&code) {
                prop_assert_eq!(encode(&bytes), code);
            }
        }
    }
}
