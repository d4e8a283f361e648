//! The replacement of a client, in the transaction of a queued write.

use diesel::prelude::*;
use protocol::Timestamp;

use crate::connection::AnyConnection;
use crate::error::StoreError;
use crate::schema::client;

/// The replacement of the metadata of a client at that revision, and of its secret if `secret` is set.
#[derive(Debug)]
pub struct ReplacementColumns {
    pub client_id: String,
    pub revision: i64,
    pub metadata: String,
    pub consistent: bool,
    pub patterns: Option<String>,
    pub secret: Option<SecretColumns>,
    pub now: Timestamp,
}

impl ReplacementColumns {
    /// Replaces the client, and returns the number of rows.
    pub fn apply(&self, connection: &mut AnyConnection) -> Result<usize, StoreError> {
        let alive = client::expires_at
            .is_null()
            .or(client::expires_at.gt(self.now.seconds()));
        Ok(diesel::update(client::table.find(&self.client_id))
            .filter(client::revision.eq(self.revision))
            .filter(alive)
            .set((
                client::metadata.eq(&self.metadata),
                client::metadata_consistent.eq(self.consistent),
                client::redirect_patterns.eq(&self.patterns),
                client::revision.eq(client::revision + 1),
                client::changed_at.eq(self.now.seconds()),
                &self.secret,
            ))
            .execute(connection)?)
    }
}

/// The columns of a client secret.
#[derive(Debug, Default, AsChangeset)]
#[diesel(table_name = client, treat_none_as_null = true)]
pub struct SecretColumns {
    pub secret_sealed: Option<String>,
    pub secret_expires_at: Option<i64>,
}
