//! Everything a request can be refused for, and how each looks on the wire.

use std::borrow::Cow;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use admission::Rejection;
use oauth_http::Failure;
use oauth_http::authorization::Scheme;
use protocol::{ErrorCode, Invalid};
use store::StoreError;

use crate::Door;

/// Why a request is refused.
#[derive(Debug)]
pub enum Refusal {
    /// No credentials were presented.
    NoCredentials(Challenge),
    /// Those presented are wrong, expired or revoked, or the client is gone.
    WrongCredentials(Option<Scheme>),
    /// This provider registers nobody.
    Closed,
    /// The caller may not do this.
    NotPermitted(&'static str),
    /// The body could not be read.
    Body(Failure),
    /// A member cannot be accepted.
    Invalid(Invalid, Door),
    /// The application owner is no name.
    InvalidOwner,
    /// The software statement is unreadable, badly signed or out of date.
    InvalidStatement(&'static str),
    /// The software statement comes from somebody we do not trust.
    UnapprovedStatement,
    /// The query of an unregistration lacks something.
    MissingParameter(&'static str),
    /// The unregistration does not match a client of the caller's.
    NoMatch,
    /// The owner has a client of that name already.
    NameTaken,
    /// Somebody else changed the client first.
    Stale,
    /// There were too many of what that word says; for how long to wait.
    TooMany(&'static str, Duration),
    /// Too many of what that word says are waiting.
    Busy(&'static str),
    /// Too many documents are being fetched, whoever asks; the time after which to try again.
    Fetches(Duration),
    /// The store could not do it.
    Store(StoreError),
    /// The work could not be done at all.
    Failure(Failure),
}

/// What [`Refusal::TooMany`] counts: passwords that were wrong.
pub(crate) const WRONG_PASSWORDS: &str = "wrong passwords";

/// The passwords of [`Refusal::Busy`]: those that wait to be verified.
pub(crate) const WAITING_PASSWORDS: &str = "waiting passwords";

/// What [`Refusal::TooMany`] counts: registrations, refused ones included.
pub(crate) const REGISTRATIONS: &str = "registrations";

/// What [`Refusal::TooMany`] counts: updates and deletions of clients, refused ones included.
pub(crate) const UPDATES: &str = "updates";

/// What [`Refusal::TooMany`] counts: fetches of one caller that are under way.
pub(crate) const FETCHES: &str = "fetches";

/// Which schemes a request without credentials is told of, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Challenge {
    /// Bearer, then Basic: registration at the standard door.
    BearerThenBasic,
    /// Bearer alone: management.
    Bearer,
    /// Basic, then Bearer: registration at the WSO2 doors.
    BasicThenBearer,
    /// Basic alone: unregistration.
    Basic,
}

const REALM_BEARER: &str = r#"Bearer realm="client registration""#;
const REALM_BASIC: &str = r#"Basic realm="client registration", charset="UTF-8""#;
const WRONG_BEARER: &str = r#"Bearer realm="client registration", error="invalid_token""#;

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NoCredentials(challenge) => {
                let schemes: &[&str] = match challenge {
                    Challenge::BearerThenBasic => &[REALM_BEARER, REALM_BASIC],
                    Challenge::Bearer => &[REALM_BEARER],
                    Challenge::BasicThenBearer => &[REALM_BASIC, REALM_BEARER],
                    Challenge::Basic => &[REALM_BASIC],
                };
                let failure =
                    Failure::new(ErrorCode::InvalidToken, "This needs credentials; the WWW-Authenticate header names the schemes.");
                schemes.iter().fold(failure, |failure, scheme| failure.header(WWW_AUTHENTICATE, scheme)).about("no credentials")
            }
            Refusal::WrongCredentials(scheme) => {
                let challenge = if scheme == Some(Scheme::Basic) { REALM_BASIC } else { WRONG_BEARER };
                Failure::new(ErrorCode::InvalidToken, "The credentials are wrong, expired or revoked, or the client does not exist.")
                    .header(WWW_AUTHENTICATE, challenge)
            }
            Refusal::Closed => Failure::new(ErrorCode::AccessDenied, "This provider does not accept registrations."),
            Refusal::NotPermitted(why) => Failure::new(ErrorCode::AccessDenied, why),
            Refusal::Body(failure) | Refusal::Failure(failure) => failure,
            Refusal::Invalid(invalid, door) if invalid.is_about_redirect_uris() => match door {
                Door::Standard => Failure::new(ErrorCode::InvalidRedirectUri, format!("{INVALID_REDIRECT_URIS}: {invalid}")),
                Door::Wso2 => Failure::new(ErrorCode::InvalidRedirectUri, INVALID_REDIRECT_URIS),
            }
            .about(invalid.member),
            Refusal::Invalid(invalid, _) => {
                Failure::new(ErrorCode::InvalidClientMetadata, format!("{invalid}.")).about(short(invalid.member))
            }
            Refusal::InvalidOwner => Failure::new(ErrorCode::InvalidClientMetadata, "Invalid application owner.").about("ext_param_owner"),
            Refusal::InvalidStatement(why) => Failure::new(ErrorCode::InvalidSoftwareStatement, why),
            Refusal::UnapprovedStatement => Failure::new(
                ErrorCode::UnapprovedSoftwareStatement,
                "The software statement comes from an issuer this provider does not trust.",
            ),
            Refusal::MissingParameter(why) => Failure::new(ErrorCode::InvalidRequest, why),
            Refusal::NoMatch => {
                Failure::new(ErrorCode::AccessDenied, "No client of yours has this identifier, userId and applicationName.")
            }
            Refusal::NameTaken => Failure::new(
                ErrorCode::InvalidClientMetadata,
                "client_name conflicts: this owner has a client of the composed name already.",
            ),
            Refusal::Stale => {
                Failure::new(ErrorCode::InvalidRequest, "Somebody else changed this client first. Read it again, then update it.")
                    .status(StatusCode::CONFLICT)
            }
            Refusal::TooMany(what, wait) => {
                Failure::new(ErrorCode::InvalidRequest, "There were too many attempts. Try again after the time in Retry-After.")
                    .about(what)
                    .status(StatusCode::TOO_MANY_REQUESTS)
                    .header(RETRY_AFTER, (wait.as_secs() + 1).to_string())
            }
            // Nothing is logged: a stranger who causes many of these does not choose how long the log is.
            Refusal::Busy(what) => Failure::busy().about(what),
            // Strangers cause it, so no line of the log tells of each.
            Refusal::Fetches(wait) => Failure::new(
                ErrorCode::TemporarilyUnavailable,
                "Too many documents of clients are being fetched. Try again after the time in the Retry-After header.",
            )
            .header(RETRY_AFTER, (wait.as_secs() + 1).to_string()),
            Refusal::Store(StoreError::Conflict) => Refusal::NameTaken.into(),
            Refusal::Store(StoreError::Stale) => Refusal::Stale.into(),
            Refusal::Store(StoreError::Spent) => Refusal::WrongCredentials(Some(Scheme::Bearer)).into(),
            Refusal::Store(error @ StoreError::Unavailable(_)) => Failure::unavailable(error.to_string()),
            Refusal::Store(
                error @ (StoreError::Open { .. }
                | StoreError::Newer { .. }
                | StoreError::Behind
                | StoreError::WrongKey
                | StoreError::Corrupt { .. }
                | StoreError::Refused(_)
                | StoreError::Database(_)),
            ) => Failure::server_error(error.to_string()),
        }
    }
}

/// A member's name may have a language tag behind it, which is as long as a stranger likes.
fn short(member: Cow<'static, str>) -> Cow<'static, str> {
    if member.len() > 64 {
        member.chars().take(64).collect::<String>().into()
    } else {
        member
    }
}

/// What every refusal about redirect URIs begins with.
const INVALID_REDIRECT_URIS: &str = "One or more redirect_uri values are invalid";

impl Refusal {
    /// Returns the refusal of a request that admission rejected, in the words of the door it came through.
    pub(crate) fn rejected(rejection: impl Into<Rejection>, door: Door) -> Self {
        match rejection.into() {
            Rejection::Invalid(invalid) => Self::Invalid(invalid, door),
            Rejection::Statement(why) => Self::InvalidStatement(why),
            Rejection::UntrustedStatement => Self::UnapprovedStatement,
        }
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
