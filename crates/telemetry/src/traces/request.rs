//! The span of a request: what it says, and whose trace it continues.

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

/// The name of its kind, for the filter.
pub(super) const NAME: &str = "request";

/// The header field that names the caller's span. W3C Trace Context §3.2.
const TRACEPARENT: &str = "traceparent";

/// The span of one request. What a stranger chose is not in it: no path, query, header or body.
#[derive(Debug)]
pub struct RequestSpan(Span);

impl Traces {
    /// Begins the span of a request.
    pub fn begin(&self, head: &RequestHead, id: Option<&RequestId>) -> RequestSpan {
        let span = tracing::info_span!(
            parent: None,
            NAME,
            otel.kind = "server",
            http.request.method = method(&head.method),
            frontdesk.request_id = id.map(RequestId::as_str),
        );
        if let Some(caller) = self.caller(head) {
            // It has not begun: it can be put anywhere.
            let _ = span.set_parent(caller);
        }
        RequestSpan(span)
    }

    /// The span that a configured proxy says the request belongs to. A stranger's word would put their spans into other
    /// people's traces, and fill the collector.
    fn caller(&self, head: &RequestHead) -> Option<Context> {
        let peer = head.peer_addr?.ip().to_canonical();
        let proxy = self.proxies.contains(peer);
        let mut given = head.headers.get_all(TRACEPARENT).filter(|_| proxy);
        let (Some(only), None) = (given.next(), given.next()) else {
            return None;
        };
        let caller = TraceContextPropagator::new()
            .extract_with_context(&Context::new(), &Traceparent(only.to_str().ok()?));
        caller.has_active_span().then_some(caller)
    }
}

impl RequestSpan {
    /// Does `work` within it.
    pub fn handle<F: Future>(&self, work: F) -> impl Future<Output = F::Output> + use<F> {
        work.instrument(self.0.clone())
    }

    /// Notes at which provider it is.
    pub fn at(&self, issuer: &str) {
        self.0.set_attribute("frontdesk.issuer", issuer.to_owned());
    }

    /// Ends it with that answer of a route, if it came to one.
    pub fn end(&self, asked: &Method, route: Option<&str>, answer: &HttpResponse) {
        let (context, status) = (self.0.context(), answer.status());
        let span = context.span();
        if !span.is_recording() {
            return;
        }
        let asked = method(asked);
        let kind = if asked == OTHER { "HTTP" } else { asked };
        span.update_name(route.map_or_else(|| kind.to_owned(), |route| format!("{kind} {route}")));
        if let Some(route) = route {
            span.set_attribute(KeyValue::new("http.route", route.to_owned()));
        }
        span.set_attribute(KeyValue::new(
            "http.response.status_code",
            i64::from(status.as_u16()),
        ));
        if let Some(failure) = answer.error().and_then(|error| error.as_error::<Failure>()) {
            span.set_attribute(KeyValue::new("frontdesk.error", failure.code().as_str()));
        }
        if status.is_server_error() {
            span.set_status(Status::error(""));
        }
        // Not when the last who knows it forgets it: that may be a thread that still waits for the store.
        span.end();
    }
}

/// What is said of methods nobody knows, since strangers choose them.
const OTHER: &str = "_OTHER";

fn method(method: &Method) -> &str {
    if METHODS.contains(&method.as_str()) {
        method.as_str()
    } else {
        OTHER
    }
}

/// The one field that is read of a caller's headers.
struct Traceparent<'a>(&'a str);

impl Extractor for Traceparent<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        (key == TRACEPARENT).then_some(self.0)
    }

    fn keys(&self) -> Vec<&str> {
        vec![TRACEPARENT]
    }
}
