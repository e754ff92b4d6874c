//! What is sent as an authority and is none, and what is put in its place.

use tonic::codegen::http::uri::Authority;

/// An authority of the same length, also in Huffman code, if `sent` is none and can be made one. The test is the
/// server's own, so what it accepts stays as it is.
pub(super) fn mended(sent: &[u8]) -> Option<Vec<u8>> {
    if is_authority(sent) {
        return None;
    }
    let mended: Vec<u8> = sent.iter().copied().map(stand_in).collect();
    is_authority(&mended).then_some(mended)
}

fn is_authority(bytes: &[u8]) -> bool {
    Authority::try_from(bytes).is_ok()
}

/// A byte that may stand anywhere in an authority, with a Huffman code as long as that of `byte`. The rest has none
/// of that length; C core percent-encodes it.
fn stand_in(byte: u8) -> u8 {
    match byte {
        b'%' | b'/' | b' ' => b'-',
        b':' => b'y',
        b'"' | b'?' => b'!',
        b'|' => b'+',
        b'@' | b'[' | b']' => b'~',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::super::huffman;
    use super::*;

    fn mended_text(sent: &str) -> Option<String> {
        mended(sent.as_bytes()).map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn a_stand_in_is_as_long_in_huffman_code() {
        for byte in 0..=u8::MAX {
            // 8 of each, so that a difference of one bit is one of a byte.
            assert_eq!(huffman::encode(&[byte; 8]).len(), huffman::encode(&[stand_in(byte); 8]).len(), "{byte:#04x}");
        }
    }

    #[test]
    fn a_path_becomes_an_authority() {
        for (sent, expected) in [
            ("%2Frun%2Fnovaroute%2Fnovaroute.sock", "-2Frun-2Fnovaroute-2Fnovaroute.sock"),
            ("/run/novaroute/novaroute.sock", "-run-novaroute-novaroute.sock"),
            ("%2Ftmp%2Fa:b:c@[d]@", "-2Ftmp-2Faybyc~~d~~"),
            ("/tmp/a b?|", "-tmp-a-b!+"),
        ] {
            assert_eq!(mended_text(sent).as_deref(), Some(expected));
        }
    }

    #[test]
    fn an_authority_stays() {
        for sent in ["localhost", "localhost:50051", "[::1]:80", "user%20name@host", "a.b.c", "~!$&'()*+,;="] {
            assert_eq!(mended_text(sent), None, "{sent}");
        }
    }

    #[test]
    fn what_cannot_be_mended_is_left_to_the_server() {
        for sent in ["", "#", "%2Ftmp{", "/\\", "%2Ftmp\u{e4}", "/a\nb"] {
            assert_eq!(mended_text(sent), None, "{sent}");
        }
    }
}
