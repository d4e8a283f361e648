//! The counters of a store, for its metrics. Counting is an atomic addition and never waits.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::Store;
use crate::connection::{AnyConnection, ConnectionUse};
use crate::error::StoreError;
use crate::schema::client;

/// The upper bounds of the batch size, in writes.
const BATCH_SIZE_BOUNDS: [u64; 9] = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/// The upper bounds of the commit time, in microseconds.
const COMMIT_MICROSECOND_BOUNDS: [u64; 12] = [
    250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000,
];

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

/// A histogram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Distribution {
    /// The upper bounds, ascending, each with the number of values above the previous bound and not
    /// above this one.
    pub buckets: Vec<(u64, u64)>,
    /// The number of values above the last bound.
    pub above: u64,
    /// The sum of all values.
    pub sum: u64,
}

/// A histogram that threads add to.
#[derive(Debug)]
pub(crate) struct HistogramCounters<const N: usize> {
    bounds: &'static [u64; N],
    counts: [AtomicU64; N],
    above: AtomicU64,
    sum: AtomicU64,
}

impl<const N: usize> HistogramCounters<N> {
    const fn new(bounds: &'static [u64; N]) -> Self {
        Self {
            bounds,
            counts: [const { AtomicU64::new(0) }; N],
            above: AtomicU64::new(0),
            sum: AtomicU64::new(0),
        }
    }

    fn add(&self, measured: u64) {
        let bucket = self
            .bounds
            .iter()
            .zip(&self.counts)
            .find(|(bound, _)| measured <= **bound)
            .map_or(&self.above, |(_, count)| count);
        bucket.fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(measured, Ordering::Relaxed);
    }

    fn read(&self) -> Distribution {
        Distribution {
            buckets: self
                .bounds
                .iter()
                .zip(&self.counts)
                .map(|(bound, count)| (*bound, count.load(Ordering::Relaxed)))
                .collect(),
            above: self.above.load(Ordering::Relaxed),
            sum: self.sum.load(Ordering::Relaxed),
        }
    }
}

/// The counters of the writer.
#[derive(Debug)]
pub(crate) struct WriteCounters {
    /// The number of writes that were rejected because the queue was full.
    pub(crate) refused: AtomicU64,
    /// The number of transactions that failed.
    pub(crate) failed: AtomicU64,
    batches: HistogramCounters<9>,
    commits: HistogramCounters<12>,
}

impl Default for WriteCounters {
    fn default() -> Self {
        Self {
            refused: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            batches: HistogramCounters::new(&BATCH_SIZE_BOUNDS),
            commits: HistogramCounters::new(&COMMIT_MICROSECOND_BOUNDS),
        }
    }
}

impl WriteCounters {
    /// Counts a committed transaction.
    pub(crate) fn add_batch(&self, writes: usize, took: Duration) {
        self.batches.add(u64::try_from(writes).unwrap_or(u64::MAX));
        self.commits
            .add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }
}

/// The counters of the connection pool.
#[derive(Debug, Default)]
pub(crate) struct WaitCounters {
    /// The number of checkouts that found no idle connection.
    pub(crate) awaited: AtomicU64,
    /// The number of checkouts that got no connection in time.
    pub(crate) denied: AtomicU64,
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A measured value is counted in the first bucket whose bound it does not exceed.
    #[test]
    fn value_goes_into_its_bucket() {
        let buckets = HistogramCounters::new(&[1, 4, 8]);
        for measured in [1, 2, 4, 5, 9, 10] {
            buckets.add(measured);
        }
        assert_eq!(
            buckets.read(),
            Distribution {
                buckets: vec![(1, 1), (4, 2), (8, 1)],
                above: 2,
                sum: 31
            }
        );
    }
}
