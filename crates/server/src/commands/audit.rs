//! `frontdesk audit`.

use std::io::Write;

use protocol::{ClientId, Clock, Timestamp};
use serde_json::{Value, json};
use store::audit::Record;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Table, date, lines, plain_or_dash};
use crate::config::Config;
use crate::{cli, open};
use protocol::escape::{plain, quoted};

/// How many rows are read at a time.
const PAGE: i64 = 500;

/// Prints the audit trail in the order of time: as a table, or as one JSON object a line.
///
/// # Errors
/// One sentence.
pub fn run(
    config: &Config,
    since: Option<Timestamp>,
    client: Option<&ClientId>,
    json: bool,
    out: &mut impl Write,
) -> Result<(), String> {
    let store = open::store(config)?;
    let mut table = Table::new(&[
        "TIME",
        "EVENT",
        "TIMES",
        "WHO",
        "ADDRESS",
        "CLIENT ID",
        "DETAIL",
        "PROVIDER",
        "REQUEST",
    ]);
    let mut after: Option<String> = None;
    loop {
        let page = store
            .audit(after.as_deref(), since, client, PAGE)
            .map_err(|error| error.to_string())?;
        let text = match json {
            true => lines(page.iter().map(shown)),
            false => table.rows(&page.iter().map(row).collect::<Vec<_>>()),
        };
        write!(out, "{text}").map_err(|error| error.to_string())?;
        match page.last() {
            Some(last) => after = Some(last.id.clone()),
            None => return Ok(()),
        }
    }
}

/// Since when: an instant, or that long ago.
///
/// # Errors
/// When it is neither.
pub fn since(text: &str) -> Result<Timestamp, String> {
    if let Ok(at) = OffsetDateTime::parse(text, &Rfc3339) {
        return Ok(Timestamp::from_seconds(at.unix_timestamp()));
    }
    let ago = cli::span(text).map_err(|_| {
        format!(
            "must be a duration such as 7d, or a time such as 2026-01-31T12:00:00Z, not {text:?}"
        )
    })?;
    Ok(Clock::system().now().minus(ago))
}

fn row(record: &Record) -> Vec<String> {
    vec![
        date(record.at),
        plain(&record.event).into_owned(),
        record.times.to_string(),
        who(record),
        plain_or_dash(record.address.as_deref()),
        plain_or_dash(record.client_id.as_deref()),
        plain_or_dash(record.detail.as_deref()),
        plain_or_dash(record.provider.as_deref()),
        plain_or_dash(record.request_id.as_deref()),
    ]
}

/// A name that cannot be an account's is a stranger's word, and stands in quotes: it could look like anything.
fn who(record: &Record) -> String {
    match (&record.account, &record.token) {
        (Some(account), _) if store::is_account_name(account) => account.clone(),
        (Some(account), _) => quoted(account),
        (None, Some(token)) => plain(token).into_owned(),
        (None, None) => "-".to_owned(),
    }
}

fn shown(record: &Record) -> Value {
    json!({
        "id": record.id,
        "time": date(record.at),
        "event": record.event,
        "times": record.times,
        "account": record.account,
        "token": record.token,
        "address": record.address,
        "client_id": record.client_id,
        "provider": record.provider,
        "detail": record.detail,
        "request_id": record.request_id,
    })
}
