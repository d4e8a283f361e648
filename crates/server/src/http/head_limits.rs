//! The limits of a request's head.

use actix_web::dev::RequestHead;
use actix_web::http::StatusCode;
use oauth_http::Failure;
use protocol::ErrorCode;

use crate::settings::Limits;

/// Returns the refusal of a request with a target or header fields that are too long or too many: 414 or 431. RFC 9110 §15.5.15,
/// RFC 6585 §5.
pub fn check(limits: &Limits, head: &RequestHead) -> Option<Failure> {
    let more = |count: usize, limit: u32| u32::try_from(count).map_or(true, |count| count > limit);
    let failure = |status, description: String| {
        Some(
            Failure::new(ErrorCode::InvalidRequest, description)
                .status(status)
                .closing(),
        )
    };
    let target = head
        .uri
        .path_and_query()
        .map_or(0, |target| target.as_str().len());
    if more(target, limits.target_bytes) {
        return failure(
            StatusCode::URI_TOO_LONG,
            format!(
                "The path and query must be at most {} bytes.",
                limits.target_bytes
            ),
        );
    }
    if more(head.headers.len(), limits.headers) {
        let description = format!(
            "The request must have at most {} header fields.",
            limits.headers
        );
        return failure(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, description);
    }
    let fields: usize = head
        .headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if more(target + fields, limits.head_bytes) {
        let description = format!(
            "The path, the query and the header fields must be at most {} bytes together.",
            limits.head_bytes
        );
        return failure(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, description);
    }
    None
}
