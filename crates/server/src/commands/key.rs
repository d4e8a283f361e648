//! `frontdesk key`.

use std::io::Write;

use anyhow::Context;
use keys::KeyInfo;
use protocol::{Clock, Issuer};
use serde_json::{Value, json};

use super::{by_hand, date, date_or, providers, seconds};
use crate::config::Config;
use crate::open_store;
use crate::terminal::output::Output;
use crate::terminal::table::TextTable;

/// Lists every provider's keys.
///
/// # Errors
/// If the store fails, or the output cannot be written.
pub fn list(config: &Config, out: &mut Output) -> anyhow::Result<()> {
    let store = open_store::open_existing(config)?;
    for provider in providers(config)? {
        let listed = keys::list(&store, &provider.issuer, Clock::system().now())?;
        write_keys(&provider.issuer, &listed, out)?;
    }
    Ok(())
}

/// Publishes successors of every provider's keys.
///
/// # Errors
/// If the store fails, or the output cannot be written.
pub fn rotate(config: &Config, out: &mut Output) -> anyhow::Result<()> {
    keys::install();
    let store = open_store::open_existing(config)?.acting_as(by_hand(None));
    for provider in providers(config)? {
        let listed = keys::rotate(
            &store,
            &provider.issuer,
            config.max_age,
            Clock::system().now(),
        )
        .with_context(|| format!("the keys of {} were not rotated", provider.issuer))?;
        write_keys(&provider.issuer, &listed, out)?;
    }
    Ok(())
}

fn write_keys(issuer: &Issuer, listed: &[KeyInfo], out: &mut Output) -> anyhow::Result<()> {
    if !out.is_json() {
        writeln!(out, "{issuer}")?;
    }
    let mut table = TextTable::new(&["KID", "ALGORITHM", "STATE", "SIGNS FROM", "SIGNS UNTIL"]);
    out.rows(&mut table, listed, row, |key| to_json(issuer, key))
}

fn row(key: &KeyInfo) -> Vec<String> {
    vec![
        key.kid.clone(),
        key.algorithm.as_str().to_owned(),
        key.state.as_str().to_owned(),
        date(key.signs_from),
        date_or(key.retired_at, "-"),
    ]
}

/// Returns a provider's key for JSON.
pub(super) fn to_json(issuer: &Issuer, key: &KeyInfo) -> Value {
    json!({
        "provider": issuer.as_str(),
        "kid": key.kid,
        "algorithm": key.algorithm.as_str(),
        "state": key.state.as_str(),
        "created_at": key.created_at.seconds(),
        "signs_from": key.signs_from.seconds(),
        "signs_until": seconds(key.retired_at),
    })
}
