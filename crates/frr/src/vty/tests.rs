use proptest::prelude::*;

use super::*;

fn bytes(replies: &[(&str, u8)]) -> Vec<u8> {
    replies.iter().flat_map(|(text, code)| [text.as_bytes(), &[0, 0, 0, *code]].concat()).collect()
}

#[test]
fn a_command_ends_with_nul_and_cannot_begin_another() {
    let mut out = Vec::new();
    Command::new("show version").unwrap().encode(&mut out);
    assert_eq!(out, b"show version\0");
    assert_eq!(Command::new("a\0no router bgp"), Err(BadCommand::ControlCharacter));
    assert_eq!(Command::new("a\nb"), Err(BadCommand::ControlCharacter));
    assert_eq!(Command::new("description a | b"), Err(BadCommand::Pipe));
    assert_eq!(Command::new(&"x".repeat(COMMAND_BYTES_MAX + 1)), Err(BadCommand::TooLong));
    assert!(!format!("{:?}", Command::new("neighbor 1.2.3.4 password s3cret").unwrap()).contains("s3cret"));
}

#[test]
fn code_and_text_decide_together() {
    let verdict = |text: &str, code: u8| Reply { text: text.into(), code: ReturnCode::from_byte(code) }.verdict();
    assert_eq!(verdict("", 0), Verdict::Accepted);
    assert_eq!(verdict("% Failed to edit", 0), Verdict::Refused("% Failed to edit".into()));
    assert_eq!(
        verdict("BGP is already running; AS is 1\n", 13),
        Verdict::Refused("BGP is already running; AS is 1".into())
    );
    let locked = "% command failed, could not lock running DS";
    assert_eq!(verdict(locked, 13), Verdict::Busy(locked.into()));
    assert_eq!(verdict(locked, 255), Verdict::Busy(locked.into()), "mgmtd's code when a line finds the lock held");
    assert_eq!(verdict(locked, 2), Verdict::Refused(locked.into()), "an unknown line that only quotes the words");
    assert_eq!(verdict("", 2), Verdict::Refused("return code 2".into()));
    assert_eq!(verdict("50% off", 0), Verdict::AcceptedWith("50% off".into()));
    for code in 0..=255 {
        assert_eq!(ReturnCode::from_byte(code).number(), code);
    }
}

#[test]
fn what_is_not_framed_as_an_answer_is_an_error() {
    let mut decoder = Decoder::default();
    decoder.push(b"ok\0\0x\0");
    assert_eq!(decoder.next_reply(), Err(BadFrame::Malformed));
}

#[test]
fn an_answer_without_end_is_noticed() {
    let mut decoder = Decoder::default();
    decoder.push(&vec![b'x'; REPLY_BYTES_MAX + 1]);
    assert_eq!(decoder.next_reply(), Err(BadFrame::TooLong));
}

proptest! {
    #[test]
    fn the_cut_between_reads_makes_no_difference(
        texts in proptest::collection::vec(("[^\\x00]{0,20}", any::<u8>()), 0..6),
        cut in 1usize..7,
    ) {
        let replies: Vec<(&str, u8)> = texts.iter().map(|(text, code)| (text.as_str(), *code)).collect();
        let mut decoder = Decoder::default();
        let mut seen = Vec::new();
        for part in bytes(&replies).chunks(cut) {
            decoder.push(part);
            while let Some(reply) = decoder.next_reply().unwrap() {
                seen.push((reply.text, reply.code.number()));
            }
        }
        let sent: Vec<_> = replies.iter().map(|(text, code)| ((*text).to_owned(), *code)).collect();
        prop_assert_eq!(seen, sent);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        let mut decoder = Decoder::default();
        decoder.push(&bytes);
        while let Ok(Some(_)) = decoder.next_reply() {}
    }
}
