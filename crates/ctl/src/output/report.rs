//! What `doctor` found, a line for each check.

use super::marks::{self, Line};
use super::style::Tone;
use crate::doctor::{Health, Report};

/// A line for each check, and below it what to do where there is something.
pub(crate) fn text(report: &Report, colour: bool) -> String {
    let lines = report.checks.iter().map(|check| {
        let (mark, tone) = match check.health {
            Health::Ok => ("✓", Tone::Good),
            Health::Warn => ("!", Tone::Waiting),
            Health::Fail => ("✗", Tone::Bad),
            Health::Unknown => ("?", Tone::Waiting),
        };
        Line { mark, tone, name: check.name.replace('_', " "), text: &check.found, next: &check.next }
    });
    marks::lines(&lines.collect::<Vec<_>>(), colour)
}
