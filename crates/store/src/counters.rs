//! The counters of the parts of a store. Counting is an atomic addition and never waits.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The upper bounds of the batch size, in writes.
const BATCH_SIZE_BOUNDS: [u64; 9] = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/// The upper bounds of the commit time, in microseconds.
const COMMIT_MICROSECOND_BOUNDS: [u64; 12] = [
    250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000,
];

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

    pub(crate) fn read(&self) -> Distribution {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A measured value is counted in the first bucket that has a bound not below it.
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
