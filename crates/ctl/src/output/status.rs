//! The status as tables: peers, prefixes, BFD sessions, OSPF interfaces, FRR.

use novaroute_api::v1;
use prost_reflect::DynamicMessage;

use super::{
    style::{Tone, printable},
    table::{Cell, Column, Grid, grid},
    time::since,
};
use crate::schema;

/// A part of the status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Peers,
    Prefixes,
    Bfd,
    Ospf,
}

impl Part {
    const ALL: [Self; 4] = [Self::Peers, Self::Prefixes, Self::Bfd, Self::Ospf];

    /// The field of `GetStatusResponse` that holds it.
    pub(crate) fn field(self) -> &'static str {
        match self {
            Self::Peers => "peers",
            Self::Prefixes => "prefixes",
            Self::Bfd => "bfd_sessions",
            Self::Ospf => "ospf_interfaces",
        }
    }

    /// Its name for people.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Peers => "BGP peers",
            Self::Prefixes => "Prefixes",
            Self::Bfd => "BFD sessions",
            Self::Ospf => "OSPF interfaces",
        }
    }

    /// The table, or a line that says there is nothing.
    pub(crate) fn table(self, status: &v1::GetStatusResponse, wide: bool, colour: bool) -> String {
        let grid = self.grid(status, wide);
        if grid.rows.is_empty() { format!("{}: none\n", self.title()) } else { grid.text(colour) }
    }

    /// The cells of the table.
    pub(crate) fn grid(self, status: &v1::GetStatusResponse, wide: bool) -> Grid {
        match self {
            Self::Peers => grid(PEERS, &status.peers, wide),
            Self::Prefixes => grid(PREFIXES, &status.prefixes, wide),
            Self::Bfd => grid(BFD, &status.bfd_sessions, wide),
            Self::Ospf => grid(OSPF, &status.ospf_interfaces, wide),
        }
    }

    /// The nth of its rows in `status`, with all fields; `None` where there are fewer.
    pub(crate) fn row(self, status: &v1::GetStatusResponse, nth: usize) -> Option<DynamicMessage> {
        let row = match self {
            Self::Peers => schema::reflect(status.peers.get(nth)?, "PeerStatus"),
            Self::Prefixes => schema::reflect(status.prefixes.get(nth)?, "PrefixStatus"),
            Self::Bfd => schema::reflect(status.bfd_sessions.get(nth)?, "BFDSessionStatus"),
            Self::Ospf => schema::reflect(status.ospf_interfaces.get(nth)?, "OSPFInterfaceStatus"),
        };
        row.ok()
    }
}

/// Everything: FRR first, then each part under its title.
pub(crate) fn overview(status: &v1::GetStatusResponse, wide: bool, colour: bool) -> String {
    let mut text = frr(status.frr_status.as_ref(), wide, colour);
    status.drains.iter().for_each(|drain| text += &drained(drain, colour));
    for part in Part::ALL {
        let table = part.table(status, wide, colour);
        let is_table = table.lines().count() > 1;
        text += "\n";
        if is_table {
            text += &format!("{}\n", part.title());
        }
        text += &table;
    }
    text
}

/// A drain in force is easily forgotten: it is told before everything that it holds back.
fn drained(drain: &v1::DrainStatus, colour: bool) -> String {
    let whose = match drain.of_owner.as_str() {
        "" => "the node".to_owned(),
        owner => format!("owner {}", printable(owner)),
    };
    let then = match (drain.phase.as_str(), drain.delay_s) {
        ("marked", Some(delay_s)) => format!(", withdrawn {delay_s} s after the mark"),
        ("marked", None) => ", stay announced".to_owned(),
        _ => String::new(),
    };
    let phase = match drain.phase.as_str() {
        "shut" => "withdrawn, sessions shut".to_owned(),
        phase => printable(phase),
    };
    let (by, prefixes) = (printable(&drain.owner), drain.prefixes);
    format!("{}: {whose} by {by}, {prefixes} prefixes {phase}{then}\n", Tone::Waiting.paint("drained", colour))
}

fn frr(frr: Option<&v1::FrrStatus>, wide: bool, colour: bool) -> String {
    let Some(frr) = frr else { return "FRR: the agent says nothing about it\n".into() };
    let mut text = format!("FRR: {}", connected(frr.connected, colour));
    for (label, value) in [("version", &frr.version), ("for", &frr.uptime)] {
        if !value.is_empty() {
            text += &format!(", {label} {}", printable(value));
        }
    }
    text.push('\n');
    for daemon in frr.daemons.iter().filter(|daemon| wide || !daemon.connected) {
        let state = connected(daemon.connected, colour);
        text += format!("  {} {state} {}", printable(&daemon.name), printable(&daemon.version)).trim_end();
        text.push('\n');
    }
    text + &foreign(&frr.foreign_lines, wide)
}

