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
        Self { text: printable(word), tone: Tone::of(word) }
    }

    fn shown(&self) -> &str {
        if self.text.is_empty() { "-" } else { &self.text }
    }
}

/// The table of `rows`, with its heading; each line ends with a line break.
pub(crate) fn render<T>(columns: &[Column<T>], rows: &[T], wide: bool, colour: bool) -> String {
    let mut table = columns.iter().filter(|column| wide || !column.wide).map(|column| {
        let cells: Vec<Cell> = rows.iter().map(column.cell).collect();
        (column, cells)
    });
    let table: Vec<_> = table.by_ref().filter(|(column, cells)| !column.optional || !all_empty(cells)).collect();
    let widths: Vec<usize> = table.iter().map(|(column, cells)| width(column.heading, cells)).collect();

    let headings = table.iter().map(|(column, _)| (column.heading, Tone::Plain));
    let mut text = line(headings, &widths, colour);
    for row in 0..rows.len() {
        let cells = table.iter().map(|(_, cells)| (cells[row].shown(), cells[row].tone));
        text += &line(cells, &widths, colour);
    }
    text
}

fn all_empty(cells: &[Cell]) -> bool {
    cells.iter().all(|cell| cell.text.is_empty())
}

fn width(heading: &str, cells: &[Cell]) -> usize {
    let cells = cells.iter().map(|cell| cell.shown().chars().count());
    cells.chain([heading.len()]).max().unwrap_or_default()
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
        .assert_eq(&render(COLUMNS, ROWS, false, false));
    }

    #[test]
    fn the_wide_table_has_more_columns() {
        expect![[r#"
            NAME    STATE  LENGTH
            a       down   1
            longer  -      6
        "#]]
        .assert_eq(&render(COLUMNS, ROWS, true, false));
    }

    #[test]
    fn a_colour_does_not_move_the_columns() {
        let text = render(COLUMNS, ROWS, true, true);
        assert!(text.contains("a       \x1b[31mdown\x1b[0m   1\n"), "{text}");
    }
}
