//! What stands here when the feature is off: types without a value, so that no code is left of what would use one.

use std::future::Ready;

use actix_web::HttpResponse;
use actix_web::dev::RequestHead;
use actix_web::http::Method;
use oauth_http::RequestId;
use tracing_subscriber::Registry;
use tracing_subscriber::layer::Layer;

use super::{RESULTS, TraceOptions};

/// Traces, which this program cannot make.
#[derive(Debug, Clone)]
pub enum Traces {}

/// The span of a request, of which there is none.
#[derive(Debug)]
pub enum RequestSpan {}

impl Traces {
    /// None: a configuration that asks for them is refused.
    ///
    /// # Errors
    /// Never.
    pub fn start(_: TraceOptions<'_>) -> anyhow::Result<Option<Self>> {
        Ok(None)
    }

    /// What would take spans.
    pub fn layer(&self) -> Box<dyn Layer<Registry> + Send + Sync> {
        match *self {}
    }

    /// A span.
    pub fn begin(&self, _: &RequestHead, _: Option<&RequestId>) -> RequestSpan {
        match *self {}
    }

    /// What became of them.
    pub fn counts(&self) -> [u64; RESULTS.len()] {
        match *self {}
    }

    /// The end.
    pub fn end(&self) {
        match *self {}
    }
}

impl RequestSpan {
    /// Nothing is done within it.
    pub fn handle<F: Future>(&self, _: F) -> Ready<F::Output> {
        match *self {}
    }

    /// No provider.
    pub fn at(&self, _: &str) {
        match *self {}
    }

    /// The end.
    pub fn end(&self, _: &Method, _: Option<&str>, _: &HttpResponse) {
        match *self {}
    }
}
