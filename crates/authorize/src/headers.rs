//! The header fields that every answer of the hop has.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use oauth_http::Failure;

const NO_REFERRER: &str = "no-referrer";

/// Returns the beginning of an answer. The address of the request must be in no cache and in no `Referer`, since its query has
/// the state of a log-in. RFC 9700 §4.2.4.
pub(crate) fn answer(status: StatusCode) -> HttpResponseBuilder {
    let mut answer = HttpResponse::build(status);
    answer
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::REFERRER_POLICY, NO_REFERRER));
    answer
}

/// Adds the fields to a failure.
pub(crate) fn on_failure(failure: Failure) -> Failure {
    failure.header(header::REFERRER_POLICY, NO_REFERRER)
}

/// Returns true if a browser asks in advance, without a user who wants to log in.
pub(crate) fn is_prefetch(request: &HttpRequest) -> bool {
    let fields = [
        HeaderName::from_static("sec-purpose"),
        HeaderName::from_static("purpose"),
    ];
    fields.iter().any(|name| {
        request.headers().get_all(name).any(|value| {
            let value = value.to_str().unwrap_or_default();
            value
                .split([';', ',', ' '])
                .any(|token| token.eq_ignore_ascii_case("prefetch"))
        })
    })
}
