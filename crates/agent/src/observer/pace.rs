//! When a daemon is looked at: rarely while nothing happens, and again and again while an answer is awaited.

use std::time::Duration;

use tokio::time::Instant;

/// Time between two looks while nothing happens. FRR pushes what changes: this look is the net below.
const REGULAR: Duration = Duration::from_secs(1);
/// bgpd sends what it was given 50 ms later (its process queue holds it back for so long).
const AFTER_APPLY: Duration = Duration::from_millis(51);
/// Shortest time between two looks.
const GAP_MIN: Duration = Duration::from_millis(5);

/// The time of the next look.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    last: Instant,
    /// A look before the regular one.
    soon: Option<Instant>,
    /// How long after that look the next follows, if it finds that something is still awaited.
    gap: Duration,
}

impl Pace {
    /// The first look is due at once.
    pub(super) fn new(now: Instant) -> Self {
        Self { last: now, soon: Some(now), gap: GAP_MIN }
    }

    /// FRR was given something: look when it should have taken effect.
    pub(super) fn on_applied(&mut self, now: Instant) {
        self.bring_forward(now + AFTER_APPLY);
    }

    /// Something happened: look now.
    pub(super) fn on_doubt(&mut self, now: Instant) {
        self.bring_forward(now.max(self.last + GAP_MIN));
    }

    fn bring_forward(&mut self, to: Instant) {
        self.soon = Some(self.soon.map_or(to, |soon| soon.min(to)));
        self.gap = GAP_MIN;
    }

    /// A look ended. While something is `awaited`, the next ones follow after gaps that double.
    pub(super) fn on_looked(&mut self, now: Instant, awaited: bool) {
        self.last = now;
        self.soon = awaited.then_some(now + self.gap);
        self.gap = if awaited { (self.gap * 2).min(REGULAR) } else { GAP_MIN };
    }

    /// When the next look is due.
    pub(super) fn next(&self) -> Instant {
        let regular = self.last + REGULAR;
        self.soon.map_or(regular, |soon| soon.min(regular))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(number: u64) -> Duration {
        Duration::from_millis(number)
    }

    #[tokio::test(start_paused = true)]
    async fn at_rest_a_look_is_rare_and_what_is_awaited_is_looked_for_with_patience() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        assert_eq!(pace.next(), start);
        pace.on_looked(start, false);
        assert_eq!(pace.next(), start + REGULAR);
        pace.on_applied(start + ms(100));
        assert_eq!(pace.next(), start + ms(151));
        let (mut now, mut gaps) = (pace.next(), Vec::new());
        for _ in 0..10 {
            pace.on_looked(now, true);
            gaps.push((pace.next() - now).as_millis());
            now = pace.next();
        }
        assert_eq!(gaps, [5, 10, 20, 40, 80, 160, 320, 640, 1000, 1000]);
        pace.on_looked(now, false);
        assert_eq!(pace.next(), now + REGULAR);
    }

    #[tokio::test(start_paused = true)]
    async fn doubt_is_looked_at_now_but_not_without_pause() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        pace.on_looked(start, false);
        pace.on_doubt(start + ms(1));
        assert_eq!(pace.next(), start + GAP_MIN);
        pace.on_applied(start + ms(2));
        assert_eq!(pace.next(), start + GAP_MIN, "what is due earlier stays so");
    }
}
