//! CORS for web pages of any origin, without the browser's credentials. Fetch §3.2.

use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::DefaultHeaders;
use actix_web::{HttpResponse, Route, web};

/// The request headers that a web page may send.
pub const ALLOWED_HEADERS: &str = "Authorization, Content-Type, MCP-Protocol-Version";

/// Headers that let web pages of any origin read a response.
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

/// Adds to every response the headers that let web pages of any origin read it.
pub fn open() -> DefaultHeaders {
    OPEN.into_iter()
        .fold(DefaultHeaders::new(), DefaultHeaders::add)
}

/// Returns the route that answers preflight requests.
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
