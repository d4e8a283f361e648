//! `GET` and `POST {issuer}/authorize`.

use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use oauth_http::peer::{client_address, client_address_unless_proxy};
use oauth_http::{Body, Failure, blocking};
use protocol::client_id_url::looks_like_document_id;
use protocol::{ClientId, ClientIdUrl, ErrorCode};

use crate::client_id::{MalformedClientId, read_client_id};
use crate::counts::{ClientKind, HopOutcome};
use crate::document::HopCaller;
use crate::headers::{self, is_prefetch, on_failure};
use crate::location::location;
use crate::outcome::{HopAnswer, HopRefusal, store_refusal};
use crate::state::Hop;

pub(crate) async fn authorize(
    request: HttpRequest,
    hop: Data<Hop>,
    body: Body,
) -> Result<HttpResponse, Failure> {
    let is_post = *request.method() == Method::POST;
    if *request.method() == Method::GET && is_prefetch(&request) {
        return Ok(headers::answer(StatusCode::SERVICE_UNAVAILABLE).finish());
    }
    let form = match is_post {
        true => body
            .form()
            .await
            .map_err(|failure| on_failure(failure.with_code(ErrorCode::InvalidRequest)))?,
        false => Bytes::new(),
    };
    let caller = HopCaller {
        address: client_address_unless_proxy(&request),
        is_head: *request.method() == Method::HEAD,
    };
    let query = request.uri().query().unwrap_or_default();
    let answer = hop
        .decide(read_client_id(query.as_bytes(), &form), caller)
        .await
        .map_err(on_failure)?;
    if let Err(refusal) = &answer.result {
        return Ok(answer.refuse(&hop, refusal, client_address(&request)));
    }
    hop.counts.count(answer.kind, HopOutcome::Redirected);
    redirect(&location(&hop.target(), query), is_post)
}

/// Returns the redirect. After 307 the browser sends its form again, after 302 a query. RFC 9110 §15.4.
fn redirect(location: &str, is_post: bool) -> Result<HttpResponse, Failure> {
    let status = match is_post {
        true => StatusCode::TEMPORARY_REDIRECT,
        false => StatusCode::FOUND,
    };
    let not_a_uri = "The query is not one of a URI.";
    let location = HeaderValue::from_str(location)
        .map_err(|_| on_failure(Failure::new(ErrorCode::InvalidRequest, not_a_uri)))?;
    Ok(headers::answer(status)
        .insert_header((header::LOCATION, location))
        .finish())
}

impl Hop {
    /// Decides whether the browser is sent on.
    async fn decide(
        &self,
        id: Result<Option<String>, MalformedClientId>,
        caller: HopCaller,
    ) -> Result<HopAnswer, Failure> {
        let other = |result| HopAnswer {
            kind: ClientKind::Other,
            host: None,
            result,
        };
        match id {
            Err(MalformedClientId) => Ok(other(Err(HopRefusal::InvalidIdentifier))),
            Ok(None) => Ok(other(Ok(()))),
            Ok(Some(id)) if looks_like_document_id(&id) => match ClientIdUrl::parse(&id) {
                Err(_) => Ok(other(Err(HopRefusal::InvalidIdentifier))),
                Ok(url) => self.document(&url, caller).await,
            },
            Ok(Some(id)) => self.registered(id, caller).await,
        }
    }

    /// Passes every identifier on, and counts a use of a client that is registered here. The server behind knows its clients.
    async fn registered(&self, id: String, caller: HopCaller) -> Result<HopAnswer, Failure> {
        let services = &self.services;
        let (store, issuer, now) = (
            services.store.clone(),
            self.issuer.clone(),
            services.clock.now(),
        );
        let (id, is_use) = (ClientId::new(id), !caller.is_head);
        let found = blocking(move || store.is_active_client(&issuer, &id, now, is_use)).await?;
        let (kind, result) = match found {
            Ok(true) => (ClientKind::Registered, Ok(())),
            Ok(false) => (ClientKind::Other, Ok(())),
            Err(error) => (ClientKind::Other, Err(store_refusal(error)?)),
        };
        Ok(HopAnswer {
            kind,
            host: None,
            result,
        })
    }
}
