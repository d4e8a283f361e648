//! Blocking work, off the workers.

use actix_web::web;

use crate::{Failure, RequestId};

/// Runs `work`, which may wait for a disk or a database, on a thread where that is allowed, as a part of the same request.
///
/// # Errors
/// When the thread came to grief.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
    let request = RequestId::current();
    let work = move || match request {
        Some(request) => request.within(work),
        None => work(),
    };
    web::block(work).await.map_err(|_| Failure::server_error("blocking work did not finish"))
}
