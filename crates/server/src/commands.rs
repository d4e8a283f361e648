//! What an operator does besides serving. Each command works on the store directly, so it works while the service runs.

use std::fmt::Write;

use protocol::Timestamp;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

pub mod account;
pub mod check;
pub mod client;
pub mod key;
pub mod migrate;
pub mod token;

/// An instant as people read it. RFC 3339.
fn date(at: Timestamp) -> String {
    OffsetDateTime::from_unix_timestamp(at.seconds())
        .ok()
        .and_then(|at| at.format(&Rfc3339).ok())
        .unwrap_or_else(|| at.seconds().to_string())
}

/// The same, or what its absence means.
fn date_or(at: Option<Timestamp>, absent: &str) -> String {
    at.map_or_else(|| absent.to_owned(), date)
}

/// Rows in columns, each as wide as its widest text.
fn columns(heads: &[&str], rows: &[Vec<String>]) -> String {
    let width = |at: usize, head: &str| {
        rows.iter().filter_map(|row| row.get(at)).map(|text| text.chars().count()).chain([head.len()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = heads.iter().enumerate().map(|(at, head)| width(at, head)).collect();
    let mut text = String::new();
    let heads: Vec<String> = heads.iter().map(|head| (*head).to_owned()).collect();
    for row in [&heads].into_iter().chain(rows) {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(line, "{cell:width$}  ");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
