//! The management listener: health and metrics, over plain HTTP, never on the public address.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use oauth_http::blocking;
use store::{Store, StoreError};
use telemetry::Metrics;

use crate::metrics::Sources;

/// What the management listener tells.
#[derive(Clone)]
pub struct Management {
    /// The store whose health readiness is.
    pub store: Store,
    /// Whether the process is finishing what it has and takes nothing new.
    pub draining: Arc<AtomicBool>,
    /// What was counted.
    pub metrics: Metrics,
    /// What others count.
    pub sources: Arc<Sources>,
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

/// The process takes requests, the store answers, and its schema and seal are this program's. The keys have been read by then:
/// nobody is answered before.
async fn readyz(management: Data<Management>) -> HttpResponse {
    let unready = |why: &str| {
        HttpResponse::ServiceUnavailable()
            .content_type("text/plain")
            .body(format!("{why}\n"))
    };
    if management.draining.load(Ordering::Relaxed) {
        return unready("draining");
    }
    let store = management.store.clone();
    let checked = blocking(move || store.check()).await;
    match checked.map_or_else(|_| Err(NO_ANSWER.to_owned()), |outcome| readiness(&outcome)) {
        Ok(()) => HttpResponse::Ok()
            .content_type("text/plain")
            .body("ready\n"),
        Err(why) => unready(&why),
    }
}

/// What is said of a store that does not answer.
const NO_ANSWER: &str = "the store does not answer";

/// Whether a store of which this was found out can be worked with.
///
/// # Errors
/// Why not.
pub fn readiness(checked: &Result<(), StoreError>) -> Result<(), String> {
    match checked {
        // A release is replaced replica by replica: the ones before it go on working with the schema it brought.
        Ok(()) | Err(StoreError::Newer { .. }) => Ok(()),
        Err(error @ (StoreError::Behind | StoreError::WrongKey | StoreError::Corrupt { .. })) => {
            Err(error.to_string())
        }
        Err(_) => Err(NO_ANSWER.to_owned()),
    }
}

/// What was counted. Prometheus text format.
async fn metrics(management: Data<Management>) -> HttpResponse {
    let Management {
        metrics, sources, ..
    } = &**management;
    sources.watch.count();
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4")
        .body(metrics.text(sources.families()))
}
