//! The changes of the rows of copies, in the transactions of queued writes.
//!
//! Each locks the client before its row, so that two transactions do not deadlock. A registration has no client yet that another
//! transaction could lock.

use diesel::prelude::*;
use protocol::Timestamp;

use crate::change_result::ChangeResult;
use crate::client_replacement::ReplacementColumns;
use crate::client_row::ClientRow;
use crate::connection::{AnyConnection, either};
use crate::error::StoreError;
use crate::provisioning_row::{
    ConfirmedColumns, ProvisioningColumns, ProvisioningState, WriteLease,
};
use crate::provisioning_state::{DeliveredColumns, DeliveryEffect};
use crate::provisioning_table::{
    delete_row, has_client, insert_client, insert_row, is_full, leased, lock_client, row_by_id,
    row_of_client, transform, update_row,
};
use crate::schema::client;
use crate::token_id::{TokenId, spend};

/// A change of the row of a copy, with that of its client.
#[derive(Debug)]
pub enum ProvisioningChange {
    /// Inserts the row of a registration that is about to ask the server.
    BeginCreate {
        row: ProvisioningColumns,
        at_most: u32,
    },
    /// Inserts the client of a registration, if its row is still there, and takes one use off an initial access token.
    CompleteCreate {
        lease: WriteLease,
        client: ClientRow,
        spend: Option<TokenId>,
        copy: ConfirmedColumns,
        now: Timestamp,
    },
    /// Deletes the row of a registration that the server refused.
    CancelCreate { lease: WriteLease },
    /// Takes a registration back.
    WithdrawCreate {
        lease: WriteLease,
        place: Option<PlaceColumns>,
        error: String,
        due_at: Timestamp,
        now: Timestamp,
    },
    /// Inserts a client; its copy is written later.
    InsertPending {
        client: ClientRow,
        row: ProvisioningColumns,
        spend: Option<TokenId>,
        at_most: u32,
        now: Timestamp,
    },
    /// Inserts the row of a client that has none.
    AddPending {
        row: ProvisioningColumns,
        at_most: u32,
        now: Timestamp,
    },
    /// Takes the right to write a candidate. `row` is for a client without a row.
    BeginUpdate {
        row: ProvisioningColumns,
        due_at: Timestamp,
        now: Timestamp,
    },
    /// Replaces a client after the candidate was written; without a replacement the client stays as it is.
    CompleteUpdate {
        lease: WriteLease,
        client_id: String,
        revision: i64,
        replacement: Option<ReplacementColumns>,
        copy: ConfirmedColumns,
        now: Timestamp,
    },
    /// Gives the right to write a candidate back.
    ReleaseUpdate {
        lease: WriteLease,
        error: Option<String>,
        due_at: Timestamp,
    },
    /// Replaces a client; its copy is written later. `row` is for a client without a row.
    ReplacePending {
        replacement: ReplacementColumns,
        row: ProvisioningColumns,
        now: Timestamp,
    },
    /// Takes the right to write a copy that is due.
    Lease {
        id: String,
        client_id: Option<String>,
        due_at: Option<i64>,
        until: Timestamp,
        now: Timestamp,
    },
    /// Records the server's answer to the deliverer.
    RecordDelivery {
        lease: WriteLease,
        outcome: DeliveredColumns,
        now: Timestamp,
    },
}

/// The columns of a place.
#[derive(Debug)]
pub struct PlaceColumns {
    pub client_id: String,
    pub handle: Option<String>,
    pub token_sealed: Option<String>,
}

