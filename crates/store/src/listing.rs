//! Lists and counts clients.

use diesel::prelude::*;
use protocol::{ClientId, Timestamp};

use crate::Store;
use crate::client::ListedClient;
use crate::client_row::{ClientRow, has_no_nul};
use crate::connection::AnyConnection;
use crate::error::StoreError;
use crate::export::ExportedClient;
use crate::last_used_buffer::DAY;
use crate::schema::client;

/// A filter for clients. The default selects all clients.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientFilter {
    /// Clients of this account.
    pub owner: Option<String>,
    /// Clients of the provider with this issuer.
    pub provider: Option<String>,
    /// Clients with an identifier issued at this time or later.
    pub issued_from: Option<Timestamp>,
    /// Clients with an identifier issued before this time.
    pub issued_before: Option<Timestamp>,
    /// Clients issued before this time whose registration access token has no recorded use since.
    pub unused_since: Option<Timestamp>,
}

type ClientQuery<'a> = client::BoxedQuery<'a, <AnyConnection as Connection>::Backend>;

impl ClientFilter {
    /// Returns false for a filter that no client matches. PostgreSQL refuses a NUL, and no client
    /// has one.
    fn has_no_nul(&self) -> bool {
        [&self.owner, &self.provider]
            .into_iter()
            .flatten()
            .all(|text| has_no_nul(text))
    }

    fn query(&self) -> ClientQuery<'_> {
        let mut query = client::table.into_boxed();
        if let Some(owner) = &self.owner {
            query = query.filter(client::owner.eq(owner));
        }
        if let Some(provider) = &self.provider {
            query = query.filter(client::provider.eq(provider));
        }
        if let Some(from) = self.issued_from {
            query = query.filter(client::issued_at.ge(from.seconds()));
        }
        if let Some(before) = self.issued_before {
            query = query.filter(client::issued_at.lt(before.seconds()));
        }
        if let Some(since) = self.unused_since {
            // Uses are recorded by day, so a use on that day may be later than `since`.
            let used = client::last_used_at
                .is_null()
                .or(client::last_used_at.le(since.minus(DAY).seconds()));
            query = query
                .filter(client::issued_at.lt(since.seconds()))
                .filter(used);
        }
        query
    }
}

impl Store {
    /// Returns at most `limit` matching clients, expired or not, ordered by identifier, beginning
    /// after `after`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn clients(
        &self,
        filter: &ClientFilter,
        after: Option<&ClientId>,
        limit: i64,
    ) -> Result<Vec<ListedClient>, StoreError> {
        let listed = |row: ClientRow| ListedClient {
            id: ClientId::new(&row.client_id),
            client: row.into_client(&self.0.seal),
        };
        Ok(self
            .rows(filter, after, limit)?
            .into_iter()
            .map(listed)
            .collect())
    }

    /// Returns the same clients as [`Store::clients`], each with all columns of its row, or the
    /// error that names its damaged column.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn exported(
        &self,
        filter: &ClientFilter,
        after: Option<&ClientId>,
        limit: i64,
    ) -> Result<Vec<ListedClient<ExportedClient>>, StoreError> {
        let seal = &self.0.seal;
        let listed = |row: ClientRow| ListedClient {
            id: ClientId::new(&row.client_id),
            client: ExportedClient::from_row(row, seal),
        };
        Ok(self
            .rows(filter, after, limit)?
            .into_iter()
            .map(listed)
            .collect())
    }

    /// Returns the number of matching clients, expired or not.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn count_clients(&self, filter: &ClientFilter) -> Result<u64, StoreError> {
        if !filter.has_no_nul() {
            return Ok(0);
        }
        let count: i64 = self
            .0
            .pool
            .read(|connection| Ok(filter.query().count().get_result(connection)?))?;
        Ok(count.unsigned_abs())
    }

    fn rows(
        &self,
        filter: &ClientFilter,
        after: Option<&ClientId>,
        limit: i64,
    ) -> Result<Vec<ClientRow>, StoreError> {
        if !filter.has_no_nul() {
            return Ok(Vec::new());
        }
        let after = after
            .and_then(|id| id.as_str().split('\0').next())
            .unwrap_or_default();
        self.0.pool.read(|connection| {
            let page = filter
                .query()
                .filter(client::client_id.gt(after))
                .order(client::client_id)
                .limit(limit);
            Ok(page.select(ClientRow::as_select()).load(connection)?)
        })
    }
}
