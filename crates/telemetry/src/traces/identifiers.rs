//! Random identifiers of traces and spans. They come from our own random source, because the library's generator is predictable
//! for a caller who knows one identifier.

use std::fmt;

use opentelemetry::trace::{SpanId, TraceId};
use opentelemetry_sdk::trace::IdGenerator;

use protocol::RandomSource;

/// W3C Trace Context §3.2.2.3, §3.2.2.4.
pub(super) struct RandomIdGenerator(pub(super) RandomSource);

impl RandomIdGenerator {
    /// Returns all zeros if the random source fails. That is an invalid identifier, and its span is not exported.
    fn random_bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.0)(&mut bytes).map_or([0; N], |()| bytes)
    }
}

impl IdGenerator for RandomIdGenerator {
    fn new_trace_id(&self) -> TraceId {
        TraceId::from_bytes(self.random_bytes())
    }

    fn new_span_id(&self) -> SpanId {
        SpanId::from_bytes(self.random_bytes())
    }
}

impl fmt::Debug for RandomIdGenerator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RandomIdGenerator")
    }
}
