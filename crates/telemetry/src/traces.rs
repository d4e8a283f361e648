//! Traces: a span for each request and for the work it waits for, exported to an OpenTelemetry collector.
//!
//! Traces need the cargo feature `otel`. Without it [`Traces`] is a type without a value, and the program has no code for them. The
//! other crates create spans of `tracing` and do not use OpenTelemetry; without an exporter their spans are disabled.
//!
//! | module | contents |
//! |---|---|
//! | `request` | the span of a request and its parent |
//! | `export` | the queue of spans and the thread that exports them |
//! | `span_counts` | the numbers of exported and lost spans, for the metrics and the log |
//! | `collector` | the connection to the collector |
//! | `identifiers` | random trace and span identifiers |
//! | `disabled` | the same types without the feature |

use oauth_http::peer::Proxies;
use url::Url;

#[cfg(feature = "otel")]
mod collector;
#[cfg(not(feature = "otel"))]
mod disabled;
#[cfg(feature = "otel")]
mod export;
#[cfg(feature = "otel")]
mod identifiers;
#[cfg(feature = "otel")]
mod request;
#[cfg(feature = "otel")]
mod span_counts;

#[cfg(not(feature = "otel"))]
pub use disabled::{RequestSpan, Traces};
#[cfg(feature = "otel")]
pub use export::Traces;
#[cfg(feature = "otel")]
pub use request::RequestSpan;

/// The collector, and the share of requests whose spans it gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceEndpoint {
    /// The address of the collector, which must accept OTLP over HTTP.
    pub endpoint: Url,
    /// The percentage of requests that are traced.
    pub percent: u32,
}

/// The settings of an export.
pub struct TraceOptions<'a> {
    pub endpoint: &'a TraceEndpoint,
    /// The PEM text of the certificate authorities that are trusted in addition to the system's.
    pub authorities: Option<Vec<u8>>,
    /// The proxies whose `traceparent` header is believed.
    pub proxies: Proxies,
    /// The value of `service.instance.id`.
    pub instance_id: String,
    /// The source of trace and span identifiers.
    pub random: protocol::RandomSource,
}

/// The values of the label `result` of the metric `frontdesk_traces_spans_total`.
pub const RESULTS: [&str; 3] = ["exported", "failed", "dropped"];

/// Returns the number of spans for each of [`RESULTS`].
pub fn counts(traces: Option<&Traces>) -> impl Iterator<Item = (&'static str, u64)> {
    RESULTS
        .into_iter()
        .zip(traces.map_or([0; RESULTS.len()], Traces::counts))
}
