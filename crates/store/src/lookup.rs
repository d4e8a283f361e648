//! Clients, as an authorization server looks them up: also expired and deleted ones.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use protocol::{ClientId, Issuer, Timestamp};

use crate::Store;
use crate::audit::AuditEvent;
use crate::client::Client;
use crate::client_lookup::find;
use crate::client_row::{ClientRow, has_no_nul};
use crate::error::StoreError;
use crate::schema::{audit, client};

/// The audit events after which a client is no more. The text is that of the index `audit_client_ended`, since both databases use
/// a partial index only for its own condition.
const ENDED: &str = "event IN ('client deleted', 'client unregistered', 'client expired')";

/// The state of a client at a provider.
#[derive(Debug)]
pub enum ClientState {
    /// The client may be used.
    Active(Box<Client>),
    /// The client has expired, purged or not.
    Expired,
    /// The client was deleted, and the audit trail still says so.
    Deleted,
    /// No client of the provider has, or had, this identifier.
    Unknown,
}

impl Store {
    /// Returns the state of a client at a provider, or `None` if no client has this identifier: then [`Store::end_of_client`] tells
    /// if there was a client. Concurrent calls share a query.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub fn look_up(
        &self,
        provider: &Issuer,
        id: &ClientId,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<ClientState>, StoreError>> + Send + use<> {
        let (store, provider) = (self.clone(), provider.clone());
        let read = self.0.reader.read(id.as_str());
        async move { store.state(&provider, read.await?, now) }
    }

    /// Returns the state as [`Store::look_up`] does. Blocks.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub fn client_state(
        &self,
        provider: &Issuer,
        id: &ClientId,
        now: Timestamp,
    ) -> Result<Option<ClientState>, StoreError> {
        if !has_no_nul(id.as_str()) {
            return Ok(None);
        }
        let row = self
            .0
            .pool
            .read(|connection| find(connection, id.as_str()))?;
        self.state(provider, row, now)
    }

    fn state(
        &self,
        provider: &Issuer,
        row: Option<ClientRow>,
        now: Timestamp,
    ) -> Result<Option<ClientState>, StoreError> {
        Ok(match row {
            None => None,
            Some(row) if row.provider != provider.as_str() => Some(ClientState::Unknown),
            Some(row) if row.has_expired(now) => Some(ClientState::Expired),
            Some(row) => Some(ClientState::Active(Box::new(
                row.into_client(&self.0.seal)?,
            ))),
        })
    }

    /// Returns the state of a client that has no row. Blocks.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn end_of_client(
        &self,
        provider: &Issuer,
        id: &ClientId,
    ) -> Result<ClientState, StoreError> {
        if !has_no_nul(id.as_str()) {
            return Ok(ClientState::Unknown);
        }
        let ended: Option<String> = self.0.pool.read(|connection| {
            Ok(audit::table
                .filter(audit::client_id.eq(id.as_str()))
                .filter(sql::<Bool>(ENDED))
                .filter(audit::provider.eq(provider.as_str()))
                .order(audit::id.desc())
                .select(audit::event)
                .first(connection)
                .optional()?)
        })?;
        Ok(match ended {
            None => ClientState::Unknown,
            Some(event) if event == AuditEvent::ClientExpired.as_str() => ClientState::Expired,
            Some(_) => ClientState::Deleted,
        })
    }

    /// Records a use of clients of a provider, whose proof the authorization server has. Unknown identifiers are ignored.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn record_uses(
        &self,
        provider: &Issuer,
        ids: &[String],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let ids: Vec<&str> = ids
            .iter()
            .map(String::as_str)
            .filter(|id| has_no_nul(id))
            .collect();
        let known: Vec<(String, Option<i64>)> = self.0.pool.read(|connection| {
            Ok(client::table
                .filter(client::client_id.eq_any(&ids))
                .filter(client::provider.eq(provider.as_str()))
                .select((client::client_id, client::last_used_at))
                .load(connection)?)
        })?;
        for (id, stored) in known {
            self.0.last_used.record(&id, stored, now);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The condition of the index names the events after which a client is no more.
    #[test]
    fn index_names_the_ends() {
        let ends = [
            AuditEvent::ClientDeleted,
            AuditEvent::ClientUnregistered,
            AuditEvent::ClientExpired,
        ];
        let names: Vec<String> = ends.iter().map(|end| format!("'{end}'")).collect();
        assert_eq!(ENDED, format!("event IN ({})", names.join(", ")));
    }
}
