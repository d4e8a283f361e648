//! Traces: a span for each request and for what it waits for, handed to an OpenTelemetry collector.
//!
//! With the cargo feature `otel` alone. Without it [`Traces`] has no value, and nothing of this is in the program. The crates
//! below make spans of `tracing` and know nothing of OpenTelemetry; while nobody exports them they are switched off.
//!
//! | module | what it holds |
//! |---|---|
//! | `request` | the span of a request, and whose trace it continues |
//! | `export` | the way out: how many wait, how many go at once |
//! | `ledger` | what became of spans, for the metrics and the log |
//! | `collector` | the connection to the collector |
//! | `identifiers` | where identifiers come from |
//! | `without` | what stands here when the feature is off |

use std::sync::Arc;

use oauth_http::peer::Proxies;
use url::Url;

#[cfg(feature = "otel")]
mod collector;
#[cfg(feature = "otel")]
mod export;
#[cfg(feature = "otel")]
mod identifiers;
#[cfg(feature = "otel")]
mod ledger;
#[cfg(feature = "otel")]
mod request;
#[cfg(not(feature = "otel"))]
mod without;

#[cfg(feature = "otel")]
pub use export::Traces;
#[cfg(feature = "otel")]
pub use request::RequestSpan;
#[cfg(not(feature = "otel"))]
pub use without::{RequestSpan, Traces};

/// Where spans go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// The address that takes them. OTLP/HTTP.
    pub endpoint: Url,
    /// How many of a hundred requests are traced.
    pub percent: u32,
}

/// A function that fills a buffer with random bytes, or says why it cannot.
pub type RandomBytes = Arc<dyn Fn(&mut [u8]) -> Result<(), String> + Send + Sync>;

/// The settings of an export.
pub struct TraceOptions<'a> {
    /// The address of the collector and the share of requests.
    pub destination: &'a Destination,
    /// The PEM text of the certificate authorities that are trusted in addition to the system's.
    pub authorities: Option<Vec<u8>>,
    /// The proxies whose `traceparent` header is believed.
    pub proxies: Proxies,
    /// The value of `service.instance.id`.
    pub instance_id: String,
    /// The source of trace and span identifiers.
    pub random: RandomBytes,
}

/// What may become of a span, as the metric `frontdesk_traces_spans_total` calls it.
pub const RESULTS: [&str; 3] = ["exported", "failed", "dropped"];

/// How many spans became what, in the order of [`RESULTS`].
pub fn counts(traces: Option<&Traces>) -> impl Iterator<Item = (&'static str, u64)> {
    RESULTS
        .into_iter()
        .zip(traces.map_or([0; RESULTS.len()], Traces::counts))
}
