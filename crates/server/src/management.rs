//! The management listener: health and metrics, over plain HTTP, never on the public address.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use oauth_http::blocking;
use store::Store;

use crate::metrics::Metrics;

/// What the management listener tells.
#[derive(Clone)]
pub struct Management {
    /// The store whose health readiness is.
    pub store: Store,
    /// Whether the process is finishing what it has and takes nothing new.
    pub draining: Arc<AtomicBool>,
    /// What was counted.
    pub metrics: Metrics,
}

/// Adds `/healthz`, `/readyz` and `/metrics`.
pub fn mount(config: &mut ServiceConfig, management: &Data<Management>) {
    config
        .app_data(management.clone())
        .service(web::resource("/healthz").get(healthz))
        .service(web::resource("/readyz").get(readyz))
        .service(web::resource("/metrics").get(metrics));
}

/// The process is there.
async fn healthz() -> impl Responder {
    HttpResponse::Ok().content_type("text/plain").body("ok\n")
}

/// The process takes requests and the store answers.
async fn readyz(management: Data<Management>) -> HttpResponse {
    let unready = |why: &str| HttpResponse::ServiceUnavailable().content_type("text/plain").body(format!("{why}\n"));
    if management.draining.load(Ordering::Relaxed) {
        return unready("draining");
    }
    let store = management.store.clone();
    match blocking(move || store.healthy()).await {
        Ok(Ok(())) => HttpResponse::Ok().content_type("text/plain").body("ready\n"),
        _ => unready("the store does not answer"),
    }
}

/// What was counted. Prometheus text format.
async fn metrics(management: Data<Management>) -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(management.metrics.text())
}
