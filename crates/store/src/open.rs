//! Opening a store.

use std::sync::Arc;

use protocol::Clock;

use crate::audit_row::AuditIds;
use crate::connection::{AnyConnection, ConnectionUse};
use crate::error::StoreError;
use crate::last_used_buffer::LastUsedBuffer;
use crate::pool::Pool;
use crate::reader::ClientReader;
use crate::seal::SealingKey;
use crate::url::DatabaseUrl;
use crate::writer::Writer;
use crate::{Inner, Store, migrations};

impl Store {
    /// Opens a store without applying migrations. A missing SQLite file is created; a missing
    /// folder is not.
    ///
    /// # Errors
    /// [`StoreError::Open`] with the message of the database; [`StoreError::SchemaNewer`] if the schema
    /// is of a newer version.
    pub fn open(url: &DatabaseUrl, seal: SealingKey) -> Result<Self, StoreError> {
        let opened = AnyConnection::establish_at(url, ConnectionUse::Migrate)
            .and_then(|mut connection| migrations::missing(&mut connection));
        match opened {
            Ok(_) => {}
            Err(StoreError::Unavailable(reason) | StoreError::Database(reason)) => {
                return Err(StoreError::Open {
                    url: url.to_string(),
                    reason,
                });
            }
            Err(error) => return Err(error),
        }
        let audit_ids = AuditIds::new(Clock::system())?;
        let (pool, last_used) = (
            Arc::new(Pool::new(url)),
            Arc::new(LastUsedBuffer::default()),
        );
        let reader = ClientReader::new(&pool);
        let inner = Inner {
            url: url.clone(),
            seal,
            pool,
            writer: Writer::start(url)?,
            reader,
            audit_ids,
            last_used,
        };
        Ok(Self(Arc::new(inner), Arc::default()))
    }
}
