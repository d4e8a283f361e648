//! The persistent state: clients, signing keys, accounts, initial access tokens and the audit
//! trail, in SQLite or PostgreSQL.
//!
//! All access goes through [`Store`]. Its methods block, except [`Store::find_summary`] and the
//! writes of clients: those are queued, share durable transactions and return [`PendingWrite`].
//!
//! | module | content |
//! |---|---|
//! | `open`, `url`, `connection`, `pool` | opening a store, its URL, and the connections to it |
//! | `writer`, `change`, `change_result`, `client_replacement`, `columns`, `register_many`, `pending_write` | the queue of writes: group commit |
//! | `reader`, `client_lookup`, `client_summary` | the queue of reads |
//! | `queue`, `worker_pool` | the queues, and the threads that empty them, with their supervisor |
//! | `migrations`, `lock`, `schema` | the tables and their migrations |
//! | `client`, `client_row`, `clients`, `listing` | clients |
//! | `judged_patterns` | the judged form of the patterns of older clients |
//! | `nul` | older clients with U+0000 in their JSON |
//! | `export`, `import` | moving clients to another store |
//! | `signing_key`, `account`, `initial_access_token`, `token_id` | the other tables |
//! | `password` | password hashes of accounts |
//! | `lookup`, `lookup_token` | clients and callers of the lookup |
//! | `client_document`, `client_document_write`, `client_document_room` | client ID metadata documents |
//! | `upstream_document` | the documents of the servers behind providers |
//! | `provisioning`, `provisioning_delivery`, `provisioning_report` | the copies of clients at authorization servers: requests, deliveries, lists |
//! | `provisioning_row`, `provisioning_state`, `provisioning_change`, `provisioning_table` | their rows, transitions, queued changes and statements |
//! | `client_use`, `last_used`, `last_used_buffer` | the days on which clients were last used |
//! | `purge` | rows to purge |
//! | `backup`, `restore`, `tables` | backups of the whole store |
//! | `audit`, `audit_row` | the audit trail |
//! | `seal`, `random` | sealing, digests, random bytes |
//! | `activity`, `counters` | counters for the metrics |
//! | `error` | the errors |

#![warn(missing_docs)]

mod account;
mod activity;
pub mod audit;
mod audit_row;
mod backup;
mod change;
mod change_result;
mod client;
mod client_document;
mod client_document_room;
mod client_document_write;
mod client_lookup;
mod client_replacement;
mod client_row;
mod client_summary;
mod client_use;
mod clients;
mod columns;
mod connection;
mod counters;
mod error;
mod export;
mod import;
mod initial_access_token;
mod judged_patterns;
mod last_used;
mod last_used_buffer;
mod listing;
mod lock;
mod lookup;
mod lookup_token;
mod migrations;
mod nul;
mod open;
mod password;
mod pending_write;
mod pool;
mod provisioning;
mod provisioning_change;
mod provisioning_delivery;
mod provisioning_report;
mod provisioning_row;
mod provisioning_state;
mod provisioning_table;
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
mod token_id;
mod upstream_document;
mod url;
mod worker_pool;
mod writer;

use std::fmt;
use std::sync::Arc;

pub use account::{Account, Role, UnknownRole, is_account_name};
pub use activity::Activity;
pub use audit::Actor;
pub use backup::BackupError;
pub use client::{Client, ClientData, ClientSummary, ListedClient, NewClient, SecretChange};
pub use client_document::{
    ClientDocument, DocumentFailure, DocumentFilter, DocumentState, DocumentValidators,
    UnknownDocumentState,
};
pub use client_document_room::DocumentLimits;
pub use client_document_write::DocumentContent;
pub use error::StoreError;
pub use export::{ExportedClient, ImportError};
pub use import::ImportFailure;
pub use initial_access_token::{NewToken, TokenInfo};
pub use listing::ClientFilter;
pub use lookup::ClientState;
pub use lookup_token::{
    LookupToken, LookupTokenId, NewLookupToken, SecretAccess, UnknownSecretAccess,
};
pub use nul::ClientsWithNul;
pub use password::PasswordMemory;
pub use pending_write::PendingWrite;
pub use provisioning_delivery::{DeliveryOutcome, DesiredRecord};
pub use provisioning_report::{
    DueSelection, ProvisioningCount, ProvisioningFilter, ReconcileLease, ReconcileState,
};
pub use provisioning_row::{
    ConfirmedCopy, CopyPlace, ListedProvisioningRow, ProvisioningRow, ProvisioningState, WriteLease,
};
pub use purge::PurgeCounts;
pub use seal::{SealError, SealingKey};
pub use signing_key::{NewSigningKey, SigningKey};
pub use token_id::TokenId;
pub use upstream_document::{FetchedDocument, UpstreamCopy, UpstreamTimes};
pub use url::{DatabaseUrl, DatabaseUrlError};

use audit_row::AuditIds;
use last_used_buffer::LastUsedBuffer;
use pool::Pool;
use reader::ClientReader;
use writer::Writer;

/// A store, with the actor for its audit trail. Clones share the store, and it closes when the last
/// one is dropped.
#[derive(Clone)]
pub struct Store(Arc<Inner>, Arc<Actor>);

struct Inner {
    url: DatabaseUrl,
    seal: SealingKey,
    pool: Arc<Pool>,
    writer: Writer,
    reader: ClientReader,
    audit_ids: AuditIds,
    last_used: Arc<LastUsedBuffer>,
}

impl Store {
    /// Checks that the database answers.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if it does not.
    pub fn healthy(&self) -> Result<(), StoreError> {
        self.0.pool.ping()
    }

    /// Finishes the queued writes; later writes fail with [`StoreError::Unavailable`]. Reads still
    /// work.
    pub fn close(&self) {
        let last_used = self.queue_last_used();
        self.0.writer.close();
        // Their results are ignored, because no caller depends on them and an unavailable store is
        // reported elsewhere.
        drop(last_used);
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store({})", self.0.url)
    }
}
