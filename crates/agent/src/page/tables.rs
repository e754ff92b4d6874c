//! Peers, prefixes, BFD sessions, OSPF interfaces and events.

use std::sync::Arc;

use jiff::Timestamp;
use maud::{Markup, html};
use novaroute_api::v1;

use super::asked::{Asked, Table};
use crate::events::Published;

/// The parts of the page.
pub(super) const ANCHORS: [(&str, &str); 7] = [
    ("frr", "FRR"),
    ("peers", "Peers"),
    ("prefixes", "Prefixes"),
    ("bfd", "BFD"),
    ("ospf", "OSPF"),
    ("owners", "Owners"),
    ("events", "Events"),
];

/// A state, in its colour.
pub(super) fn state(word: &str) -> Markup {
    let tone = match word.to_ascii_lowercase().as_str() {
        "established" | "advertised" | "up" | "connected" | "open" => "good",
        "refused" | "down" | "not connected" | "idle" => "bad",
        "pending" | "stale" | "overridden" | "connect" | "active" | "opensent" | "openconfirm" | "init" => "waiting",
        _ => "plain",
    };
    html! { span class=(tone) { (word) } }
}

/// A table with the rows that are asked for, and the way to the others.
fn paged<T>(
    (table, title): (Table, &str),
    headings: &[&str],
    rows: &[T],
    asked: &Asked,
    cells: impl Fn(&T) -> Markup,
) -> Markup {
    let shown = asked.rows(table, rows.len());
    html! {
        section id=(table.word()) {
            h2 { (title) " (" (rows.len()) ")" }
            @if shown.len() < rows.len() {
                p class="pages" {
                    (shown.start + 1) " to " (shown.end) " of " (rows.len())
                    @if let Some(before) = asked.before(table, &shown) { " · " a href=(before) { "before" } }
                    @if shown.end < rows.len() { " · " a href=(asked.at(table, shown.end)) { "next" } }
                }
            }
            @if rows.is_empty() { p { "none" } } @else {
                table {
                    thead { tr { @for heading in headings { th { (heading) } } } }
                    tbody { @for row in &rows[shown] { tr { (cells(row)) } } }
                }
            }
        }
    }
}

pub(super) fn peers(peers: &[v1::PeerStatus], asked: &Asked) -> Markup {
    let headings = [
        "Peer",
        "AS",
        "Session",
        "Uptime",
        "Intent",
        "BFD",
        "Received",
        "Sent",
        "Flaps",
        "Last reset",
        "Owner",
        "Description",
        "Reason",
    ];
    paged((Table::Peers, "BGP peers"), &headings, peers, asked, |peer| {
        html! {
            td { (peer.neighbor_address) }
            td { (peer.remote_as) }
            td { (state(&peer.state)) }
            td { (peer.uptime) }
            td { (state(&peer.intent_state)) }
            td { (state(if peer.bfd_enabled { &peer.bfd_status } else { "off" })) }
            td { (peer.prefixes_received) }
            td { (peer.prefixes_sent) }
            td { (peer.flap_count) }
            td { (peer.last_reset_reason) }
            td { (peer.owner) }
            td { (peer.description) }
            td { (peer.reason) }
        }
    })
}

pub(super) fn prefixes(prefixes: &[v1::PrefixStatus], asked: &Asked) -> Markup {
    let headings = ["Prefix", "Protocol", "State", "Sent to", "Programmed", "Advertised", "Owner", "Reason"];
    paged((Table::Prefixes, "Prefixes"), &headings, prefixes, asked, |prefix| {
        html! {
            td { (prefix.prefix) }
            td { (protocol(prefix.protocol())) }
            td { (state(&prefix.state)) }
            td { (prefix.sent_to.join(", ")) }
            td { (moment(prefix.programmed_at)) }
            td { (moment(prefix.advertised_at)) }
            td { (prefix.owner) }
            td { (prefix.reason) }
        }
    })
}

fn protocol(protocol: v1::Protocol) -> &'static str {
    match protocol {
        v1::Protocol::Bgp => "bgp",
        v1::Protocol::Ospf => "ospf",
        v1::Protocol::Unspecified => "",
    }
}

pub(super) fn bfd(sessions: &[v1::BfdSessionStatus], asked: &Asked) -> Markup {
    let headings =
        ["Peer", "State", "Uptime", "Intent", "Rx ms", "Tx ms", "Multiplier", "Interface", "Hops", "Owner", "Reason"];
    paged((Table::Bfd, "BFD sessions"), &headings, sessions, asked, |session| {
        html! {
            td { (session.peer_address) }
            td { (state(&session.state)) }
            td { (session.uptime) }
            td { (state(&session.intent_state)) }
            td { (session.min_rx_ms) }
            td { (session.min_tx_ms) }
            td { (session.detect_multiplier) }
            td { (session.interface_name) }
            td { (if session.multihop { "multi" } else { "single" }) }
            td { (session.owner) }
            td { (session.reason) }
        }
    })
}

pub(super) fn ospf(interfaces: &[v1::OspfInterfaceStatus], asked: &Asked) -> Markup {
    let headings = ["Interface", "Area", "State", "Intent", "Neighbors", "Cost", "Owner", "Reason"];
    paged((Table::Ospf, "OSPF interfaces"), &headings, interfaces, asked, |interface| {
        html! {
            td { (interface.interface_name) }
            td { (interface.area_id) }
            td { (state(&interface.state)) }
            td { (state(&interface.intent_state)) }
            td { (interface.neighbor_count) }
            td { (interface.cost) }
            td { (interface.owner) }
            td { (interface.reason) }
        }
    })
}

pub(super) fn events(events: &[Arc<Published>]) -> Markup {
    html! {
        section id="events" {
            h2 { "Last events" }
            @if events.is_empty() { p { "none" } } @else {
                table {
                    thead { tr { th { "Number" } th { "Time (UTC)" } th { "Type" } th { "Owner" } th { "Detail" } } }
                    tbody { @for event in events { (row_of(event)) } }
                }
            }
        }
    }
}

fn row_of(Published { sequence, timestamp_ns, event }: &Published) -> Markup {
    html! {
        tr {
            td { (sequence) }
            td { (moment(*timestamp_ns)) }
            td { (event.event_type) }
            td { @if let Some(owner) = &event.owner { (owner) } }
            td { (event.detail) @if let Some(reason) = &event.reason { " (" (reason) ")" } }
        }
    }
}

/// A moment; nothing where there is none.
fn moment(timestamp_ns: i64) -> String {
    let timestamp = Timestamp::from_nanosecond(timestamp_ns.into()).ok().filter(|_| timestamp_ns != 0);
    timestamp.map(|moment| moment.strftime("%Y-%m-%d %H:%M:%S%.3f").to_string()).unwrap_or_default()
}