impl ProvisioningChange {
    /// Returns the key of the row that the change locks first.
    pub fn lock_key(&self) -> &str {
        match self {
            // The copies of the provider are counted first, under a lock.
            Self::BeginCreate { at_most: 1.., .. } | Self::InsertPending { at_most: 1.., .. } => "",
            Self::CompleteCreate {
                spend: Some(token), ..
            }
            | Self::InsertPending {
                spend: Some(token), ..
            } => token.as_str(),
            Self::CompleteCreate { client, .. } | Self::InsertPending { client, .. } => {
                &client.client_id
            }
            Self::CompleteUpdate { client_id, .. } => client_id,
            Self::ReplacePending { replacement, .. } => &replacement.client_id,
            Self::BeginCreate { row, .. }
            | Self::AddPending { row, .. }
            | Self::BeginUpdate { row, .. } => row.client_id.as_deref().unwrap_or(&row.id),
            Self::Lease { id, client_id, .. } => client_id.as_deref().unwrap_or(id),
            Self::CancelCreate { lease }
            | Self::WithdrawCreate { lease, .. }
            | Self::ReleaseUpdate { lease, .. }
            | Self::RecordDelivery { lease, .. } => {
                lease.client_id.as_deref().unwrap_or(&lease.row_id)
            }
        }
    }

    pub fn apply(&self, connection: &mut AnyConnection) -> Result<ChangeResult, StoreError> {
        match self {
            Self::BeginCreate { row, at_most } => {
                if is_full(connection, &row.provider, *at_most)? {
                    return Ok(ChangeResult::Full);
                }
                insert_row(connection, row)?;
                Ok(ChangeResult::Done)
            }
            Self::CompleteCreate {
                lease,
                client,
                spend,
                copy,
                now,
            } => complete_create(connection, (lease, copy), client, spend.as_ref(), *now),
            Self::CancelCreate { lease } => {
                let row = leased(connection, lease, ProvisioningState::Creating)?;
                row.map_or(Ok(ChangeResult::Nothing), |row| {
                    delete_row(connection, &row)
                })
            }
            Self::WithdrawCreate {
                lease,
                place,
                error,
                due_at,
                now,
            } => withdraw(connection, lease, place.as_ref(), (error, *due_at), *now),
            Self::InsertPending {
                client,
                row,
                spend: token,
                at_most,
                now,
            } => {
                if is_full(connection, &row.provider, *at_most)? {
                    return Ok(ChangeResult::Full);
                }
                if let Some(token) = token
                    && !spend(connection, token, &client.provider, *now)?
                {
                    return Ok(ChangeResult::Nothing);
                }
                insert_client(connection, client)?;
                insert_row(connection, row)?;
                Ok(ChangeResult::Done)
            }
            Self::AddPending { row, at_most, now } => add_pending(connection, row, *at_most, *now),
            Self::BeginUpdate { row, due_at, now } => begin_update(connection, row, *due_at, *now),
            Self::CompleteUpdate {
                lease,
                client_id,
                revision,
                replacement,
                copy,
                now,
            } => {
                let client = (client_id.as_str(), *revision, replacement.as_ref());
                complete_update(connection, (lease, copy), client, *now)
            }
            Self::ReleaseUpdate {
                lease,
                error,
                due_at,
            } => {
                let row = leased(connection, lease, ProvisioningState::Pending)?;
                if row.is_none() {
                    return end_writer(connection, lease, *due_at);
                }
                transform(connection, row, |row| {
                    row.release(due_at.seconds(), error.clone());
                })
            }
            Self::ReplacePending {
                replacement,
                row,
                now,
            } => replace_pending(connection, replacement, row, *now),
            Self::Lease {
                id,
                due_at,
                until,
                now,
                ..
            } => lease(connection, (id, *due_at), *until, *now),
            Self::RecordDelivery {
                lease,
                outcome,
                now,
            } => record(connection, lease, outcome, *now),
        }
    }
}

fn complete_create(
    connection: &mut AnyConnection,
    (lease, copy): (&WriteLease, &ConfirmedColumns),
    client: &ClientRow,
    token: Option<&TokenId>,
    now: Timestamp,
) -> Result<ChangeResult, StoreError> {
    let Some(mut row) = leased(connection, lease, ProvisioningState::Creating)? else {
        return Ok(ChangeResult::Nothing);
    };
    row.client_id = Some(client.client_id.clone());
    row.confirm(copy, now);
    if let Some(token) = token
        && !spend(connection, token, &client.provider, now)?
    {
        row.withdraw(now.seconds(), None, now);
        update_row(connection, &row)?;
        return Ok(ChangeResult::TokenExhausted);
    }
    insert_client(connection, client)?;
    update_row(connection, &row)?;
    Ok(ChangeResult::Done)
}

