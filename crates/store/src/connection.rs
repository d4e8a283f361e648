//! One connection to either database, opened by the scheme of its URL.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::Path;
use std::time::{Duration, Instant};

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::{Connection as _, PgConnection, QueryResult, SqliteConnection};

use crate::error::StoreError;
use crate::url::DatabaseUrl;

/// A connection to the database there is. Statements are written once and run on either.
#[derive(diesel::MultiConnection)]
pub enum AnyConnection {
    /// An SQLite file.
    Sqlite(SqliteConnection),
    /// A PostgreSQL server.
    Postgres(PgConnection),
}

/// Does something with the connection inside, for what the two databases spell alike and the enum does not speak.
macro_rules! either {
    ($connection:expr, $inner:ident => $work:expr) => {
        match $connection {
            crate::connection::AnyConnection::Sqlite($inner) => $work,
            crate::connection::AnyConnection::Postgres($inner) => $work,
        }
    };
}
pub(crate) use either;

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionUse {
    /// To read while a request waits, and for an operator's writes.
    Read,
    /// To write in batches.
    Write,
    /// To open a store or to change its schema, after the other replicas that do.
    Migrate,
}

impl ConnectionUse {
    /// How long a statement waits for somebody else's lock.
    fn patience(self, sqlite: bool) -> Duration {
        match self {
            Self::Migrate => Duration::from_mins(1),
            _ if sqlite => Duration::from_secs(2),
            _ => Duration::from_secs(5),
        }
    }

    /// How many pages SQLite keeps in memory, in KiB.
    fn cache(self) -> u32 {
        if self == Self::Write { 16_000 } else { 3_000 }
    }
}

impl AnyConnection {
    /// Connects.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] with what the database said, never the password.
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
            // A deferred transaction that becomes a writer later fails at once when another is there; this one waits its turn.
            Self::Sqlite(connection) => {
                AnsiTransactionManager::begin_transaction_sql(connection, "BEGIN IMMEDIATE")
            }
            // A statement after a lock must see what its last holder committed.
            Self::Postgres(connection) => AnsiTransactionManager::begin_transaction_sql(
                connection,
                "BEGIN ISOLATION LEVEL READ COMMITTED",
            ),
        }
    }

    /// Makes the transaction durable.
    pub fn commit(&mut self) -> QueryResult<()> {
        <Self as diesel::Connection>::TransactionManager::commit_transaction(self)
    }

    /// Undoes the transaction.
    pub fn rollback(&mut self) -> QueryResult<()> {
        <Self as diesel::Connection>::TransactionManager::rollback_transaction(self)
    }

    /// Runs `work` in a transaction that will write: all of it is done, or nothing.
    pub fn write<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.begin()?;
        self.finish(work)
    }

    /// Runs `work` in the transaction that was begun, and ends it.
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
                // A connection whose rollback fails is broken, and its pool drops it.
                drop(self.rollback());
                Err(error)
            }
        }
    }
}

/// Creates the file, for its owner alone, when there is none.
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
    // First of all, so that what follows waits for other processes; the page size counts before the first table only.
    connection.batch_execute(&format!(
        "PRAGMA busy_timeout = {}; PRAGMA page_size = 8192;",
        wait.as_millis()
    ))?;
    // Switching a new file to a write-ahead log does not wait as other statements do, so two processes may collide here.
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
    // An answer promises a durable row, whatever the server's default; a stricter setting than `on` stays.
    connection.batch_execute(&format!(
        "SET lock_timeout = {wait}; SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') IN ('off', 'local');"
    ))
}
