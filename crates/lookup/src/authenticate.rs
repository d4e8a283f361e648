//! `POST /clients/authenticate`: is this the client's secret? RFC 6749 §2.3.1.
//!
//! Only wrong secrets are counted, and a right one is never refused for them: identifiers are public, so any caller of the
//! authorization server could lock a client out otherwise. A secret of ours has 256 bits and cannot be guessed.

use std::time::Instant;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use oauth_http::{Body, Failure};
use openssl::memcmp;
use protocol::{ClientSecret, ErrorCode, Secret, Timestamp};
use store::{ClientState, SecretAccess};

use crate::caller::LookupCaller;
use crate::digest::sha256;
use crate::query::Parameters;
use crate::refusal::LookupRefusal;
use crate::state::Lookup;

/// The parameters of the question.
const PARAMETERS: [&str; 3] = ["issuer", "client_id", "client_secret"];

pub(crate) async fn authenticate(
    caller: LookupCaller,
    request: HttpRequest,
    lookup: Data<Lookup>,
    body: Body,
) -> Result<HttpResponse, Failure> {
    let form = body
        .form()
        .await
        .map_err(|failure| failure.with_code(ErrorCode::InvalidRequest))?;
    let parameters = Parameters::read(&form, &PARAMETERS)?;
    let provider = lookup.provider(parameters.require("issuer")?, &request)?;
    caller.check(provider, SecretAccess::Check)?;
    let id = parameters.client_id()?;
    let presented = Secret::new(parameters.find("client_secret").unwrap_or_default());
    let now = lookup.clock.now();
    let state = lookup.state(provider, &id, now).await?;
    let exists = matches!(state, ClientState::Active(_));
    if is_secret(usable_secret(state, now).as_ref(), &presented) {
        return Ok(HttpResponse::NoContent().finish());
    }
    if exists {
        let counted = lookup.failures.count(provider, &id, Instant::now());
        counted.map_err(LookupRefusal::TooMany)?;
    }
    Err(LookupRefusal::WrongSecret.into())
}

/// Returns the secret of an active client that has not expired.
fn usable_secret(state: ClientState, now: Timestamp) -> Option<ClientSecret> {
    let ClientState::Active(client) = state else {
        return None;
    };
    let is_over = client.data.secret_expires_at.is_some_and(|end| end <= now);
    client.data.secret.filter(|_| !is_over)
}

/// Compares the digests, which have one length, so that the time tells nothing. Without a secret the comparison takes place as well.
fn is_secret(secret: Option<&ClientSecret>, presented: &Secret) -> bool {
    let expected = sha256(secret.map_or("", ClientSecret::reveal).as_bytes());
    memcmp::eq(&expected, &sha256(presented.reveal().as_bytes())) && secret.is_some()
}
