//! The flags that select clients.

use std::time::Duration;

use protocol::{Clock, Timestamp};
use store::ClientFilter;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::durations;

/// Which clients.
#[derive(Debug, clap::Args)]
pub struct ClientFilterArgs {
    /// Only the clients of this account.
    #[arg(long, value_name = "ACCOUNT")]
    pub owner: Option<String>,
    /// Only the clients of the provider of this issuer.
    #[arg(long, value_name = "ISSUER")]
    pub provider: Option<String>,
    /// Only clients issued at that time or later: a date such as 2026-01-31T12:00:00Z, or a duration ago such as 7d.
    #[arg(long, value_name = "WHEN", value_parser = time_arg)]
    pub created_after: Option<TimeArg>,
    /// Only clients issued before that time.
    #[arg(long, value_name = "WHEN", value_parser = time_arg)]
    pub created_before: Option<TimeArg>,
    /// Only clients older than this, such as 90d, whose registration access token was not used since.
    #[arg(long, value_name = "DURATION", value_parser = durations::parse_lifetime)]
    pub unused: Option<Duration>,
}

/// A time, or a duration before now.
#[derive(Debug, Clone, Copy)]
pub enum TimeArg {
    At(Timestamp),
    Ago(Duration),
}

impl TimeArg {
    fn instant(self) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::Ago(span) => Clock::system().now().minus(span),
        }
    }
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

fn time_arg(text: &str) -> Result<TimeArg, String> {
    if let Ok(date) = OffsetDateTime::parse(text, &Rfc3339) {
        return Ok(TimeArg::At(Timestamp::from_seconds(date.unix_timestamp())));
    }
    durations::parse_lifetime(text)
        .map(TimeArg::Ago)
        .map_err(|_| {
            "must be a date such as 2026-01-31T12:00:00Z, or a duration such as 7d or 12h"
                .to_owned()
        })
}
