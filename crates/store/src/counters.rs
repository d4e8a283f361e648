//! The counters of the parts of a store. Counting is an atomic addition and never waits.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use protocol::histogram::HistogramCounters;

/// The upper bounds of the batch size, in writes.
const BATCH_SIZE_BOUNDS: [u64; 9] = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/// The upper bounds of the commit time, in microseconds.
const COMMIT_MICROSECOND_BOUNDS: [u64; 12] = [
    250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000,
];

/// The counters of the writer.
#[derive(Debug)]
pub(crate) struct WriteCounters {
    /// The number of writes that were rejected because the queue was full.
    pub(crate) refused: AtomicU64,
    /// The number of transactions that failed.
    pub(crate) failed: AtomicU64,
    pub(crate) batches: HistogramCounters<9>,
    pub(crate) commits: HistogramCounters<12>,
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
        self.commits.add_duration(took);
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
