//! The time that sessions live by: it goes on while the agent is awake.

use std::time::Duration;

use tokio::time::Instant;

/// While a clock of a session runs, it is looked at so often.
pub(super) const TICK: Duration = Duration::from_secs(1);
/// A look that comes later than this was late because the agent, or the machine, stood still.
const AWAKE_MAX: Duration = Duration::from_secs(2);

/// Counts the time in which owners could have renewed. An agent that was stopped, or a machine that slept, heard nobody,
/// and must not take the silence for theirs.
#[derive(Debug)]
pub(super) struct AwakeClock {
    last: Instant,
    awake: Duration,
}

impl AwakeClock {
    pub(super) fn start() -> Self {
        Self { last: Instant::now(), awake: Duration::ZERO }
    }

    /// Milliseconds; between two looks at most [`AWAKE_MAX`] go by.
    pub(super) fn now_ms(&mut self) -> u64 {
        let now = Instant::now();
        self.awake += now.duration_since(self.last).min(AWAKE_MAX);
        self.last = now;
        u64::try_from(self.awake.as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_standstill_does_not_count() {
        let mut clock = AwakeClock::start();
        for _ in 0..10 {
            tokio::time::advance(TICK).await;
            clock.now_ms();
        }
        assert_eq!(clock.now_ms(), 10_000);
        tokio::time::advance(Duration::from_secs(600)).await;
        assert_eq!(clock.now_ms(), 12_000);
    }
}
