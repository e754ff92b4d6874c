//! What lies over the table: the keys, or all fields of a row.

use ratatui::{
    Frame,
    layout::{Constraint, Rect},
    text::Line,
    widgets::{Block, Clear, Paragraph, Wrap},
};

use crate::top::keys::HELP;

pub(super) fn help(frame: &mut Frame<'_>) {
    let line = |(keys, what): &(&str, &str)| Line::from(format!(" {keys:<24} {what}"));
    show(frame, " Keys ", HELP.iter().map(line).collect());
}

pub(super) fn details(frame: &mut Frame<'_>, lines: Vec<String>) {
    let lines = if lines.is_empty() { vec!["the table has all there is".to_owned()] } else { lines };
    show(frame, " Details ", lines.into_iter().map(Line::from).collect());
}

fn show(frame: &mut Frame<'_>, title: &'static str, lines: Vec<Line<'static>>) {
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2);
    let area = middle(frame.area(), height);
    frame.render_widget(Clear, area);
    let block = Block::bordered().title(title);
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }).block(block), area);
}

/// The middle of the screen, so many lines high at most.
fn middle(area: Rect, height: u16) -> Rect {
    area.centered(Constraint::Percentage(80), Constraint::Length(height.min(area.height)))
}
