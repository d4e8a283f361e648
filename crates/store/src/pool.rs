//! The pool of connections for reads and for writes of an operator.
//!
//! When the machine of a database hangs, its connections stay open and silent, and no time-out of
//! the driver ends that. If all connections are out and none comes back, the whole pool is
//! abandoned to the threads that wait for them, and a new one takes its place. The number of
//! abandoned pools is limited, so that a database that hangs again and again keeps connections for
//! others.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, RwLock, Weak};
use std::time::{Duration, Instant};

use diesel::RunQueryDsl;
use diesel::r2d2::R2D2Connection;
use protocol::sync::{lock, unpoisoned};

use crate::connection::{AnyConnection, ConnectionUse};
use crate::counters::WaitCounters;
use crate::error::StoreError;
use crate::url::DatabaseUrl;

/// The time that a request waits for a connection.
const CHECKOUT_TIMEOUT: Duration = Duration::from_secs(3);

/// The time after which a write gives up waiting for the lock of SQLite.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// The time without a free connection after which the pool is replaced.
const EXHAUSTED_TIMEOUT: Duration = Duration::from_secs(7);

/// The maximum number of replaced pools that still have connections in use.
const MAX_ABANDONED: usize = 4;

/// The connections to a store.
pub struct Pool {
    url: DatabaseUrl,
    connections: RwLock<PoolState>,
    /// The time since which all connections are in use and no request got one.
    exhausted: Mutex<Option<Instant>>,
    abandoned: Mutex<Vec<Weak<()>>>,
    counters: WaitCounters,
}

/// The current pool, until it is replaced.
#[derive(Clone)]
struct PoolState {
    connections: r2d2::Pool<ConnectionFactory>,
    /// Lives as long as a connection of this pool.
    in_use: Arc<()>,
}

/// Opens connections for the pool.
struct ConnectionFactory {
    url: DatabaseUrl,
    _in_use: Arc<()>,
}

/// A pooled connection, and whether it failed in use.
struct PooledConnection {
    connection: AnyConnection,
    failed: bool,
}

/// The error of a connection attempt, as the pool quotes it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct ConnectError(String);

impl From<StoreError> for ConnectError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(reason) => Self(reason),
            other => Self(other.to_string()),
        }
    }
}

impl r2d2::ManageConnection for ConnectionFactory {
    type Connection = PooledConnection;
    type Error = ConnectError;

    fn connect(&self) -> Result<PooledConnection, ConnectError> {
        Ok(PooledConnection {
            connection: AnyConnection::establish_at(&self.url, ConnectionUse::Read)?,
            failed: false,
        })
    }

    fn is_valid(&self, pooled: &mut PooledConnection) -> Result<(), ConnectError> {
        Ok(pooled.connection.ping().map_err(StoreError::from)?)
    }

    fn has_broken(&self, pooled: &mut PooledConnection) -> bool {
        pooled.failed || std::thread::panicking() || pooled.connection.is_broken()
    }
}

impl Pool {
    /// Creates a pool, which connects at the first checkout.
    pub fn new(url: &DatabaseUrl) -> Self {
        Self {
            url: url.clone(),
            connections: RwLock::new(PoolState::new(url)),
            exhausted: Mutex::default(),
            abandoned: Mutex::default(),
            counters: WaitCounters::default(),
        }
    }

