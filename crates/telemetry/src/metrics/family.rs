//! Metric families, made of a row of the table and the values that were read.

use prometheus::proto::{
    Bucket, Counter, Gauge, Histogram, LabelPair, Metric as Sample, MetricFamily, MetricType,
};

use super::table::{Metric, MetricKind};

/// Converts an integer to the floating-point number that Prometheus uses for all values.
pub fn number(whole: u64) -> f64 {
    let half = |bits: u64| u32::try_from(bits & u64::from(u32::MAX)).map_or(0.0, f64::from);
    half(whole >> 32) * 4_294_967_296.0 + half(whole)
}

/// Returns the family of a metric with a single value and no label.
pub fn plain(metric: &Metric, value: f64) -> MetricFamily {
    family(metric, [(Vec::new(), value)])
}

/// Returns the family of a metric with a value for each set of label values. They are in the order of the row's labels.
pub fn family<'a>(
    metric: &Metric,
    values: impl IntoIterator<Item = (Vec<&'a str>, f64)>,
) -> MetricFamily {
    let samples = values.into_iter().map(|(labels, value)| {
        let mut sample = Sample::from_label(label_pairs(metric, &labels));
        if metric.kind == MetricKind::Counter {
            let mut counter = Counter::default();
            counter.set_value(value);
            sample.set_counter(counter);
        } else {
            let mut gauge = Gauge::default();
            gauge.set_value(value);
            sample.set_gauge(gauge);
        }
        sample
    });
    new_family(metric, samples.collect())
}

/// The measurements of a histogram.
#[derive(Debug, Clone, Copy)]
pub struct HistogramCounts<'a> {
    /// The upper bounds, ascending, each with the number of measurements above the previous bound and not above this one.
    pub buckets: &'a [(u64, u64)],
    /// The number of measurements above the last bound.
    pub above: u64,
    /// The sum of all measurements.
    pub sum: u64,
}

/// Returns the family of a histogram without labels. Measurements are divided by `per` to get the metric's unit.
pub fn histogram(metric: &Metric, measured: HistogramCounts<'_>, per: f64) -> MetricFamily {
    histograms(metric, [(Vec::new(), measured)], per)
}

/// Returns the family of a histogram with measurements for each set of label values. They are in the order of the row's labels.
pub fn histograms<'a>(
    metric: &Metric,
    measured: impl IntoIterator<Item = (Vec<&'a str>, HistogramCounts<'a>)>,
    per: f64,
) -> MetricFamily {
    let samples = measured.into_iter().map(|(labels, measured)| {
        let mut sample = Sample::from_label(label_pairs(metric, &labels));
        sample.set_histogram(cumulated(measured, per));
        sample
    });
    new_family(metric, samples.collect())
}

fn cumulated(measured: HistogramCounts<'_>, per: f64) -> Histogram {
    let mut below = 0;
    let bucket = |(bound, count): &(u64, u64)| {
        below += count;
        let mut bucket = Bucket::default();
        bucket.set_upper_bound(number(*bound) / per);
        bucket.set_cumulative_count(below);
        bucket
    };
    let buckets = measured.buckets.iter().map(bucket).collect();
    let mut histogram = Histogram::default();
    histogram.set_bucket(buckets);
    histogram.set_sample_count(below + measured.above);
    histogram.set_sample_sum(number(measured.sum) / per);
    histogram
}

fn new_family(metric: &Metric, samples: Vec<Sample>) -> MetricFamily {
    let mut family = MetricFamily::default();
    family.set_name(metric.name.to_owned());
    family.set_help(metric.help.trim().to_owned());
    family.set_field_type(match metric.kind {
        MetricKind::Counter => MetricType::COUNTER,
        MetricKind::Gauge => MetricType::GAUGE,
        MetricKind::Histogram => MetricType::HISTOGRAM,
    });
    family.set_metric(samples);
    family
}

fn label_pairs(metric: &Metric, values: &[&str]) -> Vec<LabelPair> {
    let pairs = metric.labels.iter().zip(values);
    pairs.map(|(name, value)| label_pair(name, value)).collect()
}

fn label_pair(name: &str, value: &str) -> LabelPair {
    let mut pair = LabelPair::default();
    pair.set_name(name.to_owned());
    pair.set_value(value.to_owned());
    pair
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::float_cmp, reason = "these numbers are exact")]
    fn large_numbers_are_exact() {
        assert_eq!(number(0), 0.0);
        assert_eq!(number(4_294_967_297), 4_294_967_297.0);
    }
}
