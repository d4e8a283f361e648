//! Copies of the documents of the authorization servers behind providers.

use diesel::prelude::*;
use protocol::{Issuer, Timestamp};

use crate::Store;
use crate::audit::AuditEvent;
use crate::audit_row;
use crate::connection::either;
use crate::error::StoreError;
use crate::schema::upstream_document;

/// A document as it was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchedDocument {
    /// The text.
    pub document: String,
    /// The `ETag` of its response.
    pub etag: Option<String>,
    /// The `Last-Modified` of its response.
    pub last_modified: Option<String>,
}

/// The times of a copy, which grow with every fetch and every change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UpstreamTimes {
    /// The time at which the server was asked last.
    pub fetched_at: Timestamp,
    /// The time at which the document changed last.
    pub changed_at: Timestamp,
}

/// A document in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamCopy {
    /// The document.
    pub fetched: FetchedDocument,
    /// The times.
    pub times: UpstreamTimes,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = upstream_document, treat_none_as_default_value = false)]
struct UpstreamRow {
    provider: String,
    document: String,
    etag: Option<String>,
    last_modified: Option<String>,
    fetched_at: i64,
    changed_at: i64,
}

impl UpstreamRow {
    fn new(provider: &Issuer, fetched: FetchedDocument, times: UpstreamTimes) -> Self {
        Self {
            provider: provider.as_str().to_owned(),
            document: fetched.document,
            etag: fetched.etag,
            last_modified: fetched.last_modified,
            fetched_at: times.fetched_at.seconds(),
            changed_at: times.changed_at.seconds(),
        }
    }
}

impl Store {
    /// Returns the copy of a provider's document, if there is one.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn upstream_copy(&self, provider: &Issuer) -> Result<Option<UpstreamCopy>, StoreError> {
        let row: Option<UpstreamRow> = self.0.pool.read(|connection| {
            Ok(upstream_document::table
                .find(provider.as_str())
                .select(UpstreamRow::as_select())
                .first(connection)
                .optional()?)
        })?;
        Ok(row.map(|row| UpstreamCopy {
            fetched: FetchedDocument {
                document: row.document,
                etag: row.etag,
                last_modified: row.last_modified,
            },
            times: times(row.fetched_at, row.changed_at),
        }))
    }

    /// Returns the times of a provider's copy, if there is one.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn upstream_times(&self, provider: &Issuer) -> Result<Option<UpstreamTimes>, StoreError> {
        let row: Option<(i64, i64)> = self.0.pool.read(|connection| {
            Ok(upstream_document::table
                .find(provider.as_str())
                .select((upstream_document::fetched_at, upstream_document::changed_at))
                .first(connection)
                .optional()?)
        })?;
        Ok(row.map(|(fetched, changed)| times(fetched, changed)))
    }

    /// Advances the time of the last fetch, if it still is `seen`. Of several replicas one gets the new time, and asks the
    /// server; the others get nothing.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn lease_upstream(
        &self,
        provider: &Issuer,
        seen: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let next = now.seconds().max(seen.seconds().saturating_add(1));
        let won = self.move_fetched_at(provider, seen.seconds(), next)?;
        Ok(won.then_some(Timestamp::from_seconds(next)))
    }

    /// Takes an advance of the last fetch back, since the server did not answer.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn return_upstream(
        &self,
        provider: &Issuer,
        leased: Timestamp,
        seen: Timestamp,
    ) -> Result<(), StoreError> {
        self.move_fetched_at(provider, leased.seconds(), seen.seconds())
            .map(drop)
    }

    fn move_fetched_at(&self, provider: &Issuer, from: i64, to: i64) -> Result<bool, StoreError> {
        let moved = self.0.pool.write(|connection| {
            let row = upstream_document::table
                .find(provider.as_str())
                .filter(upstream_document::fetched_at.eq(from));
            let to = upstream_document::fetched_at.eq(to);
            Ok(either!(connection, inner => diesel::update(row).set(to).execute(inner))?)
        })?;
        Ok(moved > 0)
    }

    /// Stores the first copy of a provider's document.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if there is one already, [`StoreError::Unavailable`].
    pub fn insert_upstream(
        &self,
        provider: &Issuer,
        fetched: FetchedDocument,
        now: Timestamp,
    ) -> Result<UpstreamTimes, StoreError> {
        let times = UpstreamTimes {
            fetched_at: now,
            changed_at: now,
        };
        let row = UpstreamRow::new(provider, fetched, times);
        self.0.pool.write(|connection| {
            diesel::insert_into(upstream_document::table)
                .values(&row)
                .execute(connection)?;
            Ok(())
        })?;
        Ok(times)
    }

    /// Replaces the copy of a provider's document. With the names of the members that differ the change is written to the audit
    /// trail and has a new time; without names only the validators differ.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn replace_upstream(
        &self,
        provider: &Issuer,
        fetched: FetchedDocument,
        times: UpstreamTimes,
        members: Option<&str>,
    ) -> Result<UpstreamTimes, StoreError> {
        let changed = members.map(|members| {
            self.audit_row(AuditEvent::UpstreamChanged)
                .with_provider(provider.as_str())
                .with_detail(members)
        });
        let before = times.changed_at.seconds();
        let changed_at = match &changed {
            Some(_) => times.fetched_at.seconds().max(before.saturating_add(1)),
            None => before,
        };
        let times = UpstreamTimes {
            changed_at: Timestamp::from_seconds(changed_at),
            ..times
        };
        let row = UpstreamRow::new(provider, fetched, times);
        self.0.pool.write(|connection| {
            let replaced = diesel::update(upstream_document::table.find(&row.provider))
                .set((
                    upstream_document::document.eq(&row.document),
                    upstream_document::etag.eq(&row.etag),
                    upstream_document::last_modified.eq(&row.last_modified),
                    upstream_document::fetched_at.eq(row.fetched_at),
                    upstream_document::changed_at.eq(row.changed_at),
                ))
                .execute(connection)?;
            if replaced == 0 {
                diesel::insert_into(upstream_document::table)
                    .values(&row)
                    .execute(connection)?;
            }
            if let Some(changed) = &changed {
                audit_row::write_one(connection, changed)?;
            }
            Ok(())
        })?;
        if let Some(changed) = changed {
            changed.log(false);
        }
        Ok(times)
    }
}

fn times(fetched_at: i64, changed_at: i64) -> UpstreamTimes {
    UpstreamTimes {
        fetched_at: Timestamp::from_seconds(fetched_at),
        changed_at: Timestamp::from_seconds(changed_at),
    }
}
