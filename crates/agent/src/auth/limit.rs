//! How many attempts to authenticate may fail.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Failures that a user id may have in a row, with one owner's name, before it has to wait.
pub const FAILURES_MAX: u32 = 20;
/// Time after which one failure is forgiven.
pub const REFILL_INTERVAL: Duration = Duration::from_secs(1);
/// Most callers that are remembered; beyond that the one that has been quiet longest is forgotten.
const CALLERS_MAX: usize = 1024;

/// Who fails: a user id, and the digest of the owner's name that it claims, whether there is such an owner or not.
///
/// On most nodes all owners run as root. A user id alone would let one of them with an old token lock out the rest.
pub(super) type Caller = (u32, [u8; 32]);

/// A token bucket per caller, kept as the time at which the last of its failures is forgiven. A caller without
/// failures has no entry.
#[derive(Debug, Default)]
pub(super) struct FailureLimit {
    forgiven_at: BTreeMap<Caller, Instant>,
}

impl FailureLimit {
    /// Whether `caller` may try.
    ///
    /// # Errors
    /// How long it has to wait.
    pub(super) fn check(&self, caller: Caller, now: Instant) -> Result<(), Duration> {
        let Some(forgiven_at) = self.forgiven_at.get(&caller) else { return Ok(()) };
        // One more failure must fit below the limit.
        let allowed = REFILL_INTERVAL * (FAILURES_MAX - 1);
        match forgiven_at.saturating_duration_since(now).checked_sub(allowed) {
            Some(wait) if !wait.is_zero() => Err(wait),
            _ => Ok(()),
        }
    }

    /// Counts a failure of `caller`.
    pub(super) fn count(&mut self, caller: Caller, now: Instant) {
        self.forgiven_at.retain(|_, forgiven_at| *forgiven_at > now);
        if self.forgiven_at.len() >= CALLERS_MAX && !self.forgiven_at.contains_key(&caller) {
            self.forget_quietest();
        }
        let forgiven_at = self.forgiven_at.entry(caller).or_insert(now);
        *forgiven_at += REFILL_INTERVAL;
    }

    fn forget_quietest(&mut self) {
        let quietest = self.forgiven_at.iter().min_by_key(|(_, forgiven_at)| **forgiven_at).map(|(caller, _)| *caller);
        if let Some(caller) = quietest {
            self.forgiven_at.remove(&caller);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(uid: u32) -> Caller {
        (uid, [0; 32])
    }

    #[test]
    fn failures_in_a_row_are_limited_and_forgiven_one_by_one() {
        let (mut limit, start) = (FailureLimit::default(), Instant::now());
        for _ in 0..FAILURES_MAX {
            assert_eq!(limit.check(caller(7), start), Ok(()));
            limit.count(caller(7), start);
        }
        assert_eq!(limit.check(caller(7), start), Err(REFILL_INTERVAL));
        let later = start + REFILL_INTERVAL;
        assert_eq!(limit.check(caller(7), later), Ok(()));
        limit.count(caller(7), later);
        assert_eq!(limit.check(caller(7), later), Err(REFILL_INTERVAL));
        assert_eq!(limit.check(caller(8), later), Ok(()));
        assert_eq!(limit.check((7, [1; 32]), later), Ok(()), "another owner of the same user pays for nothing");
        assert_eq!(limit.check(caller(7), later + REFILL_INTERVAL * FAILURES_MAX), Ok(()));
    }

    #[test]
    fn what_is_remembered_has_a_limit() {
        let (mut limit, now) = (FailureLimit::default(), Instant::now());
        for _ in 0..FAILURES_MAX {
            limit.count(caller(0), now);
        }
        for uid in 1..10_000 {
            limit.count(caller(uid), now);
        }
        assert!(limit.forgiven_at.len() <= CALLERS_MAX);
        assert!(limit.check(caller(0), now).is_err(), "the one that fails most is not the one that is forgotten");
        limit.count(caller(1), now + REFILL_INTERVAL * (FAILURES_MAX + 1));
        assert_eq!(limit.forgiven_at.len(), 1);
    }
}
