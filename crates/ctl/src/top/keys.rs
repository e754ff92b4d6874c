//! What each key does.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{Dashboard, Flow, Overlay, Tab};

/// Rows of a page, which is about what a small terminal shows.
const PAGE: isize = 10;
/// Columns that one press scrolls sideways.
const SHIFT: u16 = 8;
/// Longest filter.
const FILTER_MAX: usize = 60;

/// The keys, as the help has them.
pub(super) const HELP: &[(&str, &str)] = &[
    ("Tab, Shift-Tab, 1-7", "another table"),
    ("↑ ↓ PgUp PgDn Home End", "another row (also j k g G)"),
    ("← →", "scroll sideways"),
    ("Enter", "all fields of the row"),
    ("s", "sort by the next column"),
    ("r", "reverse the order"),
    ("/", "filter: only rows with this text"),
    ("Esc", "close, or clear the filter"),
    ("w", "more columns"),
    ("p, Space", "stop the picture, and go on"),
    ("?", "this help"),
    ("q, Ctrl-C", "quit"),
];

impl Dashboard {
    /// A key was pressed.
    pub(crate) fn press(&mut self, key: KeyEvent) -> Flow {
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            let quits = matches!(key.code, KeyCode::Char('c'));
            return if quits { Flow::Quit } else { Flow::Continue };
        }
        if self.typing {
            self.type_filter(key.code);
            return Flow::Continue;
        }
        match key.code {
            KeyCode::Char('q') => return Flow::Quit,
            KeyCode::Char('?') => self.show_or_hide(Overlay::Help),
            KeyCode::Enter => self.show_or_hide(Overlay::Details),
            KeyCode::Char('p' | ' ') => self.pause_or_go_on(),
            KeyCode::Char('w') => self.wide = !self.wide,
            KeyCode::Esc => self.close(),
            KeyCode::Char('/') => (self.typing, self.overlay) = (true, None),
            KeyCode::Char('s') => {
                let grid = self.grid();
                self.list().sort_by_next(&grid);
            }
            KeyCode::Char('r') => self.list().reverse(),
            other => self.go(other),
        }
        Flow::Continue
    }

    /// Keys that lead elsewhere.
    fn go(&mut self, key: KeyCode) {
        match key {
            KeyCode::Tab => self.tab = self.tab.further(1),
            KeyCode::BackTab => self.tab = self.tab.further(Tab::ALL.len() - 1),
            KeyCode::Char(digit @ '1'..='9') => {
                let place = digit.to_digit(10).and_then(|nth| usize::try_from(nth).ok());
                self.tab = place.and_then(|nth| Tab::ALL.get(nth - 1)).copied().unwrap_or(self.tab);
            }
            KeyCode::Up | KeyCode::Char('k') => self.step(-1),
            KeyCode::Down | KeyCode::Char('j') => self.step(1),
            KeyCode::PageUp => self.step(-PAGE),
            KeyCode::PageDown => self.step(PAGE),
            KeyCode::Home | KeyCode::Char('g') => self.step(isize::MIN),
            KeyCode::End | KeyCode::Char('G') => self.step(isize::MAX),
            KeyCode::Left => self.list().shift = self.list().shift.saturating_sub(SHIFT),
            KeyCode::Right => self.list().shift = self.list().shift.saturating_add(SHIFT),
            _ => {}
        }
    }

    fn type_filter(&mut self, key: KeyCode) {
        let filter = &mut self.lists[self.tab.number()].filter;
        match key {
            KeyCode::Enter => self.typing = false,
            KeyCode::Esc => {
                filter.clear();
                self.typing = false;
            }
            KeyCode::Backspace => drop(filter.pop()),
            KeyCode::Char(letter) if filter.chars().count() < FILTER_MAX => filter.push(letter),
            _ => {}
        }
    }

    fn close(&mut self) {
        if self.overlay.take().is_none() {
            self.list().filter.clear();
        }
    }

    fn show_or_hide(&mut self, overlay: Overlay) {
        self.overlay = (self.overlay != Some(overlay)).then_some(overlay);
    }

    fn step(&mut self, rows: isize) {
        let grid = self.grid();
        self.list().step(rows, &grid);
    }
}
