//! Sorting, filtering, and the place in a table.

use std::{cmp::Ordering, iter::Peekable, str::Chars};

use crate::output::table::Grid;

/// How one table is looked at.
#[derive(Debug, Default)]
pub(super) struct List {
    /// Heading of the column to sort by; `None`: as the agent sorts.
    sort: Option<&'static str>,
    descending: bool,
    /// Only rows with this in them, in any case.
    pub(super) filter: String,
    /// Nth of the rows that are shown.
    selected: usize,
    /// Nth of the rows that are shown, which is the first on the screen.
    offset: usize,
    /// Columns of the terminal that are scrolled out on the left.
    pub(super) shift: u16,
}

impl List {
    /// The rows to show, in their order, as numbers of rows of `grid`.
    pub(super) fn order(&self, grid: &Grid) -> Vec<usize> {
        let filter = self.filter.to_lowercase();
        let has_it = |row: &usize| {
            filter.is_empty() || grid.rows[*row].iter().any(|cell| cell.shown().to_lowercase().contains(&filter))
        };
        let mut rows: Vec<usize> = (0..grid.rows.len()).filter(has_it).collect();
        if let Some(column) = self.column(grid) {
            let text = |row: &usize| grid.rows[*row][column].shown();
            rows.sort_by(|a, b| natural(text(a), text(b)));
        }
        if self.descending {
            rows.reverse();
        }
        rows
    }

    fn column(&self, grid: &Grid) -> Option<usize> {
        grid.headings.iter().position(|heading| Some(*heading) == self.sort)
    }

    /// The mark beside a heading, if it is sorted by.
    pub(super) fn mark(&self, heading: &str) -> Option<char> {
        (self.sort == Some(heading)).then_some(if self.descending { '▼' } else { '▲' })
    }

    /// Sorts by the next column; after the last, as the agent does.
    pub(super) fn sort_by_next(&mut self, grid: &Grid) {
        let next = self.column(grid).map_or(0, |column| column + 1);
        self.sort = grid.headings.get(next).copied();
    }

    pub(super) fn reverse(&mut self) {
        self.descending = !self.descending;
    }

    /// Moves the selection by so many rows, within `grid`.
    pub(super) fn step(&mut self, rows: isize, grid: &Grid) {
        let last = self.order(grid).len().saturating_sub(1);
        self.selected = self.selected.saturating_add_signed(rows).min(last);
    }

    /// The selected row of `grid`.
    pub(super) fn selected_row(&self, grid: &Grid) -> Option<usize> {
        let order = self.order(grid);
        order.get(self.selected.min(order.len().saturating_sub(1))).copied()
    }

    /// What to show in `height` lines: the rows, and which of them is the selected one. Moves no further than needed.
    pub(super) fn window<'a>(&mut self, order: &'a [usize], height: usize) -> (&'a [usize], usize) {
        self.selected = self.selected.min(order.len().saturating_sub(1));
        let highest = self.selected.saturating_sub(height.saturating_sub(1));
        self.offset = self.offset.clamp(highest, self.selected.max(highest)).min(order.len().saturating_sub(height));
        let end = order.len().min(self.offset + height);
        (&order[self.offset..end], self.selected - self.offset)
    }
}

/// As people sort: numbers in the text by their value.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.chars().peekable(), b.chars().peekable());
    loop {
        let order = match (a.peek(), b.peek()) {
            (Some(x), Some(y)) if x.is_ascii_digit() && y.is_ascii_digit() => number(&mut a).cmp(&number(&mut b)),
            (None, None) => return Ordering::Equal,
            _ => a.next().cmp(&b.next()),
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// The number ahead: of two, the one with more digits is larger.
fn number(letters: &mut Peekable<Chars<'_>>) -> (usize, String) {
    let mut digits = String::new();
    while let Some(digit) = letters.next_if(char::is_ascii_digit) {
        if !(digits.is_empty() && digit == '0') {
            digits.push(digit);
        }
    }
    (digits.len(), digits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::table::Cell;

    fn table(names: &[&str]) -> Grid {
        Grid { headings: vec!["NAME"], rows: names.iter().map(|name| vec![Cell::text(name)]).collect() }
    }

    #[test]
    fn numbers_sort_by_value() {
        let grid = table(&["10.0.0.10", "10.0.0.9", "-", "10.0.0.009", "9.9.9.9"]);
        let mut list = List::default();
        assert_eq!(list.order(&grid), [0, 1, 2, 3, 4]);
        list.sort_by_next(&grid);
        assert_eq!(list.order(&grid), [2, 4, 1, 3, 0]);
        assert_eq!(list.mark("NAME"), Some('▲'));
        list.reverse();
        assert_eq!(list.order(&grid), [0, 3, 1, 4, 2]);
        list.reverse();
        list.sort_by_next(&grid);
        assert_eq!((list.order(&grid), list.mark("NAME")), (vec![0, 1, 2, 3, 4], None));
    }

    #[test]
    fn a_filter_leaves_what_has_it_in_any_case() {
        let grid = table(&["Edge", "core", "EDGE-2"]);
        let list = List { filter: "eDg".into(), ..Default::default() };
        assert_eq!(list.order(&grid), [0, 2]);
    }

    #[test]
    fn the_window_follows_the_selection_and_no_further() {
        let names: Vec<String> = (0..100).map(|n| n.to_string()).collect();
        let grid = table(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let mut list = List::default();
        let order = list.order(&grid);
        assert_eq!(list.window(&order, 10), (&order[..10], 0));
        list.step(12, &grid);
        assert_eq!(list.window(&order, 10), (&order[3..13], 9));
        list.step(-3, &grid);
        assert_eq!(list.window(&order, 10), (&order[3..13], 6));
        list.step(isize::MAX, &grid);
        assert_eq!(list.window(&order, 10), (&order[90..], 9));
        assert_eq!(list.window(&order[..4], 10), (&order[..4], 3));
        list.step(isize::MIN, &grid);
        assert_eq!(list.window(&order, 10), (&order[..10], 0));
        assert_eq!(list.window(&[], 10), (&[][..], 0));
        assert_eq!(list.window(&order, 0), (&[][..], 0));
    }
}
