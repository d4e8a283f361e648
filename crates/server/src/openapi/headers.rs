//! The header fields of answers.

use oauth_http::request_id::LONGEST;
use serde_json::{Value, json};

use super::object;

/// The fields: the component's name, the field's, what it says, and the form of its value. Every one is always there.
fn rows() -> [(&'static str, &'static str, &'static str, Value); 9] {
    let request_id = format!("^[A-Za-z0-9._-]{{1,{LONGEST}}}$");
    [
        (
            "RequestId",
            "X-Request-Id",
            "What the log calls this request.",
            json!({ "type": "string", "pattern": request_id }),
        ),
        (
            "ETag",
            "ETag",
            "Which version this is. RFC 9110 §8.8.3.",
            json!({ "type": "string", "pattern": "^\"[^\"]+\"$" }),
        ),
        (
            "Cacheable",
            "Cache-Control",
            "For how many seconds caches may keep it.",
            pattern("^public, max-age=[0-9]+$"),
        ),
        (
            "NoStore",
            "Cache-Control",
            "No cache may keep it. RFC 7591 §3.2.1.",
            json!({ "type": "string", "const": "no-store" }),
        ),
        (
            "Challenge",
            "WWW-Authenticate",
            "The schemes that are welcome. RFC 9110 §11.6.1.",
            pattern("^(Basic|Bearer) realm="),
        ),
        (
            "RetryAfter",
            "Retry-After",
            "After how many seconds to try again.",
            json!({ "type": "integer", "minimum": 1 }),
        ),
        (
            "AnyOrigin",
            "Access-Control-Allow-Origin",
            "Pages of any origin may read it.",
            json!({ "type": "string", "const": "*" }),
        ),
        (
            "Methods",
            "Access-Control-Allow-Methods",
            "The methods a page may use.",
            json!({ "type": "string" }),
        ),
        (
            "Allow",
            "Allow",
            "The methods the address has.",
            json!({ "type": "string" }),
        ),
    ]
}

fn pattern(pattern: &str) -> Value {
    json!({ "type": "string", "pattern": pattern })
}

/// The components.
pub(super) fn all() -> Value {
    object(rows().map(|(name, _, doc, schema)| {
        (
            name,
            json!({ "description": doc, "required": true, "schema": schema }),
        )
    }))
}

/// The fields of an answer, by their components' names.
pub(super) fn of(names: &[&str]) -> Value {
    let wanted = rows().into_iter().filter(|(name, ..)| names.contains(name));
    object(wanted.map(|(name, field, ..)| (field, super::component("headers", name))))
}
