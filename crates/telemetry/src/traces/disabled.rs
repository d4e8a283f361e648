//! Traces without the feature `otel`: types without a value, so that the compiler removes the code that would use one.

use std::future::Ready;

use actix_web::HttpResponse;
use actix_web::dev::RequestHead;
use actix_web::http::Method;
use oauth_http::RequestId;
use tracing_subscriber::Registry;
use tracing_subscriber::layer::Layer;

use super::options::{RESULTS, TraceOptions};

/// The exporter of spans. It has no value.
#[derive(Debug, Clone)]
pub enum Traces {}

/// The span of a request. It has no value.
#[derive(Debug)]
pub enum RequestSpan {}

impl Traces {
    /// Returns `None`.
    ///
    /// # Errors
    /// Never.
    pub fn start(_: TraceOptions<'_>) -> anyhow::Result<Option<Self>> {
        Ok(None)
    }

    pub fn layer(&self) -> Box<dyn Layer<Registry> + Send + Sync> {
        match *self {}
    }

    pub fn begin(&self, _: &RequestHead, _: Option<&RequestId>) -> RequestSpan {
        match *self {}
    }

    pub fn counts(&self) -> [u64; RESULTS.len()] {
        match *self {}
    }

    pub fn end(&self) {
        match *self {}
    }
}

impl RequestSpan {
    pub fn handle<F: Future>(&self, _: F) -> Ready<F::Output> {
        match *self {}
    }

    pub fn set_issuer(&self, _: &str) {
        match *self {}
    }

    pub fn end(&self, _: &Method, _: Option<&str>, _: &HttpResponse) {
        match *self {}
    }
}
