//! The flags that select clients.

use std::time::Duration;

use store::ClientFilter;

use crate::durations::{self, TimeArg};

/// The flags that select clients.
#[derive(Debug, clap::Args)]
pub struct ClientFilterArgs {
    /// Only the clients of this account.
    #[arg(long, value_name = "ACCOUNT")]
    pub owner: Option<String>,
    /// Only the clients of the provider of this issuer.
    #[arg(long, value_name = "ISSUER")]
    pub provider: Option<String>,
    /// Only clients issued at that time or later: a duration ago such as 7d, a date such as 2026-01-31 (00:00 UTC), or a time such as 2026-01-31T12:00:00Z.
    #[arg(long, value_name = "WHEN", value_parser = durations::time_arg)]
    pub created_after: Option<TimeArg>,
    /// Only clients issued before that time.
    #[arg(long, value_name = "WHEN", value_parser = durations::time_arg)]
    pub created_before: Option<TimeArg>,
    /// Only clients older than this, such as 90d, whose registration access token was not used since.
    #[arg(long, value_name = "DURATION", value_parser = durations::parse_lifetime)]
    pub unused: Option<Duration>,
}

impl ClientFilterArgs {
    /// Returns the filter of the store.
    pub fn which(&self) -> ClientFilter {
        ClientFilter {
            owner: self.owner.clone(),
            provider: self.provider.clone(),
            issued_from: self.created_after.map(TimeArg::instant),
            issued_before: self.created_before.map(TimeArg::instant),
            unused_since: self.unused.map(|span| TimeArg::Ago(span).instant()),
        }
    }
}
