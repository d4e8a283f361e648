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
//! | `options` | the settings of an export |
//! | `disabled` | the same types without the feature |

#[cfg(feature = "otel")]
mod collector;
#[cfg(not(feature = "otel"))]
mod disabled;
#[cfg(feature = "otel")]
mod export;
#[cfg(feature = "otel")]
mod identifiers;
mod options;
#[cfg(feature = "otel")]
mod request;
#[cfg(feature = "otel")]
mod span_counts;

#[cfg(not(feature = "otel"))]
pub use disabled::{RequestSpan, Traces};
#[cfg(feature = "otel")]
pub use export::Traces;
pub use options::{RESULTS, TraceEndpoint, TraceOptions};
#[cfg(feature = "otel")]
pub use request::RequestSpan;

/// Returns the number of spans for each of [`RESULTS`].
pub fn counts(traces: Option<&Traces>) -> impl Iterator<Item = (&'static str, u64)> {
    RESULTS
        .into_iter()
        .zip(traces.map_or([0; RESULTS.len()], Traces::counts))
}
