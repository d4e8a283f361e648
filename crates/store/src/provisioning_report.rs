//! Lists, counts and repairs of the rows of copies, and the right to reconcile a provider.

use diesel::dsl::{exists, not};
use diesel::prelude::*;
use protocol::{ClientId, Issuer, Timestamp};

use crate::Store;
use crate::client_row::has_no_nul;
use crate::connection::AnyConnection;
use crate::error::StoreError;
use crate::provisioning_row::{
    ListedProvisioningRow, ProvisioningColumns, ProvisioningRow, ProvisioningState, stored_error,
};
use crate::schema::{client, provisioning, provisioning_target};

/// The maximum number of rows that a statement makes due.
const IDS_PER_STATEMENT: usize = 500;

/// The states of copies that wait for a delivery.
const WAITING: [&str; 2] = [
    ProvisioningState::Pending.as_str(),
    ProvisioningState::Rejected.as_str(),
];

/// The states of copies of clients.
const LIVE: [&str; 3] = [
    ProvisioningState::Pending.as_str(),
    ProvisioningState::Rejected.as_str(),
    ProvisioningState::Synced.as_str(),
];

/// Makes the rows of a scope due: rows in the states become pending, and deletions that failed are tried again.
macro_rules! mark {
    ($connection:expr, $scope:expr, $states:expr, $now:expr) => {{
        let now = $now.seconds();
        let at_rest = || {
            provisioning::in_flight
                .eq(false)
                .or(provisioning::due_at.le(now))
        };
        let due = (
            provisioning::due_at.eq(now),
            provisioning::in_flight.eq(false),
            provisioning::attempts.eq(0),
        );
        // A row that waits already keeps the time at which it began to.
        let begun = diesel::update($scope())
            .filter(provisioning::state.eq_any($states))
            .filter(provisioning::state.ne(ProvisioningState::Pending.as_str()))
            .set((
                provisioning::state.eq(ProvisioningState::Pending.as_str()),
                provisioning::since.eq(now),
                due,
            ))
            .execute($connection)?;
        let failed = provisioning::state
            .eq(ProvisioningState::Deleting.as_str())
            .and(provisioning::error.is_not_null());
        let again = diesel::update($scope())
            .filter(at_rest())
            .filter(provisioning::due_at.gt(now))
            .filter(
                provisioning::state
                    .eq(ProvisioningState::Pending.as_str())
                    .or(failed),
            )
            .set(due)
            .execute($connection)?;
        Ok(begun.saturating_add(again))
    }};
}

/// A filter for rows of copies. The default selects all rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProvisioningFilter {
    /// Rows of this provider.
    pub provider: Option<Issuer>,
    /// Rows of this client.
    pub client_id: Option<ClientId>,
    /// Rows in any of these states; empty: in any state.
    pub states: Vec<ProvisioningState>,
}

/// The number of copies of a provider in a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvisioningCount {
    /// The issuer.
    pub provider: String,
    /// The state.
    pub state: ProvisioningState,
    /// The number of copies.
    pub count: u64,
    /// The time at which the longest of them came into the state.
    pub oldest: Timestamp,
}

/// The rows to make due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DueSelection {
    /// Rows with these identifiers, in any state: the copies of clients are written, or deleted, again.
    Ids(Vec<String>),
    /// The rows of a provider that were rejected, or wait for their next delivery.
    Waiting(Issuer),
    /// The rows of a provider, also after the server's confirmation: every copy is written again.
    All(Issuer),
}

/// The right to reconcile a provider until a time.
#[derive(Debug)]
pub struct ReconcileLease {
    provider: String,
    until: i64,
}

/// The reconciliations of a provider.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReconcileState {
    /// The time at which the right of the running reconciliation ends.
    pub until: Option<Timestamp>,
    /// The time at which the last reconciliation ended.
    pub last_at: Option<Timestamp>,
    /// The result of the last reconciliation.
    pub last_result: Option<String>,
}

type ProvisioningQuery<'a> = provisioning::BoxedQuery<'a, <AnyConnection as Connection>::Backend>;

impl ProvisioningFilter {
    fn query(&self) -> ProvisioningQuery<'_> {
        let mut query = provisioning::table.into_boxed();
        if let Some(provider) = &self.provider {
            query = query.filter(provisioning::provider.eq(provider.as_str()));
        }
        if let Some(id) = &self.client_id {
            query = query.filter(provisioning::client_id.eq(id.as_str()));
        }
        if !self.states.is_empty() {
            let states = self.states.iter().map(|state| state.as_str());
            query = query.filter(provisioning::state.eq_any(states));
        }
        query
    }
}

