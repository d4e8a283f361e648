//! What survives a restart: clients, signing keys, accounts, initial access tokens and the audit trail, in SQLite or PostgreSQL.
//!
//! [`Store`] is the only door. Reads block, but for [`Store::information`]; writes of clients are queued, share durable transactions, and
//! answer with [`Written`].
//!
//! | module | what it holds |
//! |---|---|
//! | `url`, `connection`, `pool` | where the store is, and the connections to it |
//! | `writer`, `change`, `insert_many`, `register_many`, `written` | the queue of writes: group commit |
//! | `reader`, `find_many`, `information` | the queue of reads |
//! | `crew`, `desk` | the threads that empty a queue, and the watch over them |
//! | `migrations`, `lock`, `schema` | the tables, and how they come to be |
//! | `client`, `client_row`, `clients`, `listing` | clients |
//! | `judged_patterns` | the judged form of older clients' patterns |
//! | `export`, `import` | clients on their way to another store |
//! | `signing_key`, `account`, `initial_access_token` | the other tables |
//! | `password` | passwords of accounts as hashes |
//! | `uses` | when clients were last used |
//! | `purge` | what is good for nothing any more |
//! | `backup`, `restore`, `tables` | everything there is, in a file and back |
//! | `audit`, `audit_row` | who did what, and what was refused |
//! | `seal`, `random` | sealing, digests, chance |
//! | `activity` | what it counts of itself |
//! | `error` | what can go wrong |

#![warn(missing_docs)]

mod account;
mod activity;
pub mod audit;
mod audit_row;
mod backup;
mod change;
mod client;
mod client_lookup;
mod client_row;
mod client_summary;
mod clients;
mod connection;
mod error;
mod export;
mod import;
mod initial_access_token;
mod insert_many;
mod judged_patterns;
mod last_used;
mod listing;
mod lock;
mod migrations;
mod nul;
mod password;
mod pending_write;
mod pool;
mod purge;
mod queue;
mod random;
mod reader;
mod register_many;
mod restore;
mod schema;
mod seal;
mod signing_key;
mod tables;
mod url;
mod worker_pool;
mod writer;

use std::fmt;
use std::sync::Arc;

pub use account::{Account, Role, UnknownRole, is_account_name};
pub use activity::{Activity, Distribution};
pub use audit::By;
pub use backup::BackupError;
pub use client::{Client, Information, Listed, NewClient, SecretChange};
pub use error::StoreError;
pub use export::{ExportedClient, ImportError};
pub use import::NotImported;
pub use initial_access_token::{NewToken, TokenId, TokenInfo};
pub use listing::Which;
pub use nul::ClientsWithNul;
pub use password::PasswordMemory;
pub use pending_write::Written;
pub use purge::Purgeable;
pub use seal::{SealError, SealingKey};
pub use signing_key::{NewSigningKey, SigningKey};
pub use url::{DatabaseUrl, DatabaseUrlError};

use audit_row::AuditIds;
use connection::{AnyConnection, ConnectionUse};
use last_used::LastUsedBuffer;
use pool::Pool;
use protocol::Clock;
use reader::Reader;
use writer::Writer;

/// A store, and who does what is done with it. Clones share it; it closes when the last one goes.
#[derive(Clone)]
pub struct Store(Arc<Inner>, Arc<By>);

struct Inner {
    url: DatabaseUrl,
    seal: SealingKey,
    pool: Arc<Pool>,
    writer: Writer,
    reader: Reader,
    audit_ids: AuditIds,
    last_used: Arc<LastUsedBuffer>,
}

impl Store {
    /// Opens a store. An SQLite file is created when there is none; its folder is not. No migration is applied.
    ///
    /// # Errors
    /// [`StoreError::Open`] with what the database said; [`StoreError::Newer`] when a newer program made the schema.
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
        let reader = Reader::new(&pool, &seal, &last_used);
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

    /// Whether the database answers.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn healthy(&self) -> Result<(), StoreError> {
        self.0.pool.ping()
    }

    /// Finishes the writes that are queued; later ones are [`StoreError::Unavailable`]. Reads go on.
    pub fn close(&self) {
        let last = self.queue_last_used();
        self.0.writer.close();
        // Nobody depends on them, and a store that is down is told of by everything else.
        drop(last);
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store({})", self.0.url)
    }
}
