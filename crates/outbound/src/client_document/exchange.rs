//! A request for a client document, and the checks of its response.

use std::sync::Arc;
use std::time::Duration;

use protocol::Timestamp;
use ureq::http::HeaderMap;
use ureq::http::header::{AGE, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, DATE, EXPIRES, VARY};

use super::failure::DocumentFailureReason;
use crate::exchange::{lines, read_body};
use crate::freshness::{Expiry, lifetime_with_expires};
use crate::guard::{GuardedRequest, GuardedTransport};
use crate::validators::Validators;

/// The media types that are asked for.
pub(crate) const ACCEPT: &str = "application/json, application/*+json;q=0.9";

/// A document, or the news that it is as it was.
#[derive(Debug)]
pub(crate) struct DocumentResponse {
    /// The document, unless the server answered 304.
    pub(crate) body: Option<Arc<[u8]>>,
    pub(crate) validators: Validators,
    /// The time for which the response may be used, as it says.
    pub(crate) lifetime: Duration,
}

/// Fetches a document of `body_bytes` at most.
pub(crate) fn fetch(
    guard: &GuardedTransport,
    request: &GuardedRequest<'_>,
    body_bytes: usize,
    now: Timestamp,
) -> Result<DocumentResponse, DocumentFailureReason> {
    let mut response = guard.prepare(request)?.send()?;
    let status = response.status().as_u16();
    let headers = response.headers();
    let (validators, lifetime) = (Validators::read(headers), lifetime_of(headers, now));
    match (status, request.known) {
        (200, _) => {}
        (304, Some(known)) if !known.is_empty() => {
            return Ok(DocumentResponse {
                body: None,
                validators: validators.or(known),
                lifetime,
            });
        }
        _ => return Err(failure_of(status)),
    }
    if lines(headers, &CONTENT_ENCODING)
        .flat_map(|line| line.split(','))
        .any(|coding| !coding.trim().eq_ignore_ascii_case("identity"))
    {
        return Err(DocumentFailureReason::Encoding);
    }
    if !is_json_document(headers) {
        return Err(DocumentFailureReason::ContentType);
    }
    let body = read_body(&mut response, body_bytes, request.deadline)?;
    Ok(DocumentResponse {
        body: Some(body.into()),
        validators,
        lifetime,
    })
}

/// Returns the failure that a status other than 200 is.
fn failure_of(status: u16) -> DocumentFailureReason {
    match status {
        404 | 410 => DocumentFailureReason::Gone,
        304 => DocumentFailureReason::NotAsked,
        300..=399 => DocumentFailureReason::Redirect,
        403 | 429 | 500..=599 => DocumentFailureReason::Unavailable,
        _ => DocumentFailureReason::Status,
    }
}

/// Returns true for one field with `application/json` or `application/NAME+json` (RFC 6839 §3.1), with any parameters.
fn is_json_document(headers: &HeaderMap) -> bool {
    let mut types = lines(headers, &CONTENT_TYPE);
    let media_type = types
        .next()
        .and_then(|line| line.split(';').next())
        .map_or("", str::trim)
        .to_ascii_lowercase();
    types.next().is_none()
        && media_type
            .strip_prefix("application/")
            .is_some_and(|subtype| {
                subtype == "json"
                    || subtype
                        .strip_suffix("+json")
                        .is_some_and(|name| !name.is_empty() && name.bytes().all(is_token_byte))
            })
}

/// Returns true for a byte of a token. RFC 9110 §5.6.2.
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn lifetime_of(headers: &HeaderMap, now: Timestamp) -> Duration {
    let varies = lines(headers, &VARY).any(|line| line.contains('*'));
    let expires = lines(headers, &EXPIRES).next().map(|expires| Expiry {
        expires,
        date: lines(headers, &DATE).next(),
        now,
    });
    lifetime_with_expires(
        lines(headers, &CACHE_CONTROL),
        lines(headers, &AGE).next(),
        varies,
        expires.as_ref(),
    )
}

#[cfg(test)]
mod tests {
    use ureq::http::HeaderValue;

    use super::*;

    fn with_types(types: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for text in types {
            headers.append(CONTENT_TYPE, HeaderValue::from_str(text).unwrap());
        }
        headers
    }

    #[test]
    fn media_type_is_json_once() {
        for text in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/client+json",
            "application/vnd.example.v1+json;a=b;c=\"d;e\"",
        ] {
            assert!(is_json_document(&with_types(&[text])), "{text}");
        }
        for types in [
            &[][..],
            &[""],
            &["text/json"],
            &["application/+json"],
            &["application/a/b+json"],
            &["application/json-seq"],
            &["application/jsonp"],
            &["application/json+xml"],
            &["application/json, text/html"],
            &["application/json", "application/json"],
            &["text/html; application/json"],
        ] {
            assert!(!is_json_document(&with_types(types)), "{types:?}");
        }
    }

    /// Every status has the class of the table: only an address that is gone and a server that is away differ from refusals.
    #[test]
    fn status_decides_the_failure() {
        for (status, failure) in [
            (404, DocumentFailureReason::Gone),
            (410, DocumentFailureReason::Gone),
            (403, DocumentFailureReason::Unavailable),
            (429, DocumentFailureReason::Unavailable),
            (500, DocumentFailureReason::Unavailable),
            (503, DocumentFailureReason::Unavailable),
            (301, DocumentFailureReason::Redirect),
            (302, DocumentFailureReason::Redirect),
            (307, DocumentFailureReason::Redirect),
            (308, DocumentFailureReason::Redirect),
            (304, DocumentFailureReason::NotAsked),
            (201, DocumentFailureReason::Status),
            (204, DocumentFailureReason::Status),
            (206, DocumentFailureReason::Status),
            (400, DocumentFailureReason::Status),
            (401, DocumentFailureReason::Status),
        ] {
            assert_eq!(failure_of(status), failure, "{status}");
        }
    }
}
