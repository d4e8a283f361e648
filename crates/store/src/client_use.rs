//! Uses of clients that another server authenticates.

use diesel::prelude::*;
use protocol::{ClientId, Issuer, Timestamp};

use crate::Store;
use crate::client_row::has_no_nul;
use crate::error::StoreError;
use crate::schema::client;

impl Store {
    /// Returns true if the provider has an active client with this identifier, and records a use of it if `is_use` is set.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn is_active_client(
        &self,
        provider: &Issuer,
        id: &ClientId,
        now: Timestamp,
        is_use: bool,
    ) -> Result<bool, StoreError> {
        if !has_no_nul(id.as_str()) {
            return Ok(false);
        }
        let found: Option<Option<i64>> = self.0.pool.read(|connection| {
            let row = client::table
                .find(id.as_str())
                .filter(client::provider.eq(provider.as_str()));
            Ok(row
                .filter(
                    client::expires_at
                        .is_null()
                        .or(client::expires_at.gt(now.seconds())),
                )
                .select(client::last_used_at)
                .first(connection)
                .optional()?)
        })?;
        if let Some(last_used_at) = found
            && is_use
        {
            self.0.last_used.record(id.as_str(), last_used_at, now);
        }
        Ok(found.is_some())
    }
}
