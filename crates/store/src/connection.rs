//! A connection to SQLite or PostgreSQL, opened by the scheme of the URL.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::Path;
use std::time::{Duration, Instant};

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::{Connection as _, PgConnection, QueryResult, SqliteConnection};

use crate::error::StoreError;
use crate::url::DatabaseUrl;

/// A connection to either database. Statements are written once and run on both.
#[derive(diesel::MultiConnection)]
pub enum AnyConnection {
    /// A connection to an SQLite file.
    Sqlite(SqliteConnection),
    /// A connection to a PostgreSQL server.
    Postgres(PgConnection),
}

/// Runs an expression with the inner connection, for statements that both databases understand and
/// the enum does not support.
macro_rules! either {
    ($connection:expr, $inner:ident => $work:expr) => {
        match $connection {
            crate::connection::AnyConnection::Sqlite($inner) => $work,
            crate::connection::AnyConnection::Postgres($inner) => $work,
        }
    };
}
pub(crate) use either;

/// The use of a connection, which determines its time-outs and its cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionUse {
    /// Reads for requests, and writes for an operator.
    Read,
    /// Batches of queued writes.
    Write,
    /// Opening a store and changing its schema, where other replicas may do so first.
    Migrate,
}

impl ConnectionUse {
    /// Returns the time that a statement waits for a lock.
    fn patience(self, sqlite: bool) -> Duration {
        match self {
            Self::Migrate => Duration::from_mins(1),
            _ if sqlite => Duration::from_secs(2),
            _ => Duration::from_secs(5),
        }
    }

    /// Returns the size of SQLite's page cache, in KiB.
    fn cache(self) -> u32 {
        if self == Self::Write { 16_000 } else { 3_000 }
    }
}

impl AnyConnection {
    /// Opens a connection.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] with the message of the database, without the password.
    pub fn establish_at(url: &DatabaseUrl, purpose: ConnectionUse) -> Result<Self, StoreError> {
        let wait = purpose.patience(url.is_sqlite());
        let refused = |message: &str| StoreError::Unavailable(url.clean(message));
        if let Some(path) = url.sqlite_path() {
            create(path).map_err(|error| match url.folder() {
                Some(folder) if !folder.is_dir() => {
                    refused(&format!("the folder {} does not exist", folder.display()))
                }
                _ => refused(&error.to_string()),
            })?;
            let mut connection = SqliteConnection::establish(&url.driver())
                .map_err(|error| refused(&error.to_string()))?;
            set_up_sqlite(&mut connection, wait, purpose.cache())?;
            Ok(Self::Sqlite(connection))
        } else {
            let mut connection = PgConnection::establish(&url.driver())
                .map_err(|error| refused(&error.to_string()))?;
            set_up_postgres(&mut connection, wait.as_millis())
                .map_err(|error| refused(&error.to_string()))?;
            Ok(Self::Postgres(connection))
        }
    }

    /// Begins a transaction that will write.
    pub fn begin(&mut self) -> QueryResult<()> {
        match self {
            // A deferred transaction fails at once if another writer is there when it first writes.
            // This one waits for the lock.
            Self::Sqlite(connection) => {
                AnsiTransactionManager::begin_transaction_sql(connection, "BEGIN IMMEDIATE")
            }
            // At this level a statement that follows a lock sees the commits of the previous
            // holder.
            Self::Postgres(connection) => AnsiTransactionManager::begin_transaction_sql(
                connection,
                "BEGIN ISOLATION LEVEL READ COMMITTED",
            ),
        }
    }

    /// Commits the transaction, durably.
    pub fn commit(&mut self) -> QueryResult<()> {
        <Self as diesel::Connection>::TransactionManager::commit_transaction(self)
    }

    /// Rolls the transaction back.
    pub fn rollback(&mut self) -> QueryResult<()> {
        <Self as diesel::Connection>::TransactionManager::rollback_transaction(self)
    }

    /// Runs `work` in a transaction that writes.
    pub fn write<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.begin()?;
        self.finish(work)
    }

    /// Runs `work` in the current transaction, and commits it or rolls it back.
    pub fn finish<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match work(self) {
            Ok(value) => {
                self.commit()?;
                Ok(value)
            }
            Err(error) => {
                // If the rollback fails, the connection is broken and the pool drops it.
                drop(self.rollback());
                Err(error)
            }
        }
    }
}

/// Creates the file if it does not exist, readable and writable by its owner only.
fn create(path: &Path) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

fn set_up_sqlite(
    connection: &mut SqliteConnection,
    wait: Duration,
    cache: u32,
) -> Result<(), StoreError> {
    // The time-out comes first, so that the next statements wait for other processes. The page size
    // has an effect only before the first table exists.
    connection.batch_execute(&format!(
        "PRAGMA busy_timeout = {}; PRAGMA page_size = 8192;",
        wait.as_millis()
    ))?;
    // Switching a new file to a write-ahead log does not wait for the lock, so two processes can
    // collide here.
    let begun = Instant::now();
    while let Err(error) = connection
        .batch_execute("PRAGMA journal_mode = WAL;")
        .map_err(StoreError::from)
    {
        if begun.elapsed() > wait || !error.is_locked() {
            return Err(error);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    connection.batch_execute(&format!(
        "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -{cache};"
    ))?;
    Ok(())
}

fn set_up_postgres(connection: &mut PgConnection, wait: u128) -> QueryResult<()> {
    // A reply to a client promises a durable row, independent of the default of the server. Settings
    // stricter than `on` are kept.
    connection.batch_execute(&format!(
        "SET lock_timeout = {wait}; SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') IN ('off', 'local');"
    ))
}
