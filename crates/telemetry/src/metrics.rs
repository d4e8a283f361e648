//! Counters of requests by route, method and status, and histograms of their durations. The counters of other crates are read when
//! Prometheus asks, and handed over as metric families.
//!
//! | module | contents |
//! |---|---|
//! | [`table`] | all metrics |
//! | [`family`] | metric families made of plain numbers |

pub mod family;
pub mod table;

pub use prometheus::proto::MetricFamily;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, RwLock};
use std::time::Duration;

use actix_web::http::{Method, StatusCode};
use prometheus::process_collector::ProcessCollector;
use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, Opts, Registry, TextEncoder,
};
use protocol::sync::unpoisoned;

/// The methods that are counted under their names. All others are counted as `other`, because callers choose them.
pub const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"];

/// The statuses with cached counters, in the order of their frequency.
const STATUSES: [u16; 20] = [
    200, 304, 201, 204, 400, 401, 403, 404, 405, 408, 409, 413, 414, 415, 421, 429, 431, 500, 501,
    503,
];

/// The upper bounds of the histogram, in seconds.
const BOUNDS: [f64; 14] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// The counters of a process. Clones share them.
#[derive(Clone)]
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    seconds: HistogramVec,
    routes: Arc<RwLock<HashMap<String, Arc<RouteMetrics>>>>,
}

/// The counters of a route, cached so that a request needs no look-up by text.
pub struct RouteMetrics {
    template: String,
    requests: IntCounterVec,
    seconds: Histogram,
    counters: [[OnceLock<IntCounter>; STATUSES.len()]; METHODS.len()],
}

impl Metrics {
    /// Creates the counters, all zero.
    ///
    /// # Errors
    /// When a counter is declared twice.
    pub fn new() -> anyhow::Result<Self> {
        let registry = Registry::new();
        let options = |metric: &table::Metric| Opts::new(metric.name, metric.help.trim());
        let requests = IntCounterVec::new(options(&table::REQUESTS), table::REQUESTS.labels)?;
        let buckets = HistogramOpts {
            common_opts: options(&table::REQUEST_SECONDS),
            buckets: BOUNDS.to_vec(),
        };
        let seconds = HistogramVec::new(buckets, table::REQUEST_SECONDS.labels)?;
        registry.register(Box::new(ProcessCollector::for_self()))?;
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(seconds.clone()))?;
        Ok(Self {
            registry,
            requests,
            seconds,
            routes: Arc::default(),
        })
    }

    /// Returns the counters of a route. It is named by its template, because callers choose paths.
    pub fn route(&self, template: &str) -> Arc<RouteMetrics> {
        if let Some(known) = unpoisoned(self.routes.read()).get(template) {
            return Arc::clone(known);
        }
        let mut routes = unpoisoned(self.routes.write());
        let made = routes.entry(template.to_owned()).or_insert_with(|| {
            Arc::new(RouteMetrics {
                template: template.to_owned(),
                requests: self.requests.clone(),
                seconds: self.seconds.with_label_values(&[template]),
                counters: Default::default(),
            })
        });
        Arc::clone(made)
    }

    /// Renders the counters and `others` in the text format of Prometheus.
    pub fn text(&self, others: Vec<MetricFamily>) -> String {
        let mut families = self.registry.gather();
        // The encoder rejects a family without samples.
        families.extend(
            others
                .into_iter()
                .filter(|family| !family.get_metric().is_empty()),
        );
        families.sort_by(|one, other| one.name().cmp(other.name()));
        TextEncoder::new()
            .encode_to_string(&families)
            .unwrap_or_default()
    }
}

impl RouteMetrics {
    pub fn template(&self) -> &str {
        &self.template
    }

    pub fn count(&self, method: &Method, status: StatusCode, duration: Duration) {
        let row = METHODS.iter().position(|known| *known == method.as_str());
        let column = STATUSES.iter().position(|known| *known == status.as_u16());
        let labels = || {
            self.requests.with_label_values(&[
                self.template.as_str(),
                row.map_or("other", |_| method.as_str()),
                status.as_str(),
            ])
        };
        match row
            .and_then(|row| self.counters.get(row))
            .zip(column)
            .and_then(|(row, column)| row.get(column))
        {
            Some(counter) => counter.get_or_init(labels).inc(),
            None => labels().inc(),
        }
        self.seconds.observe(duration.as_secs_f64());
    }
}
