//! `frontdesk audit`.

use std::io::Write;

use protocol::{ClientId, Clock, Timestamp};
use serde_json::{Value, json};
use store::audit::AuditRecord;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{TextTable, date, lines, plain_or_dash};
use crate::config::Config;
use crate::{durations, open_store};
use protocol::escape::{plain, quoted};

/// The number of rows per query.
const PAGE: i64 = 500;

/// Prints the audit trail in the order of time, as a table or as a JSON object per line.
///
/// # Errors
/// If the store fails, or the output cannot be written.
pub fn run(
    config: &Config,
    since: Option<Timestamp>,
    client: Option<&ClientId>,
    json: bool,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let store = open_store::open(config)?;
    let mut table = TextTable::new(&[
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
        let page = store.audit(after.as_deref(), since, client, PAGE)?;
        let text = match json {
            true => lines(page.iter().map(to_json)),
            false => table.rows(&page.iter().map(row).collect::<Vec<_>>()),
        };
        write!(out, "{text}")?;
        match page.last() {
            Some(last) => after = Some(last.id.clone()),
            None => return Ok(()),
        }
    }
}

/// Reads a time, or a duration before now.
///
/// # Errors
/// If the text is neither.
pub fn since(text: &str) -> Result<Timestamp, String> {
    if let Ok(at) = OffsetDateTime::parse(text, &Rfc3339) {
        return Ok(Timestamp::from_seconds(at.unix_timestamp()));
    }
    let ago = durations::parse_lifetime(text).map_err(|_| {
        format!(
            "must be a duration such as 7d, or a time such as 2026-01-31T12:00:00Z, not {text:?}"
        )
    })?;
    Ok(Clock::system().now().minus(ago))
}

fn row(record: &AuditRecord) -> Vec<String> {
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

/// Returns the account or token. A name that no account can have was sent by an anonymous client and is quoted.
fn who(record: &AuditRecord) -> String {
    match (&record.account, &record.token) {
        (Some(account), _) if store::is_account_name(account) => account.clone(),
        (Some(account), _) => quoted(account),
        (None, Some(token)) => plain(token).into_owned(),
        (None, None) => "-".to_owned(),
    }
}

fn to_json(record: &AuditRecord) -> Value {
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
