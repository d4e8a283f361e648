//! The statements on the rows of copies, and the locks of their clients.

use diesel::prelude::*;
use protocol::Timestamp;

use crate::change_result::ChangeResult;
use crate::client_row::ClientRow;
use crate::connection::{AnyConnection, either};
use crate::error::StoreError;
use crate::lock::{Lock, lock};
use crate::provisioning_row::{ProvisioningColumns, ProvisioningState, WriteLease};
use crate::schema::{client, provisioning};

/// Selects a row, and locks it until the end of the transaction. On SQLite the transaction excludes all others.
macro_rules! locked {
    ($connection:expr, $query:expr) => {
        match $connection {
            AnyConnection::Sqlite(sqlite) => $query.get_result(sqlite).optional(),
            AnyConnection::Postgres(postgres) => {
                $query.for_update().get_result(postgres).optional()
            }
        }
    };
}

/// Returns true if the provider has that many copies that are not being deleted. Two transactions do not count at once. Zero is no
/// limit.
pub fn is_full(
    connection: &mut AnyConnection,
    provider: &str,
    at_most: u32,
) -> Result<bool, StoreError> {
    if at_most == 0 {
        return Ok(false);
    }
    lock(connection, Lock::Copies)?;
    let copies = provisioning::table
        .filter(provisioning::provider.eq(provider))
        .filter(provisioning::state.ne(ProvisioningState::Deleting.as_str()));
    let count: i64 = copies.count().get_result(connection)?;
    Ok(count >= i64::from(at_most))
}

pub fn insert_client(connection: &mut AnyConnection, row: &ClientRow) -> Result<(), StoreError> {
    either!(connection, inner => diesel::insert_into(client::table).values(row).execute(inner))?;
    Ok(())
}

pub fn insert_row(
    connection: &mut AnyConnection,
    row: &ProvisioningColumns,
) -> Result<(), StoreError> {
    either!(connection, inner => diesel::insert_into(provisioning::table).values(row).execute(inner))?;
    Ok(())
}

pub fn update_row(
    connection: &mut AnyConnection,
    row: &ProvisioningColumns,
) -> Result<(), StoreError> {
    either!(connection, inner => diesel::update(provisioning::table.find(&row.id)).set(row).execute(inner))?;
    Ok(())
}

pub fn delete_row(
    connection: &mut AnyConnection,
    row: &ProvisioningColumns,
) -> Result<ChangeResult, StoreError> {
    either!(connection, inner => diesel::delete(provisioning::table.find(&row.id)).execute(inner))?;
    Ok(ChangeResult::Done)
}

/// Returns the row, if the lease still gives the right to write its copy in this state.
pub fn leased(
    connection: &mut AnyConnection,
    lease: &WriteLease,
    state: ProvisioningState,
) -> Result<Option<ProvisioningColumns>, StoreError> {
    Ok(row_by_id(connection, &lease.row_id)?.filter(|row| row.is_leased(lease, state)))
}

/// Returns a row, and locks it until the end of the transaction.
pub fn row_by_id(
    connection: &mut AnyConnection,
    id: &str,
) -> Result<Option<ProvisioningColumns>, StoreError> {
    let row = provisioning::table.find(id);
    Ok(locked!(
        connection,
        row.select(ProvisioningColumns::as_select())
    )?)
}

/// Returns the row of a client, and locks it until the end of the transaction.
pub fn row_of_client(
    connection: &mut AnyConnection,
    client_id: &str,
    provider: &str,
) -> Result<Option<ProvisioningColumns>, StoreError> {
    let row = provisioning::table
        .filter(provisioning::client_id.eq(client_id))
        .filter(provisioning::provider.eq(provider));
    Ok(locked!(
        connection,
        row.select(ProvisioningColumns::as_select())
    )?)
}

/// Returns the revision of a client, and locks it until the end of the transaction. With a time, only if the client has not
/// expired by then.
pub fn lock_client(
    connection: &mut AnyConnection,
    client_id: &str,
    provider: &str,
    alive_at: Option<Timestamp>,
) -> Result<Option<i64>, StoreError> {
    let row = client::table
        .find(client_id)
        .filter(client::provider.eq(provider))
        .select((client::revision, client::expires_at));
    let found: Option<(i64, Option<i64>)> = locked!(connection, row)?;
    let expired = |at: i64| alive_at.is_some_and(|now| at <= now.seconds());
    Ok(found
        .and_then(|(revision, expires_at)| (!expires_at.is_some_and(expired)).then_some(revision)))
}

/// Returns true if the client exists, expired or not.
pub fn has_client(
    connection: &mut AnyConnection,
    client_id: &str,
    provider: &str,
) -> Result<bool, StoreError> {
    let row = client::table
        .find(client_id)
        .filter(client::provider.eq(provider))
        .select(client::revision);
    let found: Option<i64> = either!(connection, inner => row.get_result(inner).optional())?;
    Ok(found.is_some())
}
