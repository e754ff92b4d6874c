use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::super::wire::{self, Coding, Literal, Name, Sent};
use super::*;

/// What leaves when `bytes` arrive in pieces of the lengths `cuts`, taken in turn.
fn rewritten(bytes: &[u8], cuts: &[usize]) -> Vec<u8> {
    let (mut rewriter, mut out) = (Rewriter::default(), VecDeque::new());
    let mut rest = bytes;
    for &cut in cuts.iter().cycle() {
        let (now, later) = rest.split_at(cut.min(rest.len()));
        rewriter.push(now, &mut out);
        rest = later;
        if rest.is_empty() {
            break;
        }
    }
    rewriter.finish(&mut out);
    out.into()
}

/// One field of a request.
#[derive(Debug, Clone)]
enum Step {
    Spelled {
        literal: Literal,
        name: Name,
        coding: Coding,
        value: String,
    },
    /// An entry of the dynamic table, counted from the newest; before there is one, an entry of the static table.
    Repeated(usize),
    /// The dynamic table gets a new size.
    Resized(usize),
}

#[derive(Debug, Clone)]
struct Request {
    steps: Vec<Step>,
    /// Lengths of the parts into which the header block is cut.
    parts: Vec<usize>,
    flags: u8,
    padding: u8,
    body: Vec<u8>,
}

fn coding() -> impl Strategy<Value = Coding> {
    select(vec![Coding::Raw, Coding::Huffman])
}

fn spelled(names: &'static [Name], value: &'static str) -> impl Strategy<Value = Step> {
    let literals = vec![Literal::Indexed, Literal::NotIndexed, Literal::NeverIndexed];
    (select(literals), select(names), coding(), value).prop_map(|(literal, name, coding, value)| Step::Spelled {
        literal,
        name,
        coding,
        value,
    })
}

const AUTHORITY: &[Name] =
    &[Name::Static(1), Name::Spelled(":authority", Coding::Raw), Name::Spelled(":authority", Coding::Huffman)];
/// `:path`, `host`, and names that are spelled out, one of them nearly an authority.
const OTHERS: &[Name] = &[
    Name::Static(4),
    Name::Static(38),
    Name::Spelled("x-path", Coding::Raw),
    Name::Spelled(":authorit", Coding::Huffman),
];
/// Paths as clients write them, and what is an authority already.
const PATH: &str = "(%2F|/)[a-z]{1,9}(%2F|/)[a-zA-Z0-9._-]{1,60}";
const HOST: &str = "[a-z0-9-]{1,9}(:[0-9]{1,5})?";

fn request(authority: &'static str) -> impl Strategy<Value = Request> {
    let step = prop_oneof![
        3 => spelled(AUTHORITY, authority),
        3 => spelled(OTHERS, PATH),
        3 => (0..8_usize).prop_map(Step::Repeated),
        1 => (300..4096_usize).prop_map(Step::Resized),
    ];
    let flags = select(vec![0, wire::PADDED, wire::PRIORITY, wire::PADDED | wire::PRIORITY]);
    let body = select(vec![Vec::new(), b"%2Frun".to_vec(), [0x41, 0x01, b'%'].repeat(9)]);
    (vec(step, 0..9), vec(0..40_usize, 0..6), flags, 0..20_u8, body)
        .prop_map(|(steps, parts, flags, padding, body)| Request { steps, parts, flags, padding, body })
}

fn requests(authority: &'static str) -> impl Strategy<Value = Sent> {
    vec(request(authority), 1..6).prop_map(|requests| {
        let (mut sent, mut entries) = (Sent::new(), 0);
        for (request, stream) in requests.iter().zip((1..).step_by(2)) {
            let block = block_of(&request.steps, &mut entries);
            let mut rest = block.as_slice();
            let mut parts = Vec::new();
            for &length in &request.parts {
                let (part, later) = rest.split_at(length.min(rest.len()));
                parts.push(part);
                rest = later;
            }
            parts.push(rest);
            sent.headers(request.flags, stream, request.padding, &parts);
            sent.frame(wire::DATA, wire::END_STREAM, stream, &request.body);
        }
        sent
    })
}

fn block_of(steps: &[Step], entries: &mut usize) -> Vec<u8> {
    let mut block = Vec::new();
    // A new size is told at the beginning of a block (RFC 7541, section 4.2).
    for step in steps {
        if let Step::Resized(size) = step {
            // The smallest size on the way is told as well, and empties the table.
            block.extend(wire::integer(0x20, 5, 15));
            block.extend(wire::integer(0x20, 5, *size));
            *entries = 0;
        }
    }
    // Every request has a `:method`.
    block.extend(wire::indexed(2));
    for step in steps {
        match step {
            Step::Spelled { literal, name, coding, value } => {
                block.extend(wire::literal(*literal, *name, *coding, value));
                // No entry is larger than 150 bytes, so the smallest table keeps the two newest.
                *entries = (*entries + usize::from(matches!(literal, Literal::Indexed))).min(2);
            }
            Step::Repeated(back) if *entries > 0 => block.extend(wire::indexed(wire::NEWEST + back % *entries)),
            Step::Repeated(_) => block.extend(wire::indexed(2)),
            Step::Resized(_) => {}
        }
    }
    block
}

fn expected(lists: Vec<Vec<(String, String)>>) -> Vec<Vec<(String, String)>> {
    let mend = |(name, value): (String, String)| match name.as_str() {
        ":authority" => (name, value.replace(['%', '/'], "-")),
        _ => (name, value),
    };
    lists.into_iter().map(|list| list.into_iter().map(mend).collect()).collect()
}

