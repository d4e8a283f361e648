//! Histograms for the metrics. Counting is an atomic addition and never waits.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

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
pub struct HistogramCounters<const N: usize> {
    bounds: &'static [u64; N],
    counts: [AtomicU64; N],
    above: AtomicU64,
    sum: AtomicU64,
}

impl<const N: usize> HistogramCounters<N> {
    /// Makes an empty histogram with these upper bounds, ascending.
    pub const fn new(bounds: &'static [u64; N]) -> Self {
        Self {
            bounds,
            counts: [const { AtomicU64::new(0) }; N],
            above: AtomicU64::new(0),
            sum: AtomicU64::new(0),
        }
    }

    /// Adds a value.
    pub fn add(&self, measured: u64) {
        let bucket = self
            .bounds
            .iter()
            .zip(&self.counts)
            .find(|(bound, _)| measured <= **bound)
            .map_or(&self.above, |(_, count)| count);
        bucket.fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(measured, Ordering::Relaxed);
    }

    /// Adds a duration, in microseconds.
    pub fn add_duration(&self, took: Duration) {
        self.add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    /// Returns the numbers as they are now.
    pub fn read(&self) -> Distribution {
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
