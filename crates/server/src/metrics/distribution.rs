//! Distributions of other crates, as the histograms of `/metrics`.

use protocol::histogram::Distribution;
use telemetry::metrics::family::HistogramCounts;

/// The number of microseconds in a second.
pub const MICROSECONDS: f64 = 1e6;

/// Returns the counts of a distribution.
pub fn histogram_counts(distribution: &Distribution) -> HistogramCounts<'_> {
    HistogramCounts {
        buckets: &distribution.buckets,
        above: distribution.above,
        sum: distribution.sum,
    }
}
