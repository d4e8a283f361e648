//! The audit trail: changes and refusals, with the party that caused them. The row of a change is
//! written in the same transaction as the change.

pub(crate) mod event;

use std::fmt::Write;
use std::sync::Arc;

use diesel::prelude::*;
use protocol::{ClientId, Issuer, RegisteredMetadata, Timestamp};

use crate::Store;
use crate::audit_row::{self, AuditRow};
use crate::change::{ClientChange, QueuedWrite};
use crate::change_result::ChangeResult;
use crate::client::SecretChange;
use crate::client_row::has_no_nul;
use crate::error::StoreError;
use crate::pending_write::PendingWrite;
use crate::schema::audit;

pub use event::{Actor, AuditEvent, AuditRecord, RefusalRecord};

/// The maximum number of rows that a single transaction deletes, so that registrations do not wait for
/// long.
const ROWS_PER_PURGE: i64 = 1_000;

impl Store {
    /// Returns the same store with `actor` as the party that acts in the audit trail.
    #[must_use]
    pub fn acting_as(&self, actor: impl Into<Arc<Actor>>) -> Self {
        Self(Arc::clone(&self.0), actor.into())
    }

    /// Returns at most `limit` rows with identifiers greater than `after`, written at `since` or
    /// later, in the order of time; only the rows of a client if `client` is given.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn audit(
        &self,
        after: Option<&str>,
        since: Option<Timestamp>,
        client: Option<&ClientId>,
        limit: i64,
    ) -> Result<Vec<AuditRecord>, StoreError> {
        if client.is_some_and(|id| !has_no_nul(id.as_str())) {
            return Ok(Vec::new());
        }
        let since = since.map(audit_row::first_id_at).unwrap_or_default();
        let rows: Vec<AuditRow> = self.0.pool.read(|connection| {
            let page = audit::table
                .filter(audit::id.ge(&since))
                .filter(audit::id.gt(after.unwrap_or_default()));
            let page = page
                .order(audit::id)
                .limit(limit)
                .select(AuditRow::as_select());
            Ok(match client {
                Some(id) => page
                    .filter(audit::client_id.eq(id.as_str()))
                    .load(connection)?,
                None => page.load(connection)?,
            })
        })?;
        Ok(rows.into_iter().map(AuditRow::into_record).collect())
    }

    /// Writes rows about refusals.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; then no row was written.
    pub fn record_refusals(&self, refusals: Vec<RefusalRecord>) -> PendingWrite<()> {
        if refusals.is_empty() {
            return PendingWrite::noop(|| Ok(()));
        }
        let rows: Arc<[AuditRow]> = refusals
            .into_iter()
            .map(|refusal| AuditRow::from_refusal(self.0.audit_ids.next(), refusal))
            .collect();
        let logged = Arc::clone(&rows);
        let queued = self.0.writer.send(QueuedWrite {
            change: ClientChange::AuditOnly,
            audit: rows,
        });
        PendingWrite::queued(queued, move |_| {
            for row in &*logged {
                row.log(false);
            }
            Ok(())
        })
    }

    /// Writes a row about an event of a provider.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn record_event(
        &self,
        event: AuditEvent,
        provider: &Issuer,
        detail: &str,
    ) -> PendingWrite<()> {
        let row = self
            .audit_row(event)
            .with_provider(provider.as_str())
            .with_detail(detail);
        self.change(ClientChange::AuditOnly, row, |_| Ok(()))
    }

    /// Deletes the rows written before that time, and returns their number.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn purge_audit(&self, before: Timestamp) -> Result<usize, StoreError> {
        let before = audit_row::first_id_at(before);
        let mut purged = 0;
        loop {
            let old: Vec<String> = self.0.pool.read(|connection| {
                Ok(audit::table
                    .filter(audit::id.lt(&before))
                    .order(audit::id)
                    .select(audit::id)
                    .limit(ROWS_PER_PURGE)
                    .load(connection)?)
            })?;
            let Some(last) = old.last() else {
                return Ok(purged);
            };
            purged += self.0.pool.write(|connection| {
                Ok(diesel::delete(audit::table.filter(audit::id.le(last))).execute(connection)?)
            })?;
        }
    }

    /// Returns the audit row for a change that is about to be made.
    pub(crate) fn audit_row(&self, event: AuditEvent) -> AuditRow {
        AuditRow::new(self.0.audit_ids.next(), event, &self.1)
    }

    /// Queues a change with its audit row. The row is logged once both are durable.
    pub(crate) fn change<T>(
        &self,
        change: ClientChange,
        row: AuditRow,
        completion: impl FnOnce(bool) -> Result<T, StoreError> + Send + 'static,
    ) -> PendingWrite<T> {
        self.change_with_result(change, Some(row), |result| completion(result.is_done()))
    }

    /// Queues a change, with its audit row if it has one. The row is logged once both are durable.
    pub(crate) fn change_with_result<T>(
        &self,
        change: ClientChange,
        row: Option<AuditRow>,
        completion: impl FnOnce(ChangeResult) -> Result<T, StoreError> + Send + 'static,
    ) -> PendingWrite<T> {
        let audit: Arc<[AuditRow]> = row.into_iter().collect();
        let logged = Arc::clone(&audit);
        PendingWrite::with_result(
            self.0.writer.send(QueuedWrite { change, audit }),
            move |result| {
                if result.is_done() {
                    for row in &*logged {
                        row.log(true);
                    }
                }
                completion(result)
            },
        )
    }
}

/// Returns the names of the members that differ, without their values.
pub(crate) fn changed_members(
    had_secret: bool,
    before: &RegisteredMetadata,
    after: &RegisteredMetadata,
    secret: &SecretChange,
) -> String {
    let (before, after) = (before.members().object(), after.members().object());
    let set = after
        .iter()
        .filter(|(name, value)| before.get(*name) != Some(value))
        .map(|(name, _)| name.as_str());
    let gone = before
        .keys()
        .filter(|name| !after.contains_key(*name))
        .map(String::as_str);
    let secret = match secret {
        SecretChange::Issue(..) => true,
        SecretChange::Remove => had_secret,
        SecretChange::Keep => false,
    };
    let mut names = String::new();
    for name in set.chain(gone).chain(secret.then_some("client_secret")) {
        let comma = if names.is_empty() { "" } else { ", " };
        // Writing to a string does not fail.
        let _ = write!(names, "{comma}{name}");
    }
    if names.is_empty() {
        "nothing".to_owned()
    } else {
        names
    }
}
