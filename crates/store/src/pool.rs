//! The connections that reads, and an operator's writes, share.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use std::time::{Duration, Instant};

use diesel::RunQueryDsl;
use diesel::r2d2::R2D2Connection;

use crate::activity::Waits;
use crate::connection::{AnyConnection, Purpose};
use crate::desk::lock;
use crate::error::StoreError;
use crate::url::DatabaseUrl;

/// How long a request waits for a connection.
const WAIT: Duration = Duration::from_secs(3);

/// For how long SQLite is asked to begin a write, while others write.
const LOCKED: Duration = Duration::from_secs(10);

/// For how long after that all connections may be out and none come back, before they are given up.
const STUCK: Duration = Duration::from_secs(7);

/// How many times connections that were given up may still hang, so that a database that hangs again and again keeps some for others.
const HANGING: usize = 4;

/// Connections to one store.
///
/// A database whose machine hangs keeps its connections standing and says nothing, and no time-out of the driver ends that. When all of them
/// are stuck, they are left to whoever waits for them, and others are made.
pub struct Pool {
    url: DatabaseUrl,
    connections: RwLock<Connections>,
    /// Since when all connections are out and nobody got one.
    exhausted: Mutex<Option<Instant>>,
    hanging: Mutex<Vec<Weak<()>>>,
    waits: Waits,
}

/// The connections in use, until they are given up.
#[derive(Clone)]
struct Connections {
    connections: r2d2::Pool<Manager>,
    /// Lives as long as somebody has one of them.
    kept: Arc<()>,
}

/// Opens connections for the pool by the scheme of the URL.
struct Manager {
    url: DatabaseUrl,
    _kept: Arc<()>,
}

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
        Ok(Pooled {
            connection: AnyConnection::establish_at(&self.url, Purpose::Read)?,
            failed: false,
        })
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
        Self {
            url: url.clone(),
            connections: RwLock::new(Connections::new(url)),
            exhausted: Mutex::default(),
            hanging: Mutex::default(),
            waits: Waits::default(),
        }
    }

    /// Runs a read, again on another connection when the one it had turns out to be dead.
    pub fn read<T>(
        &self,
        work: impl Fn(&mut AnyConnection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let _span = tracing::info_span!("store read", otel.kind = "client").entered();
        self.look(work)
    }

    /// The same for many requests at a time, each of which has a span of its own.
    pub fn look<T>(
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
                Err(error) if error.is_locked() && begun.elapsed() < LOCKED => {}
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
    ) -> Result<(r2d2::PooledConnection<Manager>, T), StoreError> {
        let begun = Instant::now();
        loop {
            let mut pooled = self.connection()?;
            match step(&mut pooled.connection) {
                Ok(value) => return Ok((pooled, value)),
                Err(error) => {
                    pooled.failed = error.is_unavailable();
                    if !(pooled.failed && !self.url.is_sqlite() && begun.elapsed() < WAIT) {
                        return Err(error);
                    }
                }
            }
        }
    }

    /// A connection that nobody uses, or a new one.
    fn connection(&self) -> Result<r2d2::PooledConnection<Manager>, StoreError> {
        let stuck = self
            .connections
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let got = stuck.connections.try_get().map_or_else(
            || {
                self.waits.awaited.fetch_add(1, Ordering::Relaxed);
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
        self.waits.denied.fetch_add(1, Ordering::Relaxed);
        let state = stuck.connections.state();
        // With a place left the database refused a connection, and that passes by itself.
        if state.idle_connections > 0 || state.connections < stuck.connections.max_size() {
            *exhausted = None;
        } else if exhausted.get_or_insert_with(Instant::now).elapsed() > STUCK {
            *exhausted = None;
            self.give_up(&stuck);
        }
        Err(StoreError::Unavailable(error.to_string()))
    }

    /// Other connections in the place of these.
    fn give_up(&self, stuck: &Connections) {
        let mut hanging = lock(&self.hanging);
        hanging.retain(|kept| kept.strong_count() > 0);
        if hanging.len() < HANGING {
            hanging.push(Arc::downgrade(&stuck.kept));
            *self
                .connections
                .write()
                .unwrap_or_else(PoisonError::into_inner) = Connections::new(&self.url);
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
    pub fn waits(&self) -> &Waits {
        &self.waits
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

impl Connections {
    fn new(url: &DatabaseUrl) -> Self {
        let kept = Arc::new(());
        let connections = r2d2::Pool::builder()
            .max_size(url.max_connections())
            .min_idle(Some(1))
            .connection_timeout(WAIT)
            .test_on_check_out(false)
            // Whoever waited for a connection reports why there was none; once is enough.
            .error_handler(Box::new(r2d2::NopErrorHandler))
            .build_unchecked(Manager {
                url: url.clone(),
                _kept: Arc::clone(&kept),
            });
        Self { connections, kept }
    }
}
