//! `frontdesk key`.

use std::io::Write;

use anyhow::Context;
use keys::KeyInfo;
use protocol::Clock;

use super::{Table, by_hand, date, date_or, providers};
use crate::config::Config;
use crate::open;

/// Lists every provider's keys.
///
/// # Errors
/// One sentence.
pub fn list(config: &Config, out: &mut impl Write) -> anyhow::Result<()> {
    let store = open::store(config)?;
    for provider in providers(config)? {
        let listed = keys::list(&store, &provider.issuer, Clock::system().now())?;
        shown(provider.issuer.as_str(), &listed, out)?;
    }
    Ok(())
}

/// Publishes successors of every provider's keys.
///
/// # Errors
/// One sentence.
pub fn rotate(config: &Config, out: &mut impl Write) -> anyhow::Result<()> {
    keys::install();
    let store = open::store(config)?.by(by_hand(None));
    for provider in providers(config)? {
        let listed = keys::rotate(
            &store,
            &provider.issuer,
            config.max_age,
            Clock::system().now(),
        )
        .with_context(|| format!("the keys of {} were not rotated", provider.issuer))?;
        shown(provider.issuer.as_str(), &listed, out)?;
    }
    Ok(())
}

fn shown(issuer: &str, listed: &[KeyInfo], out: &mut impl Write) -> anyhow::Result<()> {
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
        Table::new(&["KID", "ALGORITHM", "STATE", "SIGNS FROM", "SIGNS UNTIL"]).rows(&rows)
    )?)
}
