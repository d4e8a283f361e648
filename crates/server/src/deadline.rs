//! No request takes longer than the limit says.

use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::rt;
use actix_web::web::Data;
use oauth_http::Failure;

use crate::limits::Limits;

/// Refuses a request that takes too long.
///
/// # Errors
/// 503 then; otherwise what the request's own service fails with.
pub async fn keep<B: MessageBody>(request: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<B>, actix_web::Error> {
    let limit = request.app_data::<Data<Limits>>().map_or(30, |limits| limits.handler_seconds);
    match rt::time::timeout(Duration::from_secs(limit.into()), next.call(request)).await {
        Ok(answer) => answer,
        Err(_) => Err(Failure::unavailable("a request took longer than the limit").into()),
    }
}
