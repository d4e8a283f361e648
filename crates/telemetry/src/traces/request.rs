//! The span of a request, with its attributes and its parent.

use actix_web::HttpResponse;
use actix_web::dev::RequestHead;
use actix_web::http::Method;
use oauth_http::{Failure, RequestId};
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::{Status, TraceContextExt};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::{Instrument, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::Traces;
use crate::metrics::METHODS;

/// The name of the span's metadata, which the filter of the layer looks for.
pub(super) const NAME: &str = "request";

/// The header field with the caller's span. W3C Trace Context §3.2.
const TRACEPARENT: &str = "traceparent";

/// The span of a request. It has no path, query, header or body, because callers choose them.
#[derive(Debug)]
pub struct RequestSpan(Span);

impl Traces {
    /// Starts the span of a request.
    pub fn begin(&self, head: &RequestHead, id: Option<&RequestId>) -> RequestSpan {
        let span = tracing::info_span!(
            parent: None,
            NAME,
            otel.kind = "server",
            http.request.method = method(&head.method),
            frontdesk.request_id = id.map(RequestId::as_str),
        );
        if let Some(parent) = self.parent(head) {
            // Fails only for a span that was entered before.
            let _ = span.set_parent(parent);
        }
        RequestSpan(span)
    }

    /// Returns the parent span that a configured proxy sent. The header is not read from other callers: they could add spans to
    /// traces of others, and fill the collector.
    fn parent(&self, head: &RequestHead) -> Option<Context> {
        let peer = head.peer_addr?.ip().to_canonical();
        let is_proxy = self.proxies.contains(peer);
        let mut values = head.headers.get_all(TRACEPARENT).filter(|_| is_proxy);
        let (Some(value), None) = (values.next(), values.next()) else {
            return None;
        };
        let parent = TraceContextPropagator::new()
            .extract_with_context(&Context::new(), &TraceparentHeader(value.to_str().ok()?));
        parent.has_active_span().then_some(parent)
    }
}

impl RequestSpan {
    /// Runs `work` within the span.
    pub fn handle<F: Future>(&self, work: F) -> impl Future<Output = F::Output> + use<F> {
        work.instrument(self.0.clone())
    }

    /// Adds the provider as an attribute.
    pub fn set_issuer(&self, issuer: &str) {
        self.0.set_attribute("frontdesk.issuer", issuer.to_owned());
    }

    /// Ends the span with the response, and the route if one matched.
    pub fn end(&self, requested: &Method, route: Option<&str>, response: &HttpResponse) {
        let (context, status) = (self.0.context(), response.status());
        let span = context.span();
        if !span.is_recording() {
            return;
        }
        let requested = method(requested);
        let kind = if requested == OTHER {
            "HTTP"
        } else {
            requested
        };
        span.update_name(route.map_or_else(|| kind.to_owned(), |route| format!("{kind} {route}")));
        if let Some(route) = route {
            span.set_attribute(KeyValue::new("http.route", route.to_owned()));
        }
        span.set_attribute(KeyValue::new(
            "http.response.status_code",
            i64::from(status.as_u16()),
        ));
        if let Some(failure) = response
            .error()
            .and_then(|error| error.as_error::<Failure>())
        {
            span.set_attribute(KeyValue::new("frontdesk.error", failure.code().as_str()));
        }
        if status.is_server_error() {
            span.set_status(Status::error(""));
        }
        // Ended here and not when the last clone is dropped: a thread that still waits for the store may hold one.
        span.end();
    }
}

/// The value for unknown methods, because callers choose them.
const OTHER: &str = "_OTHER";

fn method(method: &Method) -> &str {
    if METHODS.contains(&method.as_str()) {
        method.as_str()
    } else {
        OTHER
    }
}

/// The only header field that the propagator reads.
struct TraceparentHeader<'a>(&'a str);

impl Extractor for TraceparentHeader<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        (key == TRACEPARENT).then_some(self.0)
    }

    fn keys(&self) -> Vec<&str> {
        vec![TRACEPARENT]
    }
}
