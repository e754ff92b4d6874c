//! Durations as people write them.

use std::time::Duration;

/// Longest duration that can be written, in seconds: a thousand days.
const SECONDS_MAX: u64 = 86_400_000;

/// Reads `5`, `0.5`, `5s`, `500ms`, `2m` or `1h`; a number without a unit counts seconds.
///
/// `None` when it is none of these, or longer than a thousand days.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let unit_at = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let unit_ms: u64 = match unit {
        "ms" => 1,
        "" | "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    let micros = thousandths(number)?.checked_mul(unit_ms)?;
    (micros <= SECONDS_MAX * 1_000_000).then(|| Duration::from_micros(micros))
}

/// A duration as text that [`parse`] reads.
pub(super) fn shown(duration: Duration) -> String {
    match duration.subsec_millis() {
        0 => format!("{}s", duration.as_secs()),
        _ => format!("{}ms", duration.as_millis()),
    }
}

/// A decimal number times 1000, exact; at most three digits after the point.
fn thousandths(number: &str) -> Option<u64> {
    let (whole, fraction) = match number.split_once('.') {
        Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
        Some(_) => return None,
        None => (number, ""),
    };
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || fraction.len() > 3 {
        return None;
    }
    let fraction: u64 = format!("{fraction:0<3}").parse().ok()?;
    whole.parse::<u64>().ok()?.checked_mul(1_000)?.checked_add(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, ms) in [
            ("0", 0),
            ("5", 5_000),
            ("0.5", 500),
            ("5s", 5_000),
            ("1.25s", 1_250),
            ("500ms", 500),
            ("2m", 120_000),
            ("1h", 3_600_000),
        ] {
            assert_eq!(parse(text), Some(Duration::from_millis(ms)), "{text}");
            assert_eq!(parse(&shown(Duration::from_millis(ms))), Some(Duration::from_millis(ms)), "{text}");
        }
        for bad in [
            "",
            "s",
            "-1",
            "+1",
            "5 s",
            "5sec",
            "1e3",
            "1.",
            ".5",
            "1.2345",
            "ms",
            "5S",
            "99999999999999999999",
            "86400001",
        ] {
            assert_eq!(parse(bad), None, "{bad:?}");
        }
    }
}
