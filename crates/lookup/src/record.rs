//! The record of each answer: its number, its time, and a refusal of the caller.

use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage};
use oauth_http::{Failure, RequestId};
use store::audit::{AuditEvent, RefusalRecord};

use crate::state::Lookup;

/// The position of the provider that a request is about, as an extension of the request.
pub(crate) struct AskedProvider(pub(crate) usize);

/// The document of a client that was refused, as an extension of the request.
#[derive(Clone)]
pub(crate) struct RefusedDocument {
    pub(crate) host: String,
    /// The member at fault; empty if no member is.
    pub(crate) member: String,
}

/// Answers a request, and records the answer.
///
/// # Errors
/// The route fails.
pub(crate) async fn record(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let begun = Instant::now();
    let lookup = request.app_data::<Data<Lookup>>().cloned();
    let response = next.call(request).await?;
    if let Some(lookup) = lookup {
        let asked = response.request().extensions();
        let provider = asked.get::<AskedProvider>().map(|asked| asked.0);
        let document = asked.get::<RefusedDocument>();
        lookup
            .counts
            .count(provider, response.status(), begun.elapsed());
        record_refusal(&lookup, provider, document, &response);
    }
    Ok(response)
}

/// Records that a caller was refused: by its token, or for wrong secrets. Unknown clients and wrong parameters are not refusals of
/// the caller.
fn record_refusal<B>(
    lookup: &Lookup,
    provider: Option<usize>,
    document: Option<&RefusedDocument>,
    response: &ServiceResponse<B>,
) {
    let status = response.status();
    let event = match status {
        _ if document.is_some() => AuditEvent::DocumentRefused,
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => AuditEvent::LookupRefused,
        StatusCode::TOO_MANY_REQUESTS => AuditEvent::Throttled,
        _ => return,
    };
    let error = response.response().error();
    let Some(failure) = error.and_then(Error::as_error::<Failure>) else {
        return;
    };
    lookup.refusals.record(RefusalRecord {
        event,
        provider: provider
            .and_then(|position| lookup.providers.get(position))
            .map(|issuer| issuer.as_str().to_owned()),
        client_id: None,
        account: None,
        token: None,
        address: response.request().peer_addr().map(|peer| peer.ip()),
        request_id: RequestId::current().map(|id| id.as_str().to_owned()),
        detail: Some(match document {
            Some(document) => format!("{} {}", document.host, document.member)
                .trim()
                .to_owned(),
            None => format!("{} {}", status.as_u16(), failure.code().as_str()),
        }),
        times: 1,
    });
}
