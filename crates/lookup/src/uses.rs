//! `POST /clients/used`: clients whose use the authorization server has proof of, since it issued a token to them.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use oauth_http::{Body, Failure, blocking};
use protocol::ErrorCode;
use serde_json::Value;
use store::SecretAccess;

use crate::caller::LookupCaller;
use crate::refusal::LookupRefusal;
use crate::state::Lookup;

/// The maximum number of clients in a report.
pub(crate) const MAX_CLIENTS: usize = 1000;

pub(crate) async fn record(
    caller: LookupCaller,
    request: HttpRequest,
    lookup: Data<Lookup>,
    body: Body,
) -> Result<HttpResponse, Failure> {
    let members = body
        .object()
        .await
        .map_err(|failure| failure.with_code(ErrorCode::InvalidRequest))?;
    let wrong = |sentence: &str| Failure::from(LookupRefusal::Request(sentence.to_owned()));
    let issuer = members
        .get("issuer")
        .and_then(Value::as_str)
        .ok_or_else(|| wrong("issuer is required."))?;
    let provider = lookup.provider(issuer, &request)?.clone();
    caller.check(&provider, SecretAccess::No)?;
    let ids = members.get("client_ids").and_then(Value::as_array);
    let ids: Option<Vec<String>> = ids.and_then(|ids| {
        ids.iter()
            .map(|id| id.as_str().map(str::to_owned))
            .collect()
    });
    let ids = ids.ok_or_else(|| wrong("client_ids must be an array of strings."))?;
    if ids.len() > MAX_CLIENTS {
        return Err(wrong("client_ids must have at most 1000 elements."));
    }
    let (store, now) = (lookup.store.clone(), lookup.clock.now());
    let recorded = blocking(move || {
        store.record_document_uses(&provider, &ids, now)?;
        store.record_uses(&provider, &ids, now)
    });
    let recorded = recorded.await?;
    recorded.map_err(LookupRefusal::from)?;
    Ok(HttpResponse::NoContent().finish())
}
