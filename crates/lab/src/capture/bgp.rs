//! BGP messages in a capture (RFC 4271 §4.1).

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Result;

use super::{pcap, tcp};

const MARKER: [u8; 16] = [0xff; 16];
const HEADER_BYTES: usize = 19;
const TYPE_OFFSET: usize = 18;
/// Marker, header, and the two empty length fields.
const EMPTY_UPDATE_BYTES: usize = HEADER_BYTES + 4;

/// Type of a BGP message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageKind {
    /// Type 1.
    Open,
    /// Type 2.
    Update,
    /// Type 3.
    Notification,
    /// Type 4.
    Keepalive,
    /// Type 5 (RFC 2918).
    RouteRefresh,
}

impl MessageKind {
    const fn from_type(value: u8) -> Option<Self> {
        match value {
            1 => Some(Self::Open),
            2 => Some(Self::Update),
            3 => Some(Self::Notification),
            4 => Some(Self::Keepalive),
            5 => Some(Self::RouteRefresh),
            _ => None,
        }
    }
}

/// One captured BGP message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BgpMessage {
    /// When its first byte was captured, since the Unix epoch; in microseconds.
    pub time: Duration,
    /// Who sent it.
    pub source: SocketAddr,
    /// Whom it was sent to.
    pub destination: SocketAddr,
    /// Its type.
    pub kind: MessageKind,
    /// The whole message, from the marker on.
    pub bytes: Vec<u8>,
}

impl BgpMessage {
    /// Whether it is an UPDATE that marks the end of the IPv4 unicast table (RFC 4724 §2). The
    /// markers of other families carry an attribute and are not told from a withdrawal of nothing.
    #[must_use]
    pub fn is_end_of_rib_ipv4(&self) -> bool {
        self.kind == MessageKind::Update && self.bytes.len() == EMPTY_UPDATE_BYTES
    }
}

/// All messages of a pcap file, sorted by time.
pub(super) fn messages(file: &[u8]) -> Result<Vec<BgpMessage>> {
    let segments = pcap::segments(file)?;
    let mut messages: Vec<BgpMessage> = tcp::streams(&segments).iter().flat_map(split).collect();
    messages.sort_by_key(|message| message.time);
    Ok(messages)
}

/// The whole messages of a stream. A stream that was captured from its middle, or has a hole, is
/// taken up again at the next header.
fn split(stream: &tcp::Stream) -> Vec<BgpMessage> {
    let mut messages = Vec::new();
    let mut position = 0;
    while let Some(rest) = stream.bytes.get(position..).filter(|rest| rest.len() >= HEADER_BYTES) {
        let Some((kind, length)) = header(rest) else {
            position += 1;
            continue;
        };
        let Some(bytes) = rest.get(..length) else { break };
        messages.push(BgpMessage {
            time: stream.time_at(position),
            source: stream.source,
            destination: stream.destination,
            kind,
            bytes: bytes.to_vec(),
        });
        position += length;
    }
    messages
}

/// Type and length of the message that starts here, if one does.
fn header(bytes: &[u8]) -> Option<(MessageKind, usize)> {
    let length = usize::from(u16::from_be_bytes(bytes.get(16..TYPE_OFFSET)?.try_into().ok()?));
    let kind = MessageKind::from_type(*bytes.get(TYPE_OFFSET)?)?;
    (bytes.starts_with(&MARKER) && length >= HEADER_BYTES).then_some((kind, length))
}

#[cfg(test)]
mod tests;
