//! Columns for people: as wide as their content, two spaces apart.

use super::style::{Tone, printable};

/// One column of a table of `T`s.
#[derive(Debug)]
pub(crate) struct Column<T> {
    heading: &'static str,
    cell: fn(&T) -> Cell,
    wide: bool,
    optional: bool,
}

/// A cell's text and tone.
#[derive(Debug)]
pub(crate) struct Cell {
    text: String,
    tone: Tone,
}

impl<T> Column<T> {
    /// A column that every table has.
    pub(crate) const fn new(heading: &'static str, cell: fn(&T) -> Cell) -> Self {
        Self { heading, cell, wide: false, optional: false }
    }

    /// Only in the wide table.
    pub(crate) const fn wide(self) -> Self {
        Self { wide: true, ..self }
    }

    /// Left out where no row has anything in it.
    pub(crate) const fn optional(self) -> Self {
        Self { optional: true, ..self }
    }
}

impl Cell {
    /// Text without a tone.
    pub(crate) fn text(text: impl ToString) -> Self {
        Self { text: printable(&text.to_string()), tone: Tone::Plain }
    }

    /// A state, in its colour.
    pub(crate) fn state(word: &str) -> Self {
        Self::toned(word, Tone::of(word))
    }

    /// Text in the colour of a tone.
    pub(crate) fn toned(text: &str, tone: Tone) -> Self {
        Self { text: printable(text), tone }
    }

    /// How good what it says is.
    pub(crate) fn tone(&self) -> Tone {
        self.tone
    }

    /// What stands in the table: never nothing.
    pub(crate) fn shown(&self) -> &str {
        if self.text.is_empty() { "-" } else { &self.text }
    }
}

/// A table that is not laid out yet.
#[derive(Debug, Default)]
pub(crate) struct Grid {
    pub(crate) headings: Vec<&'static str>,
    /// A cell for each heading.
    pub(crate) rows: Vec<Vec<Cell>>,
}

/// The cells of `rows`, without the columns that are not shown.
pub(crate) fn grid<T>(columns: &[Column<T>], rows: &[T], wide: bool) -> Grid {
    let has_any = |column: &Column<T>| rows.iter().any(|row| !(column.cell)(row).text.is_empty());
    let shown = |column: &&Column<T>| (wide || !column.wide) && (!column.optional || has_any(column));
    let columns: Vec<_> = columns.iter().filter(shown).collect();
    Grid {
        headings: columns.iter().map(|column| column.heading).collect(),
        rows: rows.iter().map(|row| columns.iter().map(|column| (column.cell)(row)).collect()).collect(),
    }
}

impl Grid {
    /// The table, with its heading; each line ends with a line break.
    pub(crate) fn text(&self, colour: bool) -> String {
        let widths = self.widths();
        let mut text = line(self.headings.iter().map(|heading| (*heading, Tone::Plain)), &widths, colour);
        for row in &self.rows {
            text += &line(row.iter().map(|cell| (cell.shown(), cell.tone)), &widths, colour);
        }
        text
    }

    /// How wide each column is: as wide as its widest cell.
    pub(crate) fn widths(&self) -> Vec<usize> {
        let width = |(nth, heading): (usize, &&str)| {
            let cells = self.rows.iter().map(|row| row[nth].shown().chars().count());
            cells.chain([heading.len()]).max().unwrap_or_default()
        };
        self.headings.iter().enumerate().map(width).collect()
    }
}

fn line<'a>(cells: impl Iterator<Item = (&'a str, Tone)>, widths: &[usize], colour: bool) -> String {
    let mut line = String::new();
    for ((text, tone), width) in cells.zip(widths) {
        // Padded by hand: the codes of a colour must not count as width.
        let padding = " ".repeat(width.saturating_sub(text.chars().count()));
        line += &format!("{}{padding}  ", tone.paint(text, colour));
    }
    line.truncate(line.trim_end().len());
    line + "\n"
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    const COLUMNS: &[Column<(&str, &str)>] = &[
        Column::new("NAME", |row| Cell::text(row.0)),
        Column::new("STATE", |row| Cell::state(row.1)),
        Column::new("REASON", |_| Cell::text("")).optional(),
        Column::new("LENGTH", |row: &(&str, &str)| Cell::text(row.0.len())).wide(),
    ];
    const ROWS: &[(&str, &str)] = &[("a", "down"), ("longer", "")];

    #[test]
    fn columns_are_as_wide_as_their_content() {
        expect![[r#"
            NAME    STATE
            a       down
            longer  -
        "#]]
        .assert_eq(&grid(COLUMNS, ROWS, false).text(false));
    }

    #[test]
    fn the_wide_table_has_more_columns() {
        expect![[r#"
            NAME    STATE  LENGTH
            a       down   1
            longer  -      6
        "#]]
        .assert_eq(&grid(COLUMNS, ROWS, true).text(false));
    }

    #[test]
    fn a_colour_does_not_move_the_columns() {
        let text = grid(COLUMNS, ROWS, true).text(true);
        assert!(text.contains("a       \x1b[31mdown\x1b[0m   1\n"), "{text}");
    }
}
