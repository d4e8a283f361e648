//! `frontdesk key`.

use std::io::Write;

use anyhow::Context;
use keys::KeyInfo;
use protocol::Clock;

use super::{TextTable, by_hand, date, date_or, providers};
use crate::config::Config;
use crate::open_store;

/// Lists every provider's keys.
///
/// # Errors
/// If the store fails, or the output cannot be written.
pub fn list(config: &Config, out: &mut impl Write) -> anyhow::Result<()> {
    let store = open_store::open(config)?;
    for provider in providers(config)? {
        let listed = keys::list(&store, &provider.issuer, Clock::system().now())?;
        write_keys(provider.issuer.as_str(), &listed, out)?;
    }
    Ok(())
}

/// Publishes successors of every provider's keys.
///
/// # Errors
/// If the store fails, or the output cannot be written.
pub fn rotate(config: &Config, out: &mut impl Write) -> anyhow::Result<()> {
    keys::install();
    let store = open_store::open(config)?.acting_as(by_hand(None));
    for provider in providers(config)? {
        let listed = keys::rotate(
            &store,
            &provider.issuer,
            config.max_age,
            Clock::system().now(),
        )
        .with_context(|| format!("the keys of {} were not rotated", provider.issuer))?;
        write_keys(provider.issuer.as_str(), &listed, out)?;
    }
    Ok(())
}

fn write_keys(issuer: &str, listed: &[KeyInfo], out: &mut impl Write) -> anyhow::Result<()> {
    let row = |key: &KeyInfo| {
        vec![
            key.kid.clone(),
            key.algorithm.as_str().to_owned(),
            key.state.as_str().to_owned(),
            date(key.signs_from),
            date_or(key.retired_at, "-"),
        ]
    };
    let rows: Vec<_> = listed.iter().map(row).collect();
    Ok(write!(
        out,
        "{issuer}\n{}",
        TextTable::new(&["KID", "ALGORITHM", "STATE", "SIGNS FROM", "SIGNS UNTIL"]).rows(&rows)
    )?)
}