/// Takes a registration back. If its client was stored although the request did not hear of it, its credentials are lost, and the
/// client goes too.
fn withdraw(
    connection: &mut AnyConnection,
    lease: &WriteLease,
    place: Option<&PlaceColumns>,
    (error, due_at): (&str, Timestamp),
    now: Timestamp,
) -> Result<ChangeResult, StoreError> {
    let found = row_by_id(connection, &lease.row_id)?;
    let is_new = found.is_none();
    let mut row = match found {
        Some(row) => row,
        // The row is done, without the place that the server named so late.
        None if lease.client_id.is_none() => {
            ProvisioningColumns::unnamed(&lease.row_id, &lease.provider, now)
        }
        None => return Ok(ChangeResult::Nothing),
    };
    if row.is(ProvisioningState::Creating) {
        if row.due_at != Some(lease.due_at) {
            return Ok(ChangeResult::Nothing);
        }
    } else if is_new || row.is(ProvisioningState::Deleting) {
        if place.is_none() || row.client_id.is_some() {
            return Ok(ChangeResult::Nothing);
        }
    } else if let Some(id) = &row.client_id {
        either!(connection, inner => diesel::delete(client::table.find(id)).execute(inner))?;
    }
    if let Some(place) = place
        && (row.client_id.is_none() || row.is(ProvisioningState::Creating))
    {
        row.client_id = Some(place.client_id.clone());
        row.handle.clone_from(&place.handle);
        row.token_sealed.clone_from(&place.token_sealed);
    }
    row.withdraw(due_at.seconds(), Some(error.to_owned()), now);
    if is_new {
        insert_row(connection, &row)?;
    } else {
        update_row(connection, &row)?;
    }
    Ok(ChangeResult::Done)
}

fn add_pending(
    connection: &mut AnyConnection,
    row: &ProvisioningColumns,
    at_most: u32,
    now: Timestamp,
) -> Result<ChangeResult, StoreError> {
    let id = row.client_id.as_deref().unwrap_or_default();
    let Some(revision) = lock_client(connection, id, &row.provider, None)? else {
        return Ok(ChangeResult::Nothing);
    };
    let found = row_of_client(connection, id, &row.provider)?;
    // A document that was removed is named again.
    let is_there = found
        .as_ref()
        .is_some_and(|found| !found.is(ProvisioningState::Deleting));
    if is_there {
        return Ok(ChangeResult::Nothing);
    }
    if is_full(connection, &row.provider, at_most)? {
        return Ok(ChangeResult::Full);
    }
    if let Some(mut found) = found {
        found.revive(revision, now);
        update_row(connection, &found)?;
        return Ok(ChangeResult::Done);
    }
    insert_row(
        connection,
        &ProvisioningColumns {
            revision,
            ..row.clone()
        },
    )?;
    Ok(ChangeResult::Done)
}

fn begin_update(
    connection: &mut AnyConnection,
    new: &ProvisioningColumns,
    due_at: Timestamp,
    now: Timestamp,
) -> Result<ChangeResult, StoreError> {
    let id = new.client_id.as_deref().unwrap_or_default();
    if lock_client(connection, id, &new.provider, Some(now))? != Some(new.revision) {
        return Ok(ChangeResult::Nothing);
    }
    let Some(mut row) = row_of_client(connection, id, &new.provider)? else {
        let mut row = new.clone();
        row.begin_update(new.revision, due_at, now);
        insert_row(connection, &row)?;
        return Ok(ChangeResult::Row(Box::new(row)));
    };
    if let Some(end) = row.flight_end(now) {
        return Ok(ChangeResult::InFlight(end));
    }
    if !row.begin_update(new.revision, due_at, now) {
        return Ok(ChangeResult::Nothing);
    }
    row.handle = row.handle.or_else(|| new.handle.clone());
    update_row(connection, &row)?;
    Ok(ChangeResult::Row(Box::new(row)))
}