fn cuts() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![Just(vec![1]), Just(vec![usize::MAX]), vec(1..50_usize, 1..20)]
}

proptest! {
    #[test]
    fn paths_arrive_as_authorities_and_nothing_else_changes(sent in requests(PATH), cuts in cuts()) {
        let arrived = rewritten(&sent.bytes, &cuts);
        prop_assert_eq!(sent.outside(&arrived), sent.outside(&sent.bytes));
        prop_assert_eq!(sent.header_lists(&arrived), expected(sent.header_lists(&sent.bytes)));
    }

    #[test]
    fn authorities_arrive_as_they_were_sent(sent in requests(HOST), cuts in cuts()) {
        prop_assert_eq!(rewritten(&sent.bytes, &cuts), sent.bytes);
    }

    #[test]
    fn where_reads_cut_makes_no_difference(sent in requests(PATH), bad in vec(any::<u8>(), 0..60), cuts in cuts()) {
        let bytes = [sent.bytes, bad].concat();
        prop_assert_eq!(rewritten(&bytes, &cuts), rewritten(&bytes, &[usize::MAX]));
    }

    #[test]
    fn another_protocol_is_not_touched(bytes: Vec<u8>, shared in 0..PREFACE.len(), cuts in cuts()) {
        let bytes = [&PREFACE[..shared], b"!", &bytes, &one_request().bytes].concat();
        prop_assert_eq!(rewritten(&bytes, &cuts), bytes);
    }

    #[test]
    fn no_byte_is_lost_or_added(bytes in vec(any::<u8>(), 0..300), cuts in cuts()) {
        let bytes = [PREFACE, &bytes].concat();
        prop_assert_eq!(rewritten(&bytes, &cuts).len(), bytes.len());
    }
}

/// `:authority` spelled out as C core does it.
fn authority() -> Vec<u8> {
    wire::literal(Literal::Indexed, Name::Spelled(":authority", Coding::Raw), Coding::Raw, "%2Frun")
}

fn one_request() -> Sent {
    let mut sent = Sent::new();
    sent.headers(0, 1, 0, &[&authority()]);
    sent
}

fn assert_untouched(frames: &[u8]) {
    let bytes = [PREFACE, frames, &wire::frame(HEADERS, END_HEADERS, 3, &authority())].concat();
    assert_eq!(rewritten(&bytes, &[usize::MAX]), bytes);
}

#[test]
fn one_request_is_mended() {
    let sent = one_request();
    let arrived = rewritten(&sent.bytes, &[usize::MAX]);
    assert_eq!(sent.header_lists(&arrived), [[(":authority".to_owned(), "-2Frun".to_owned())]]);
}

#[test]
fn all_but_an_open_header_block_leaves_at_once() {
    let sent = one_request();
    let (mut rewriter, mut out) = (Rewriter::default(), VecDeque::new());
    let block_at = sent.bytes.len() - authority().len();
    for (came, &byte) in sent.bytes.iter().enumerate() {
        rewriter.push(&[byte], &mut out);
        let left = if came + 1 < sent.bytes.len() { (came + 1).min(block_at) } else { sent.bytes.len() };
        assert_eq!(out.len(), left);
    }
}

#[test]
fn after_a_frame_out_of_place_nothing_is_touched() {
    let open = wire::frame(HEADERS, 0, 1, &authority());
    for next in [
        wire::frame(wire::DATA, 0, 1, b"x"),
        wire::frame(HEADERS, END_HEADERS, 1, &[]),
        wire::frame(CONTINUATION, END_HEADERS, 5, &[]),
    ] {
        assert_untouched(&[open.clone(), next].concat());
    }
}

#[test]
fn after_padding_without_room_for_it_nothing_is_touched() {
    for (flags, payload) in
        [(PADDED, &b"\x02x"[..]), (PADDED, b""), (PRIORITY, b"1234"), (PADDED | PRIORITY, b"\x001234")]
    {
        assert_untouched(&wire::frame(HEADERS, flags | END_HEADERS, 1, payload));
    }
}

#[test]
fn a_block_that_cannot_be_read_stays_as_it_is() {
    let huffman_of_nothing = [0x41, 0x81, 0x00];
    let text_too_long = [0x41, 0x05, b'x'];
    let endless_integer = [0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    let no_text = [0x41];
    for end in [&huffman_of_nothing[..], &text_too_long, &endless_integer, &no_text] {
        let block = [&authority(), end].concat();
        let bytes = [PREFACE, &wire::frame(HEADERS, END_HEADERS, 1, &block)].concat();
        let mended = rewritten(&bytes, &[usize::MAX]) != bytes;
        // A wrong code is found in the one value; the rest of the block can be read.
        assert_eq!(mended, end == huffman_of_nothing, "{end:x?}");
    }
}

#[test]
fn a_block_without_end_is_not_held_for_ever() {
    let (mut rewriter, mut out) = (Rewriter::default(), VecDeque::new());
    let part = |kind| wire::frame(kind, 0, 1, &[0x82; 16 << 10]);
    rewriter.push(&[PREFACE, &part(HEADERS)].concat(), &mut out);
    let mut sent = out.len() + (16 << 10);
    while sent <= 2 * HELD_MAX {
        rewriter.push(&part(CONTINUATION), &mut out);
        sent += part(CONTINUATION).len();
        assert!(sent - out.len() <= HELD_MAX, "{sent} bytes sent, {} let go", out.len());
    }
    assert_eq!(out.len(), sent);
}
