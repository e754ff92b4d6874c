//! BFD profiles: our peers carry the timers themselves.

use std::collections::BTreeMap;

use serde_json::json;

use super::{
    draft::Spec,
    fields::Fields,
    report::{Fate, Report, Spot},
};

/// Range of an interval in milliseconds.
const INTERVAL_MS: std::ops::RangeInclusive<u32> = 10..=60_000;

/// The profiles that peers may name.
#[derive(Debug, Default)]
pub(super) struct Profiles(BTreeMap<String, Profile>);

#[derive(Debug)]
struct Profile {
    timers: Spec,
    at: Spot,
    used: bool,
}

impl Profiles {
    /// Reads a profile.
    pub(super) fn add(&mut self, name: String, mut fields: Fields, report: &mut Report) {
        let mut timers = Spec::new();
        let numbers = [
            ("receiveInterval", "minRxMs", INTERVAL_MS),
            ("transmitInterval", "minTxMs", INTERVAL_MS),
            ("detectMultiplier", "detectMultiplier", 2..=255),
        ];
        for (from, to, range) in numbers {
            timers.extend(fields.number(from, range, report).map(|number| (to.to_owned(), json!(number))));
        }
        lost(&mut fields, report);
        let at = fields.spot().clone();
        fields.finish(report);
        if self.0.contains_key(&name) {
            report.problem(&at, format!("there are two BFD profiles named `{}`", name.escape_debug()));
        }
        self.0.insert(name, Profile { timers, at, used: false });
    }

    /// The timers of a peer that names the profile at `at`.
    pub(super) fn timers(&mut self, name: &str, at: &Spot, report: &mut Report) -> Spec {
        let Some(profile) = self.0.get_mut(name) else {
            let text = "this profile is not in the input, so BFD runs with 300 ms, 300 ms and 3; give it as well";
            report.note(Fate::Changed, at, name, text);
            return Spec::new();
        };
        profile.used = true;
        profile.timers.clone()
    }

    /// Tells which profiles no peer named.
    pub(super) fn finish(&self, report: &mut Report) {
        for profile in self.0.values().filter(|profile| !profile.used) {
            report.note(Fate::NoEffect, &profile.at, "", "no peer that was translated names this BFD profile");
        }
    }
}

/// What our peers cannot have.
fn lost(fields: &mut Fields, report: &mut Report) {
    let echoes = fields.flag("echoMode", report);
    if echoes {
        report.left_out(&fields.at("echoMode"), true, "BFD runs without echo; check that the other timers are enough");
    }
    if let Some(interval) = fields.number("echoInterval", INTERVAL_MS, report) {
        let (fate, text) = match echoes {
            true => (Fate::LeftOut, "BFD runs without echo"),
            false => (Fate::NoEffect, "it means nothing without echoMode"),
        };
        report.note(fate, &fields.at("echoInterval"), interval, text);
    }
    if fields.flag("passiveMode", report) {
        let text = "the node begins to send of itself, which a peer that begins too takes as well";
        report.note(Fate::Changed, &fields.at("passiveMode"), true, text);
    }
    if let Some(ttl) = fields.number("minimumTtl", 1..=254, report) {
        let text = "FRR's own applies; filter UDP port 4784 by TTL where that matters";
        report.left_out(&fields.at("minimumTtl"), ttl, text);
    }
}
