//! Answers for pages of any origin, never with credentials of the browser's. Fetch §3.2.

use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::DefaultHeaders;
use actix_web::{HttpResponse, Route, web};

/// The request headers a page may send.
pub const ALLOWED_HEADERS: &str = "Authorization, Content-Type, MCP-Protocol-Version";

/// What lets pages of any origin read an answer.
pub(crate) const OPEN: [(HeaderName, HeaderValue); 2] = [
    (
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    ),
    (
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("ETag, Retry-After, WWW-Authenticate, X-Request-Id"),
    ),
];

/// Lets pages of any origin read every answer of what it wraps.
pub fn open() -> DefaultHeaders {
    OPEN.into_iter()
        .fold(DefaultHeaders::new(), DefaultHeaders::add)
}

/// The answer to a browser that asks first.
pub fn preflight(methods: &'static str) -> Route {
    web::route()
        .guard(actix_web::guard::Options())
        .to(move || async move {
            HttpResponse::NoContent()
                .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, methods))
                .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS))
                .insert_header((header::ACCESS_CONTROL_MAX_AGE, "86400"))
                .insert_header((header::ALLOW, methods))
                .finish()
        })
}
