//! The commands other than `serve`. Each works on the store directly, so it works while the service runs.

use std::borrow::Cow;
use std::fmt::Write;

use anyhow::{Context, bail};
use protocol::{Issuer, Timestamp};
use serde_json::Value;
use store::Actor;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::config::{Config, ProviderConfig};
use crate::settings::named;
use protocol::escape::{plain, visible, visible_json};

pub mod account;
pub mod audit;
pub mod backup;
pub mod check;
pub mod client;
pub mod completions_and_man;
pub mod health;
pub mod key;
pub mod migrate;
pub mod provider;
pub mod purge;
pub mod token;

/// Returns the actor of a command, with the account that `--as` names.
fn by_hand(account: Option<&str>) -> Actor {
    Actor {
        account: account.map(str::to_owned),
        ..Actor::process("command line")
    }
}

/// Returns an error and its causes as a sentence. A cause is left out if the text before it contains it already.
pub(crate) fn error_text(error: &anyhow::Error) -> String {
    error
        .chain()
        .skip(1)
        .map(ToString::to_string)
        .fold(error.to_string(), |text, cause| {
            if text.contains(&cause) {
                text
            } else {
                format!("{text}: {cause}")
            }
        })
}

/// Formats a time. RFC 3339.
fn date(at: Timestamp) -> String {
    OffsetDateTime::from_unix_timestamp(at.seconds())
        .ok()
        .and_then(|at| at.format(&Rfc3339).ok())
        .unwrap_or_else(|| at.seconds().to_string())
}

/// Formats a time, or returns the words for its absence.
fn date_or(at: Option<Timestamp>, absent: &str) -> String {
    at.map_or_else(|| absent.to_owned(), date)
}

/// A JSON object per line.
fn lines(objects: impl Iterator<Item = Value>) -> String {
    objects.fold(String::new(), |mut text, object| {
        let _ = writeln!(text, "{}", visible_json(&object.to_string()));
        text
    })
}

/// Returns the provider that `--provider` names.
fn configured(config: &Config, issuer: &str) -> anyhow::Result<Issuer> {
    let known: Vec<&Issuer> = providers(config)?
        .iter()
        .map(|provider| &provider.issuer)
        .collect();
    known.iter().find(|known| known.as_str() == issuer).map(|known| (*known).clone()).with_context(|| {
        let known: Vec<&str> = known.iter().map(|known| known.as_str()).collect();
        format!("--provider must be the issuer of a provider that is configured ({}), not {issuer:?}", known.join(", "))
    })
}

/// Formats an optional text for a table: in quotes unless it is words separated by single blanks.
fn plain_or_dash(text: Option<&str>) -> String {
    text.map_or_else(|| "-".to_owned(), |text| plain(text).into_owned())
}

/// A table as text. A column is as wide as its widest text so far; the headings are printed once. Columns are two blanks
/// apart, so that a text with two must come in quotes.
struct TextTable {
    headings: Vec<String>,
    widths: Vec<usize>,
    has_printed_headings: bool,
}

impl TextTable {
    fn new(headings: &[&str]) -> Self {
        Self {
            headings: headings.iter().map(|head| (*head).to_owned()).collect(),
            widths: vec![0; headings.len()],
            has_printed_headings: false,
        }
    }

    /// Returns the text of more rows.
    fn rows(&mut self, rows: &[Vec<String>]) -> String {
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

/// Returns the configured providers, if their issuers are known.
pub(crate) fn providers(config: &Config) -> anyhow::Result<&[ProviderConfig]> {
    if !config.issuers_are_known() {
        bail!(
            "{} is {}, so the issuer is not known here; name the port that is served",
            named("listen"),
            config.listen
        );
    }
    Ok(&config.providers)
}
