//! The refusals of the lookup.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
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

/// Answers every other address.
pub(crate) async fn not_found() -> Result<HttpResponse, Failure> {
    Err(Failure::new(ErrorCode::NotFound, NOTHING_HERE))
}