    /// Runs a read. If the connection turns out to be dead, repeats it on another one.
    pub fn read<T>(
        &self,
        work: impl Fn(&mut AnyConnection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let _span = tracing::info_span!("store read", otel.kind = "client").entered();
        self.read_untraced(work)
    }

    /// Runs a read as [`Pool::read`] does, without a trace span, for batches of requests that have
    /// spans of their own.
    pub fn read_untraced<T>(
        &self,
        work: impl Fn(&mut AnyConnection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.check_out(work).map(|(_, value)| value)
    }

    /// Runs a write in a transaction.
    pub fn write<T>(
        &self,
        work: impl FnOnce(&mut AnyConnection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let _span = tracing::info_span!("store write", otel.kind = "client").entered();
        let begun = Instant::now();
        let mut pooled = loop {
            match self.check_out(|connection| Ok(connection.begin()?)) {
                Ok((pooled, ())) => break pooled,
                // Another process held the lock all the time, on a slow disk. No request waits for
                // this write, so it tries again.
                Err(error) if error.is_locked() && begun.elapsed() < LOCK_TIMEOUT => {}
                Err(error) => return Err(error),
            }
        };
        let outcome = pooled.connection.finish(work);
        pooled.failed = outcome.as_ref().is_err_and(StoreError::is_unavailable);
        outcome
    }

    /// Returns a connection and the result of its first step, which can be repeated.
    ///
    /// A restarted server leaves dead connections in the pool. Each fails once, and the next is
    /// tried.
    fn check_out<T>(
        &self,
        step: impl Fn(&mut AnyConnection) -> Result<T, StoreError>,
    ) -> Result<(r2d2::PooledConnection<ConnectionFactory>, T), StoreError> {
        let begun = Instant::now();
        loop {
            let mut pooled = self.connection()?;
            match step(&mut pooled.connection) {
                Ok(value) => return Ok((pooled, value)),
                Err(error) => {
                    pooled.failed = error.is_unavailable();
                    if !(pooled.failed
                        && !self.url.is_sqlite()
                        && begun.elapsed() < CHECKOUT_TIMEOUT)
                    {
                        return Err(error);
                    }
                }
            }
        }
    }

    /// Returns an idle connection, or a new one.
    fn connection(&self) -> Result<r2d2::PooledConnection<ConnectionFactory>, StoreError> {
        let stuck = unpoisoned(self.connections.read()).clone();
        let got = stuck.connections.try_get().map_or_else(
            || {
                self.counters.awaited.fetch_add(1, Ordering::Relaxed);
                stuck.connections.get()
            },
            Ok,
        );
        let mut exhausted = lock(&self.exhausted);
        let error = match got {
            Ok(pooled) => {
                *exhausted = None;
                return Ok(pooled);
            }
            Err(error) => error,
        };
        self.counters.denied.fetch_add(1, Ordering::Relaxed);
        let state = stuck.connections.state();
        // The pool is not full, so the database refused a connection, which passes by itself.
        if state.idle_connections > 0 || state.connections < stuck.connections.max_size() {
            *exhausted = None;
        } else if exhausted.get_or_insert_with(Instant::now).elapsed() > EXHAUSTED_TIMEOUT {
            *exhausted = None;
            self.replace_pool(&stuck);
        }
        Err(StoreError::Unavailable(error.to_string()))
    }

    /// Replaces a pool of stuck connections.
    fn replace_pool(&self, stuck: &PoolState) {
        let mut abandoned = lock(&self.abandoned);
        abandoned.retain(|in_use| in_use.strong_count() > 0);
        if abandoned.len() < MAX_ABANDONED {
            abandoned.push(Arc::downgrade(&stuck.in_use));
            *unpoisoned(self.connections.write()) = PoolState::new(&self.url);
        }
    }

    /// Returns the number of connections, of idle connections, and the maximum.
    pub fn connections(&self) -> (u32, u32, u32) {
        let current = unpoisoned(self.connections.read());
        let state = current.connections.state();
        (
            state.connections,
            state.idle_connections,
            current.connections.max_size(),
        )
    }

    pub fn counters(&self) -> &WaitCounters {
        &self.counters
    }

    /// Checks that the database answers.
    pub fn ping(&self) -> Result<(), StoreError> {
        self.read(|connection| {
            diesel::select(diesel::dsl::sql::<diesel::sql_types::Integer>("1"))
                .get_result::<i32>(connection)?;
            Ok(())
        })
    }
}

impl PoolState {
    fn new(url: &DatabaseUrl) -> Self {
        let in_use = Arc::new(());
        let connections = r2d2::Pool::builder()
            .max_size(url.max_connections())
            .min_idle(Some(1))
            .connection_timeout(CHECKOUT_TIMEOUT)
            .test_on_check_out(false)
            // The request that waited reports the error.
            .error_handler(Box::new(r2d2::NopErrorHandler))
            .build_unchecked(ConnectionFactory {
                url: url.clone(),
                _in_use: Arc::clone(&in_use),
            });
        Self {
            connections,
            in_use,
        }
    }
}
