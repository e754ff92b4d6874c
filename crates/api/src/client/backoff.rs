//! How long to wait before the agent is connected to again.

use std::time::Duration;

use tokio::time::Instant;

/// The first pause, and the longest: it doubles.
const PAUSES: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(5)];

/// Pauses that grow as long as connections do not last.
#[derive(Debug)]
pub(super) struct Backoff {
    next: Duration,
    begun: Instant,
}

impl Backoff {
    pub(super) fn new() -> Self {
        Self { next: PAUSES[0], begun: Instant::now() }
    }

    /// An attempt begins.
    pub(super) fn begin(&mut self) {
        self.begun = Instant::now();
    }

    /// The attempt has failed, or what it led to has ended: how long to wait.
    pub(super) fn pause(&mut self) -> Duration {
        if self.begun.elapsed() > PAUSES[1] {
            self.next = PAUSES[0];
        }
        let pause = self.next;
        self.next = PAUSES[1].min(pause * 2);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn pauses_double_until_a_connection_has_lasted() {
        let mut backoff = Backoff::new();
        let pauses: Vec<_> = (0..8).map(|_| backoff.pause().as_millis()).collect();
        assert_eq!(pauses, [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
        backoff.begin();
        tokio::time::advance(PAUSES[1] * 2).await;
        assert_eq!(backoff.pause(), PAUSES[0]);
    }
}
