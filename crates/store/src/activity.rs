//! The counters and the load of a store, for its metrics.

use std::sync::atomic::Ordering;

use protocol::histogram::Distribution;

use crate::Store;
use crate::connection::{AnyConnection, ConnectionUse};
use crate::error::StoreError;
use crate::schema::client;

/// The counters of a store since it was opened, and its current load.
#[derive(Debug, Clone)]
pub struct Activity {
    /// The number of queued writes.
    pub writes_waiting: u64,
    /// The maximum number of queued writes.
    pub writes_waiting_limit: u64,
    /// The number of writes that were rejected because the queue was full.
    pub writes_refused: u64,
    /// The number of writes in each transaction.
    pub batches: Distribution,
    /// The duration of each transaction of queued writes, with its commit, in microseconds.
    pub commits: Distribution,
    /// The number of transactions of queued writes that failed.
    pub transactions_failed: u64,
    /// The number of pooled connections in use.
    pub connections_in_use: u32,
    /// The number of idle pooled connections.
    pub connections_idle: u32,
    /// The maximum number of pooled connections.
    pub connections_limit: u32,
    /// The number of checkouts that found no idle connection, and waited or opened one.
    pub connections_awaited: u64,
    /// The number of checkouts that got no connection in time.
    pub connections_denied: u64,
}

impl Store {
    /// Returns the counters and the current load, without a query.
    pub fn activity(&self) -> Activity {
        let (writes, waits) = (self.0.writer.counters(), self.0.pool.counters());
        let (connections, idle, limit) = self.0.pool.connections();
        Activity {
            writes_waiting: self.0.writer.waiting().try_into().unwrap_or(u64::MAX),
            writes_waiting_limit: crate::worker_pool::QUEUE_CAPACITY
                .try_into()
                .unwrap_or(u64::MAX),
            writes_refused: writes.refused.load(Ordering::Relaxed),
            batches: writes.batches.read(),
            commits: writes.commits.read(),
            transactions_failed: writes.failed.load(Ordering::Relaxed),
            connections_in_use: connections.saturating_sub(idle),
            connections_idle: idle,
            connections_limit: limit,
            connections_awaited: waits.awaited.load(Ordering::Relaxed),
            connections_denied: waits.denied.load(Ordering::Relaxed),
        }
    }

    /// Returns the number of clients of all providers, including expired clients. The database
    /// counts an index for it, so it should not be called often; it uses a connection of its own.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn clients_stored(&self) -> Result<u64, StoreError> {
        use diesel::prelude::*;
        let mut connection = AnyConnection::establish_at(&self.0.url, ConnectionUse::Read)?;
        let count: i64 = client::table.count().get_result(&mut connection)?;
        Ok(count.try_into().unwrap_or(0))
    }
}
