//! The service's own table in an SQLite file, written to without its writer.

use std::error::Error;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, CustomizeConnection, Error as PoolError, Pool};
use store::{SealingKey, Store};

/// Connections to one file.
pub type Connections = Pool<ConnectionManager<SqliteConnection>>;

/// How many connections a pool has by the usual advice.
const POOL: u32 = 8;

diesel::table! {
    client (client_id) {
        client_id -> Text,
        provider -> Text,
        metadata -> Text,
        token_digest -> Text,
        secret_sealed -> Text,
        issued_at -> BigInt,
        revision -> BigInt,
    }
}

/// The columns that a registration fills.
#[derive(Insertable)]
#[diesel(table_name = client)]
pub struct Row {
    /// Issued.
    pub client_id: String,
    /// Whose client it is.
    pub provider: &'static str,
    /// What was registered.
    pub metadata: String,
    /// Of the registration access token.
    pub token_digest: String,
    /// As long as a sealed one; here it is the secret itself.
    pub secret_sealed: String,
    /// In seconds.
    pub issued_at: i64,
    /// 1.
    pub revision: i64,
}

impl Row {
    /// Inserts it.
    ///
    /// # Errors
    /// What the database says.
    pub fn insert(&self, connection: &mut SqliteConnection) -> QueryResult<()> {
        diesel::insert_into(client::table)
            .values(self)
            .execute(connection)
            .map(drop)
    }
}

/// A pool on a file, which is made if it is not there.
///
/// # Errors
/// What the store or the pool says.
pub fn pool(file: &str) -> Result<Connections, Box<dyn Error>> {
    make(file)?;
    let pool = Pool::builder()
        .max_size(POOL)
        .test_on_check_out(false)
        .connection_customizer(Box::new(AsTheStore));
    Ok(pool.build(ConnectionManager::new(file))?)
}

/// One connection to a file, which is made if it is not there.
///
/// # Errors
/// What the store or the database says.
pub fn connection(file: &str) -> Result<SqliteConnection, Box<dyn Error>> {
    make(file)?;
    let mut connection = SqliteConnection::establish(file)?;
    set_up(&mut connection)?;
    Ok(connection)
}

fn make(file: &str) -> Result<(), Box<dyn Error>> {
    let store = Store::open(
        &format!("sqlite://{file}").parse()?,
        SealingKey::from_base64(SealingKey::generate()?.reveal())?,
    )?;
    store.migrate()?;
    store.close();
    Ok(())
}

/// The settings of the store's own connections; the wait for the write lock is long enough for every queue.
fn set_up(connection: &mut SqliteConnection) -> QueryResult<()> {
    connection.batch_execute(
        "PRAGMA busy_timeout = 30000; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -16000;",
    )
}

#[derive(Debug)]
struct AsTheStore;

impl CustomizeConnection<SqliteConnection, PoolError> for AsTheStore {
    fn on_acquire(&self, connection: &mut SqliteConnection) -> Result<(), PoolError> {
        set_up(connection).map_err(PoolError::QueryError)
    }
}
