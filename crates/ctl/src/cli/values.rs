//! Values of flags that are more than text and numbers.

use std::{ffi::OsStr, time::Duration};

use clap::{
    Arg, Command,
    builder::{PossibleValue, TypedValueParser},
    error::ErrorKind,
};

use novaroute_api::v1;

use crate::schema::enum_words;

/// Longest time that a flag takes: a day.
const DURATION_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// A value of an enum of the proto file, by word; see
/// [`EnumWords::number`](crate::schema::EnumWords::number).
#[derive(Debug, Clone, Copy)]
pub(super) struct EnumWord(pub(super) &'static str);

impl TypedValueParser for EnumWord {
    type Value = i32;

    fn parse_ref(&self, command: &Command, flag: Option<&Arg>, value: &OsStr) -> Result<i32, clap::Error> {
        let parsed = match enum_words(self.0) {
            Some(words) => words.number(&value.to_string_lossy()),
            None => Err(format!("{} is not in the schema", self.0)),
        };
        parsed.map_err(|why| {
            let flag = flag.map(ToString::to_string).unwrap_or_default();
            clap::Error::raw(ErrorKind::InvalidValue, format!("{flag}: {why}\n")).with_cmd(command)
        })
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let words = enum_words(self.0)?.known();
        Some(Box::new(words.into_iter().map(PossibleValue::new)))
    }
}

/// Prefixes by their length: `PREFIX`, then `ge N` and `le N` where wanted.
pub(super) fn prefix_range(text: &str) -> Result<v1::PrefixRange, String> {
    let mut words = text.split_ascii_whitespace();
    let mut range = v1::PrefixRange { prefix: words.next().unwrap_or_default().to_owned(), ..Default::default() };
    while let Some(word) = words.next() {
        let length = words.next().and_then(|length| length.parse().ok());
        match (word, length) {
            ("ge", Some(length)) => range.ge = length,
            ("le", Some(length)) => range.le = length,
            _ => return Err("write a prefix, and `ge N` and `le N` if wanted, as in '10.0.0.0/8 ge 16 le 24'".into()),
        }
    }
    Ok(range)
}

/// A time: seconds, or a whole number with `ms`, `s` or `m`; more than none and
/// at most a day.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.len() - text.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let unit_ms = match unit {
        "ms" => 1,
        "" | "s" => 1000,
        "m" => 60_000,
        _ => return Err("write seconds, or a whole number with ms, s or m, such as 500ms".into()),
    };
    let ms = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit_ms));
    match ms.map(Duration::from_millis) {
        Some(time) if !time.is_zero() && time <= DURATION_MAX => Ok(time),
        _ => Err("write a time from 1ms to 1440m".into()),
    }
}

/// A time of whole seconds.
pub(super) fn whole_seconds(text: &str) -> Result<u32, String> {
    let time = duration(text)?;
    match u32::try_from(time.as_secs()) {
        Ok(seconds) if time.subsec_nanos() == 0 => Ok(seconds),
        _ => Err("write a time of whole seconds".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        for (text, ms) in [("2", 2000), ("2s", 2000), ("500ms", 500), ("1m", 60_000), ("1440m", 86_400_000)] {
            assert_eq!(duration(text), Ok(Duration::from_millis(ms)), "{text}");
        }
    }

    #[test]
    fn prefixes_have_lengths_if_wanted() {
        for (text, ge, le) in [("10.0.0.0/8", 0, 0), ("10.0.0.0/8 ge 16 le 24", 16, 24), ("10.0.0.0/8 le 24", 0, 24)] {
            assert_eq!(prefix_range(text), Ok(v1::PrefixRange { prefix: "10.0.0.0/8".into(), ge, le }));
        }
        for text in ["10.0.0.0/8 16", "10.0.0.0/8 ge", "10.0.0.0/8 ge x", "10.0.0.0/8 gt 16"] {
            assert!(prefix_range(text).is_err(), "{text}");
        }
    }

    #[test]
    fn some_times_are_whole_seconds() {
        assert_eq!((whole_seconds("90"), whole_seconds("2m")), (Ok(90), Ok(120)));
        assert!(whole_seconds("1500ms").is_err());
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["", "s", "0", "0ms", "-1", "1.5s", "1h", "1441m", "99999999999999999999", "1 s"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
