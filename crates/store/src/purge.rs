//! Counts the rows that a purge deletes, and purges initial access tokens.

use diesel::prelude::*;
use protocol::Timestamp;

use crate::Store;
use crate::audit::AuditEvent;
use crate::audit_row;
use crate::error::StoreError;
use crate::schema::{client, initial_access_token, signing_key};

/// The numbers of rows that a purge deletes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PurgeCounts {
    /// Expired clients.
    pub clients: usize,
    /// Initial access tokens that are expired or used up.
    pub tokens: usize,
    /// Signing keys that retired long enough ago.
    pub keys: usize,
}

impl Store {
    /// Returns the numbers of rows that [`Store::purge_expired`], [`Store::purge_tokens`] and
    /// [`Store::purge_signing_keys`] would delete now.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn purgeable(
        &self,
        now: Timestamp,
        keys_retired_before: Timestamp,
    ) -> Result<PurgeCounts, StoreError> {
        use initial_access_token::{expires_at, table, uses_left};

        let (clients, tokens, keys): (i64, i64, i64) = self.0.pool.read(|connection| {
            Ok((
                client::table
                    .filter(client::expires_at.le(now.seconds()))
                    .count()
                    .get_result(connection)?,
                table
                    .filter(uses_left.le(0).or(expires_at.le(now.seconds())))
                    .count()
                    .get_result(connection)?,
                signing_key::table
                    .filter(signing_key::retired_at.lt(keys_retired_before.seconds()))
                    .count()
                    .get_result(connection)?,
            ))
        })?;
        let number = |count: i64| usize::try_from(count).unwrap_or(0);
        Ok(PurgeCounts {
            clients: number(clients),
            tokens: number(tokens),
            keys: number(keys),
        })
    }

    /// Deletes the expired and used up initial access tokens, keeps the clients they registered,
    /// and returns their number.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn purge_tokens(&self, now: Timestamp) -> Result<usize, StoreError> {
        use initial_access_token::{expires_at, table, uses_left};

        let spent = table.filter(uses_left.le(0).or(expires_at.le(now.seconds())));
        let audit = self.audit_row(AuditEvent::TokensPurged);
        self.0.pool.write(|connection| {
            let purged = diesel::delete(spent).execute(connection)?;
            if purged > 0 {
                audit_row::write_one(connection, &audit.with_detail(&purged.to_string()))?;
            }
            Ok(purged)
        })
    }
}
