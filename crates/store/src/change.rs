//! The changes that queued writes make.
//!
//! PostgreSQL takes a round trip for each statement, so the registrations of a batch share one
//! statement there.

use std::borrow::Cow;
use std::sync::Arc;

use diesel::prelude::*;
use protocol::Timestamp;

use crate::audit_row::{self, AuditRow};
use crate::change_result::ChangeResult;
use crate::client_replacement::ReplacementColumns;
use crate::client_row::{ClientRow, InsertMany};
use crate::connection::{AnyConnection, either};
use crate::error::StoreError;
use crate::provisioning_change::ProvisioningChange;
use crate::provisioning_table::clients_deleted;
use crate::schema::client;
use crate::token_id::{TokenId, spend};

/// A change with the audit rows to write if it takes place.
#[derive(Debug)]
pub struct QueuedWrite {
    pub change: ClientChange,
    pub audit: Arc<[AuditRow]>,
}

/// A change of clients.
#[derive(Debug)]
pub enum ClientChange {
    /// Changes no client, and writes the audit rows.
    AuditOnly,
    /// Inserts a client, and takes one use off an initial access token if one paid for it.
    Insert {
        row: ClientRow,
        spend: Option<TokenId>,
        now: Timestamp,
    },
    Replace(ReplacementColumns),
    /// Changes nothing, and fails if the client has another revision or other metadata: an update
    /// to the values the client has.
    Confirm {
        client_id: String,
        revision: i64,
        metadata: String,
        now: Timestamp,
    },
    /// Deletes a client, and has its copies deleted.
    Delete {
        client_id: String,
        now: Timestamp,
    },
    /// Sets the day of the last use, unless a later day is stored.
    SetLastUsed {
        clients: Vec<String>,
        day: i64,
    },
    /// Replaces the registration access token.
    Reissue {
        client_id: String,
        token_digest: String,
        now: Timestamp,
    },
    /// Changes the row of a client's copy.
    Provisioning(Box<ProvisioningChange>),
}

impl ClientChange {
    /// Returns the key of the row that the change locks first. Batches that lock in the same order
    /// do not deadlock.
    pub fn lock_key(&self) -> &str {
        match self {
            Self::AuditOnly => "",
            Self::SetLastUsed { clients, .. } => clients.first().map_or("", String::as_str),
            Self::Insert {
                spend: Some(token), ..
            } => token.as_str(),
            Self::Insert { row, .. } => &row.client_id,
            Self::Replace(ReplacementColumns { client_id, .. })
            | Self::Confirm { client_id, .. }
            | Self::Delete { client_id, .. }
            | Self::Reissue { client_id, .. } => client_id,
            Self::Provisioning(change) => change.lock_key(),
        }
    }

    fn apply(&self, connection: &mut AnyConnection) -> Result<ChangeResult, StoreError> {
        let rows = match self {
            Self::AuditOnly => 1,
            Self::Insert {
                spend: Some(token),
                row,
                now,
            } if !spend(connection, token, &row.provider, *now)? => 0,
            Self::Insert { row, .. } => {
                either!(connection, inner => diesel::insert_into(client::table).values(row).execute(inner))?
            }
            Self::Replace(replacement) => replacement.apply(connection)?,
            Self::Confirm {
                client_id,
                revision,
                metadata,
                now,
            } => {
                let alive = client::expires_at
                    .is_null()
                    .or(client::expires_at.gt(now.seconds()));
                let same = client::table
                    .find(client_id)
                    .filter(client::revision.eq(revision))
                    .filter(client::metadata.eq(metadata));
                let found: Option<String> = same
                    .filter(alive)
                    .select(client::client_id)
                    .first(connection)
                    .optional()?;
                usize::from(found.is_some())
            }
            Self::SetLastUsed { clients, day } => {
                let earlier = client::last_used_at
                    .is_null()
                    .or(client::last_used_at.lt(day));
                diesel::update(client::table.filter(client::client_id.eq_any(clients)))
                    .filter(earlier)
                    .set(client::last_used_at.eq(day))
                    .execute(connection)?
            }
            Self::Delete { client_id, now } => {
                let provider: Option<String> = either!(connection, inner => diesel::delete(client::table.find(client_id))
                    .returning(client::provider)
                    .get_result(inner)
                    .optional())?;
                return Ok(match provider {
                    None => ChangeResult::Nothing,
                    Some(provider) => {
                        let gone = (client_id.as_str(), provider.as_str());
                        clients_deleted(connection, std::iter::once(gone), *now)?;
                        ChangeResult::DoneAt(provider)
                    }
                });
            }
            Self::Reissue {
                client_id,
                token_digest,
                now,
            } => {
                let alive = client::expires_at
                    .is_null()
                    .or(client::expires_at.gt(now.seconds()));
                let provider: Option<String> = either!(connection, inner => diesel::update(client::table.find(client_id))
                    .filter(alive)
                    .set((client::token_digest.eq(token_digest), client::revision.eq(client::revision + 1), client::changed_at.eq(now.seconds())))
                    .returning(client::provider)
                    .get_result(inner)
                    .optional())?;
                return Ok(provider.map_or(ChangeResult::Nothing, ChangeResult::DoneAt));
            }
            Self::Provisioning(change) => return change.apply(connection),
        };
        Ok(if rows > 0 {
            ChangeResult::Done
        } else {
            ChangeResult::Nothing
        })
    }
}

/// Applies the changes in the current transaction, writes the audit rows of those that took place,
/// and returns the effect of each change.
pub fn apply_all<'a>(
    connection: &mut AnyConnection,
    writes: impl Iterator<Item = &'a QueuedWrite> + Clone,
) -> Result<Vec<ChangeResult>, StoreError> {
    let mut together = false;
    if let AnyConnection::Postgres(postgres) = connection {
        let rows: Vec<&ClientRow> = writes
            .clone()
            .filter_map(|write| plain_insert(&write.change))
            .collect();
        together = rows.len() > 1;
        if together {
            InsertMany::new(&rows).execute(postgres)?;
        }
    }
    let mut rows: Vec<Cow<'_, AuditRow>> = Vec::new();
    let mut done = Vec::new();
    for QueuedWrite { change, audit } in writes {
        let inserted = together && plain_insert(change).is_some();
        let result = if inserted {
            ChangeResult::Done
        } else {
            change.apply(connection)?
        };
        match &result {
            ChangeResult::DoneAt(provider) => rows.extend(
                audit
                    .iter()
                    .map(|row| Cow::Owned(row.clone().with_provider(provider))),
            ),
            result if result.is_done() => rows.extend(audit.iter().map(Cow::Borrowed)),
            _ => {}
        }
        done.push(result);
    }
    audit_row::write(connection, &rows)?;
    Ok(done)
}

/// Returns the row of a registration that uses no initial access token.
pub fn plain_insert(change: &ClientChange) -> Option<&ClientRow> {
    match change {
        ClientChange::Insert {
            row, spend: None, ..
        } => Some(row),
        _ => None,
    }
}
