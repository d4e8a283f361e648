//! The settings of an export.

use oauth_http::peer::Proxies;
use url::Url;

/// The collector, and the share of traced requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceEndpoint {
    /// The address of the collector, which must accept OTLP over HTTP.
    pub endpoint: Url,
    /// The percentage of requests that are traced.
    pub percent: u32,
}

pub struct TraceOptions<'a> {
    pub endpoint: &'a TraceEndpoint,
    /// The PEM text of the certificate authorities that are trusted in addition to the system's.
    pub authorities: Option<Vec<u8>>,
    /// The proxies with a trusted `traceparent` header.
    pub proxies: Proxies,
    /// The value of `service.instance.id`.
    pub instance_id: String,
    /// The source of trace and span identifiers.
    pub random: protocol::RandomSource,
}

/// The values of the label `result` of the metric `frontdesk_traces_spans_total`.
pub const RESULTS: [&str; 3] = ["exported", "failed", "dropped"];
