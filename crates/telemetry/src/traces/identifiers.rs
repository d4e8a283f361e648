//! Where the identifiers of traces and spans come from: whoever knows one must not guess the next, so not from a generator of
//! the library's.

use std::fmt;

use opentelemetry::trace::{SpanId, TraceId};
use opentelemetry_sdk::trace::IdGenerator;

use super::RandomBytes;

/// Random identifiers. W3C Trace Context §3.2.2.3, §3.2.2.4.
pub(super) struct Identifiers(pub(super) RandomBytes);

impl Identifiers {
    /// Without randomness all noughts, which is no identifier: such a span goes nowhere.
    fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.0)(&mut bytes).map_or([0; N], |()| bytes)
    }
}

impl IdGenerator for Identifiers {
    fn new_trace_id(&self) -> TraceId {
        TraceId::from_bytes(self.bytes())
    }

    fn new_span_id(&self) -> SpanId {
        SpanId::from_bytes(self.bytes())
    }
}

impl fmt::Debug for Identifiers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identifiers")
    }
}
