use proptest::prelude::*;

use super::*;

fn reply(code: u8, text: &str) -> Reply {
    Reply { code: ReturnCode::from_byte(code), text: text.to_owned() }
}

fn frame(code: u8, text: &str) -> Vec<u8> {
    [text.as_bytes(), &[0, 0, 0, code]].concat()
}

#[test]
fn verdicts() {
    assert_eq!(reply(0, "").verdict(), Verdict::Accepted);
    assert_eq!(reply(0, "\n").verdict(), Verdict::Accepted);
    assert_eq!(reply(0, "reset all peers\n").verdict(), Verdict::AcceptedWith("reset all peers".to_owned()));
    assert_eq!(reply(0, "% Failed\n").verdict(), Verdict::Refused("% Failed".to_owned()));
    assert_eq!(reply(2, "% Unknown command\n").verdict(), Verdict::Refused("% Unknown command".to_owned()));
    assert_eq!(reply(13, "").verdict(), Verdict::Refused("return code 13".to_owned()));
}

#[test]
fn commands_that_frr_would_not_read_as_one_are_refused() {
    assert!(Command::new("neighbor 10.0.0.2 description 50% off!#?'\"").is_ok());
    assert_eq!(Command::new("a\nb"), Err(BadCommand::ControlCharacter));
    assert_eq!(Command::new("a\0b"), Err(BadCommand::ControlCharacter));
    assert_eq!(Command::new("a | b"), Err(BadCommand::Pipe));
    assert_eq!(Command::new(&"x".repeat(1001)), Err(BadCommand::TooLong));
}

#[test]
fn a_command_does_not_print() {
    let command = Command::new("neighbor 10.0.0.2 password hunter2").unwrap();
    assert!(!format!("{command:?}").contains("hunter2"));
}

#[test]
fn bytes_that_are_not_framed_are_an_error() {
    let mut decoder = Decoder::default();
    decoder.push(b"text\0\x01\0\0");
    assert_eq!(decoder.next_reply(), Err(BadFrame::Malformed));
}

proptest! {
    #[test]
    fn frames_survive_any_cut(replies in prop::collection::vec((0u8..=20, "[^\0]{0,40}"), 1..6), cut in 1usize..9) {
        let bytes: Vec<u8> = replies.iter().flat_map(|(code, text)| frame(*code, text)).collect();
        let mut decoder = Decoder::default();
        let mut read = Vec::new();
        for chunk in bytes.chunks(cut) {
            decoder.push(chunk);
            while let Some(reply) = decoder.next_reply().unwrap() {
                read.push((reply.code.number(), reply.text));
            }
        }
        prop_assert_eq!(read, replies);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut decoder = Decoder::default();
        decoder.push(&bytes);
        while let Ok(Some(_)) = decoder.next_reply() {}
    }
}
