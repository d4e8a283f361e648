//! Counts of the calls to a target, for the metrics.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use protocol::histogram::{Distribution, HistogramCounters};

/// The upper bounds of the duration of a call, in microseconds.
const MICROSECOND_BOUNDS: [u64; 11] = [
    1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000, 10_000_000,
];

/// The outcome of a call, or of one that was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProvisionOutcome {
    /// A copy was made.
    Created,
    /// A copy was changed.
    Updated,
    /// A copy was deleted, or was gone already.
    Deleted,
    /// The server refused the client for good.
    Rejected,
    /// The server did not answer, or could not work.
    Unavailable,
    /// The breaker was open.
    BreakerOpen,
}

impl ProvisionOutcome {
    /// Every outcome.
    pub const ALL: [Self; 6] = [
        Self::Created,
        Self::Updated,
        Self::Deleted,
        Self::Rejected,
        Self::Unavailable,
        Self::BreakerOpen,
    ];

    /// Returns the label of the metric.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Deleted => "deleted",
            Self::Rejected => "rejected",
            Self::Unavailable => "unavailable",
            Self::BreakerOpen => "breaker_open",
        }
    }
}

/// The counts of a target.
#[derive(Debug)]
pub(crate) struct ProvisionCounts {
    outcomes: [AtomicU64; ProvisionOutcome::ALL.len()],
    lost: AtomicU64,
    durations: HistogramCounters<11>,
}

impl Default for ProvisionCounts {
    fn default() -> Self {
        Self {
            outcomes: Default::default(),
            lost: AtomicU64::default(),
            durations: HistogramCounters::new(&MICROSECOND_BOUNDS),
        }
    }
}

impl ProvisionCounts {
    pub(crate) fn count(&self, outcome: ProvisionOutcome) {
        let pairs = ProvisionOutcome::ALL.iter().zip(&self.outcomes);
        for (_, counter) in pairs.filter(|(known, _)| **known == outcome) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts a copy that cannot be found again.
    pub(crate) fn count_lost(&self) {
        self.lost.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn measure(&self, took: Duration) {
        self.durations.add_duration(took);
    }

    pub(crate) fn outcomes(&self) -> Vec<(ProvisionOutcome, u64)> {
        let pairs = ProvisionOutcome::ALL.iter().zip(&self.outcomes);
        pairs
            .map(|(outcome, counter)| (*outcome, counter.load(Ordering::Relaxed)))
            .collect()
    }

    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Returns the durations of the calls, in microseconds.
    pub(crate) fn durations(&self) -> Distribution {
        self.durations.read()
    }
}