impl Store {
    /// Returns the row of a client's copy.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub fn provisioning_row(
        &self,
        provider: &Issuer,
        client_id: &ClientId,
    ) -> Result<Option<ProvisioningRow>, StoreError> {
        let filter = ProvisioningFilter {
            provider: Some(provider.clone()),
            client_id: Some(client_id.clone()),
            states: Vec::new(),
        };
        let listed = self.provisioning_rows(&filter, None, 1)?;
        listed
            .into_iter()
            .next()
            .map(|listed| listed.row)
            .transpose()
    }

    /// Returns at most `limit` matching rows, ordered by identifier, beginning after `after`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn provisioning_rows(
        &self,
        filter: &ProvisioningFilter,
        after: Option<&str>,
        limit: i64,
    ) -> Result<Vec<ListedProvisioningRow>, StoreError> {
        if filter
            .client_id
            .as_ref()
            .is_some_and(|id| !has_no_nul(id.as_str()))
        {
            return Ok(Vec::new());
        }
        let rows: Vec<ProvisioningColumns> = self.0.pool.read(|connection| {
            Ok(filter
                .query()
                .filter(provisioning::id.gt(after.unwrap_or_default()))
                .order(provisioning::id)
                .limit(limit)
                .select(ProvisioningColumns::as_select())
                .load(connection)?)
        })?;
        let listed = |columns: ProvisioningColumns| ListedProvisioningRow {
            id: columns.id.clone(),
            row: columns.into_row(&self.0.seal),
        };
        Ok(rows.into_iter().map(listed).collect())
    }

    /// Returns the numbers of copies by provider and state, without states that no copy has.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn provisioning_counts(&self) -> Result<Vec<ProvisioningCount>, StoreError> {
        let counted: Vec<(String, String, i64, Option<i64>)> = self.0.pool.read(|connection| {
            Ok(provisioning::table
                .group_by((provisioning::provider, provisioning::state))
                .select((
                    provisioning::provider,
                    provisioning::state,
                    diesel::dsl::count_star(),
                    diesel::dsl::min(provisioning::since),
                ))
                .order((provisioning::provider, provisioning::state))
                .load(connection)?)
        })?;
        let count = |(provider, state, count, oldest): (String, String, i64, Option<i64>)| {
            let state = ProvisioningState::ALL
                .into_iter()
                .find(|known| known.as_str() == state)?;
            Some(ProvisioningCount {
                provider,
                state,
                count: count.unsigned_abs(),
                oldest: Timestamp::from_seconds(oldest.unwrap_or_default()),
            })
        };
        Ok(counted.into_iter().filter_map(count).collect())
    }

    /// Makes rows due now, unless they are being written, and returns their number. A registration that is asking the
    /// server is left alone.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn mark_due(&self, selection: &DueSelection, now: Timestamp) -> Result<usize, StoreError> {
        match selection {
            DueSelection::Ids(ids) => {
                let mut marked = 0_usize;
                for ids in ids.chunks(IDS_PER_STATEMENT) {
                    let ids = ids.iter().map(String::as_str).filter(|id| has_no_nul(id));
                    let ids: Vec<&str> = ids.collect();
                    let scope = || provisioning::table.filter(provisioning::id.eq_any(ids.clone()));
                    marked = marked.saturating_add(
                        self.0
                            .pool
                            .write(|connection| mark!(connection, scope, LIVE, now))?,
                    );
                }
                Ok(marked)
            }
            DueSelection::Waiting(provider) => {
                let scope =
                    || provisioning::table.filter(provisioning::provider.eq(provider.as_str()));
                self.0
                    .pool
                    .write(|connection| mark!(connection, scope, WAITING, now))
            }
            DueSelection::All(provider) => {
                let scope =
                    || provisioning::table.filter(provisioning::provider.eq(provider.as_str()));
                self.0
                    .pool
                    .write(|connection| mark!(connection, scope, LIVE, now))
            }
        }
    }

    /// Returns at most `limit` clients of a provider that have not expired and have no row, each with its revision, ordered by
    /// identifier, beginning after `after`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn clients_without_row(
        &self,
        provider: &Issuer,
        after: Option<&ClientId>,
        limit: i64,
        now: Timestamp,
    ) -> Result<Vec<(ClientId, i64)>, StoreError> {
        let after = after.map_or("", ClientId::as_str);
        let found: Vec<(String, i64)> = self.0.pool.read(|connection| {
            let row = provisioning::table
                .filter(provisioning::client_id.eq(client::client_id.nullable()))
                .filter(provisioning::provider.eq(client::provider));
            let alive = client::expires_at
                .is_null()
                .or(client::expires_at.gt(now.seconds()));
            Ok(client::table
                .filter(client::client_id.gt(after))
                .filter(client::provider.eq(provider.as_str()))
                .filter(alive)
                .filter(not(exists(row)))
                .order(client::client_id)
                .limit(limit)
                .select((client::client_id, client::revision))
                .load(connection)?)
        })?;
        Ok(found
            .into_iter()
            .map(|(id, revision)| (ClientId::new(id), revision))
            .collect())
    }

    /// Takes the right to reconcile a provider until a time. Returns `None` while another process has it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn begin_reconcile(
        &self,
        provider: &Issuer,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Option<ReconcileLease>, StoreError> {
        let lease = ReconcileLease {
            provider: provider.as_str().to_owned(),
            until: until.seconds(),
        };
        let begun = self.0.pool.write(|connection| {
            let free = provisioning_target::until
                .is_null()
                .or(provisioning_target::until.le(now.seconds()));
            let taken = diesel::update(provisioning_target::table.find(&lease.provider))
                .filter(free)
                .set(provisioning_target::until.eq(lease.until))
                .execute(connection)?;
            if taken > 0 {
                return Ok(true);
            }
            let known: Option<String> = provisioning_target::table
                .find(&lease.provider)
                .select(provisioning_target::provider)
                .first(connection)
                .optional()?;
            if known.is_some() {
                return Ok(false);
            }
            diesel::insert_into(provisioning_target::table)
                .values((
                    provisioning_target::provider.eq(&lease.provider),
                    provisioning_target::until.eq(lease.until),
                ))
                .execute(connection)?;
            Ok(true)
        });
        match begun {
            Ok(true) => Ok(Some(lease)),
            Ok(false) | Err(StoreError::Conflict) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Extends the right to reconcile. Returns false if it had ended and another process took it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn extend_reconcile(
        &self,
        lease: &mut ReconcileLease,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let extended = self.0.pool.write(|connection| {
            let target = provisioning_target::table.find(&lease.provider);
            Ok(diesel::update(target)
                .filter(provisioning_target::until.eq(lease.until))
                .set(provisioning_target::until.eq(until.seconds()))
                .execute(connection)?)
        })?;
        if extended > 0 {
            lease.until = until.seconds();
        }
        Ok(extended > 0)
    }

    /// Ends the right to reconcile, and stores the result. Returns false if it had ended and another process took it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn end_reconcile(
        &self,
        lease: &ReconcileLease,
        at: Timestamp,
        result: &str,
    ) -> Result<bool, StoreError> {
        let ended = self.0.pool.write(|connection| {
            let target = provisioning_target::table.find(&lease.provider);
            Ok(diesel::update(target)
                .filter(provisioning_target::until.eq(lease.until))
                .set((
                    provisioning_target::until.eq(None::<i64>),
                    provisioning_target::last_at.eq(at.seconds()),
                    provisioning_target::last_result.eq(stored_error(result)),
                ))
                .execute(connection)?)
        })?;
        Ok(ended > 0)
    }

    /// Returns the reconciliations of a provider.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn reconcile_state(&self, provider: &Issuer) -> Result<ReconcileState, StoreError> {
        let row: Option<(Option<i64>, Option<i64>, Option<String>)> =
            self.0.pool.read(|connection| {
                Ok(provisioning_target::table
                    .find(provider.as_str())
                    .select((
                        provisioning_target::until,
                        provisioning_target::last_at,
                        provisioning_target::last_result,
                    ))
                    .first(connection)
                    .optional()?)
            })?;
        let (until, last_at, last_result) = row.unwrap_or_default();
        Ok(ReconcileState {
            until: until.map(Timestamp::from_seconds),
            last_at: last_at.map(Timestamp::from_seconds),
            last_result,
        })
    }
}
