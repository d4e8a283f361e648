//! The connections that reads, and an operator's writes, share.

use std::time::{Duration, Instant};

use diesel::RunQueryDsl;
use diesel::r2d2::R2D2Connection;

use crate::connection::{AnyConnection, Purpose};
use crate::error::StoreError;
use crate::url::DatabaseUrl;

/// How long a request waits for a connection.
const WAIT: Duration = Duration::from_secs(3);

/// Connections to one store.
pub struct Pool {
    connections: r2d2::Pool<Manager>,
    stale_possible: bool,
}

/// Opens connections for the pool by the scheme of the URL.
struct Manager(DatabaseUrl);

/// A connection, and whether it failed while somebody had it.
struct Pooled {
    connection: AnyConnection,
    failed: bool,
}

/// Why there is no connection, for the pool to quote.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Refused(String);

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(reason) => Self(reason),
            other => Self(other.to_string()),
        }
    }
}

impl r2d2::ManageConnection for Manager {
    type Connection = Pooled;
    type Error = Refused;

    fn connect(&self) -> Result<Pooled, Refused> {
        Ok(Pooled { connection: AnyConnection::establish_at(&self.0, Purpose::Read)?, failed: false })
    }

    fn is_valid(&self, pooled: &mut Pooled) -> Result<(), Refused> {
        Ok(pooled.connection.ping().map_err(StoreError::from)?)
    }

    fn has_broken(&self, pooled: &mut Pooled) -> bool {
        pooled.failed || std::thread::panicking() || pooled.connection.is_broken()
    }
}

impl Pool {
    /// A pool for a store that is known to answer; it connects when it is asked to.
    pub fn new(url: &DatabaseUrl) -> Self {
        let size = if url.is_sqlite() { 4 } else { 8 };
        let connections = r2d2::Pool::builder()
            .max_size(size)
            .min_idle(Some(1))
            .connection_timeout(WAIT)
            .test_on_check_out(false)
            // Whoever waited for a connection reports why there was none; once is enough.
            .error_handler(Box::new(r2d2::NopErrorHandler))
            .build_unchecked(Manager(url.clone()));
        Self { connections, stale_possible: !url.is_sqlite() }
    }

    /// Runs a read, again on another connection when the one it had turns out to be dead.
    pub fn read<T>(&self, work: impl Fn(&mut AnyConnection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.check_out(work).map(|(_, value)| value)
    }

    /// Runs a write in its own transaction.
    pub fn write<T>(&self, work: impl FnOnce(&mut AnyConnection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let (mut pooled, ()) = self.check_out(|connection| Ok(connection.begin()?))?;
        let outcome = pooled.connection.finish(work);
        pooled.failed = outcome.as_ref().is_err_and(StoreError::is_unavailable);
        outcome
    }

    /// A connection, and what its first, repeatable step gave.
    ///
    /// A server that was restarted leaves dead connections behind: each fails once, and the next is tried.
    fn check_out<T>(
        &self,
        step: impl Fn(&mut AnyConnection) -> Result<T, StoreError>,
    ) -> Result<(r2d2::PooledConnection<Manager>, T), StoreError> {
        let begun = Instant::now();
        loop {
            let mut pooled = self.connections.get().map_err(|error| StoreError::Unavailable(error.to_string()))?;
            match step(&mut pooled.connection) {
                Ok(value) => return Ok((pooled, value)),
                Err(error) => {
                    pooled.failed = error.is_unavailable();
                    if !(pooled.failed && self.stale_possible && begun.elapsed() < WAIT) {
                        return Err(error);
                    }
                }
            }
        }
    }

    /// Whether the database answers.
    pub fn ping(&self) -> Result<(), StoreError> {
        self.read(|connection| {
            diesel::select(diesel::dsl::sql::<diesel::sql_types::Integer>("1")).get_result::<i32>(connection)?;
            Ok(())
        })
    }
}
