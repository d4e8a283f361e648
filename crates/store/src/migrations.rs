//! Applies migrations, and checks the schema and the sealing key.

use std::collections::BTreeSet;

use diesel::migration::{Migration, MigrationSource};
use diesel::prelude::*;
use diesel::sqlite::Sqlite;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::Store;
use crate::connection::{AnyConnection, ConnectionUse};
use crate::error::StoreError;
use crate::judged_patterns::judge_older_patterns;
use crate::lock::{Lock, lock};
use crate::random::no_random_bytes;
use crate::schema::seal_check;
use crate::seal::{SealContext, SealingKey};

/// All migrations.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations");

/// The migration with a column that the program fills.
const PATTERNS: &str = "0010_redirect_patterns";

/// The text of the sentinel.
const SENTINEL: &str = "frontdesk";

diesel::table! {
    __diesel_schema_migrations (version) {
        version -> Text,
    }
}

diesel::table! {
    sqlite_master (name) {
        name -> Text,
    }
}

impl Store {
    /// Applies the missing migrations, all or none, adds a sentinel to a new store, and returns the
    /// names of the applied migrations.
    ///
    /// Several processes may do so at once: the first does the work and the others wait for it.
    ///
    /// # Errors
    /// [`StoreError::SchemaNewer`], [`StoreError::WrongKey`], [`StoreError::Unavailable`].
    pub fn migrate(&self) -> Result<Vec<String>, StoreError> {
        // A server whose role may not change the schema can start if there is nothing to apply.
        match self.check() {
            Err(StoreError::SchemaOutdated) => {}
            other => return other.map(|()| Vec::new()),
        }
        let mut connection = AnyConnection::establish_at(&self.0.url, ConnectionUse::Migrate)?;
        connection.write(|connection| {
            lock(connection, Lock::Migrations)?;
            let missing = missing(connection)?;
            if !missing.is_empty() {
                connection
                    .run_pending_migrations(MIGRATIONS)
                    .map_err(|error| StoreError::Database(error.to_string()))?;
            }
            if missing.iter().any(|name| name == PATTERNS) {
                judge_older_patterns(connection)?;
            }
            if check_sentinel(connection, &self.0.seal)? == Sentinel::Absent {
                write_sentinel(connection, &self.0.seal)?;
            }
            Ok(missing)
        })
    }

    /// Returns true if any migration was applied: a database without one is not a store.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn has_schema(&self) -> Result<bool, StoreError> {
        self.0
            .pool
            .read(|connection| Ok(!applied(connection)?.is_empty()))
    }

    /// Checks that the schema is up to date and that the sealing key is the key of this store.
    ///
    /// # Errors
    /// [`StoreError::SchemaOutdated`], [`StoreError::SchemaNewer`], [`StoreError::WrongKey`], [`StoreError::Unavailable`].
    pub fn check(&self) -> Result<(), StoreError> {
        self.0.pool.read(|connection| {
            if !missing(connection)?.is_empty() {
                return Err(StoreError::SchemaOutdated);
            }
            match check_sentinel(connection, &self.0.seal)? {
                Sentinel::Opens => Ok(()),
                Sentinel::Absent => Err(StoreError::SchemaOutdated),
            }
        })
    }
}

/// Returns the names of the migrations that were not applied, in order.
pub fn missing(connection: &mut AnyConnection) -> Result<Vec<String>, StoreError> {
    let mut applied = applied(connection)?;
    let mut missing = Vec::new();
    for migration in all_migrations()? {
        if !applied.remove(migration.name().version().to_string().as_str()) {
            missing.push(migration.name().to_string());
        }
    }
    match applied.pop_first() {
        Some(migration) => Err(StoreError::SchemaNewer { migration }),
        None => Ok(missing),
    }
}

/// Returns the versions of all known migrations.
pub fn known_versions() -> Result<BTreeSet<String>, StoreError> {
    Ok(all_migrations()?
        .iter()
        .map(|migration| migration.name().version().to_string())
        .collect())
}

fn all_migrations() -> Result<Vec<Box<dyn Migration<Sqlite>>>, StoreError> {
    let mut known: Vec<Box<dyn Migration<Sqlite>>> = MIGRATIONS
        .migrations()
        .map_err(|error| StoreError::Database(error.to_string()))?;
    known.sort_by(|one, other| one.name().version().cmp(&other.name().version()));
    Ok(known)
}

/// Returns the versions of the applied migrations. Does not create their table, because the
/// database may be a standby.
pub fn applied(connection: &mut AnyConnection) -> Result<BTreeSet<String>, StoreError> {
    const TABLE: &str = "__diesel_schema_migrations";
    let exists = match connection {
        AnyConnection::Sqlite(sqlite) => {
            sqlite_master::table
                .filter(sqlite_master::name.eq(TABLE))
                .count()
                .get_result::<i64>(sqlite)?
                > 0
        }
        AnyConnection::Postgres(postgres) => {
            diesel::select(diesel::dsl::sql::<diesel::sql_types::Bool>(&format!(
                "to_regclass('{TABLE}') IS NOT NULL"
            )))
            .get_result(postgres)?
        }
    };
    if !exists {
        return Ok(BTreeSet::new());
    }
    let versions: Vec<String> = __diesel_schema_migrations::table
        .select(__diesel_schema_migrations::version)
        .load(connection)?;
    Ok(versions.into_iter().collect())
}

#[derive(PartialEq, Eq)]
enum Sentinel {
    Opens,
    Absent,
}

/// Returns whether there is a sentinel that opens with this key.
fn check_sentinel(
    connection: &mut AnyConnection,
    seal: &SealingKey,
) -> Result<Sentinel, StoreError> {
    let rows: Vec<(String, String)> = seal_check::table
        .select((seal_check::key_id, seal_check::sealed))
        .load(connection)?;
    if rows.is_empty() {
        return Ok(Sentinel::Absent);
    }
    let (id, sentinel) = rows
        .into_iter()
        .find(|(id, _)| *id == seal.id())
        .ok_or(StoreError::WrongKey)?;
    match seal.open(&SealContext::Check, &sentinel) {
        Some(opened) if opened.as_str() == SENTINEL => Ok(Sentinel::Opens),
        _ => Err(StoreError::corrupt("seal_check", "sealed", &id)),
    }
}

fn write_sentinel(connection: &mut AnyConnection, seal: &SealingKey) -> Result<(), StoreError> {
    let sentinel = seal
        .seal(&SealContext::Check, SENTINEL)
        .ok_or_else(no_random_bytes)?;
    diesel::insert_into(seal_check::table)
        .values((
            seal_check::key_id.eq(seal.id()),
            seal_check::sealed.eq(sentinel),
        ))
        .execute(connection)?;
    Ok(())
}
