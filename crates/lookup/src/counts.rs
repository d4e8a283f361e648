//! The numbers of answers by provider and status, and their times, for the metrics.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use actix_web::http::StatusCode;
use protocol::histogram::{Distribution, HistogramCounters};
use protocol::{Issuer, lock};

/// The label of answers to requests without a known provider.
const NO_PROVIDER: &str = "none";

/// The upper bounds of the time for an answer, in microseconds.
const MICROSECOND_BOUNDS: [u64; 11] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 50_000, 250_000, 1_000_000, 5_000_000,
];

/// The numbers of answers.
pub struct LookupCounts {
    providers: Vec<(String, Mutex<BTreeMap<u16, u64>>)>,
    without_provider: Mutex<BTreeMap<u16, u64>>,
    times: HistogramCounters<11>,
}

impl LookupCounts {
    pub(crate) fn new(providers: &[Issuer]) -> Self {
        let counted = |provider: &Issuer| {
            let found = BTreeMap::from([(StatusCode::OK.as_u16(), 0)]);
            (provider.as_str().to_owned(), Mutex::new(found))
        };
        Self {
            providers: providers.iter().map(counted).collect(),
            without_provider: Mutex::default(),
            times: HistogramCounters::new(&MICROSECOND_BOUNDS),
        }
    }

    /// Counts an answer. `provider` is the position of the provider.
    pub(crate) fn count(&self, provider: Option<usize>, status: StatusCode, took: Duration) {
        let counts = provider.and_then(|position| self.providers.get(position));
        let counts = counts.map_or(&self.without_provider, |(_, counts)| counts);
        *lock(counts).entry(status.as_u16()).or_default() += 1;
        self.times.add_duration(took);
    }

    /// Returns each provider and status with its number.
    pub fn all(&self) -> Vec<(&str, u16, u64)> {
        let named = self
            .providers
            .iter()
            .map(|(issuer, counts)| (issuer.as_str(), counts));
        let mut all = Vec::new();
        for (issuer, counts) in named.chain([(NO_PROVIDER, &self.without_provider)]) {
            let counts = lock(counts);
            all.extend(
                counts
                    .iter()
                    .map(|(status, count)| (issuer, *status, *count)),
            );
        }
        all
    }

    /// Returns the times, in microseconds.
    pub fn seconds(&self) -> Distribution {
        self.times.read()
    }
}
