//! The connections that reads, and an operator's writes, share.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use std::time::{Duration, Instant};

use diesel::RunQueryDsl;
use diesel::r2d2::R2D2Connection;

use crate::activity::WaitCounters;
use crate::connection::{AnyConnection, ConnectionUse};
use crate::error::StoreError;
use crate::queue::lock;
use crate::url::DatabaseUrl;

/// How long a request waits for a connection.
const CHECKOUT_TIMEOUT: Duration = Duration::from_secs(3);

/// For how long SQLite is asked to begin a write, while others write.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// For how long after that all connections may be out and none come back, before they are given up.
const EXHAUSTED_TIMEOUT: Duration = Duration::from_secs(7);

/// How many times connections that were given up may still hang, so that a database that hangs again and again keeps some for others.
const MAX_ABANDONED: usize = 4;

/// Connections to one store.
///
/// A database whose machine hangs keeps its connections standing and says nothing, and no time-out of the driver ends that. When all of them
/// are stuck, they are left to whoever waits for them, and others are made.
pub struct Pool {
    url: DatabaseUrl,
    connections: RwLock<PoolState>,
    /// Since when all connections are out and nobody got one.
    exhausted: Mutex<Option<Instant>>,
    abandoned: Mutex<Vec<Weak<()>>>,
    counters: WaitCounters,
}

/// The connections in use, until they are given up.
#[derive(Clone)]
struct PoolState {
    connections: r2d2::Pool<ConnectionFactory>,
    /// Lives as long as somebody has one of them.
    in_use: Arc<()>,
}

/// Opens connections for the pool by the scheme of the URL.
struct ConnectionFactory {
    url: DatabaseUrl,
    _in_use: Arc<()>,
}

/// A connection, and whether it failed while somebody had it.
struct PooledConnection {
    connection: AnyConnection,
    failed: bool,
}

/// Why there is no connection, for the pool to quote.
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
    /// A pool for a store that is known to answer; it connects when it is asked to.
    pub fn new(url: &DatabaseUrl) -> Self {
        Self {
            url: url.clone(),
            connections: RwLock::new(PoolState::new(url)),
            exhausted: Mutex::default(),
            abandoned: Mutex::default(),
            counters: WaitCounters::default(),
        }
    }

    /// Runs a read, again on another connection when the one it had turns out to be dead.
    pub fn read<T>(
        &self,
        work: impl Fn(&mut AnyConnection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let _span = tracing::info_span!("store read", otel.kind = "client").entered();
        self.read_untraced(work)
    }

    /// The same for many requests at a time, each of which has a span of its own.
    pub fn read_untraced<T>(
        &self,
        work: impl Fn(&mut AnyConnection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.check_out(work).map(|(_, value)| value)
    }

    /// Runs a write in its own transaction.
    pub fn write<T>(
        &self,
        work: impl FnOnce(&mut AnyConnection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let _span = tracing::info_span!("store write", otel.kind = "client").entered();
        let begun = Instant::now();
        let mut pooled = loop {
            match self.check_out(|connection| Ok(connection.begin()?)) {
                Ok((pooled, ())) => break pooled,
                // Others wrote all the time, on a disk that is slow. Nobody's request waits for this write.
                Err(error) if error.is_locked() && begun.elapsed() < LOCK_TIMEOUT => {}
                Err(error) => return Err(error),
            }
        };
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

    /// A connection that nobody uses, or a new one.
    fn connection(&self) -> Result<r2d2::PooledConnection<ConnectionFactory>, StoreError> {
        let stuck = self
            .connections
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
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
        // With a place left the database refused a connection, and that passes by itself.
        if state.idle_connections > 0 || state.connections < stuck.connections.max_size() {
            *exhausted = None;
        } else if exhausted.get_or_insert_with(Instant::now).elapsed() > EXHAUSTED_TIMEOUT {
            *exhausted = None;
            self.replace_pool(&stuck);
        }
        Err(StoreError::Unavailable(error.to_string()))
    }

    /// Other connections in the place of these.
    fn replace_pool(&self, stuck: &PoolState) {
        let mut abandoned = lock(&self.abandoned);
        abandoned.retain(|in_use| in_use.strong_count() > 0);
        if abandoned.len() < MAX_ABANDONED {
            abandoned.push(Arc::downgrade(&stuck.in_use));
            *self
                .connections
                .write()
                .unwrap_or_else(PoisonError::into_inner) = PoolState::new(&self.url);
        }
    }

    /// How many connections there are, how many of them nobody uses, and how many there may be.
    pub fn connections(&self) -> (u32, u32, u32) {
        let current = self
            .connections
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let state = current.connections.state();
        (
            state.connections,
            state.idle_connections,
            current.connections.max_size(),
        )
    }

    /// What it counts.
    pub fn counters(&self) -> &WaitCounters {
        &self.counters
    }

    /// Whether the database answers.
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
            // Whoever waited for a connection reports why there was none; once is enough.
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
