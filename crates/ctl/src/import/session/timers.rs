//! Keepalive and hold time.

use std::time::Duration;

use serde_json::json;

use super::{Fields, Report, Spec};
use crate::import::report::Fate;

/// Hold times that a session can have, in seconds (RFC 4271 section 4.2).
const HOLD_S: std::ops::RangeInclusive<u64> = 3..=65_535;

/// Reads both. One alone implies the other, as with MetalLB.
pub(super) fn read(fields: &mut Fields, zero_is_unset: bool, spec: &mut Spec, report: &mut Report) {
    let set = |time: &Duration| !(zero_is_unset && time.is_zero());
    let hold = fields.time("holdTime", report).filter(set);
    let keepalive = fields.time("keepaliveTime", report).filter(set);
    let Some(longest) = hold.or(keepalive.map(|time| time.saturating_mul(3))) else { return };
    let hold_s = longest.as_secs();
    if !HOLD_S.contains(&hold_s) {
        let given = if hold.is_some() { "holdTime" } else { "keepaliveTime" };
        let text = format!(
            "a hold time is {} to {} s; FRR's own apply, 60 s and 180 s, unless you set keepalive and holdTime",
            HOLD_S.start(),
            HOLD_S.end()
        );
        report.left_out(&fields.at(given), format!("{hold_s}s"), text);
        return;
    }
    let asked_s = keepalive.map_or(hold_s / 3, |time| time.as_secs().max(1));
    let keepalive_s = asked_s.min(hold_s / 3);
    if keepalive_s < asked_s {
        let text = format!("keepalive is {keepalive_s} s, a third of the hold time, which it may not exceed");
        report.note(Fate::Changed, &fields.at("keepaliveTime"), format!("{asked_s}s"), text);
    }
    spec.insert("keepalive".into(), json!(keepalive_s));
    spec.insert("holdTime".into(), json!(hold_s));
}
