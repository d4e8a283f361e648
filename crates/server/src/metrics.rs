//! What is counted: requests by route and status.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::web::Data;
use prometheus::{IntCounterVec, Opts, Registry, TextEncoder};

/// The counters of one process.
#[derive(Clone)]
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
}

impl Metrics {
    /// Counters at nought.
    ///
    /// # Errors
    /// When a counter is declared twice.
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let requests = IntCounterVec::new(
            Opts::new("frontdesk_requests_total", "Requests answered, by route, method and status."),
            &["route", "method", "status"],
        )?;
        registry.register(Box::new(requests.clone()))?;
        Ok(Self { registry, requests })
    }

    /// Every counter, as Prometheus reads them.
    pub fn text(&self) -> String {
        TextEncoder::new().encode_to_string(&self.registry.gather()).unwrap_or_default()
    }
}

/// Counts a request under its route's template, never under its path: strangers choose paths.
///
/// # Errors
/// What the request's own service fails with.
pub async fn count<B: MessageBody>(request: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<B>, actix_web::Error> {
    let metrics = request.app_data::<Data<Metrics>>().cloned();
    let method = request.method().clone();
    let answer = next.call(request).await;
    if let Some(metrics) = metrics {
        // A request that was cut short has forgotten its route.
        let (route, status) = match &answer {
            Ok(answer) => (answer.request().match_pattern(), answer.status()),
            Err(error) => (None, error.as_response_error().status_code()),
        };
        let route = route.unwrap_or_else(|| "none".to_owned());
        let known = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"].contains(&method.as_str());
        metrics.requests.with_label_values(&[route.as_str(), if known { method.as_str() } else { "other" }, status.as_str()]).inc();
    }
    answer
}
