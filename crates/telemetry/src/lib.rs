//! Metrics, log lines and traces of the service.
//!
//! [`metrics`] counts requests and renders what Prometheus reads, [`logging`] writes log lines, and [`traces`] exports spans to an
//! OpenTelemetry collector. None of them reads a configuration: the caller hands over values, and puts the names of settings in
//! front of error messages.

pub mod logging;
pub mod metrics;
pub mod traces;

pub use metrics::{Metrics, RouteMetrics};
pub use traces::{RequestSpan, Traces};