/// What else is in FRR's configuration: how much, or each line.
fn foreign(lines: &[String], wide: bool) -> String {
    if lines.is_empty() {
        return String::new();
    }
    if !wide {
        return format!(
            "  lines of its configuration that are not the agent's: {} (-o wide lists them)\n",
            lines.len()
        );
    }
    let lines = lines.iter().map(|line| format!("    {}\n", printable(line)));
    "  lines of its configuration that are not the agent's:\n".to_owned() + &lines.collect::<String>()
}

fn connected(yes: bool, colour: bool) -> String {
    let word = if yes { "connected" } else { "not connected" };
    Tone::of(word).paint(word, colour)
}

const PEERS: &[Column<v1::PeerStatus>] = &[
    Column::new("PEER", |peer| Cell::text(&peer.neighbor_address)),
    Column::new("AS", |peer| Cell::text(peer.remote_as)),
    Column::new("SESSION", |peer| Cell::state(&peer.state)),
    Column::new("UPTIME", |peer| Cell::text(&peer.uptime)),
    Column::new("INTENT", |peer| Cell::state(&peer.intent_state)),
    Column::new("BFD", bfd_of_peer),
    Column::new("RECEIVED", |peer| Cell::text(peer.prefixes_received)),
    Column::new("SENT", |peer| Cell::text(peer.prefixes_sent)),
    Column::new("OWNER", |peer| Cell::text(&peer.owner)),
    Column::new("FLAPS", |peer: &v1::PeerStatus| Cell::text(peer.flap_count)).wide(),
    Column::new("LAST RESET", |peer: &v1::PeerStatus| Cell::text(&peer.last_reset_reason)).wide(),
    Column::new("DESCRIPTION", |peer: &v1::PeerStatus| Cell::text(&peer.description)).wide(),
    Column::new("REASON", |peer: &v1::PeerStatus| Cell::text(&peer.reason)).optional(),
];

fn bfd_of_peer(peer: &v1::PeerStatus) -> Cell {
    match (peer.bfd_enabled, peer.bfd_status.as_str()) {
        (false, _) => Cell::text("off"),
        (true, "") => Cell::text("on"),
        (true, state) => Cell::state(state),
    }
}

const PREFIXES: &[Column<v1::PrefixStatus>] = &[
    Column::new("PREFIX", |prefix| Cell::text(&prefix.prefix)),
    Column::new("PROTOCOL", |prefix| Cell::text(word("Protocol", prefix.protocol))),
    Column::new("STATE", |prefix| Cell::state(&prefix.state)),
    Column::new("PEERS", |prefix| Cell::text(prefix.sent_to.len())),
    Column::new("OWNER", |prefix| Cell::text(&prefix.owner)),
    Column::new("SENT TO", |prefix: &v1::PrefixStatus| Cell::text(prefix.sent_to.join(","))).wide(),
    Column::new("PROGRAMMED AT", |prefix: &v1::PrefixStatus| Cell::text(since(prefix.programmed_at))).wide(),
    Column::new("ADVERTISED AT", |prefix: &v1::PrefixStatus| Cell::text(since(prefix.advertised_at))).wide(),
    Column::new("REASON", |prefix: &v1::PrefixStatus| Cell::text(&prefix.reason)).optional(),
];

const BFD: &[Column<v1::BfdSessionStatus>] = &[
    Column::new("PEER", |session| Cell::text(&session.peer_address)),
    Column::new("STATE", |session| Cell::state(&session.state)),
    Column::new("UPTIME", |session| Cell::text(&session.uptime)),
    Column::new("INTENT", |session| Cell::state(&session.intent_state)),
    Column::new("RX MS", |session| Cell::text(session.min_rx_ms)),
    Column::new("TX MS", |session| Cell::text(session.min_tx_ms)),
    Column::new("MULTIPLIER", |session| Cell::text(session.detect_multiplier)),
    Column::new("OWNER", |session| Cell::text(&session.owner)),
    Column::new("INTERFACE", |session: &v1::BfdSessionStatus| Cell::text(&session.interface_name)).wide(),
    Column::new("HOPS", |session: &v1::BfdSessionStatus| Cell::text(if session.multihop { "multi" } else { "single" }))
        .wide(),
    Column::new("REASON", |session: &v1::BfdSessionStatus| Cell::text(&session.reason)).optional(),
];

const OSPF: &[Column<v1::OspfInterfaceStatus>] = &[
    Column::new("INTERFACE", |interface| Cell::text(&interface.interface_name)),
    Column::new("AREA", |interface| Cell::text(&interface.area_id)),
    Column::new("STATE", |interface| Cell::state(&interface.state)),
    Column::new("INTENT", |interface| Cell::state(&interface.intent_state)),
    Column::new("NEIGHBORS", |interface| Cell::text(interface.neighbor_count)),
    Column::new("OWNER", |interface| Cell::text(&interface.owner)),
    Column::new("COST", |interface: &v1::OspfInterfaceStatus| Cell::text(interface.cost)).wide(),
    Column::new("REASON", |interface: &v1::OspfInterfaceStatus| Cell::text(&interface.reason)).optional(),
];

fn word(name: &str, number: i32) -> String {
    schema::enum_words(name).map_or_else(|| number.to_string(), |words| words.word(number))
}
