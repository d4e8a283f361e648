//! What a store counts of itself, for whoever watches it. Counting is an addition that nobody waits for.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::Store;
use crate::connection::{AnyConnection, ConnectionUse};
use crate::error::StoreError;
use crate::schema::client;

/// The upper bounds of batch sizes, in writes.
const BATCH_SIZE_BOUNDS: [u64; 9] = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/// The upper bounds of durations, in microseconds.
const COMMIT_MICROSECOND_BOUNDS: [u64; 12] = [
    250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000,
];

/// What a store did since it was opened, and what it is at.
#[derive(Debug, Clone)]
pub struct Activity {
    /// Writes that wait for a transaction.
    pub writes_waiting: u64,
    /// How many may wait.
    pub writes_waiting_limit: u64,
    /// Writes that were refused because too many waited.
    pub writes_refused: u64,
    /// How many writes shared a transaction.
    pub batches: Distribution,
    /// How long a transaction of queued writes took, its commit included, in microseconds.
    pub commits: Distribution,
    /// Transactions of queued writes that came to nothing.
    pub transactions_failed: u64,
    /// Pooled connections that somebody has.
    pub connections_in_use: u32,
    /// Pooled connections that nobody has.
    pub connections_idle: u32,
    /// How many pooled connections there may be.
    pub connections_limit: u32,
    /// How often somebody found none idle and waited, or opened one.
    pub connections_awaited: u64,
    /// How often somebody waited in vain.
    pub connections_denied: u64,
}

/// How many of what was measured were at most so much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Distribution {
    /// Upper bounds, ascending, each with how many were not above it and above the one before.
    pub buckets: Vec<(u64, u64)>,
    /// How many were above all bounds.
    pub above: u64,
    /// All of what was measured together.
    pub sum: u64,
}

/// A distribution in the making.
#[derive(Debug)]
pub(crate) struct Buckets<const N: usize> {
    bounds: &'static [u64; N],
    counts: [AtomicU64; N],
    above: AtomicU64,
    sum: AtomicU64,
}

impl<const N: usize> Buckets<N> {
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

/// What the writer counts.
#[derive(Debug)]
pub(crate) struct WriteCounters {
    /// Writes that were refused because too many waited.
    pub(crate) refused: AtomicU64,
    /// Transactions that came to nothing.
    pub(crate) failed: AtomicU64,
    batches: Buckets<9>,
    commits: Buckets<12>,
}

impl Default for WriteCounters {
    fn default() -> Self {
        Self {
            refused: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            batches: Buckets::new(&BATCH_SIZE_BOUNDS),
            commits: Buckets::new(&COMMIT_MICROSECOND_BOUNDS),
        }
    }
}

impl WriteCounters {
    /// Counts a transaction of so many writes.
    pub(crate) fn add_batch(&self, writes: usize, took: Duration) {
        self.batches.add(u64::try_from(writes).unwrap_or(u64::MAX));
        self.commits
            .add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }
}

/// What the pool counts.
#[derive(Debug, Default)]
pub(crate) struct WaitCounters {
    /// How often there was no idle connection.
    pub(crate) awaited: AtomicU64,
    /// How often there was none in time either.
    pub(crate) denied: AtomicU64,
}

impl Store {
    /// What this process did with the store, and is at. It asks the database nothing.
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

    /// How many clients there are, at all providers and expired ones too. The database goes through an index for it, on a
    /// connection of its own: nothing to ask at every turn.
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

    #[test]
    fn what_is_measured_is_in_the_bucket_whose_bound_it_does_not_exceed() {
        let buckets = Buckets::new(&[1, 4, 8]);
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
