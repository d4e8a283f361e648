//! The statements on the rows of copies, and the locks of their clients.

use diesel::prelude::*;
use protocol::Timestamp;

use crate::change_result::ChangeResult;
use crate::client_row::ClientRow;
use crate::connection::{AnyConnection, either};
use crate::error::StoreError;
use crate::lock::{Lock, lock};
use crate::provisioning_row::{ProvisioningColumns, ProvisioningState, WriteLease};
use crate::schema::{client, client_document, provisioning};

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
    match found {
        Some((_, Some(at))) if alive_at.is_some_and(|now| at <= now.seconds()) => Ok(None),
        Some((revision, _)) => Ok(Some(revision)),
        None => {
            let document = client_document::table
                .find((provider, client_id))
                .select(client_document::revision);
            Ok(locked!(connection, document)?)
        }
    }
}

/// Returns true if the client exists: a registered client, expired or not, or a client with a document.
pub fn has_client(
    connection: &mut AnyConnection,
    client_id: &str,
    provider: &str,
) -> Result<bool, StoreError> {
    let row = client::table
        .find(client_id)
        .filter(client::provider.eq(provider))
        .select(client::revision);
    let mut found: Option<i64> = either!(connection, inner => row.get_result(inner).optional())?;
    if found.is_none() {
        let document = client_document::table
            .find((provider, client_id))
            .select(client_document::revision);
        found = either!(connection, inner => document.get_result(inner).optional())?;
    }
    Ok(found.is_some())
}

/// Marks the copies of clients that were deleted in this transaction: each with its identifier and provider.
pub fn clients_deleted<'a>(
    connection: &mut AnyConnection,
    clients: impl Iterator<Item = (&'a str, &'a str)>,
    now: Timestamp,
) -> Result<(), StoreError> {
    for (client_id, provider) in clients {
        let row = row_of_client(connection, client_id, provider)?;
        transform(connection, row, |row| row.client_deleted(now))?;
    }
    Ok(())
}

/// Has the copy of a client written again, if it has one: the client is another since this transaction.
pub fn copy_outdated(
    connection: &mut AnyConnection,
    client_id: &str,
    provider: &str,
    revision: i64,
    now: Timestamp,
) -> Result<(), StoreError> {
    let row = row_of_client(connection, client_id, provider)?;
    transform(connection, row, |row| row.client_replaced(revision, now))?;
    Ok(())
}

/// Writes the row after a transition, if it changed.
pub fn transform(
    connection: &mut AnyConnection,
    row: Option<ProvisioningColumns>,
    transition: impl FnOnce(&mut ProvisioningColumns),
) -> Result<ChangeResult, StoreError> {
    let Some(mut row) = row else {
        return Ok(ChangeResult::Nothing);
    };
    let before = row.clone();
    transition(&mut row);
    if row != before {
        update_row(connection, &row)?;
    }
    Ok(ChangeResult::Done)
}
