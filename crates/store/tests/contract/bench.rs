//! A database for each test, and common values.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use protocol::{
    ClientId, ClientSecret, Issuer, RegisteredMetadata, RegistrationAccessToken, Timestamp,
    TokenTerms,
};
use store::{Client, ClientData, DatabaseUrl, NewClient, PasswordMemory, SealingKey, Store};
use tempfile::TempDir;

pub const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
pub const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
pub const OTHER_KEY: &str = "HwECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// A database that is deleted at the end of the test.
pub struct Bench {
    pub url: DatabaseUrl,
    text: String,
    place: Place,
}

enum Place {
    Folder { _folder: TempDir },
    Server { admin: String, database: String },
}

impl Bench {
    pub fn sqlite() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let text = format!("sqlite://{}", folder.path().join("store.db").display());
        Self {
            url: text.parse().expect("a URL"),
            text,
            place: Place::Folder { _folder: folder },
        }
    }

    pub fn postgres() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let admin = test_postgres();
        let database = format!(
            "frontdesk_test_{}_{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let mut server =
            PgConnection::establish(&admin).expect("the server of TEST_POSTGRES answers");
        server
            .batch_execute(&format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)"))
            .expect("an old database goes");
        server
            .batch_execute(&format!("CREATE DATABASE {database}"))
            .expect("a new database");
        let (server, _) = admin
            .rsplit_once('/')
            .expect("TEST_POSTGRES names a database");
        let text = format!("{server}/{database}");
        Self {
            url: text.parse().expect("a URL"),
            text,
            place: Place::Server { admin, database },
        }
    }

    /// Opens and migrates the store.
    pub fn store(&self) -> Store {
        let store = self.open();
        store.migrate().expect("migrations");
        store
    }

    pub fn open(&self) -> Store {
        Store::open(&self.url, key(KEY)).expect("the store opens")
    }

    /// Returns a connection that is not the store's.
    pub fn raw(&self) -> Raw {
        match &self.place {
            Place::Folder { .. } => {
                let path = self
                    .url
                    .sqlite_path()
                    .expect("a path")
                    .to_str()
                    .expect("plain text");
                let mut connection = SqliteConnection::establish(path).expect("SQLite");
                connection
                    .batch_execute("PRAGMA busy_timeout = 5000")
                    .expect("patience");
                Raw::Sqlite(connection)
            }
            Place::Server { .. } => {
                Raw::Postgres(PgConnection::establish(&self.text).expect("PostgreSQL"))
            }
        }
    }

    /// Returns a connection to the PostgreSQL server and the name of the database.
    pub fn admin(&self) -> Option<(Raw, &str)> {
        match &self.place {
            Place::Folder { .. } => None,
            Place::Server { admin, database } => Some((
                Raw::Postgres(PgConnection::establish(admin).expect("PostgreSQL")),
                database,
            )),
        }
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        if let Place::Server { admin, database } = &self.place
            && let Ok(mut server) = PgConnection::establish(admin)
        {
            drop(server.batch_execute(&format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)")));
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the test script names its server here"
)]
fn test_postgres() -> String {
    std::env::var("TEST_POSTGRES").expect("TEST_POSTGRES names no PostgreSQL server: run the tests with `make test`, which starts one")
}

/// A connection for SQL statements that bypass the store.
pub enum Raw {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

#[derive(QueryableByName)]
struct Value {
    #[diesel(sql_type = Text)]
    value: String,
}

impl Raw {
    pub fn execute(&mut self, sql: &str) {
        match self {
            Self::Sqlite(connection) => connection.batch_execute(sql),
            Self::Postgres(connection) => connection.batch_execute(sql),
        }
        .expect(sql);
    }

    /// Returns the rows of a SELECT of one text column named `value`.
    pub fn values(&mut self, sql: &str) -> Vec<String> {
        let rows: QueryResult<Vec<Value>> = match self {
            Self::Sqlite(connection) => diesel::sql_query(sql).load(connection),
            Self::Postgres(connection) => diesel::sql_query(sql).load(connection),
        };
        rows.expect(sql).into_iter().map(|row| row.value).collect()
    }

    /// Prevents all others from writing clients, until `COMMIT`.
    pub fn hold(&mut self) {
        self.execute(match self {
            Self::Sqlite(_) => "BEGIN IMMEDIATE",
            Self::Postgres(_) => "BEGIN; LOCK TABLE client IN EXCLUSIVE MODE",
        });
    }
}

pub fn key(text: &str) -> SealingKey {
    SealingKey::from_base64(text).expect("a sealing key")
}

pub fn provider() -> Issuer {
    Issuer::parse("https://op.example").expect("an issuer")
}

pub fn metadata(name: &str) -> RegisteredMetadata {
    let json = format!(
        r#"{{"redirect_uris":["https://rp.example/cb"],"client_name":"{name}","client_name#ja-Jpan-JP":"クライアント名"}}"#
    );
    RegisteredMetadata::from_stored(json).expect("metadata")
}

pub fn token(id: &str) -> RegistrationAccessToken {
    RegistrationAccessToken::new(format!("rat_of_{id}"))
}

/// Terms with every member.
pub fn terms() -> Arc<TokenTerms> {
    let json = r#"{"scopes":["openid"],"grant_types":["authorization_code"],"redirect_hosts":["rp.example"],"metadata":{"client_name#ja":"名前"}}"#;
    Arc::new(TokenTerms::from_json(json).expect("terms"))
}

/// Returns a client without an owner that never expires.
pub fn client_data(id: &str) -> ClientData {
    ClientData {
        id: ClientId::new(id),
        provider: provider(),
        metadata: metadata(id),
        secret: Some(ClientSecret::new(format!("hush_of_{id}"))),
        issued_at: NOW,
        secret_expires_at: None,
        expires_at: None,
        owner: None,
        composed_name: None,
        terms: None,
    }
}

/// Returns a client to be stored with the token that belongs to its identifier.
pub fn with_token(data: ClientData) -> NewClient {
    NewClient {
        token: Some(token(data.id.as_str())),
        data,
    }
}

/// Returns [`client_data`] with a token.
pub fn new_client(id: &str) -> NewClient {
    with_token(client_data(id))
}

pub fn insert(store: &Store, id: &str) -> Client {
    insert_as(store, new_client(id))
}

/// Inserts a client and reads it back.
pub fn insert_as(store: &Store, new: NewClient) -> Client {
    let told = store
        .insert(new, None, NOW)
        .wait()
        .expect("a client is inserted");
    store
        .client(&told.id)
        .expect("a client is read")
        .expect("it is there")
}

/// Runs `work` in 20 threads at once.
pub fn race<T: Send>(work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let barrier = std::sync::Barrier::new(20);
    std::thread::scope(|scope| {
        let (barrier, work) = (&barrier, &work);
        let run = move |number| {
            barrier.wait();
            work(number)
        };
        let threads: Vec<_> = (0..20)
            .map(|number| scope.spawn(move || run(number)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("no panic"))
            .collect()
    })
}

/// Returns memory to verify one password in.
pub fn memory() -> PasswordMemory {
    PasswordMemory::default()
}
