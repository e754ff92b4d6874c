//! The frames of one direction of an HTTP/2 connection (RFC 9113, section 4), bytes in and bytes out.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::ops::Range;

use super::block;

/// What a client sends first (section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEADERS: u8 = 0x1;
const CONTINUATION: u8 = 0x9;
const END_HEADERS: u8 = 0x04;
const PADDED: u8 = 0x08;
const PRIORITY: u8 = 0x20;
/// Bytes of a stream dependency and a weight.
const PRIORITY_BYTES: usize = 5;
/// Most bytes held back. The server's own limit for headers is 16 KiB, so more is refused in any case.
const HELD_MAX: usize = 64 << 10;

/// Follows a connection from its first byte and mends the header blocks in it. Bytes leave in the order and number in
/// which they came. A header block is held back until it is whole; all else leaves at once.
#[derive(Debug, Default)]
pub(super) struct Rewriter {
    state: State,
    block: Option<Block>,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// So many bytes of the preface have come.
    Preface(usize),
    /// So many bytes of a frame's header have come.
    Head(Head, usize),
    /// So many bytes of the frame's payload are to come.
    Payload(Head, usize),
    /// Not HTTP/2, or wrong, or too long: the server shall see all of it.
    Opaque,
}

impl Default for State {
    fn default() -> Self {
        Self::Preface(0)
    }
}

/// A frame's header: length in 3 bytes, type, flags, and the stream in 4 bytes.
#[derive(Debug, Clone, Copy, Default)]
struct Head([u8; 9]);

impl Head {
    fn length(self) -> usize {
        self.0[..3].iter().fold(0, |length, &byte| length << 8 | usize::from(byte))
    }

    fn kind(self) -> u8 {
        self.0[3]
    }

    fn has(self, flag: u8) -> bool {
        self.0[4] & flag != 0
    }

    fn stream(self) -> [u8; 4] {
        [self.0[5], self.0[6], self.0[7], self.0[8]]
    }

    /// Where in `payload` the part of the header block is; `None` if padding and priority leave no room for it.
    fn fragment(self, payload: &[u8]) -> Option<Range<usize>> {
        let is_first = self.kind() == HEADERS;
        let (mut start, mut end) = (0, payload.len());
        if is_first && self.has(PADDED) {
            start += 1;
            end = end.checked_sub(usize::from(*payload.first()?))?;
        }
        if is_first && self.has(PRIORITY) {
            start += PRIORITY_BYTES;
        }
        (start <= end).then_some(start..end)
    }
}

/// A header block of which the end has not come.
#[derive(Debug)]
struct Block {
    stream: [u8; 4],
    /// Everything since the payload of its first frame began.
    held: Vec<u8>,
    /// Which parts of that are the block's.
    fragments: Vec<Range<usize>>,
}

impl Block {
    /// Notes the part that a frame carries whose payload was held last; `None` if the frame is wrong.
    fn add(&mut self, head: Head) -> Option<()> {
        let start = self.held.len().checked_sub(head.length())?;
        let fragment = head.fragment(&self.held[start..])?;
        self.fragments.push(start + fragment.start..start + fragment.end);
        Some(())
    }

    /// What was held, with its authority mended.
    fn mended(mut self) -> Vec<u8> {
        let mut whole: Vec<u8> = self.fragments.iter().flat_map(|part| &self.held[part.clone()]).copied().collect();
        block::mend(&mut whole);
        let mut rest = whole.as_slice();
        for part in self.fragments {
            let (fragment, later) = rest.split_at(part.len());
            self.held[part].copy_from_slice(fragment);
            rest = later;
        }
        self.held
    }
}

impl Rewriter {
    /// Takes the next bytes of the connection and appends to `out` what may leave.
    pub(super) fn push(&mut self, mut bytes: &[u8], out: &mut VecDeque<u8>) {
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(self.wanted().min(bytes.len()));
            self.emit(now, out);
            self.state = self.after(now, out);
            bytes = later;
        }
    }

    /// The connection has ended: what is held back leaves as it came.
    pub(super) fn finish(&mut self, out: &mut VecDeque<u8>) {
        self.state = State::Opaque;
        out.extend(self.block.take().into_iter().flat_map(|block| block.held));
    }

    /// Most bytes that the present state can take.
    fn wanted(&self) -> usize {
        match self.state {
            State::Preface(came) => PREFACE.len() - came,
            State::Head(Head(bytes), came) => bytes.len() - came,
            State::Payload(_, left) => left,
            State::Opaque => usize::MAX,
        }
    }

    fn emit(&mut self, bytes: &[u8], out: &mut VecDeque<u8>) {
        match &mut self.block {
            Some(block) => block.held.extend(bytes),
            None => out.extend(bytes),
        }
    }

    /// The state after `bytes`, which are not more than wanted.
    fn after(&mut self, bytes: &[u8], out: &mut VecDeque<u8>) -> State {
        if self.block.as_ref().is_some_and(|block| block.held.len() > HELD_MAX) {
            return self.give_up(out);
        }
        match self.state {
            State::Preface(came) => after_preface(came, bytes),
            State::Head(mut head, came) => {
                let filled = came + bytes.len();
                head.0[came..filled].copy_from_slice(bytes);
                if filled < head.0.len() { State::Head(head, filled) } else { self.begin(head, out) }
            }
            State::Payload(head, left) if bytes.len() < left => State::Payload(head, left - bytes.len()),
            State::Payload(head, _) => self.end(head, out),
            State::Opaque => State::Opaque,
        }
    }

    /// A frame's header is there.
    fn begin(&mut self, head: Head, out: &mut VecDeque<u8>) -> State {
        match &self.block {
            // Nothing may come between the parts of a block (section 4.3).
            Some(block) if head.kind() != CONTINUATION || head.stream() != block.stream => return self.give_up(out),
            None if head.kind() == HEADERS => {
                self.block = Some(Block { stream: head.stream(), held: Vec::new(), fragments: Vec::new() });
            }
            _ => {}
        }
        if head.length() > 0 { State::Payload(head, head.length()) } else { self.end(head, out) }
    }

    /// A frame's payload is there.
    fn end(&mut self, head: Head, out: &mut VecDeque<u8>) -> State {
        if let Some(block) = &mut self.block {
            if block.add(head).is_none() {
                return self.give_up(out);
            }
            if head.has(END_HEADERS) {
                out.extend(self.block.take().into_iter().flat_map(Block::mended));
            }
        }
        State::Head(Head::default(), 0)
    }

    fn give_up(&mut self, out: &mut VecDeque<u8>) -> State {
        self.finish(out);
        State::Opaque
    }
}

fn after_preface(came: usize, bytes: &[u8]) -> State {
    let now = came + bytes.len();
    match PREFACE.get(came..now) {
        Some(expected) if expected == bytes && now < PREFACE.len() => State::Preface(now),
        Some(expected) if expected == bytes => State::Head(Head::default(), 0),
        _ => State::Opaque,
    }
}
