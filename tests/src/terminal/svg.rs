//! A screen as a picture.

use std::fmt::Write as _;

use vt100::{Cell, Color, Screen};

/// Width and height of a letter, in the units of the picture.
const LETTER: (f32, f32) = (8.4, 18.0);
/// Space around the screen.
const MARGIN: f32 = 12.0;
/// Background, text and dimmed text.
const BACK: &str = "#0d1117";
const TEXT: &str = "#e6edf3";
const DIM: &str = "#9198a1";
/// The first eight colours of a terminal, readable on the background.
const COLOURS: [&str; 8] = ["#484f58", "#ff7b72", "#56d364", "#e3b341", "#79c0ff", "#d2a8ff", "#76e3ea", "#b1bac4"];

/// The screen as SVG: text, so that it stays sharp, and without a font of its own.
#[must_use]
pub fn svg(screen: &Screen) -> String {
    let (lines, columns) = screen.size();
    let (width, height) = (f32::from(columns.get()) * LETTER.0, f32::from(lines.get()) * LETTER.1);
    let mut picture = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {:.0} {:.0}\" font-family=\"ui-monospace, 'DejaVu Sans Mono', \
         monospace\" font-size=\"14\">\n<rect width=\"100%\" height=\"100%\" rx=\"6\" fill=\"{BACK}\"/>\n",
        width + 2.0 * MARGIN,
        height + 2.0 * MARGIN
    );
    for line in 0..lines.get() {
        let cells = (0..columns.get()).filter_map(|column| screen.cell(line, column)).collect::<Vec<_>>();
        let mut column = 0;
        for run in cells.chunk_by(|a, b| look(a) == look(b)) {
            draw(&mut picture, run, line, column);
            column += run.len();
        }
    }
    picture + "</svg>\n"
}

/// Text colour, background, and whether it is bold.
fn look(cell: &Cell) -> (&'static str, &'static str, bool) {
    let plain = if cell.dim() { DIM } else { TEXT };
    let text = match cell.fgcolor() {
        Color::Idx(index) => COLOURS.get(usize::from(index % 8)).copied().unwrap_or(plain),
        Color::Default | Color::Rgb(..) => plain,
    };
    if cell.inverse() { (BACK, text, cell.bold()) } else { (text, BACK, cell.bold()) }
}

fn draw(picture: &mut String, run: &[&Cell], line: u16, column: usize) {
    let Some(first) = run.first() else { return };
    let (text, back, bold) = look(first);
    let letters: String =
        run.iter().map(|cell| if cell.contents().is_empty() { " " } else { cell.contents() }).collect();
    let (x, y, width) =
        (MARGIN + column as f32 * LETTER.0, MARGIN + f32::from(line) * LETTER.1, run.len() as f32 * LETTER.0);
    if back != BACK {
        let _ = writeln!(
            picture,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{}\" fill=\"{back}\"/>",
            LETTER.1
        );
    }
    if letters.trim().is_empty() {
        return;
    }
    let weight = if bold { " font-weight=\"bold\"" } else { "" };
    let letters = letters.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let _ = writeln!(
        picture,
        "<text xml:space=\"preserve\" x=\"{x:.1}\" y=\"{:.1}\" textLength=\"{width:.1}\" fill=\"{text}\"{weight}>{letters}</text>",
        y + LETTER.1 * 0.75
    );
}
