//! Which clients a command is about, as the command line says it.

use std::time::Duration;

use protocol::{Clock, Timestamp};
use store::Which;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::cli;

/// Which clients.
#[derive(Debug, clap::Args)]
pub struct Filter {
    /// Only the clients of this account.
    #[arg(long, value_name = "ACCOUNT")]
    pub owner: Option<String>,
    /// Only the clients of the provider of this issuer.
    #[arg(long, value_name = "ISSUER")]
    pub provider: Option<String>,
    /// Only clients issued then or later: a date such as 2026-01-31T12:00:00Z, or a span ago such as 7d.
    #[arg(long, value_name = "WHEN", value_parser = when)]
    pub created_after: Option<When>,
    /// Only clients issued before that.
    #[arg(long, value_name = "WHEN", value_parser = when)]
    pub created_before: Option<When>,
    /// Only clients that are older than that and whose registration access token was not used since, such as 90d.
    #[arg(long, value_name = "SPAN", value_parser = cli::span)]
    pub unused: Option<Duration>,
}

/// An instant, or a span before now.
#[derive(Debug, Clone, Copy)]
pub enum When {
    /// Then.
    At(Timestamp),
    /// So long ago.
    Ago(Duration),
}

impl When {
    fn instant(self) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::Ago(span) => Clock::system().now().minus(span),
        }
    }
}

impl Filter {
    /// The same, for the store.
    pub fn which(&self) -> Which {
        Which {
            owner: self.owner.clone(),
            provider: self.provider.clone(),
            issued_from: self.created_after.map(When::instant),
            issued_before: self.created_before.map(When::instant),
            unused_since: self.unused.map(|span| When::Ago(span).instant()),
        }
    }
}

fn when(text: &str) -> Result<When, String> {
    if let Ok(date) = OffsetDateTime::parse(text, &Rfc3339) {
        return Ok(When::At(Timestamp::from_seconds(date.unix_timestamp())));
    }
    cli::span(text).map(When::Ago).map_err(|_| {
        "must be a date such as 2026-01-31T12:00:00Z, or a duration such as 7d or 12h".to_owned()
    })
}