fn complete_update(
    connection: &mut AnyConnection,
    (lease, copy): (&WriteLease, &ConfirmedColumns),
    (client_id, revision, replacement): (&str, i64, Option<&ReplacementColumns>),
    now: Timestamp,
) -> Result<ChangeResult, StoreError> {
    let found = lock_client(connection, client_id, &lease.provider, Some(now))?;
    let Some(mut row) = leased(connection, lease, ProvisioningState::Pending)? else {
        return Ok(ChangeResult::Nothing);
    };
    if found != Some(revision) {
        // The server has the candidate, and the client keeps its state.
        row.release(now.seconds(), None);
        update_row(connection, &row)?;
        return Ok(ChangeResult::Nothing);
    }
    if let Some(replacement) = replacement {
        replacement.apply(connection)?;
        row.revision = revision.saturating_add(1);
    }
    row.confirm(copy, now);
    update_row(connection, &row)?;
    Ok(ChangeResult::Done)
}

fn replace_pending(
    connection: &mut AnyConnection,
    replacement: &ReplacementColumns,
    new: &ProvisioningColumns,
    now: Timestamp,
) -> Result<ChangeResult, StoreError> {
    if replacement.apply(connection)? == 0 {
        return Ok(ChangeResult::Nothing);
    }
    match row_of_client(connection, &replacement.client_id, &new.provider)? {
        None => insert_row(connection, new)?,
        Some(mut row) => {
            row.client_replaced(new.revision, now);
            update_row(connection, &row)?;
        }
    }
    Ok(ChangeResult::Done)
}

fn lease(
    connection: &mut AnyConnection,
    (id, due_at): (&str, Option<i64>),
    until: Timestamp,
    now: Timestamp,
) -> Result<ChangeResult, StoreError> {
    let Some(mut row) = row_by_id(connection, id)? else {
        return Ok(ChangeResult::Nothing);
    };
    let is_due = row.due_at.is_some_and(|due_at| due_at <= now.seconds());
    if row.due_at != due_at || !is_due {
        return Ok(ChangeResult::Nothing);
    }
    let has_client = match &row.client_id {
        None => false,
        Some(id) => has_client(connection, id, &row.provider)?,
    };
    row.lease(has_client, until, now);
    update_row(connection, &row)?;
    Ok(ChangeResult::Row(Box::new(row)))
}

fn record(
    connection: &mut AnyConnection,
    lease: &WriteLease,
    outcome: &DeliveredColumns,
    now: Timestamp,
) -> Result<ChangeResult, StoreError> {
    let Some(mut row) = row_by_id(connection, &lease.row_id)? else {
        return Ok(ChangeResult::Nothing);
    };
    match row.record(lease, outcome, now) {
        DeliveryEffect::None => Ok(ChangeResult::Nothing),
        DeliveryEffect::Ended => {
            update_row(connection, &row)?;
            Ok(ChangeResult::Nothing)
        }
        DeliveryEffect::Delete => delete_row(connection, &row),
        DeliveryEffect::Update => {
            update_row(connection, &row)?;
            Ok(ChangeResult::Done)
        }
    }
}

/// Lets the deletion of a client go on that waits for this writer.
fn end_writer(
    connection: &mut AnyConnection,
    lease: &WriteLease,
    due_at: Timestamp,
) -> Result<ChangeResult, StoreError> {
    if let Some(mut row) = row_by_id(connection, &lease.row_id)?
        && row.writer_ended(lease, due_at.seconds())
    {
        update_row(connection, &row)?;
    }
    Ok(ChangeResult::Nothing)
}
