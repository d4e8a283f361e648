//! `frontdesk purge`.

use protocol::Clock;
use serde_json::json;
use store::PurgeCounts;

use super::by_hand;
use crate::config::Config;
use crate::open_store;
use crate::terminal::output::Output;

/// Deletes expired clients, unusable tokens and retired keys, or only counts them.
///
/// # Errors
/// If the store fails, or the output cannot be written.
pub fn run(config: &Config, dry_run: bool, out: &mut Output) -> anyhow::Result<()> {
    let store = open_store::open_existing(config)?.acting_as(by_hand(None));
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
    out.outcome(
        format!("{told}: clients that expired: {clients}, initial access tokens that expired or are used up: {tokens}, retired keys: {keys}"),
        &json!({ "clients": clients, "tokens": tokens, "keys": keys, "dry_run": dry_run }),
    )
}
