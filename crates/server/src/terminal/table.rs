//! Tables as text.

use std::borrow::Cow;
use std::fmt::Write;

use protocol::escape::visible;

/// A table as text. A column is as wide as its widest text so far; the headings are printed once. Columns are two blanks
/// apart, so that a text with two must come in quotes.
#[derive(Debug)]
pub struct TextTable {
    headings: Vec<String>,
    widths: Vec<usize>,
    has_printed_headings: bool,
}

impl TextTable {
    /// Returns a table with these headings.
    pub fn new(headings: &[&str]) -> Self {
        Self {
            headings: headings.iter().map(|head| (*head).to_owned()).collect(),
            widths: vec![0; headings.len()],
            has_printed_headings: false,
        }
    }

    /// Returns the text of more rows.
    pub fn rows(&mut self, rows: &[Vec<String>]) -> String {
        let headings = (!self.has_printed_headings).then_some(&self.headings);
        self.has_printed_headings = true;
        let rows: Vec<Vec<Cow<'_, str>>> = headings
            .into_iter()
            .chain(rows)
            .map(|row| row.iter().map(|cell| visible(cell)).collect())
            .collect();
        for row in &rows {
            for (width, cell) in self.widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let mut text = String::new();
        for row in &rows {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&self.widths) {
                let _ = write!(line, "{cell:width$}  ");
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}
