//! The numbers of resolutions and fetches, for the metrics.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use protocol::histogram::{Distribution, HistogramCounters};
use protocol::lock;

/// The upper bounds of the duration of a fetch, in microseconds.
const MICROSECOND_BOUNDS: [u64; 9] = [
    10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
];

/// The outcome of a resolution that met a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DocumentOutcome {
    /// The stored document, within its time.
    Cached,
    /// A document that was fetched.
    Fetched,
    /// The stored document, which its server confirmed.
    Unchanged,
    /// The stored document, beyond its time.
    Stale,
    /// A refusal by the operator's settings or by the rules for documents.
    Refused,
    /// A document that could not be fetched.
    Failed,
}

impl DocumentOutcome {
    /// Returns the word of the metrics.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Cached => "cached",
            Self::Fetched => "fetched",
            Self::Unchanged => "unchanged",
            Self::Stale => "stale",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// The numbers of outcomes, each with its reason, and the durations of fetches.
#[derive(Debug)]
pub struct DocumentCounts {
    outcomes: Mutex<BTreeMap<(DocumentOutcome, &'static str), u64>>,
    durations: HistogramCounters<9>,
}

impl DocumentCounts {
    pub(crate) fn count(&self, outcome: DocumentOutcome, reason: &'static str) {
        *lock(&self.outcomes).entry((outcome, reason)).or_default() += 1;
    }

    /// Returns each outcome and reason with its number. The reason is empty for a document that may be used.
    pub fn all(&self) -> Vec<(&'static str, &'static str, u64)> {
        let counted = lock(&self.outcomes);
        let mut all: Vec<_> = counted
            .iter()
            .map(|((outcome, reason), count)| (outcome.word(), *reason, *count))
            .collect();
        // A counter exists before its first event.
        for outcome in [DocumentOutcome::Cached, DocumentOutcome::Fetched] {
            if !counted.contains_key(&(outcome, "")) {
                all.push((outcome.word(), "", 0));
            }
        }
        all
    }

    pub(crate) fn measure(&self, took: Duration) {
        self.durations.add_duration(took);
    }

    /// Returns the durations of fetches, in microseconds.
    pub fn durations(&self) -> Distribution {
        self.durations.read()
    }
}

impl Default for DocumentCounts {
    fn default() -> Self {
        Self {
            outcomes: Mutex::default(),
            durations: HistogramCounters::new(&MICROSECOND_BOUNDS),
        }
    }
}
