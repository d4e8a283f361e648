//! The header fields that responses share.

use actix_web::HttpResponseBuilder;
use actix_web::http::header::{self, HeaderValue};

/// The lifetime of a descriptor, which changes only with the configuration and depends on the URL only.
pub(crate) const CACHE_CONTROL: HeaderValue = HeaderValue::from_static("public, max-age=3600");

/// Adds the header that lets every web page read the response, errors included, without credentials. RFC 7033 §5.
pub(crate) fn with_cors(mut response: HttpResponseBuilder) -> HttpResponseBuilder {
    response.insert_header((
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    ));
    response
}
