//! The answers: one row each.

use protocol::ErrorCode;
use serde_json::{Value, json};

use super::{component, headers, object};

/// An answer.
struct Answer {
    name: &'static str,
    status: u16,
    doc: &'static str,
    headers: &'static [&'static str],
    /// Its media type, and the schema of its body.
    content: Option<(&'static str, &'static str)>,
}

const JSON: &str = "application/json";
const ERROR: Option<(&str, &str)> = Some((JSON, "Error"));
const DOCUMENT: &[&str] = &["RequestId", "ETag", "Cacheable", "AnyOrigin"];
const KEPT_BY_NOBODY: &[&str] = &["RequestId", "NoStore"];

const fn answer(
    name: &'static str,
    status: u16,
    doc: &'static str,
    headers: &'static [&'static str],
    schema: &'static str,
) -> Answer {
    Answer {
        name,
        status,
        doc,
        headers,
        content: Some((JSON, schema)),
    }
}

const fn empty(
    name: &'static str,
    status: u16,
    doc: &'static str,
    headers: &'static [&'static str],
) -> Answer {
    Answer {
        name,
        status,
        doc,
        headers,
        content: None,
    }
}

const fn refusal(name: &'static str, status: u16, doc: &'static str) -> Answer {
    Answer {
        name,
        status,
        doc,
        headers: KEPT_BY_NOBODY,
        content: ERROR,
    }
}

const fn text(name: &'static str, status: u16, doc: &'static str) -> Answer {
    Answer {
        name,
        status,
        doc,
        headers: &[],
        content: Some(("text/plain", "Text")),
    }
}

const ALL: &[Answer] = &[
    Answer {
        content: Some(("application/jrd+json", "ResourceDescriptor")),
        ..answer(
            "ResourceDescriptor",
            200,
            "The links of the resource. RFC 7033 §4.4.",
            &["RequestId", "Cacheable", "AnyOrigin"],
            "",
        )
    },
    Answer {
        content: Some(("application/xrd+xml", "Text")),
        ..answer(
            "HostMeta",
            200,
            "The host's document. RFC 6415 §2.",
            DOCUMENT,
            "",
        )
    },
    answer(
        "HostMetaJson",
        200,
        "The host's document. RFC 6415 §3.",
        DOCUMENT,
        "ResourceDescriptor",
    ),
    answer(
        "ProviderMetadata",
        200,
        "The provider's document. OIDC Discovery §4.2, RFC 8414 §3.2.",
        DOCUMENT,
        "ProviderMetadata",
    ),
    answer(
        "JwkSet",
        200,
        "The provider's public keys. RFC 7517 §5.",
        DOCUMENT,
        "JwkSet",
    ),
    answer(
        "ProtectedResource",
        200,
        "What is said of the registration endpoint. RFC 9728 §3.2.",
        DOCUMENT,
        "ProtectedResourceMetadata",
    ),
    answer(
        "ClientRegistered",
        201,
        "What was agreed, with the client's credentials. RFC 7591 §3.2.1.",
        KEPT_BY_NOBODY,
        "ClientInformationResponse",
    ),
    answer(
        "Client",
        200,
        "The client as it is registered. RFC 7592 §3.",
        KEPT_BY_NOBODY,
        "ClientInformationResponse",
    ),
    empty(
        "Deleted",
        204,
        "The client is gone. RFC 7592 §2.3.",
        KEPT_BY_NOBODY,
    ),
    empty(
        "Preflight",
        204,
        "What a page of another origin may do. Fetch §3.3.",
        &["RequestId", "AnyOrigin", "Methods", "Allow"],
    ),
    empty(
        "NotModified",
        304,
        "Who asks has it already. RFC 9110 §15.4.5.",
        DOCUMENT,
    ),
    text("Alive", 200, "The process is there."),
    text("Ready", 200, "Requests are taken."),
    text("Unready", 503, "Requests are not taken now, and why."),
    Answer {
        content: Some(("text/plain; version=0.0.4", "Text")),
        ..text("Metrics", 200, "Prometheus text format.")
    },
    refusal(
        "MalformedQuery",
        400,
        "The resource is missing or malformed. RFC 7033 §4.2.",
    ),
    refusal(
        "InvalidMetadata",
        400,
        "The body is not client metadata, or a member of it cannot be accepted; the description names it.",
    ),
    refusal(
        "MissingParameter",
        400,
        "A parameter of the query is missing.",
    ),
    Answer {
        headers: &["RequestId", "NoStore", "Challenge"],
        ..refusal(
            "Unauthorized",
            401,
            "Credentials are missing, wrong, expired or revoked, or the client is gone.",
        )
    },
    refusal(
        "Forbidden",
        403,
        "The credentials are right and do not permit this, or nobody may.",
    ),
    refusal(
        "UnknownResource",
        404,
        "Nothing is known of the resource. RFC 7033 §4.2.",
    ),
    refusal(
        "NotFound",
        404,
        "No provider is at this path, or it does not offer this.",
    ),
    refusal("Slow", 408, "The body took too long to arrive."),
    refusal("Stale", 409, "Somebody else changed the client first."),
    refusal("TooLarge", 413, "The body is too long."),
    refusal("TargetTooLong", 414, "The path and query are too long."),
    refusal(
        "UnsupportedMediaType",
        415,
        "The body is not `application/json`, or has a content encoding.",
    ),
    refusal(
        "Misdirected",
        421,
        "This deployment does not serve that host.",
    ),
    Answer {
        headers: &["RequestId", "NoStore", "RetryAfter"],
        ..refusal("TooMany", 429, "There were too many attempts.")
    },
    refusal(
        "HeadTooLarge",
        431,
        "The header fields are too many or too long.",
    ),
    Answer {
        headers: &["RequestId", "NoStore", "RetryAfter"],
        ..refusal(
            "Unavailable",
            ErrorCode::TemporarilyUnavailable.status(),
            "The store is down, full or busy, too many documents are being fetched, or the request took too long.",
        )
    },
];

/// The components.
pub(super) fn all() -> Value {
    object(ALL.iter().map(|answer| {
        let mut members = vec![
            ("description", json!(answer.doc)),
            ("headers", headers::of(answer.headers)),
        ];
        if let Some((media_type, schema)) = answer.content {
            members.push((
                "content",
                object([(
                    media_type,
                    json!({ "schema": component("schemas", schema) }),
                )]),
            ));
        }
        (answer.name, object(members))
    }))
}

/// The answers of an operation, by their components' names, in the order of their statuses.
pub(super) fn of(names: &[&str]) -> Value {
    let mut given: Vec<&Answer> = ALL
        .iter()
        .filter(|answer| names.contains(&answer.name))
        .collect();
    given.sort_by_key(|answer| answer.status);
    object(given.into_iter().map(|answer| {
        (
            answer.status.to_string(),
            component("responses", answer.name),
        )
    }))
}
