//! The reasons for which a request is refused, and the answer to each.

use std::borrow::Cow;
use std::time::Duration;

use access::PasswordError;
use actix_web::http::StatusCode;
use actix_web::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use admission::Rejection;
use oauth_http::Failure;
use oauth_http::authorization::AuthScheme;
use protocol::{ClientMetadata, ErrorCode, InvalidMember, error_code};
use provisioning::ProvisionError;
use store::StoreError;

/// The reason for which a request is refused.
#[derive(Debug)]
pub enum Refusal {
    /// No credentials were presented.
    NoCredentials(Challenge),
    /// The credentials are wrong, expired or revoked, or the client does not exist.
    WrongCredentials(Option<AuthScheme>),
    /// The provider does not accept registrations.
    Closed,
    /// The caller lacks the permission. The text is a sentence for the client.
    NotPermitted(&'static str),
    /// The metadata was rejected.
    Rejected(Rejection),
    /// `ext_param_owner` is not an account name.
    InvalidOwner,
    /// A parameter of an unregistration is missing. The text is a sentence for the client.
    MissingParameter(&'static str),
    /// No client of the caller matches an unregistration.
    NoMatch,
    /// An update has members that only the provider sets; their names.
    Issued(Vec<&'static str>),
    /// Another request changed the client first.
    Stale,
    /// A limit was reached: its subject, and the time to wait.
    TooMany(&'static str, Duration),
    /// A queue is full: its subject.
    Busy(&'static str),
    /// The limit on fetches of all callers together was reached; the time to wait.
    Fetches(Duration),
    /// The authorization server behind the provider refuses the client, without naming a member.
    RefusedByServer,
    /// The authorization server behind the provider does not answer; the time to wait.
    ServerDown(Duration),
    /// The authorization server has the maximum number of clients; the time to wait.
    Full(Duration),
    /// The store failed.
    Store(StoreError),
    /// A failure of another layer, such as a body that cannot be read.
    Failure(Failure),
}

/// The subject of [`Refusal::TooMany`] for wrong passwords.
pub(crate) const WRONG_PASSWORDS: &str = "wrong passwords";

/// The subject of [`Refusal::Busy`] for passwords that wait to be verified.
pub(crate) const WAITING_PASSWORDS: &str = "waiting passwords";

/// The subject of [`Refusal::TooMany`] for registrations, refused ones included.
pub(crate) const REGISTRATIONS: &str = "registrations";

/// The subject of [`Refusal::TooMany`] for updates and deletions, refused ones included.
pub(crate) const UPDATES: &str = "updates";

/// The subject of [`Refusal::TooMany`] for fetches of a caller that are in progress.
pub(crate) const FETCHES: &str = "fetches";

/// The authentication schemes in the answer to a request without credentials, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Challenge {
    /// Bearer, then Basic: the registration endpoint.
    BearerThenBasic,
    /// Bearer alone: management.
    Bearer,
    /// Basic, then Bearer: registration at the WSO2 endpoints.
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
            Refusal::NoCredentials(challenge) => no_credentials(challenge),
            Refusal::WrongCredentials(scheme) => wrong_credentials(scheme),
            Refusal::Closed => Failure::new(
                ErrorCode::AccessDenied,
                "This provider does not accept registrations.",
            ),
            Refusal::NotPermitted(why) => Failure::new(ErrorCode::AccessDenied, why),
            Refusal::NoMatch => Failure::new(
                ErrorCode::AccessDenied,
                "No client of this account matches client_id, userId and applicationName.",
            ),
            Refusal::Rejected(rejection) => rejected(rejection),
            Refusal::InvalidOwner => invalid_metadata("Invalid application owner.")
                .with_subject("ext_param_owner"),
            Refusal::Issued(members) => issued(&members),
            Refusal::MissingParameter(why) => Failure::new(ErrorCode::InvalidRequest, why),
            Refusal::Stale => Failure::new(
                ErrorCode::InvalidRequest,
                "The client was changed by another request. Read it again, then repeat the update.",
            )
            .status(StatusCode::CONFLICT),
            Refusal::TooMany(what, wait) => too_many(what, wait),
            // Not logged: any caller can cause many of these.
            Refusal::Busy(what) => Failure::busy().with_subject(what),
            // Not logged: any caller can cause many of these.
            Refusal::Fetches(wait) => Failure::new(
                ErrorCode::TemporarilyUnavailable,
                "Too many documents of clients are being fetched. Try again after the time in the Retry-After header.",
            )
            .header(RETRY_AFTER, seconds(wait)),
            Refusal::RefusedByServer => {
                invalid_metadata("The authorization server refuses this client.")
            }
            // Not logged: the log has a line when the authorization server stops answering, and not one for each client.
            Refusal::ServerDown(wait) => Failure::new(
                ErrorCode::TemporarilyUnavailable,
                "The authorization server does not answer. Try again after the time in Retry-After.",
            )
            .header(RETRY_AFTER, whole_seconds(wait)),
            // Not logged: the log has a line when the number is reached.
            Refusal::Full(wait) => Failure::new(
                ErrorCode::TemporarilyUnavailable,
                "No more clients can be registered now. Try again after the time in Retry-After.",
            )
            .header(RETRY_AFTER, whole_seconds(wait)),
            Refusal::Store(error) => store_failure(&error),
            Refusal::Failure(failure) => failure,
        }
    }
}

fn invalid_metadata(description: impl Into<Cow<'static, str>>) -> Failure {
    Failure::new(ErrorCode::InvalidClientMetadata, description)
}

fn no_credentials(challenge: Challenge) -> Failure {
    let schemes: &[&str] = match challenge {
        Challenge::BearerThenBasic => &[REALM_BEARER, REALM_BASIC],
        Challenge::Bearer => &[REALM_BEARER],
        Challenge::BasicThenBearer => &[REALM_BASIC, REALM_BEARER],
        Challenge::Basic => &[REALM_BASIC],
    };
    let failure = Failure::new(
        ErrorCode::InvalidToken,
        "Credentials are required; the WWW-Authenticate header lists the schemes.",
    )
    .with_subject("no credentials");
    schemes.iter().fold(failure, |failure, scheme| {
        failure.header(WWW_AUTHENTICATE, scheme)
    })
}

fn wrong_credentials(scheme: Option<AuthScheme>) -> Failure {
    let challenge = if scheme == Some(AuthScheme::Basic) {
        REALM_BASIC
    } else {
        WRONG_BEARER
    };
    Failure::new(ErrorCode::InvalidToken, error_code::WRONG_CREDENTIALS)
        .header(WWW_AUTHENTICATE, challenge)
}

fn rejected(rejection: Rejection) -> Failure {
    match rejection {
        Rejection::Invalid(invalid) if invalid.is_about_redirect_uris() => Failure::new(
            ErrorCode::InvalidRedirectUri,
            format!("{INVALID_REDIRECT_URIS}: {invalid}"),
        )
        .with_subject(invalid.member),
        Rejection::Invalid(invalid) => {
            invalid_metadata(format!("{invalid}.")).with_subject(short(invalid.member))
        }
        Rejection::Statement(why) => Failure::new(ErrorCode::InvalidSoftwareStatement, why),
        Rejection::UntrustedStatement => Failure::new(
            ErrorCode::UnapprovedSoftwareStatement,
            "The software statement comes from an issuer this provider does not trust.",
        ),
    }
}

/// The answer to an update with members that only the provider sets. The first of them is its subject.
fn issued(members: &[&'static str]) -> Failure {
    let description = format!("{} must be omitted from an update.", members.join(", "));
    let failure = invalid_metadata(description);
    match members.first() {
        Some(first) => failure.with_subject(*first),
        None => failure,
    }
}

fn too_many(what: &'static str, wait: Duration) -> Failure {
    Failure::new(ErrorCode::InvalidRequest, error_code::TOO_MANY_REQUESTS)
        .with_subject(what)
        .status(StatusCode::TOO_MANY_REQUESTS)
        .header(RETRY_AFTER, seconds(wait))
}

/// Returns the whole seconds after which a time is over.
fn seconds(wait: Duration) -> String {
    (wait.as_secs() + 1).to_string()
}

/// Returns the seconds of a wait that is a number of seconds already, or begins another one.
fn whole_seconds(wait: Duration) -> String {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).to_string()
}

fn store_failure(error: &StoreError) -> Failure {
    match error {
        StoreError::Stale => Refusal::Stale.into(),
        StoreError::TokenExhausted => wrong_credentials(Some(AuthScheme::Bearer)),
        StoreError::Unavailable(_)
        | StoreError::BeingWritten { .. }
        | StoreError::TooManyCopies => Failure::unavailable(error.to_string()),
        StoreError::Open { .. }
        | StoreError::SchemaNewer { .. }
        | StoreError::SchemaOutdated
        | StoreError::WrongKey
        | StoreError::Conflict
        | StoreError::DocumentsFull
        | StoreError::Corrupt { .. }
        | StoreError::Refused(_)
        | StoreError::Database(_) => Failure::server_error(error.to_string()),
    }
}

/// Truncates a member's name: the language tag behind it has no maximum length.
fn short(member: Cow<'static, str>) -> Cow<'static, str> {
    if member.len() > 64 {
        member.chars().take(64).collect::<String>().into()
    } else {
        member
    }
}

/// The beginning of every description about redirect URIs.
pub(crate) const INVALID_REDIRECT_URIS: &str = "One or more redirect_uri values are invalid";

impl From<Rejection> for Refusal {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

impl From<InvalidMember> for Refusal {
    fn from(invalid: InvalidMember) -> Self {
        Self::Rejected(invalid.into())
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<PasswordError> for Refusal {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::TooManyFailures(wait) => Self::TooMany(WRONG_PASSWORDS, wait),
            PasswordError::QueueFull => Self::Busy(WAITING_PASSWORDS),
            PasswordError::Store(error) => Self::Store(error),
            PasswordError::Failure(failure) => Self::Failure(failure),
        }
    }
}

impl From<ProvisionError> for Refusal {
    fn from(error: ProvisionError) -> Self {
        match error {
            ProvisionError::Limit(invalid) => invalid.into(),
            ProvisionError::Rejected { member, .. } => match member {
                Some(member) if ClientMetadata::has_row(&member) => {
                    InvalidMember::new(member, "is refused by the authorization server")
                        .by("refused_by_server")
                        .into()
                }
                _ => Self::RefusedByServer,
            },
            ProvisionError::Unavailable { retry_after, .. } => Self::ServerDown(retry_after),
            ProvisionError::Full { retry_after } => Self::Full(retry_after),
            ProvisionError::Store(error) => error.into(),
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
