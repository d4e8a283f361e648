//! `frontdesk audit`.

use protocol::ClientId;
use serde_json::{Value, json};
use store::audit::AuditRecord;

use super::{date, plain_or_dash};
use crate::config::Config;
use crate::durations::TimeArg;
use crate::open_store;
use crate::terminal::output::Output;
use crate::terminal::table::TextTable;
use protocol::escape::{plain, quoted};

/// The number of rows per query.
const PAGE: i64 = 500;

/// Prints the audit trail in the order of time, as a table or as a JSON object per line.
///
/// # Errors
/// If the store fails, or the output cannot be written.
pub fn run(
    config: &Config,
    since: Option<TimeArg>,
    client: Option<&ClientId>,
    out: &mut Output,
) -> anyhow::Result<()> {
    let store = open_store::open_existing(config)?;
    let since = since.map(TimeArg::instant);
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
        out.rows(&mut table, &page, row, to_json)?;
        match page.last() {
            Some(last) => after = Some(last.id.clone()),
            None => return Ok(()),
        }
    }
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
        "time": record.at.seconds(),
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
