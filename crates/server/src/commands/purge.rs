//! `frontdesk purge`.

use std::io::Write;

use protocol::Clock;
use store::PurgeCounts;

use super::by_hand;
use crate::config::Config;
use crate::open_store;

/// Deletes expired clients, unusable tokens and retired keys, or only counts them.
///
/// # Errors
/// If the store fails, or the output cannot be written.
pub fn run(config: &Config, dry_run: bool, out: &mut impl Write) -> anyhow::Result<()> {
    let store = open_store::open(config)?.acting_as(by_hand(None));
    let now = Clock::system().now();
    let purged = if dry_run {
        store.purgeable(now, now.minus(config.keep_retired))?
    } else {
        PurgeCounts {
            clients: store.purge_expired(now)?,
            tokens: store.purge_tokens(now)?,
            keys: keys::purge(&store, config.keep_retired, now)?,
        }
    };
    let told = if dry_run { "would be purged" } else { "purged" };
    let PurgeCounts {
        clients,
        tokens,
        keys,
    } = purged;
    Ok(writeln!(
        out,
        "{told}: clients that expired: {clients}, initial access tokens that expired or are used up: {tokens}, retired keys: {keys}"
    )?)
}
