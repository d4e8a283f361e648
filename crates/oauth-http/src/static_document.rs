//! Documents that are rendered once and served unchanged.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::web::Bytes;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::cors;

/// A public document: its bytes, its entity tag, and its lifetime in caches. RFC 9110 §8.8.3.
#[derive(Debug, Clone)]
pub struct StaticDocument {
    bytes: Bytes,
    etag: HeaderValue,
    cache_control: HeaderValue,
}

impl StaticDocument {
    /// Creates a document from a JSON text, which caches may keep for `max_age`.
    pub fn from_json(json: String, max_age: Duration) -> Self {
        let digest = openssl::sha::sha256(json.as_bytes());
        let tag = format!(
            "\"{}\"",
            URL_SAFE_NO_PAD.encode(digest.get(..18).unwrap_or_default())
        );
        let cache = format!("public, max-age={}", max_age.as_secs());
        Self {
            bytes: Bytes::from(json),
            etag: HeaderValue::from_str(&tag).unwrap_or_else(|_| HeaderValue::from_static("\"\"")),
            cache_control: HeaderValue::from_str(&cache)
                .unwrap_or_else(|_| HeaderValue::from_static("no-cache")),
        }
    }

    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Returns the response to a request with these headers: the document with its CORS headers, or 304 if the client's copy is
    /// current (RFC 9110 §13.1.2).
    pub fn respond(&self, request: &HeaderMap) -> HttpResponse {
        let known = request
            .get_all(header::IF_NONE_MATCH)
            .any(|value| self.matches(value));
        let mut answer = if known {
            HttpResponse::new(StatusCode::NOT_MODIFIED)
        } else {
            HttpResponse::with_body(StatusCode::OK, self.bytes.clone()).map_into_boxed_body()
        };
        let headers = answer.headers_mut();
        headers.insert(header::ETAG, self.etag.clone());
        headers.insert(header::CACHE_CONTROL, self.cache_control.clone());
        for (name, value) in cors::OPEN {
            headers.insert(name, value);
        }
        if !known {
            headers.insert(
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/json"),
            );
        }
        answer
    }

    /// Compares weakly, as If-None-Match requires.
    fn matches(&self, condition: &HeaderValue) -> bool {
        let Ok(condition) = condition.to_str() else {
            return false;
        };
        condition.trim() == "*"
            || condition
                .split(',')
                .map(str::trim)
                .any(|tag| self.etag == tag.strip_prefix("W/").unwrap_or(tag))
    }
}
