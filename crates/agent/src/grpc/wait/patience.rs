//! How long a caller waits: the deadline of its call.

use std::time::Duration;

use tokio::time::Instant;
use tonic::metadata::MetadataMap;

/// The header of gRPC that says how long the caller waits.
const HEADER: &str = "grpc-timeout";
/// How long a call waits that names no deadline.
const DEFAULT: Duration = Duration::from_secs(30);
/// The longest that is waited; a caller that wants more may ask again.
const MAX: Duration = Duration::from_secs(24 * 3600);
/// Our answer leaves this part of the time before the deadline, so that it is there before the caller (and our own
/// server, which knows nothing to say) gives up …
const MARGIN_PART: u32 = 10;
/// … and at most so long before.
const MARGIN_MAX: Duration = Duration::from_millis(500);

/// How long a caller waits, from when its call came in.
#[derive(Debug, Clone, Copy)]
pub(in crate::grpc) struct Patience {
    began: Instant,
    limit: Duration,
}

impl Patience {
    /// That of a call with these headers, which came in just now.
    pub(in crate::grpc) fn of(headers: &MetadataMap) -> Self {
        let asked = headers.get(HEADER).and_then(|value| parse(value.to_str().ok()?));
        Self { began: Instant::now(), limit: asked.map_or(DEFAULT, before) }
    }

    /// When to answer at the latest.
    pub(in crate::grpc) fn deadline(&self) -> Instant {
        self.began + self.limit
    }

    /// Seconds since the call came in.
    pub(super) fn waited_s(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }
}

fn before(deadline: Duration) -> Duration {
    let deadline = deadline.min(MAX);
    deadline.saturating_sub((deadline / MARGIN_PART).min(MARGIN_MAX))
}

/// At most 8 digits and a unit; anything else is no deadline.
fn parse(text: &str) -> Option<Duration> {
    let at = text.len().checked_sub(1)?;
    let (digits, unit) = text.split_at_checked(at)?;
    let fits = (1..=8).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    let number: u64 = if fits { digits.parse().ok()? } else { return None };
    Some(match unit {
        "H" => Duration::from_secs(number * 3600),
        "M" => Duration::from_secs(number * 60),
        "S" => Duration::from_secs(number),
        "m" => Duration::from_millis(number),
        "u" => Duration::from_micros(number),
        "n" => Duration::from_nanos(number),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_of_grpc_is_read() {
        for (text, ms) in
            [("1H", 3_600_000), ("2M", 120_000), ("3S", 3_000), ("40m", 40), ("5000u", 5), ("6000000n", 6), ("0S", 0)]
        {
            assert_eq!(parse(text), Some(Duration::from_millis(ms)), "{text}");
        }
        assert_eq!(parse("99999999H"), Some(Duration::from_secs(99_999_999 * 3600)));
        for bad in ["", "S", "1", "-1S", "+1S", "1 S", "1s", "123456789S", "1.5S", "٣S", "1é"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_answer_comes_before_the_deadline() {
        for (deadline_ms, limit_ms) in [(0, 0), (10, 9), (1_000, 900), (10_000, 9_500), (60_000, 59_500)] {
            assert_eq!(before(Duration::from_millis(deadline_ms)), Duration::from_millis(limit_ms));
        }
        assert!(before(Duration::MAX) < MAX);
    }

    #[test]
    fn without_a_deadline_there_is_a_default() {
        let mut headers = MetadataMap::new();
        assert_eq!(Patience::of(&headers).limit, DEFAULT);
        headers.insert(HEADER, "whenever".parse().unwrap());
        assert_eq!(Patience::of(&headers).limit, DEFAULT);
        headers.insert(HEADER, "2S".parse().unwrap());
        assert_eq!(Patience::of(&headers).limit, Duration::from_millis(1_800));
    }
}
