//! The limits of client ID metadata documents, and the rows that make room for others.

use diesel::prelude::*;
use protocol::{Issuer, Timestamp};

use crate::Store;
use crate::client_document::{DocumentState, HostPatterns, on_host};
use crate::connection::{AnyConnection, either};
use crate::error::StoreError;
use crate::last_used_buffer::DAY;
use crate::provisioning_table::clients_deleted;
use crate::schema::client_document;

/// The limits of the documents of a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DocumentLimits {
    /// The maximum number of documents; 0: any number.
    pub documents: u32,
    /// The maximum number of unproven documents on the same host; 0: any number.
    pub unproven_per_host: u32,
}

/// Returns the condition for rows that may go.
#[diesel::dsl::auto_type(no_type_alias)]
fn is_unproven() -> _ {
    let active: &'static str = DocumentState::Active.as_str();
    client_document::state
        .eq(active)
        .and(client_document::last_used_at.is_null())
        .and(client_document::added_by.is_null())
}

/// Deletes the oldest unproven rows until a document on this host has room.
pub fn make_room(
    connection: &mut AnyConnection,
    provider: &Issuer,
    host: &str,
    limits: DocumentLimits,
    now: Timestamp,
) -> Result<(), StoreError> {
    let provider = provider.as_str();
    if limits.unproven_per_host > 0 {
        let patterns = HostPatterns::new(host);
        let unproven: i64 = client_document::table
            .filter(client_document::provider.eq(provider))
            .filter(is_unproven())
            .filter(on_host(&patterns))
            .count()
            .get_result(connection)?;
        let excess = excess(unproven, limits.unproven_per_host);
        if excess > 0 {
            let oldest: Vec<String> = client_document::table
                .filter(client_document::provider.eq(provider))
                .filter(is_unproven())
                .filter(on_host(&patterns))
                .order((client_document::asked_at, client_document::client_id))
                .limit(excess)
                .select(client_document::client_id)
                .load(connection)?;
            remove(connection, provider, &oldest, now)?;
        }
    }
    if limits.documents > 0 {
        let all: i64 = client_document::table
            .filter(client_document::provider.eq(provider))
            .count()
            .get_result(connection)?;
        let excess = excess(all, limits.documents);
        if excess > 0 {
            let oldest: Vec<String> = client_document::table
                .filter(client_document::provider.eq(provider))
                .filter(is_unproven())
                .order((client_document::asked_at, client_document::client_id))
                .limit(excess)
                .select(client_document::client_id)
                .load(connection)?;
            if i64::try_from(oldest.len()).unwrap_or(i64::MAX) < excess {
                return Err(StoreError::DocumentsFull);
            }
            remove(connection, provider, &oldest, now)?;
        }
    }
    Ok(())
}

/// Returns the number of rows that must go before a further row.
fn excess(rows: i64, limit: u32) -> i64 {
    rows.saturating_add(1).saturating_sub(i64::from(limit))
}

/// Deletes rows, and has their copies at the server behind the provider deleted.
pub fn remove(
    connection: &mut AnyConnection,
    provider: &str,
    ids: &[String],
    now: Timestamp,
) -> Result<usize, StoreError> {
    let rows = client_document::table
        .filter(client_document::provider.eq(provider))
        .filter(client_document::client_id.eq_any(ids));
    let removed = either!(connection, inner => diesel::delete(rows).execute(inner))?;
    clients_deleted(
        connection,
        ids.iter().map(|id| (id.as_str(), provider)),
        now,
    )?;
    Ok(removed)
}

impl Store {
    /// Deletes the unproven documents that no authorization request named for a day, and returns their number.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn purge_documents(&self, now: Timestamp) -> Result<usize, StoreError> {
        let before = now.minus(DAY).seconds();
        self.0.pool.write(|connection| {
            let old: Vec<(String, String)> = client_document::table
                .filter(client_document::asked_at.le(before))
                .filter(is_unproven())
                .limit(ROWS_PER_PURGE)
                .select((client_document::provider, client_document::client_id))
                .load(connection)?;
            let mut purged = 0;
            for (provider, id) in old {
                purged += remove(connection, &provider, &[id], now)?;
            }
            Ok(purged)
        })
    }
}

/// The maximum number of rows that a transaction deletes, so that registrations do not wait for long.
const ROWS_PER_PURGE: i64 = 1_000;
