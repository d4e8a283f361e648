//! The routes of the management listener: health and metrics, over plain HTTP and never on the public address.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use oauth_http::blocking;
use store::Store;
use telemetry::Metrics;

use crate::metrics::{MetricSources, NO_ANSWER, unready_reason};

/// The application data of the management listener.
#[derive(Clone)]
pub struct ManagementState {
    pub store: Store,
    /// True if the process is stopping.
    pub draining: Arc<AtomicBool>,
    pub metrics: Metrics,
    /// The counters of other crates.
    pub sources: Arc<MetricSources>,
}

/// Adds `/healthz`, `/readyz` and `/metrics`.
pub fn mount(config: &mut ServiceConfig, state: &Data<ManagementState>) {
    config
        .app_data(state.clone())
        .service(web::resource("/healthz").get(healthz))
        .service(web::resource("/readyz").get(readyz))
        .service(web::resource("/metrics").get(metrics));
}

/// Returns 200 while the process runs.
async fn healthz() -> impl Responder {
    HttpResponse::Ok().content_type("text/plain").body("ok\n")
}

/// Returns 200 if the process accepts requests, the store answers, and its schema and sealing key match this program. The signing keys
/// are loaded before the listener starts.
async fn readyz(state: Data<ManagementState>) -> HttpResponse {
    let unready = |reason: &str| {
        HttpResponse::ServiceUnavailable()
            .content_type("text/plain")
            .body(format!("{reason}\n"))
    };
    if state.draining.load(Ordering::Relaxed) {
        return unready("draining");
    }
    let store = state.store.clone();
    let checked = blocking(move || store.check()).await;
    let reason = checked.map_or_else(
        |_| Some(NO_ANSWER.to_owned()),
        |outcome| unready_reason(&outcome),
    );
    match reason {
        None => HttpResponse::Ok()
            .content_type("text/plain")
            .body("ready\n"),
        Some(reason) => unready(&reason),
    }
}

/// Returns all metrics in the text format of Prometheus.
async fn metrics(state: Data<ManagementState>) -> HttpResponse {
    let ManagementState {
        metrics, sources, ..
    } = &**state;
    sources.store_health.refresh_clients();
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4")
        .body(metrics.text(sources.families()))
}
