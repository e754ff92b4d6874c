//! What did not arrive, worked out from what did.

use std::collections::BTreeSet;
use std::time::Duration;

/// A packet that arrived. Times count from the start of the meter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// Its place in the row of sent packets, from 0.
    pub sequence: u64,
    /// When it was sent.
    pub sent: Duration,
    /// When it was received.
    pub received: Duration,
}

/// One direction of traffic, as its receiver saw it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Loss {
    /// Packets sent.
    pub sent: u64,
    /// Packets that never arrived. One is sent each millisecond, so these are milliseconds too.
    pub lost: u64,
    /// Longest time without an arrival, up to the last packet sent. A machine that was busy shows here and not in
    /// `lost`: packets are late then, not gone.
    pub longest_gap: Duration,
    /// Longest way of a packet.
    pub longest_way: Duration,
}

impl Loss {
    /// The loss of a direction in which `sent` packets were sent, the last of them at `ended`.
    #[must_use]
    pub fn of(sent: u64, ended: Duration, arrivals: &[Arrival]) -> Self {
        // Twice on the way is still one packet.
        let distinct: BTreeSet<u64> = arrivals.iter().map(|arrival| arrival.sequence).collect();
        let lost = sent.saturating_sub(u64::try_from(distinct.len()).unwrap_or(u64::MAX));
        let mut times: Vec<Duration> = arrivals.iter().map(|arrival| arrival.received).collect();
        times.push(ended.max(times.last().copied().unwrap_or_default()));
        let starts = [Duration::ZERO].into_iter().chain(times.iter().copied());
        let gaps = starts.zip(&times).map(|(from, to)| to.saturating_sub(from));
        let ways = arrivals.iter().map(|arrival| arrival.received.saturating_sub(arrival.sent));
        Self { sent, lost, longest_gap: gaps.max().unwrap_or_default(), longest_way: ways.max().unwrap_or_default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAY: Duration = Duration::from_micros(50);

    /// Sent each millisecond, and `WAY` later there.
    fn arrivals(sequences: impl IntoIterator<Item = u64>) -> Vec<Arrival> {
        let arrival = |sequence| {
            let sent = Duration::from_millis(sequence);
            Arrival { sequence, sent, received: sent + WAY }
        };
        sequences.into_iter().map(arrival).collect()
    }

    fn millis(number: u64) -> Duration {
        Duration::from_millis(number)
    }

    #[test]
    fn nothing_lost() {
        let loss = Loss::of(100, millis(99), &arrivals(0..100));
        assert_eq!(loss, Loss { sent: 100, lost: 0, longest_gap: millis(1), longest_way: WAY });
    }

    #[test]
    fn a_hole_is_loss_and_gap() {
        let loss = Loss::of(100, millis(99), &arrivals((0..20).chain(50..100)));
        assert_eq!((loss.lost, loss.longest_gap), (30, millis(31)));
    }

    #[test]
    fn late_packets_are_a_gap_and_no_loss() {
        let mut late = arrivals(0..100);
        late.iter_mut().filter(|a| (20..50).contains(&a.sequence)).for_each(|a| a.received = millis(50));
        let loss = Loss::of(100, millis(99), &late);
        assert_eq!((loss.lost, loss.longest_way), (0, millis(30)));
        assert!(loss.longest_gap > millis(30), "{loss:?}");
    }

    #[test]
    fn what_arrives_twice_or_out_of_order_counts_once() {
        let loss = Loss::of(4, millis(3), &arrivals([0, 2, 1, 1, 3, 3]));
        assert_eq!(loss.lost, 0);
        assert_eq!(Loss::of(4, millis(3), &arrivals([0, 0, 0, 0])).lost, 3);
    }

    #[test]
    fn an_outage_that_does_not_end_counts_to_the_end() {
        let loss = Loss::of(100, millis(99), &arrivals(0..10));
        assert_eq!(loss.lost, 90);
        assert_eq!(loss.longest_gap, millis(90) - WAY);
        let silent = Loss::of(100, millis(99), &[]);
        assert_eq!((silent.lost, silent.longest_gap), (100, millis(99)));
    }
}
