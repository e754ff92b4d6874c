//! What `top` shows and how it changes: no terminal, no agent and no clock in here.

mod keys;
mod latency;
mod list;
mod tab;
mod view;

use std::{collections::VecDeque, time::Duration};

use novaroute_api::v1;

use crate::{
    output::{
        DataFormat, event,
        style::printable,
        table::{Grid, grid},
        view::View,
    },
    schema,
};
use latency::Latency;
use list::List;
pub(crate) use tab::Tab;

/// Events that are kept to look back at.
pub(crate) const EVENTS_MAX: u16 = 1000;

/// Whether `top` goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    Continue,
    Quit,
}

/// The way to the agent.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Link {
    /// Nothing has come yet.
    Connecting,
    Up,
    /// It does not answer, since so long after the start of `top`.
    Gone {
        why: String,
        since: Duration,
    },
}

/// What lies over the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Overlay {
    Help,
    /// All fields of the selected row.
    Details,
}

/// All that is on the screen.
#[derive(Debug)]
pub(crate) struct Dashboard {
    /// The socket of the agent.
    source: String,
    colour: bool,
    link: Link,
    status: v1::GetStatusResponse,
    /// The newest first.
    events: VecDeque<v1::RouteEvent>,
    latency: Latency,
    tab: Tab,
    lists: [List; Tab::ALL.len()],
    wide: bool,
    /// Keys are letters of the filter.
    typing: bool,
    overlay: Option<Overlay>,
    /// What came while the picture stands still.
    held: Option<Held>,
}

#[derive(Debug, Default)]
struct Held {
    status: Option<v1::GetStatusResponse>,
    events: Vec<v1::RouteEvent>,
}

impl Dashboard {
    pub(crate) fn new(source: String, colour: bool) -> Self {
        Self {
            source,
            colour,
            link: Link::Connecting,
            status: v1::GetStatusResponse::default(),
            events: VecDeque::new(),
            latency: Latency::default(),
            tab: Tab::ALL[0],
            lists: Default::default(),
            wide: false,
            typing: false,
            overlay: None,
            held: None,
        }
    }

    /// The agent answered, after `round_trip`.
    pub(crate) fn answered(&mut self, status: v1::GetStatusResponse, round_trip: Duration) {
        self.link = Link::Up;
        self.latency.round_trip(round_trip);
        match &mut self.held {
            Some(held) => held.status = Some(status),
            None => self.status = status,
        }
    }

    /// The agent did not answer at `now`.
    pub(crate) fn lost(&mut self, why: String, now: Duration) {
        let since = match self.link {
            Link::Gone { since, .. } => since,
            Link::Connecting | Link::Up => now,
        };
        self.link = Link::Gone { why, since };
    }

    /// Something happened.
    pub(crate) fn happened(&mut self, event: v1::RouteEvent) {
        match &mut self.held {
            // What is held is bounded as well: the oldest would not be kept anyway.
            Some(held) if held.events.len() < usize::from(EVENTS_MAX) => held.events.push(event),
            Some(held) => {
                held.events.remove(0);
                held.events.push(event);
            }
            None => self.take(event),
        }
    }

    fn take(&mut self, event: v1::RouteEvent) {
        self.latency.look_at(&event);
        self.events.push_front(event);
        self.events.truncate(EVENTS_MAX.into());
    }

    fn pause_or_go_on(&mut self) {
        let Some(held) = self.held.take() else {
            self.held = Some(Held::default());
            return;
        };
        if let Some(status) = held.status {
            self.status = status;
        }
        held.events.into_iter().for_each(|event| self.take(event));
    }

    /// The table of the tab that is shown.
    fn grid(&self) -> Grid {
        match self.tab {
            Tab::Of(part) => part.grid(&self.status, self.wide),
            Tab::Events => {
                let events: Vec<_> = self.events.iter().cloned().collect();
                grid(event::COLUMNS, &events, self.wide)
            }
            Tab::Frr => tab::frr(&self.status),
            Tab::Latency => self.latency.grid(),
        }
    }

    fn list(&mut self) -> &mut List {
        &mut self.lists[self.tab.number()]
    }

    /// All fields of the selected row, a line each; none where a row is all there is.
    fn details(&mut self) -> Option<Vec<String>> {
        let grid = self.grid();
        let row = self.list().selected_row(&grid)?;
        let reflected = match self.tab {
            Tab::Of(part) => part.row(&self.status, row)?,
            Tab::Events => schema::reflect(self.events.get(row)?, "RouteEvent").ok()?,
            Tab::Frr | Tab::Latency => return None,
        };
        let text = DataFormat::Yaml.document(&View::response(&reflected)).ok()?;
        Some(text.lines().map(printable).collect())
    }
}

#[cfg(test)]
mod tests;
