//! The audit trail: who changed what, and who was refused what. Rows are written with what they tell of, or not at all.

pub(crate) mod event;

use std::fmt::Write;
use std::sync::Arc;

use diesel::prelude::*;
use protocol::{ClientId, RegisteredMetadata, Timestamp};

use crate::Store;
use crate::audit_row::{self, AuditRow};
use crate::change::{ClientChange, QueuedWrite};
use crate::client::SecretChange;
use crate::client_row::has_no_nul;
use crate::error::StoreError;
use crate::pending_write::Written;
use crate::schema::audit;

pub use event::{By, Event, Record, Refused};

/// How many rows one transaction deletes, so that registrations need not wait for all of them.
const ROWS_PER_PURGE: i64 = 1_000;

impl Store {
    /// The same store, whose audit trail says that `by` does what is done with it from here on.
    #[must_use]
    pub fn by(&self, by: impl Into<Arc<By>>) -> Self {
        Self(Arc::clone(&self.0), by.into())
    }

    /// At most `limit` rows in the order of time, from the one behind `after` on and not before `since`; those of one client,
    /// if one is named.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn audit(
        &self,
        after: Option<&str>,
        since: Option<Timestamp>,
        client: Option<&ClientId>,
        limit: i64,
    ) -> Result<Vec<Record>, StoreError> {
        if client.is_some_and(|id| !has_no_nul(id.as_str())) {
            return Ok(Vec::new());
        }
        let since = since.map(audit_row::first_at).unwrap_or_default();
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

    /// Writes down what was refused.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; nothing was written then.
    pub fn refused(&self, refused: Vec<Refused>) -> Written<()> {
        if refused.is_empty() {
            return Written::noop(|| Ok(()));
        }
        let rows: Arc<[AuditRow]> = refused
            .into_iter()
            .map(|refused| AuditRow::refused(self.0.audit_ids.next(), refused))
            .collect();
        let logged = Arc::clone(&rows);
        let queued = self.0.writer.send(QueuedWrite {
            change: ClientChange::AuditOnly,
            audit: rows,
        });
        Written::queued(queued, move |_| {
            for row in &*logged {
                row.log(false);
            }
            Ok(())
        })
    }

    /// Deletes the rows written before that time, and says how many there were.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn purge_audit(&self, before: Timestamp) -> Result<usize, StoreError> {
        let before = audit_row::first_at(before);
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

    /// The row of something that is about to be done.
    pub(crate) fn audit_row(&self, event: Event) -> AuditRow {
        AuditRow::new(self.0.audit_ids.next(), event, &self.1)
    }

    /// Queues a change with its row; the log tells of it once both are durable.
    pub(crate) fn change<T>(
        &self,
        change: ClientChange,
        row: AuditRow,
        completion: impl FnOnce(bool) -> Result<T, StoreError> + Send + 'static,
    ) -> Written<T> {
        let audit: Arc<[AuditRow]> = Arc::from([row]);
        let logged = Arc::clone(&audit);
        Written::queued(
            self.0.writer.send(QueuedWrite { change, audit }),
            move |done| {
                if done {
                    for row in &*logged {
                        row.log(true);
                    }
                }
                completion(done)
            },
        )
    }
}

/// The names of the members that differ, never what is in them.
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
        // Writing to a text does not fail.
        let _ = write!(names, "{comma}{name}");
    }
    if names.is_empty() {
        "nothing".to_owned()
    } else {
        names
    }
}
