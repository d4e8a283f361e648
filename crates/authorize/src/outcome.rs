//! The refusals of the hop, with their statuses, pages, log lines and rows in the audit trail.

use std::net::IpAddr;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header;
use oauth_http::{Failure, RequestId};
use store::StoreError;
use store::audit::{AuditEvent, RefusalRecord};

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
    /// The document could not be read.
    Unreadable(&'static str),
    /// The document was read, and is refused here or by the server behind.
    Unacceptable {
        member: Option<String>,
        reason: &'static str,
    },
    /// The client is not allowed at this provider.
    NotAllowed(&'static str),
    /// A request with HEAD names a document that is not held.
    NotHeld,
    /// The service is busy, or a party that it needs cannot be reached.
    Unavailable {
        reason: &'static str,
        retry_after: Duration,
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
    pub(crate) fn busy(reason: &'static str, retry_after: Duration) -> Self {
        Self::Unavailable {
            reason,
            retry_after,
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::InvalidIdentifier | Self::Unreadable(_) | Self::Unacceptable { .. } => {
                StatusCode::BAD_REQUEST
            }
            Self::NotAllowed(_) => StatusCode::FORBIDDEN,
            Self::NotHeld => StatusCode::NOT_FOUND,
            Self::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn sentence(&self) -> String {
        let unacceptable = "The application's description cannot be accepted";
        match self {
            Self::InvalidIdentifier => "The application's identifier is not valid.".to_owned(),
            Self::Unreadable(_) | Self::NotHeld => {
                "The application's description could not be read.".to_owned()
            }
            Self::Unacceptable { member: None, .. } => format!("{unacceptable}."),
            Self::Unacceptable {
                member: Some(member),
                ..
            } => format!("{unacceptable}: {member}."),
            Self::NotAllowed(_) => "This application is not allowed here.".to_owned(),
            Self::Unavailable { .. } => "Try again in a moment.".to_owned(),
        }
    }

    /// Returns the reason for the log.
    fn reason(&self) -> &'static str {
        match self {
            Self::InvalidIdentifier => "client_id is not valid",
            Self::NotHeld => "the document is not held",
            Self::Unreadable(reason)
            | Self::NotAllowed(reason)
            | Self::Unacceptable { reason, .. }
            | Self::Unavailable { reason, .. } => reason,
        }
    }

    fn member(&self) -> Option<&str> {
        match self {
            Self::Unacceptable { member, .. } => member.as_deref(),
            _ => None,
        }
    }

    fn outcome(&self) -> HopOutcome {
        match self {
            Self::Unavailable { .. } => HopOutcome::Unavailable,
            _ => HopOutcome::Refused,
        }
    }

    /// Returns true if it is about the document, and not about the request or this service.
    fn is_about_document(&self) -> bool {
        matches!(self, Self::Unacceptable { .. } | Self::NotAllowed(_))
    }
}

impl HopAnswer {
    /// Counts the answer, and returns the page of a refusal. The log line has neither the query nor a parameter.
    pub(crate) fn refuse(
        &self,
        hop: &Hop,
        refusal: &HopRefusal,
        address: Option<IpAddr>,
    ) -> HttpResponse {
        let (status, id) = (refusal.status(), RequestId::current());
        tracing::info!(
            issuer = hop.issuer.as_str(),
            kind = self.kind.as_str(),
            status = status.as_u16(),
            host = self.host.as_deref().unwrap_or_default(),
            reason = refusal.reason(),
            member = refusal.member().unwrap_or_default(),
            "authorization request refused"
        );
        hop.counts.count(self.kind, refusal.outcome());
        self.record(hop, refusal, address);
        let page = page::render(
            &refusal.sentence(),
            self.host.as_deref(),
            id.as_ref().map(RequestId::as_str),
        );
        let mut answer = headers::answer(status);
        if let HopRefusal::Unavailable { retry_after, .. } = refusal {
            let wait = retry_after.as_secs_f64().ceil().max(1.0);
            answer.insert_header((header::RETRY_AFTER, wait.to_string()));
        }
        let policy = hop.content_security_policy.as_str();
        answer
            .insert_header((header::CONTENT_SECURITY_POLICY, policy))
            .insert_header((header::X_FRAME_OPTIONS, "DENY"))
            .content_type("text/html; charset=utf-8")
            .body(page)
    }

    /// Records a refused document for the audit trail, with its host and member.
    fn record(&self, hop: &Hop, refusal: &HopRefusal, address: Option<IpAddr>) {
        let Some(host) = self.host.as_deref().filter(|_| refusal.is_about_document()) else {
            return;
        };
        let detail = match refusal.member() {
            Some(member) => format!("{host} {member}"),
            None => host.to_owned(),
        };
        hop.services.refusals.record(RefusalRecord {
            event: AuditEvent::DocumentRefused,
            provider: Some(hop.issuer.as_str().to_owned()),
            client_id: None,
            account: None,
            token: None,
            address,
            request_id: RequestId::current().map(|id| id.as_str().to_owned()),
            detail: Some(detail),
            times: 1,
        });
    }
}

/// Returns the refusal for a store that is down or full.
///
/// # Errors
/// The store is damaged.
pub(crate) fn store_refusal(error: StoreError) -> Result<HopRefusal, Failure> {
    match error {
        StoreError::Unavailable(_)
        | StoreError::Stale
        | StoreError::Conflict
        | StoreError::DocumentsFull
        | StoreError::TooManyCopies
        | StoreError::BeingWritten { .. } => {
            Ok(HopRefusal::busy("the store is not available", RETRY_AFTER))
        }
        error => Err(Failure::server_error(error.to_string())),
    }
}
