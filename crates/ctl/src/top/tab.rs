//! The tables among which one chooses.

use novaroute_api::v1;

use crate::output::{
    status::Part,
    table::{Cell, Column, Grid, grid},
};

/// A table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tab {
    /// A part of the status.
    Of(Part),
    Events,
    /// FRR's daemons, and the lines of its configuration that are not the agent's.
    Frr,
    /// How long calls and intents take.
    Latency,
}

impl Tab {
    pub(crate) const ALL: [Self; 7] = [
        Self::Of(Part::Peers),
        Self::Of(Part::Prefixes),
        Self::Of(Part::Bfd),
        Self::Of(Part::Ospf),
        Self::Events,
        Self::Frr,
        Self::Latency,
    ];

    /// Its name: a word, so that all of them fit into 80 columns.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Of(Part::Peers) => "Peers",
            Self::Of(Part::Prefixes) => "Prefixes",
            Self::Of(Part::Bfd) => "BFD",
            Self::Of(Part::Ospf) => "OSPF",
            Self::Events => "Events",
            Self::Frr => "FRR",
            Self::Latency => "Latency",
        }
    }

    /// Its place among all, counted from 0.
    pub(crate) fn number(self) -> usize {
        Self::ALL.iter().position(|tab| *tab == self).unwrap_or_default()
    }

    /// The one so many places further, round and round.
    pub(crate) fn further(self, places: usize) -> Self {
        Self::ALL[(self.number() + places) % Self::ALL.len()]
    }
}

/// A daemon, or a line of FRR's configuration that is not the agent's.
struct FrrRow {
    what: &'static str,
    name: String,
    state: &'static str,
    version: String,
}

const FRR: &[Column<FrrRow>] = &[
    Column::new("WHAT", |row| Cell::text(row.what)),
    Column::new("NAME", |row| Cell::text(&row.name)),
    Column::new("STATE", |row| Cell::state(row.state)),
    Column::new("VERSION", |row| Cell::text(&row.version)),
];

pub(super) fn frr(status: &v1::GetStatusResponse) -> Grid {
    let Some(frr) = &status.frr_status else { return Grid::default() };
    let daemons = frr.daemons.iter().map(|daemon| FrrRow {
        what: "daemon",
        name: daemon.name.clone(),
        state: if daemon.connected { "connected" } else { "not connected" },
        version: daemon.version.clone(),
    });
    let foreign = frr.foreign_lines.iter().map(|line| FrrRow {
        what: "foreign line",
        name: line.clone(),
        state: "",
        version: String::new(),
    });
    grid(FRR, &daemons.chain(foreign).collect::<Vec<_>>(), false)
}
