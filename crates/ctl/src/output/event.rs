//! Events, one a line.

use novaroute_api::v1;

use super::{
    style::{Tone, printable},
    table::{Cell, Column},
    time::{of_day, rfc3339},
};
use crate::schema;

/// Width of the column of types: the longest of them.
const TYPE_WIDTH: usize = "OSPF_NEIGHBOR_DOWN".len();

/// The heading over the lines.
pub(crate) fn heading() -> String {
    format!("{:24}  {:TYPE_WIDTH$}  {:12}  DETAIL\n", "TIME", "TYPE", "OWNER")
}

/// One event as a line; `wide` adds the sequence, the intent and the metadata.
pub(crate) fn line(event: &v1::RouteEvent, wide: bool, colour: bool) -> String {
    let word = type_word(event.r#type);
    let padding = " ".repeat(TYPE_WIDTH.saturating_sub(word.len()));
    let owner = if event.owner.is_empty() { "-" } else { &event.owner };
    let mut line = format!(
        "{}  {}{padding}  {:12}  {}",
        rfc3339(timestamp_ns(event)),
        tone(event.r#type()).paint(&word, colour),
        printable(owner),
        printable(&sentence(event)),
    );
    if wide {
        line += &details(event);
    }
    line + "\n"
}

/// Events of one day as a table.
pub(crate) const COLUMNS: &[Column<v1::RouteEvent>] = &[
    Column::new("TIME", |event| Cell::text(of_day(timestamp_ns(event)))),
    Column::new("TYPE", |event| Cell::toned(&type_word(event.r#type), tone(event.r#type()))),
    Column::new("OWNER", |event| Cell::text(&event.owner)),
    Column::new("DETAIL", |event| Cell::text(sentence(event))),
];

/// The word for a type of event.
pub(crate) fn type_word(number: i32) -> String {
    schema::enum_words("EventType").map_or_else(|| number.to_string(), |words| words.word(number))
}

fn sentence(event: &v1::RouteEvent) -> String {
    match event.reason.as_str() {
        "" => event.detail.clone(),
        reason => format!("{} ({reason})", event.detail),
    }
}

fn details(event: &v1::RouteEvent) -> String {
    let own = [("sequence", event.sequence.to_string()), ("intent", event.intent.clone())];
    let own = own.iter().map(|(key, value)| (*key, value.as_str()));
    let metadata = event.metadata.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    let all = own.chain(metadata).filter(|(_, value)| !value.is_empty());
    all.map(|(key, value)| format!(" {}={}", printable(key), printable(value))).collect()
}

/// Nanoseconds since 1970; an agent that does not send them sends seconds.
fn timestamp_ns(event: &v1::RouteEvent) -> i64 {
    match event.timestamp_ns {
        0 => event.timestamp_unix.saturating_mul(1_000_000_000),
        ns => ns,
    }
}

fn tone(event: v1::EventType) -> Tone {
    use v1::EventType as E;
    match event {
        E::PeerUp | E::BfdUp | E::OspfNeighborUp | E::FrrConnected | E::PrefixAdvertised => Tone::Good,
        E::PeerDown | E::BfdDown | E::OspfNeighborDown | E::FrrDisconnected => Tone::Bad,
        E::PolicyViolation | E::IntentRefused | E::OwnerExpired => Tone::Bad,
        E::PrefixWithdrawn | E::IntentOverridden | E::DriftRepaired | E::Lagged => Tone::Waiting,
        _ => Tone::Plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> v1::RouteEvent {
        v1::RouteEvent {
            r#type: v1::EventType::PeerDown.into(),
            detail: "peer 192.0.2.1 left Established\n".into(),
            timestamp_unix: 1_709_251_199,
            owner: "edge".into(),
            metadata: [("neighbor".into(), "192.0.2.1".into())].into(),
            sequence: 7,
            reason: "HOLD_TIMER".into(),
            ..Default::default()
        }
    }

    #[test]
    fn a_line_has_the_columns_of_the_heading() {
        let (heading, line) = (heading(), line(&event(), false, false));
        assert_eq!(
            line,
            "2024-02-29T23:59:59.000Z  PEER_DOWN           edge          peer 192.0.2.1 left Established\\u{a} (HOLD_TIMER)\n"
        );
        assert_eq!(heading.find("TYPE"), line.find("PEER_DOWN"));
        assert_eq!(heading.find("OWNER"), line.find("edge"));
        assert_eq!(heading.find("DETAIL"), line.find("peer 192"));
    }

    #[test]
    fn wide_adds_what_programs_read() {
        assert!(line(&event(), true, false).ends_with(" sequence=7 neighbor=192.0.2.1\n"));
    }
}
