//! The refusals of the hop, with their statuses, pages and log lines.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header;
use oauth_http::RequestId;

use crate::counts::{ClientKind, HopOutcome};
use crate::headers;
use crate::page;
use crate::state::Hop;

/// The time after which a browser may try again, unless it is known.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// The reason why the browser is not sent on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum HopRefusal {
    /// `client_id` is no identifier, or occurs twice.
    InvalidIdentifier,
    /// The client is not allowed at this provider.
    NotAllowed(&'static str),
    /// The service is busy, or a party that it needs cannot be reached.
    Unavailable {
        reason: &'static str,
        retry_after: Option<Duration>,
    },
}

/// The answer to an authorization request, before its form is chosen.
pub(crate) struct HopAnswer {
    pub(crate) kind: ClientKind,
    /// The host of a client that is identified by a URL.
    pub(crate) host: Option<String>,
    pub(crate) result: Result<(), HopRefusal>,
}

impl HopRefusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::InvalidIdentifier => StatusCode::BAD_REQUEST,
            Self::NotAllowed(_) => StatusCode::FORBIDDEN,
            Self::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn sentence(&self) -> String {
        match self {
            Self::InvalidIdentifier => "The application's identifier is not valid.",
            Self::NotAllowed(_) => "This application is not allowed here.",
            Self::Unavailable { .. } => "Try again in a moment.",
        }
        .to_owned()
    }

    /// Returns the reason for the log.
    fn reason(&self) -> String {
        match self {
            Self::InvalidIdentifier => "client_id is not valid".to_owned(),
            Self::NotAllowed(reason) | Self::Unavailable { reason, .. } => (*reason).to_owned(),
        }
    }

    fn outcome(&self) -> HopOutcome {
        match self {
            Self::Unavailable { .. } => HopOutcome::Unavailable,
            _ => HopOutcome::Refused,
        }
    }
}

impl HopAnswer {
    /// Counts the answer, and returns the page of a refusal. The log line has neither the query nor a parameter.
    pub(crate) fn refuse(&self, hop: &Hop, refusal: &HopRefusal) -> HttpResponse {
        let status = refusal.status();
        tracing::info!(
            issuer = hop.issuer.as_str(),
            kind = self.kind.as_str(),
            status = status.as_u16(),
            host = self.host.as_deref().unwrap_or_default(),
            reason = refusal.reason(),
            "authorization request refused"
        );
        hop.counts.count(self.kind, refusal.outcome());
        let id = RequestId::current();
        let page = page::render(
            &refusal.sentence(),
            self.host.as_deref(),
            id.as_ref().map(RequestId::as_str),
        );
        let mut answer = headers::answer(status);
        if let HopRefusal::Unavailable { retry_after, .. } = refusal {
            let wait = retry_after.unwrap_or(RETRY_AFTER).as_secs().max(1);
            answer.insert_header((header::RETRY_AFTER, wait.to_string()));
        }
        answer
            .insert_header((
                header::CONTENT_SECURITY_POLICY,
                hop.content_security_policy.as_str(),
            ))
            .insert_header((header::X_FRAME_OPTIONS, "DENY"))
            .content_type("text/html; charset=utf-8")
            .body(page)
    }
}
