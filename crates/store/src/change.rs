//! What one queued write does to the database.

use diesel::prelude::*;
use protocol::Timestamp;

use crate::client_row::ClientRow;
use crate::connection::AnyConnection;
use crate::error::StoreError;
use crate::initial_access_token::{TokenId, spend};
use crate::insert_many::InsertMany;
use crate::schema::client;

/// A write of one client.
#[derive(Debug)]
pub enum Change {
    /// A new client, and the initial access token that paid for it.
    Insert { row: ClientRow, spend: Option<TokenId>, now: Timestamp },
    /// Other metadata for the client at that revision, and another secret or none if that changes.
    Replace { client_id: String, revision: i64, metadata: String, secret: Option<SecretColumns>, now: Timestamp },
    /// The end of a client.
    Delete { client_id: String },
    /// Another registration access token.
    Reissue { client_id: String, token_digest: String, now: Timestamp },
}

/// The columns of a client's secret.
#[derive(Debug, Default, AsChangeset)]
#[diesel(table_name = client, treat_none_as_null = true)]
pub struct SecretColumns {
    pub secret_sealed: Option<String>,
    pub secret_expires_at: Option<i64>,
}

impl Change {
    /// What the change locks first. Batches that lock in one order do not wait for each other in a circle.
    pub fn lock_key(&self) -> &str {
        match self {
            Self::Insert { spend: Some(token), .. } => token.as_str(),
            Self::Insert { row, .. } => &row.client_id,
            Self::Replace { client_id, .. } | Self::Delete { client_id } | Self::Reissue { client_id, .. } => client_id,
        }
    }

    /// Whether there was something to change: `false` for a token that is spent, a revision that is past, a client that is gone.
    fn apply(&self, connection: &mut AnyConnection) -> Result<bool, StoreError> {
        let rows = match self {
            Self::Insert { spend: Some(token), row, now } if !spend(connection, token, &row.provider, *now)? => 0,
            Self::Insert { row, .. } => diesel::insert_into(client::table).values(row).execute(connection)?,
            Self::Replace { client_id, revision, metadata, secret, now } => {
                let alive = client::expires_at.is_null().or(client::expires_at.gt(now.seconds()));
                diesel::update(client::table.find(client_id))
                    .filter(client::revision.eq(revision))
                    .filter(alive)
                    .set((client::metadata.eq(metadata), client::revision.eq(client::revision + 1), secret))
                    .execute(connection)?
            }
            Self::Delete { client_id } => diesel::delete(client::table.find(client_id)).execute(connection)?,
            Self::Reissue { client_id, token_digest, now } => {
                let alive = client::expires_at.is_null().or(client::expires_at.gt(now.seconds()));
                diesel::update(client::table.find(client_id))
                    .filter(alive)
                    .set((client::token_digest.eq(token_digest), client::revision.eq(client::revision + 1)))
                    .execute(connection)?
            }
        };
        Ok(rows > 0)
    }
}

/// Applies changes in one transaction that somebody else began, and says of each whether there was something to change.
pub fn apply_all<'a>(connection: &mut AnyConnection, changes: impl Iterator<Item = &'a Change> + Clone) -> Result<Vec<bool>, StoreError> {
    // PostgreSQL pays a round trip for each statement, so ordinary registrations share one there.
    let mut together = false;
    if let AnyConnection::Postgres(postgres) = connection {
        let rows: Vec<&ClientRow> = changes.clone().filter_map(plain_insert).collect();
        together = rows.len() > 1;
        if together {
            InsertMany::new(&rows).execute(postgres)?;
        }
    }
    changes.map(|change| if together && plain_insert(change).is_some() { Ok(true) } else { change.apply(connection) }).collect()
}

fn plain_insert(change: &Change) -> Option<&ClientRow> {
    match change {
        Change::Insert { row, spend: None, .. } => Some(row),
        _ => None,
    }
}
