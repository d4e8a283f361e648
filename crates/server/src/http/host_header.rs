//! The host of a request. `Host` selects a provider and contributes nothing to an answer.

use actix_web::dev::RequestHead;
use actix_web::http::header;

/// Returns the host of a request: of its target when that is absolute, else of `Host`; in lower case, without
/// port or the dot at its end. RFC 9110 §7.2.
pub fn host(head: &RequestHead) -> Option<String> {
    let authority = match head.uri.authority() {
        Some(authority) => authority.as_str(),
        None => head.headers.get(header::HOST)?.to_str().ok()?,
    };
    let host = match authority.rfind(']') {
        Some(end) => authority.get(..=end)?,
        None => authority.split(':').next()?,
    };
    Some(host.trim_end_matches('.').to_ascii_lowercase())
}
