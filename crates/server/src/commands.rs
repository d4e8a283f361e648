//! The commands other than `serve`. Each works on the store directly, so it works while the service runs.

use anyhow::{Context, bail};
use protocol::{Issuer, Timestamp};
use store::Actor;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::config::{Config, ProviderConfig};
use crate::settings::named;
use protocol::escape::plain;

pub mod account;
pub mod audit;
pub mod backup;
pub mod check;
pub mod client;
pub mod completions_and_man;
pub mod document;
pub mod health;
pub mod init;
pub mod key;
pub mod lookup_token;
pub mod migrate;
pub mod provider;
pub mod provision;
pub mod purge;
pub mod token;

/// The name of standard output and standard input in place of a file.
const STANDARD_STREAM: &str = "-";

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

/// Returns a time for JSON: seconds since 1970, or nothing.
fn seconds(at: Option<Timestamp>) -> Option<i64> {
    at.map(Timestamp::seconds)
}

/// Formats a time, or returns the words for its absence.
fn date_or(at: Option<Timestamp>, absent: &str) -> String {
    at.map_or_else(|| absent.to_owned(), date)
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
