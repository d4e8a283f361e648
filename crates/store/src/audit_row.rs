//! Rows of the table `audit`. Texts that callers sent are truncated, so that callers cannot fill
//! the table.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU32, Ordering};

use diesel::prelude::*;
use protocol::{Clock, Timestamp};

use crate::audit::event::{Actor, AuditEvent, AuditRecord, RefusalRecord};
use crate::columns::columns;
use crate::connection::{AnyConnection, either};
use crate::error::StoreError;
use crate::random::random_bytes;
use crate::schema::audit;

/// The maximum number of characters of a text.
const MAX_TEXT_CHARACTERS: usize = 128;

/// The maximum number of characters of a detail.
const MAX_DETAIL_CHARACTERS: usize = 512;

columns! {
    #[derive(Debug, Clone, Queryable, Selectable, Insertable)]
    #[diesel(table_name = audit, treat_none_as_default_value = false)]
    pub struct AuditRow of audit, inserted by AuditMany {
        id: String,
        event: Cow<'static, str>,
        provider: Option<String>,
        client_id: Option<String>,
        account: Option<String>,
        token: Option<String>,
        address: Option<String>,
        request_id: Option<String>,
        detail: Option<String>,
        times: i64,
    }
}

/// Identifiers that sort by time: milliseconds, a random number for each opened store, and a
/// counter.
pub struct AuditIds {
    clock: Clock,
    store_number: u32,
    next: AtomicU32,
}

impl AuditIds {
    pub fn new(clock: Clock) -> Result<Self, StoreError> {
        Ok(Self {
            clock,
            store_number: u32::from_be_bytes(random_bytes()?),
            next: AtomicU32::new(0),
        })
    }

    /// Returns the time of the store's clock.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn next(&self) -> String {
        let since = milliseconds(self.clock.milliseconds());
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        format!("{since}{:08x}{number:08x}", self.store_number)
    }
}

/// Returns a text that sorts before the identifiers of all rows written at that time or later.
pub fn first_id_at(at: Timestamp) -> String {
    milliseconds(at.seconds().saturating_mul(1000))
}

fn milliseconds(since: i64) -> String {
    format!("{:012x}", since.clamp(0, 0xffff_ffff_ffff))
}

impl AuditRow {
    /// Returns the row of an event that the actor causes.
    pub fn new(id: String, event: AuditEvent, actor: &Actor) -> Self {
        let text = |text: &Option<String>| {
            text.as_deref()
                .map(|text| truncated(text, MAX_TEXT_CHARACTERS))
        };
        Self {
            id,
            event: Cow::Borrowed(event.as_str()),
            provider: actor.provider.clone(),
            client_id: None,
            account: text(&actor.account),
            token: text(&actor.token),
            address: actor.address.map(|address| address.to_string()),
            request_id: text(&actor.request_id),
            detail: actor
                .detail
                .as_deref()
                .map(|detail| truncated(detail, MAX_DETAIL_CHARACTERS)),
            times: 1,
        }
    }

    /// Returns the row of equal refusals.
    pub fn from_refusal(id: String, refusal: RefusalRecord) -> Self {
        let RefusalRecord {
            event,
            provider,
            client_id,
            account,
            token,
            address,
            request_id,
            detail,
            times,
        } = refusal;
        let actor = Actor {
            provider,
            account,
            token,
            address,
            request_id,
            detail,
        };
        Self {
            client_id: client_id.map(|id| truncated(&id, MAX_TEXT_CHARACTERS)),
            times,
            ..Self::new(id, event, &actor)
        }
    }

    pub fn with_client(self, id: &str) -> Self {
        Self {
            client_id: Some(truncated(id, MAX_TEXT_CHARACTERS)),
            ..self
        }
    }

    /// Sets the provider.
    pub fn with_provider(self, provider: &str) -> Self {
        Self {
            provider: Some(provider.to_owned()),
            ..self
        }
    }

    /// Appends to the detail.
    pub fn with_detail(self, more: &str) -> Self {
        let detail = self
            .detail
            .as_deref()
            .map_or_else(|| more.to_owned(), |detail| format!("{detail}; {more}"));
        Self {
            detail: Some(truncated(&detail, MAX_DETAIL_CHARACTERS)),
            ..self
        }
    }

    /// Logs the row. The identifier of the request is left out within a request, whose log lines
    /// have it anyway.
    pub fn log(&self, within_request: bool) {
        tracing::info!(
            client_id = self.client_id.as_deref(),
            provider = self.provider.as_deref(),
            account = self.account.as_deref(),
            token = self.token.as_deref(),
            address = self.address.as_deref(),
            detail = self.detail.as_deref(),
            times = (self.times > 1).then_some(self.times),
            request_id = self.request_id.as_deref().filter(|_| !within_request),
            "{}",
            self.event
        );
    }

    pub fn into_record(self) -> AuditRecord {
        let milliseconds = self
            .id
            .get(..12)
            .and_then(|digits| i64::from_str_radix(digits, 16).ok())
            .unwrap_or_default();
        AuditRecord {
            at: Timestamp::from_seconds(milliseconds / 1000),
            id: self.id,
            event: self.event.into_owned(),
            provider: self.provider,
            client_id: self.client_id,
            account: self.account,
            token: self.token,
            address: self.address,
            request_id: self.request_id,
            detail: self.detail,
            times: self.times,
        }
    }
}

/// Returns the first `limit` characters of a text, with U+FFFD for NUL, which PostgreSQL refuses.
fn truncated(text: &str, limit: usize) -> String {
    if text.len() <= limit && !text.contains('\0') {
        return text.to_owned();
    }
    text.chars()
        .take(limit)
        .map(|character| {
            if character == '\0' {
                '\u{fffd}'
            } else {
                character
            }
        })
        .collect()
}

/// Writes rows in the current transaction.
pub fn write(connection: &mut AnyConnection, rows: &[Cow<'_, AuditRow>]) -> Result<(), StoreError> {
    if let AnyConnection::Postgres(postgres) = connection
        && rows.len() > 1
    {
        AuditMany::new(&rows.iter().map(AsRef::as_ref).collect::<Vec<_>>()).execute(postgres)?;
        return Ok(());
    }
    for row in rows {
        either!(connection, inner => diesel::insert_into(audit::table).values(row.as_ref()).execute(inner))?;
    }
    Ok(())
}

/// Writes a row in the current transaction.
pub fn write_one(connection: &mut AnyConnection, row: &AuditRow) -> Result<(), StoreError> {
    write(connection, &[Cow::Borrowed(row)])
}
