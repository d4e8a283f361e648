//! Runs blocking work outside of the worker threads.

use actix_web::web;
use tracing::Span;

use crate::{Failure, RequestId};

/// Runs `work`, which may wait for a disk or a database, on a thread for blocking work, with the identifier and the trace of
/// the request.
///
/// # Errors
/// The thread panicked.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    let (request, span) = (RequestId::current(), Span::current());
    let work = move || {
        span.in_scope(|| match request {
            Some(request) => request.within(work),
            None => work(),
        })
    };
    web::block(work)
        .await
        .map_err(|_| Failure::server_error("blocking work did not finish"))
}
