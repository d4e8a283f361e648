//! The outcome of a request. Nothing else counts registrations or records refusals.
//!
//! A refusal is an answer with a status of 4xx; a failure on our side is in the log and not in the audit trail.

use std::net::IpAddr;

use actix_web::ResponseError;
use actix_web::http::StatusCode;
use oauth_http::authorization::AuthScheme;
use oauth_http::{Credentials, Failure, RequestId};
use protocol::{ClientId, credentials};
use store::Actor;
use store::audit::{AuditEvent, RefusalRecord};

use crate::Registration;

/// The maximum length of an account name in the audit trail, in characters.
const ACCOUNT_NAME_MAX: usize = 64;

/// Runs a request and records its outcome in the metrics and the refusal log.
///
/// # Errors
/// The failure of the request.
pub(crate) async fn record<T>(
    registration: &Registration,
    event: AuditEvent,
    actor: &Actor,
    client_id: Option<&ClientId>,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    record_result(registration, event, actor, client_id, work.await)
}

/// Records an outcome that is known already. `RegistrationRefused` counts registrations too.
///
/// # Errors
/// That of `outcome`.
pub(crate) fn record_result<T>(
    registration: &Registration,
    event: AuditEvent,
    actor: &Actor,
    client_id: Option<&ClientId>,
    outcome: Result<T, Failure>,
) -> Result<T, Failure> {
    if event == AuditEvent::RegistrationRefused {
        match &outcome {
            Ok(_) => registration.counts.count(),
            Err(failure) => registration.counts.count_failure(failure),
        }
    }
    outcome.inspect_err(|failure| record_refusal(registration, event, actor, client_id, failure))
}

/// The credentials of a request before they are verified.
pub(crate) struct LoginAttempt {
    has_credentials: bool,
    account: Option<String>,
}

impl LoginAttempt {
    pub(crate) fn from_credentials(presented: &Credentials) -> Self {
        let has_credentials = matches!(
            presented.scheme(),
            Some(AuthScheme::Basic | AuthScheme::Bearer)
        );
        let account = match presented {
            // A token that was sent as a name would be a secret in the log.
            Credentials::Basic { name, .. } if credentials::is_token(name) => {
                Some("(a token)".to_owned())
            }
            Credentials::Basic { name, .. } => Some(name.clone()),
            _ => None,
        };
        Self {
            has_credentials,
            account,
        }
    }
}

/// Authenticates the caller and records a failure. A 401 for credentials is recorded as `LoginRefused`, with the account's name
/// if one was sent: verifying a password takes its time, so a caller cannot fill the log with names.
///
/// # Errors
/// The failure of the authentication.
pub(crate) async fn record_login<T>(
    registration: &Registration,
    event: AuditEvent,
    attempt: LoginAttempt,
    address: Option<IpAddr>,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    work.await.inspect_err(|failure| {
        if event == AuditEvent::RegistrationRefused {
            registration.counts.count_failure(failure);
        }
        let is_wrong = attempt.has_credentials && failure.status_code() == StatusCode::UNAUTHORIZED;
        let actor = Actor {
            account: attempt.account.filter(|_| is_wrong),
            ..anonymous(address)
        };
        let event = if is_wrong {
            AuditEvent::LoginRefused
        } else {
            event
        };
        record_refusal(registration, event, &actor, None, failure);
    })
}

/// Returns the actor of a request without an authenticated caller.
pub(crate) fn anonymous(address: Option<IpAddr>) -> Actor {
    Actor {
        address,
        request_id: RequestId::current().map(|id| id.as_str().to_owned()),
        ..Actor::default()
    }
}

fn record_refusal(
    registration: &Registration,
    event: AuditEvent,
    actor: &Actor,
    client_id: Option<&ClientId>,
    failure: &Failure,
) {
    let status = failure.status_code();
    if !status.is_client_error() {
        return;
    }
    let is_throttled = status == StatusCode::TOO_MANY_REQUESTS;
    let subject = failure
        .subject()
        .map_or_else(String::new, |what| format!(" {what}"));
    registration.services.refusals.record(RefusalRecord {
        event: if is_throttled {
            AuditEvent::Throttled
        } else {
            event
        },
        provider: Some(registration.issuer.as_str().to_owned()),
        client_id: client_id.map(|id| id.as_str().to_owned()),
        account: actor
            .account
            .as_deref()
            .map(|name| name.chars().take(ACCOUNT_NAME_MAX).collect()),
        token: actor.token.clone(),
        address: actor.address,
        request_id: actor.request_id.clone(),
        detail: Some(format!(
            "{} {}{subject}",
            status.as_u16(),
            failure.code().as_str()
        )),
        times: 1,
    });
}
