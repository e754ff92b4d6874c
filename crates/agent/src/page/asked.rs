//! What a browser asks for: which rows of each table, and whether the page is to come anew by itself.

use std::ops::Range;

/// Rows of a table on one page.
const ROWS_MAX: usize = 500;

/// A table that has pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    Peers,
    Prefixes,
    Bfd,
    Ospf,
}

impl Table {
    const ALL: [Self; 4] = [Self::Peers, Self::Prefixes, Self::Bfd, Self::Ospf];

    /// Its word in the address, which is also its anchor.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Peers => "peers",
            Self::Prefixes => "prefixes",
            Self::Bfd => "bfd",
            Self::Ospf => "ospf",
        }
    }
}

/// The query of the address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The page of each table, counted from 0.
    pages: [usize; Table::ALL.len()],
    refresh: bool,
}

impl Default for Asked {
    fn default() -> Self {
        Self { pages: [0; Table::ALL.len()], refresh: true }
    }
}

impl Asked {
    /// Reads a query such as `prefixes=3&refresh=off`. What it does not know it passes over.
    #[must_use]
    pub fn parse(query: &str) -> Self {
        let mut asked = Self::default();
        for (key, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            if let Some(table) = Table::ALL.into_iter().find(|table| table.word() == key) {
                asked.pages[table as usize] = value.parse::<usize>().unwrap_or(1).saturating_sub(1);
            }
            asked.refresh &= (key, value) != ("refresh", "off");
        }
        asked
    }

    pub(super) fn refreshes(&self) -> bool {
        self.refresh
    }

    /// The address of the same rows that comes anew by itself, or does not.
    pub(super) fn with_refresh(&self, refresh: bool) -> String {
        Self { refresh, ..self.clone() }.address("")
    }

    /// Which of so many rows are asked for: those of the last page where there are fewer.
    pub(super) fn rows(&self, table: Table, count: usize) -> Range<usize> {
        let last = count.saturating_sub(1) / ROWS_MAX;
        let from = self.pages[table as usize].min(last) * ROWS_MAX;
        from..count.min(from + ROWS_MAX)
    }

    /// The address of the rows that begin with this one.
    pub(super) fn at(&self, table: Table, row: usize) -> String {
        let mut asked = self.clone();
        asked.pages[table as usize] = row / ROWS_MAX;
        asked.address(table.word())
    }

    /// The page before, if there is one.
    pub(super) fn before(&self, table: Table, shown: &Range<usize>) -> Option<String> {
        (shown.start > 0).then(|| self.at(table, shown.start.saturating_sub(ROWS_MAX)))
    }

    fn address(&self, anchor: &str) -> String {
        let pages = Table::ALL.into_iter().map(|table| (table.word(), self.pages[table as usize]));
        let mut query: Vec<String> =
            pages.filter(|(_, page)| *page > 0).map(|(word, page)| format!("{word}={}", page + 1)).collect();
        query.extend((!self.refresh).then(|| "refresh=off".to_owned()));
        let mark = if query.is_empty() { "" } else { "?" };
        let hash = if anchor.is_empty() { "" } else { "#" };
        format!("/{mark}{}{hash}{anchor}", query.join("&"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_what_is_linked() {
        for (query, address) in [
            ("", "/#bfd"),
            ("prefixes=3&refresh=off", "/?prefixes=3&refresh=off#bfd"),
            ("peers=2&prefixes=1&no=1&prefixes", "/?peers=2#bfd"),
            ("prefixes=-1&refresh=on", "/#bfd"),
            ("prefixes=0&peers=99999999999999999999999", "/#bfd"),
            ("bfd=5", "/#bfd"),
        ] {
            assert_eq!(Asked::parse(query).at(Table::Bfd, 0), address, "{query}");
        }
    }

    #[test]
    fn a_page_that_is_not_there_is_the_last() {
        let rows = |query: &str, count| Asked::parse(query).rows(Table::Prefixes, count);
        assert_eq!(rows("", 0), 0..0);
        assert_eq!(rows("", ROWS_MAX), 0..ROWS_MAX);
        assert_eq!(rows("prefixes=2", ROWS_MAX), 0..ROWS_MAX);
        assert_eq!(rows("prefixes=2", ROWS_MAX + 1), ROWS_MAX..ROWS_MAX + 1);
        assert_eq!(rows("prefixes=99", 10_000), 9_500..10_000);
        let largest = format!("prefixes={}", usize::MAX);
        assert_eq!(rows(&largest, 10_000), 9_500..10_000);
    }
}
