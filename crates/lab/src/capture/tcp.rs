//! Puts TCP segments together to byte streams.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use super::pcap::Segment;

/// What one side of a connection sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stream {
    pub(super) source: SocketAddr,
    pub(super) destination: SocketAddr,
    pub(super) bytes: Vec<u8>,
    /// For each piece of `bytes`, where it starts and when it was captured.
    pieces: Vec<(usize, Duration)>,
}

impl Stream {
    /// When the byte at `position` was captured.
    pub(super) fn time_at(&self, position: usize) -> Duration {
        let after = self.pieces.partition_point(|(start, _)| *start <= position);
        after.checked_sub(1).and_then(|at| self.pieces.get(at)).map_or(Duration::ZERO, |piece| piece.1)
    }

    fn append(&mut self, bytes: &[u8], time: Duration) {
        self.pieces.push((self.bytes.len(), time));
        self.bytes.extend_from_slice(bytes);
    }
}

/// Streams in the order of their first segment. Segments are put in sequence, what was sent twice
/// is taken once, and what was never captured is left out. A SYN starts a new stream, for ports are
/// used again.
pub(super) fn streams(segments: &[Segment]) -> Vec<Stream> {
    let mut groups: Vec<Vec<&Segment>> = Vec::new();
    let mut current: HashMap<(SocketAddr, SocketAddr), usize> = HashMap::new();
    for segment in segments {
        let flow = (segment.source, segment.destination);
        let known = current.get(&flow).copied().filter(|at| !segment.syn || is_same_syn(&groups[*at], segment));
        let at = known.unwrap_or_else(|| {
            groups.push(Vec::new());
            current.insert(flow, groups.len() - 1);
            groups.len() - 1
        });
        groups[at].push(segment);
    }
    groups.iter().filter_map(|group| reassemble(group)).collect()
}

/// A SYN that was sent again starts no new connection.
fn is_same_syn(group: &[&Segment], syn: &Segment) -> bool {
    group.first().is_some_and(|first| first.syn && first.sequence == syn.sequence)
}

fn reassemble(group: &[&Segment]) -> Option<Stream> {
    let first = group.first()?;
    // Positions count from the first segment's sequence number, which may wrap; a segment before it
    // (captured out of order) has a negative one.
    let mut ordered: Vec<(i64, &Segment)> = group
        .iter()
        .filter(|segment| !segment.payload.is_empty())
        .map(|segment| {
            let distance = segment.sequence.wrapping_sub(first.sequence).cast_signed();
            (i64::from(distance) + i64::from(segment.syn), *segment)
        })
        .collect();
    ordered.sort_by_key(|(position, segment)| (*position, segment.time));
    let mut stream =
        Stream { source: first.source, destination: first.destination, bytes: Vec::new(), pieces: Vec::new() };
    let mut next = ordered.first().map_or(0, |(position, _)| *position);
    for (position, segment) in ordered {
        let known = usize::try_from(next - position).unwrap_or(0);
        if let Some(fresh) = segment.payload.get(known..).filter(|fresh| !fresh.is_empty()) {
            stream.append(fresh, segment.time);
            next = position + i64::try_from(segment.payload.len()).unwrap_or(i64::MAX);
        }
    }
    Some(stream)
}
