//! When to look again. Time is an argument: milliseconds since the agent started.

/// The schedule's settings; all in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// FRR is compared with what is wanted at least this often.
    pub resync_ms: u64,
    /// First wait after a round that FRR could not answer.
    pub retry_ms: u64,
    /// Longest wait between two attempts.
    pub retry_max_ms: u64,
    /// Without a complete journal: how long own objects that nobody claims are kept.
    pub adoption_grace_ms: u64,
}

impl Default for Timing {
    fn default() -> Self {
        Self { resync_ms: 30_000, retry_ms: 200, retry_max_ms: 5_000, adoption_grace_ms: 120_000 }
    }
}

/// How a round ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoundEnd {
    /// FRR has all it takes; what it refused waits for a change.
    Settled,
    /// A daemon could not be reached or did not answer in time: try again.
    Retry,
}

/// Decides when the next round starts.
///
/// The first change goes out at once; what comes during a round is taken together in the next one.
#[derive(Debug, Clone)]
pub struct Schedule {
    timing: Timing,
    dirty: bool,
    failures: u32,
    not_before: u64,
    resync_at: u64,
    adopting_until: Option<u64>,
    /// The round under way began after the grace.
    beyond_grace: bool,
}

impl Schedule {
    /// A schedule whose first round is due at once. `journal_complete` says whether everything that was
    /// wanted before is known; if not, nothing of our own is removed before the adoption grace ends.
    #[must_use]
    pub fn new(timing: Timing, journal_complete: bool, now: u64) -> Self {
        let adopting_until = (!journal_complete).then_some(now + timing.adoption_grace_ms);
        Self { timing, dirty: true, failures: 0, not_before: now, resync_at: now, adopting_until, beyond_grace: false }
    }

    /// What is wanted changed.
    pub fn on_change(&mut self) {
        self.dirty = true;
    }

    /// A daemon came back, or somebody edited FRR by hand: look now, whatever the backoff says.
    pub fn on_doubt(&mut self, now: u64) {
        self.dirty = true;
        self.not_before = now;
    }

    /// Whether the next round has no other reason than that it is time to look again.
    #[must_use]
    pub fn is_resync(&self) -> bool {
        !self.dirty
    }

    /// A round begins: what changes from here on belongs to the next one.
    pub fn on_start(&mut self, now: u64) {
        self.dirty = false;
        self.beyond_grace = !self.adopting(now);
    }

    /// A round ended. `jitter` is any random number; it spreads the retries of many nodes.
    pub fn on_end(&mut self, end: RoundEnd, now: u64, jitter: u64) {
        self.resync_at = now + self.timing.resync_ms;
        match end {
            RoundEnd::Settled => {
                self.failures = 0;
                self.not_before = now;
                if self.beyond_grace {
                    self.adopting_until = None;
                }
            }
            RoundEnd::Retry => {
                self.dirty = true;
                self.not_before = now + self.backoff(jitter);
                self.failures = self.failures.saturating_add(1);
            }
        }
    }

    /// When the next round is due; `now` or earlier means: at once.
    #[must_use]
    pub fn next(&self, now: u64) -> u64 {
        let wanted = if self.dirty { now } else { self.resync_at };
        let at = wanted.max(self.not_before);
        match self.adopting_until {
            // The end of the grace is a reason to look by itself: what nobody claimed goes then.
            Some(until) => at.min(until.max(self.not_before)),
            None => at,
        }
    }

    /// Whether own objects that nobody claims are still kept.
    #[must_use]
    pub fn adopting(&self, now: u64) -> bool {
        self.adopting_until.is_some_and(|until| now < until)
    }

    /// Doubles from the first wait to the longest, then takes off up to a half.
    fn backoff(&self, jitter: u64) -> u64 {
        let doubled = self.timing.retry_ms.saturating_mul(1 << self.failures.min(16));
        let wait = doubled.clamp(1, self.timing.retry_max_ms.max(1));
        wait - jitter % (wait / 2 + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(schedule: &mut Schedule, now: u64) {
        schedule.on_start(now);
        schedule.on_end(RoundEnd::Settled, now, 0);
    }

    #[test]
    fn a_change_is_due_at_once_and_rest_ends_with_the_resync() {
        let mut schedule = Schedule::new(Timing::default(), true, 0);
        assert_eq!(schedule.next(0), 0);
        settled(&mut schedule, 10);
        assert_eq!(schedule.next(10), 30_010);
        schedule.on_change();
        assert_eq!(schedule.next(500), 500);
    }

    #[test]
    fn a_change_during_a_round_is_due_right_after_it() {
        let mut schedule = Schedule::new(Timing::default(), true, 0);
        schedule.on_start(10);
        schedule.on_change();
        schedule.on_end(RoundEnd::Settled, 20, 0);
        assert_eq!(schedule.next(20), 20);
    }

    #[test]
    fn retries_double_up_to_the_longest_and_a_daemon_that_comes_back_cuts_the_wait() {
        let mut schedule = Schedule::new(Timing::default(), true, 0);
        let mut waits = Vec::new();
        for _ in 0..7 {
            schedule.on_start(1000);
            schedule.on_end(RoundEnd::Retry, 1000, 0);
            waits.push(schedule.next(1000) - 1000);
        }
        assert_eq!(waits, [200, 400, 800, 1600, 3200, 5000, 5000]);
        schedule.on_change();
        assert_eq!(schedule.next(1000), 6000);
        schedule.on_doubt(1000);
        assert_eq!(schedule.next(1000), 1000);
    }

    #[test]
    fn jitter_takes_off_at_most_a_half() {
        for jitter in [0, 1, 99, 100, 101, u64::MAX] {
            let mut schedule = Schedule::new(Timing::default(), true, 0);
            schedule.on_end(RoundEnd::Retry, 0, jitter);
            assert!((100..=200).contains(&schedule.next(0)), "{jitter}");
        }
    }

    #[test]
    fn without_a_journal_nothing_goes_before_the_grace_ends() {
        let timing = Timing { adoption_grace_ms: 5_000, ..Timing::default() };
        let mut schedule = Schedule::new(timing, false, 0);
        settled(&mut schedule, 10);
        assert!(schedule.adopting(4_999));
        assert_eq!(schedule.next(10), 5_000);
        assert!(!schedule.adopting(5_000));
        // Looked at a moment later than it was due, it still is.
        assert_eq!(schedule.next(5_001), 5_000);
        settled(&mut schedule, 5_001);
        assert_eq!(schedule.next(5_001), 35_001);
        assert!(!Schedule::new(timing, true, 0).adopting(0));
    }
}
