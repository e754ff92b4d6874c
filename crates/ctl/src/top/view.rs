//! The screen: a head of four lines, a table, the last events, and a line of keys.

mod head;
mod overlay;

use std::time::Duration;

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::{Color, Modifier, Style},
    text::{Line, Span},
    widgets::{Paragraph, Sparkline},
};

use super::{Dashboard, Overlay, Tab};
use crate::output::{
    event,
    style::Tone,
    table::{Cell, Grid, grid},
};

/// Lines of the last events, with the line above them.
const TAIL_LINES: u16 = 6;
/// A terminal with fewer lines has no last events.
const TAIL_FROM: u16 = 18;
/// Lines of the curve of the round trips.
const CURVE_LINES: u16 = 4;
/// Spaces between two columns.
const GAP: usize = 2;

impl Dashboard {
    /// Draws everything as it is `now`, counted from the start of `top`.
    pub(crate) fn draw(&mut self, frame: &mut Frame<'_>, now: Duration) {
        let has_tail = frame.area().height >= TAIL_FROM && self.tab != Tab::Events;
        let curve = if self.tab == Tab::Latency { CURVE_LINES } else { 0 };
        let [head, tabs, above, table, tail, foot] = Layout::vertical([
            Constraint::Length(3),
            Constraint::Length(1),
            Constraint::Length(curve),
            Constraint::Min(1),
            Constraint::Length(if has_tail { TAIL_LINES } else { 0 }),
            Constraint::Length(1),
        ])
        .areas(frame.area());
        frame.render_widget(Paragraph::new(self.head(head.width, now)), head);
        frame.render_widget(Paragraph::new(self.tabs()), tabs);
        self.draw_curve(frame, above);
        self.draw_table(frame, table);
        self.draw_tail(frame, tail);
        frame.render_widget(Paragraph::new(self.foot()), foot);
        match self.overlay {
            Some(Overlay::Help) => overlay::help(frame),
            Some(Overlay::Details) => overlay::details(frame, self.details().unwrap_or_default()),
            None => {}
        }
    }

    fn draw_table(&mut self, frame: &mut Frame<'_>, area: Rect) {
        let (grid, colour) = (self.grid(), self.colour);
        let list = self.list();
        let order = list.order(&grid);
        let (rows, selected) = list.window(&order, usize::from(area.height.saturating_sub(1)));
        let widths = grid.widths();
        let mut lines = vec![heading(&grid, &widths, |heading| list.mark(heading))];
        for (nth, row) in rows.iter().enumerate() {
            let line = table_line(&grid.rows[*row], &widths, colour);
            lines.push(if nth == selected { line.style(Modifier::REVERSED) } else { line });
        }
        if order.is_empty() {
            let why = if list.filter.is_empty() { "none" } else { "no row has the text of the filter; Esc clears it" };
            lines = vec![Line::from(format!("{}: {why}", self.tab.title()))];
        }
        let shift = self.list().shift;
        frame.render_widget(Paragraph::new(lines).scroll((0, shift)), area);
    }

    fn draw_tail(&self, frame: &mut Frame<'_>, area: Rect) {
        let last: Vec<_> = self.events.iter().take(usize::from(area.height.saturating_sub(1))).cloned().collect();
        let grid = grid(event::COLUMNS, &last, false);
        let widths = grid.widths();
        let title = format!("{:─<width$}", "── Last events ", width = usize::from(area.width));
        let mut lines = vec![Line::from(title).style(Modifier::DIM)];
        lines.extend(grid.rows.iter().map(|row| table_line(row, &widths, self.colour)));
        frame.render_widget(Paragraph::new(lines), area);
    }

    fn draw_curve(&self, frame: &mut Frame<'_>, area: Rect) {
        let history = self.latency.history_us();
        let shown = history.len().saturating_sub(usize::from(area.width));
        frame.render_widget(Sparkline::default().data(&history[shown..]), area);
    }
}

fn heading(grid: &Grid, widths: &[usize], mark: impl Fn(&str) -> Option<char>) -> Line<'static> {
    let mut text = String::new();
    for (heading, width) in grid.headings.iter().zip(widths) {
        let marked: String = heading.chars().chain(mark(heading)).collect();
        text += &format!("{marked:<width$}", width = width + GAP);
    }
    Line::from(text).style(Modifier::BOLD)
}

fn table_line(row: &[Cell], widths: &[usize], colour: bool) -> Line<'static> {
    let cell = |(cell, width): (&Cell, &usize)| {
        let text = format!("{:<width$}", cell.shown(), width = width + GAP);
        Span::styled(text, style(cell.tone(), colour))
    };
    row.iter().zip(widths).map(cell).collect()
}

/// The look of a tone. Without colours what is wrong is bold.
fn style(tone: Tone, colour: bool) -> Style {
    match (tone, colour) {
        (Tone::Bad, false) => Style::new().add_modifier(Modifier::BOLD),
        (_, false) | (Tone::Plain, true) => Style::new(),
        (Tone::Good, true) => Style::new().fg(Color::Green),
        (Tone::Waiting, true) => Style::new().fg(Color::Yellow),
        (Tone::Bad, true) => Style::new().fg(Color::Red),
    }
}
