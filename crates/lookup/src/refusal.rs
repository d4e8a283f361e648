//! The refusals of the lookup.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use documents::ResolveFailure;
use oauth_http::Failure;
use protocol::ErrorCode;
use protocol::error_code::{NOTHING_HERE, TOO_MANY_REQUESTS};
use store::StoreError;

/// The challenge of the lookup. RFC 6750 §3.
const CHALLENGE: &str = r#"Bearer realm="lookup""#;

/// A refused request.
#[derive(Debug)]
pub(crate) enum LookupRefusal {
    /// No token.
    NoToken,
    /// A token that is unknown, expired or revoked.
    WrongToken,
    /// A token of another provider, or with too little access to secrets.
    InsufficientScope,
    /// A parameter is missing, occurs twice, or has a wrong value.
    Request(String),
    /// The provider has no client with this identifier.
    UnknownClient,
    /// The provider has no client with this identifier, which is a URL.
    UnknownDocument,
    /// The document of the client cannot be used.
    Document(ResolveFailure),
    /// The client is over; the reason is one word.
    Gone(&'static str),
    /// The secret is not the client's.
    WrongSecret,
    /// Too many wrong secrets of a client; the wait.
    TooMany(Duration),
    /// The store failed.
    Store(StoreError),
}

impl From<StoreError> for LookupRefusal {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<LookupRefusal> for Failure {
    fn from(refusal: LookupRefusal) -> Self {
        match refusal {
            LookupRefusal::NoToken => Failure::new(
                ErrorCode::InvalidToken,
                "A lookup token is required; frontdesk lookup-token issue makes one.",
            )
            .header(header::WWW_AUTHENTICATE, CHALLENGE),
            LookupRefusal::WrongToken => Failure::new(
                ErrorCode::InvalidToken,
                "The lookup token is unknown, expired or revoked.",
            )
            .header(
                header::WWW_AUTHENTICATE,
                format!(r#"{CHALLENGE}, error="invalid_token""#),
            ),
            LookupRefusal::InsufficientScope => Failure::new(
                ErrorCode::InsufficientScope,
                "The lookup token is not for this provider, or has not the access to secrets that this needs.",
            )
            .header(
                header::WWW_AUTHENTICATE,
                format!(r#"{CHALLENGE}, error="insufficient_scope""#),
            ),
            LookupRefusal::Request(description) => {
                Failure::new(ErrorCode::InvalidRequest, description)
            }
            LookupRefusal::UnknownClient => Failure::new(
                ErrorCode::NotFound,
                "The provider has no client with this identifier.",
            ),
            LookupRefusal::UnknownDocument => {
                Failure::from(LookupRefusal::UnknownClient).with_reason("unknown")
            }
            LookupRefusal::Document(failure) => document_failure(&failure),
            LookupRefusal::Gone(reason) => Failure::new(
                ErrorCode::NotFound,
                format!("The client is no more; reason: {reason}."),
            )
            .status(StatusCode::GONE)
            .with_reason(reason),
            LookupRefusal::WrongSecret => Failure::new(
                ErrorCode::InvalidClient,
                "The client is unknown, has no secret, or has another one.",
            )
            .header(header::WWW_AUTHENTICATE, CHALLENGE),
            LookupRefusal::TooMany(wait) => Failure::new(
                ErrorCode::InvalidRequest,
                TOO_MANY_REQUESTS,
            )
            .status(StatusCode::TOO_MANY_REQUESTS)
            .header(
                header::RETRY_AFTER,
                wait.as_secs().saturating_add(1).to_string(),
            ),
            LookupRefusal::Store(error @ StoreError::Unavailable(_)) => {
                Failure::unavailable(error.to_string())
            }
            LookupRefusal::Store(error) => Failure::server_error(error.to_string()),
        }
    }
}

/// Returns the answer to a question about a client whose document cannot be used.
fn document_failure(failure: &ResolveFailure) -> Failure {
    let (code, status, reason) = match failure {
        ResolveFailure::Gone => (ErrorCode::NotFound, StatusCode::NOT_FOUND, "gone"),
        ResolveFailure::Invalid(_) | ResolveFailure::Unread(_) | ResolveFailure::Refused { .. } => {
            (
                ErrorCode::InvalidClientMetadata,
                StatusCode::UNPROCESSABLE_ENTITY,
                "refused",
            )
        }
        ResolveFailure::Unreachable(_) => (
            ErrorCode::TemporarilyUnavailable,
            StatusCode::SERVICE_UNAVAILABLE,
            "unreachable",
        ),
        ResolveFailure::Busy(_) => (
            ErrorCode::TemporarilyUnavailable,
            StatusCode::SERVICE_UNAVAILABLE,
            "busy",
        ),
        ResolveFailure::NotListed => (ErrorCode::AccessDenied, StatusCode::FORBIDDEN, "not_listed"),
        ResolveFailure::Disabled => (ErrorCode::AccessDenied, StatusCode::FORBIDDEN, "disabled"),
    };
    let mut answer = Failure::new(code, failure.sentence())
        .status(status)
        .with_reason(reason);
    if let Some(member) = failure.member() {
        answer = answer.with_member(member.to_owned());
    }
    match failure {
        ResolveFailure::Unreachable(wait) | ResolveFailure::Busy(wait) => {
            answer.header(header::RETRY_AFTER, wait.as_secs().max(1).to_string())
        }
        _ => answer,
    }
}

/// Answers every other address.
pub(crate) async fn not_found() -> Result<HttpResponse, Failure> {
    Err(Failure::new(ErrorCode::NotFound, NOTHING_HERE))
}
