//! The table `client` in an SQLite file, written without the writer of the store.

use std::error::Error;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, CustomizeConnection, Error as PoolError, Pool};
use store::{SealingKey, Store};

/// A pool of connections to a file.
pub type ConnectionPool = Pool<ConnectionManager<SqliteConnection>>;

/// The number of connections of a pool, by common advice.
const POOL_SIZE: u32 = 8;

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
pub struct InsertedRow {
    pub client_id: String,
    pub provider: &'static str,
    pub metadata: String,
    /// The digest of the registration access token.
    pub token_digest: String,
    /// A text as long as a sealed secret; here it is the secret itself.
    pub secret_sealed: String,
    /// The time of issue, in seconds.
    pub issued_at: i64,
    /// The revision, 1.
    pub revision: i64,
}

impl InsertedRow {
    /// Inserts the row.
    ///
    /// # Errors
    /// An error of the database.
    pub fn insert(&self, connection: &mut SqliteConnection) -> QueryResult<()> {
        diesel::insert_into(client::table)
            .values(self)
            .execute(connection)
            .map(drop)
    }
}

/// Opens a pool on a file, which is created if it does not exist.
///
/// # Errors
/// An error of the store or the pool.
pub fn pool(file: &str) -> Result<ConnectionPool, Box<dyn Error>> {
    create_store(file)?;
    let pool = Pool::builder()
        .max_size(POOL_SIZE)
        .test_on_check_out(false)
        .connection_customizer(Box::new(StoreSettings));
    Ok(pool.build(ConnectionManager::new(file))?)
}

/// Opens a connection to a file, which is created if it does not exist.
///
/// # Errors
/// An error of the store or the database.
pub fn connection(file: &str) -> Result<SqliteConnection, Box<dyn Error>> {
    create_store(file)?;
    let mut connection = SqliteConnection::establish(file)?;
    set_up(&mut connection)?;
    Ok(connection)
}

fn create_store(file: &str) -> Result<(), Box<dyn Error>> {
    let store = Store::open(
        &format!("sqlite://{file}").parse()?,
        SealingKey::from_base64(SealingKey::generate()?.reveal())?,
    )?;
    store.migrate()?;
    store.close();
    Ok(())
}

/// Applies the settings of the store's connections. The wait for the write lock is long enough for
/// every queue.
fn set_up(connection: &mut SqliteConnection) -> QueryResult<()> {
    connection.batch_execute(
        "PRAGMA busy_timeout = 30000; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -16000;",
    )
}

#[derive(Debug)]
struct StoreSettings;

impl CustomizeConnection<SqliteConnection, PoolError> for StoreSettings {
    fn on_acquire(&self, connection: &mut SqliteConnection) -> Result<(), PoolError> {
        set_up(connection).map_err(PoolError::QueryError)
    }
}
